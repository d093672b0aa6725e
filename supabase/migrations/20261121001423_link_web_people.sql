-- On WhatsApp Web people write under a hidden identity («lid»), often before their phone is known. While it is not,
-- «lid.» and its number stand in the place of the business-scoped user id; once it is, the phone alone says who
-- they are: Meta's user ids are the Cloud API's, and one person may come by both ways.

-- One pair: whoever was known by the hidden identity is the contact with the phone from now on.
create function wabase.link_person(of_tenant uuid, lid text, phone text) returns void
language plpgsql set search_path = ''
as $$
declare
  hidden uuid;
  known uuid;
begin
  select id into hidden from public.whatsapp_contacts
  where tenant_id = of_tenant and bsuid = 'lid.' || link_person.lid;
  if not found then
    return;
  end if;
  perform wabase.lock_identities(of_tenant);
  select id into known from public.whatsapp_contacts as contact
  where contact.tenant_id = of_tenant and contact.phone = link_person.phone;
  if known is null then
    update public.whatsapp_contacts as contact set phone = link_person.phone, bsuid = null where contact.id = hidden;
    insert into public.whatsapp_contact_merges (tenant_id, contact_id, merged, reason)
    values (of_tenant, hidden, jsonb_build_object('phone', null, 'bsuid', 'lid.' || link_person.lid), 'same_person');
  elsif known <> hidden then
    known := wabase.merge_contacts(known, hidden, 'same_person');
    update public.whatsapp_contacts as contact set bsuid = null
    where contact.id = known and contact.bsuid = 'lid.' || link_person.lid;
  end if;
end
$$;

create function public.whatsapp_link_people(of_tenant uuid, people jsonb) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  pair record;
begin
  if not exists (
    select from jsonb_to_recordset(people) as person (lid text)
    join public.whatsapp_contacts as contact
      on contact.tenant_id = of_tenant and contact.bsuid = 'lid.' || person.lid
  ) then
    return;
  end if;
  -- Merges go alone, as those of the ingest do.
  perform pg_advisory_xact_lock(hashtextextended('wabase.ingest', 0));
  perform set_config('wabase.ingest_is_alone', 'true', true);
  for pair in
    select distinct person.lid, person.phone from jsonb_to_recordset(people) as person (lid text, phone text)
    where person.lid ~ '^[0-9]{1,32}$' and person.phone ~ '^[0-9]{1,20}$'
    order by 1, 2
  loop
    perform wabase.link_person(of_tenant, pair.lid, pair.phone);
  end loop;
end
$$;
comment on function public.whatsapp_link_people(uuid, jsonb) is
  'The phones behind hidden identities of WhatsApp Web: [{lid, phone}]. A contact known by one and a contact known '
  'by the other become one. For the service key alone.';

revoke all on function wabase.link_person(uuid, text, text) from public, anon, authenticated, service_role;
revoke all on function public.whatsapp_link_people(uuid, jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_link_people(uuid, jsonb) to service_role;
