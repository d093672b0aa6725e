-- Who a person is. A contact is known by phone, by business-scoped user id, or both; when a webhook shows
-- both together, what was two contacts becomes one. The user id is the stronger key: a phone number can
-- pass to another person, a user id cannot.

-- By user id where that is known, else by phone.
create function wabase.find_contact(of_tenant uuid, with_phone text, with_bsuid text) returns uuid
language sql stable set search_path = ''
as $$
  select coalesce(
    (select id from public.whatsapp_contacts where tenant_id = of_tenant and bsuid = with_bsuid),
    (select id from public.whatsapp_contacts where tenant_id = of_tenant and phone = with_phone)
  )
$$;

-- Changes of identity in one tenant happen one after another, so that two calls that meet the same person
-- at once make one contact, in whatever order they come.
create function wabase.lock_identities(of_tenant uuid) returns void
language sql volatile set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtextextended(of_tenant::text, 2))
$$;

-- The contact of a person, made where there is none, merged where there are two, with the latest names.
create function wabase.resolve_contact(of_tenant uuid, person jsonb, seen_at timestamptz) returns uuid
language plpgsql set search_path = ''
as $$
declare
  with_phone constant text := person ->> 'phone';
  with_bsuid constant text := person ->> 'bsuid';
  by_phone public.whatsapp_contacts;
  by_bsuid public.whatsapp_contacts;
  found_id uuid;
begin
  perform wabase.lock_identities(of_tenant);
  select * into by_bsuid from public.whatsapp_contacts where tenant_id = of_tenant and bsuid = with_bsuid;
  select * into by_phone from public.whatsapp_contacts where tenant_id = of_tenant and phone = with_phone;

  if by_bsuid.id is null and by_phone.id is null then
    found_id := wabase.find_former_contact(of_tenant, with_phone, with_bsuid, seen_at);
    if found_id is null then
      insert into public.whatsapp_contacts (tenant_id, phone, bsuid)
      values (of_tenant, with_phone, with_bsuid)
      returning id into found_id;
    end if;
  elsif by_bsuid.id is null then
    found_id := by_phone.id;
    if with_bsuid is not null and by_phone.bsuid is null then
      update public.whatsapp_contacts set bsuid = with_bsuid where id = found_id;
    elsif with_bsuid is not null then
      -- The phone has passed to another person.
      update public.whatsapp_contacts set phone = null where id = by_phone.id;
      insert into public.whatsapp_contacts (tenant_id, phone, bsuid)
      values (of_tenant, with_phone, with_bsuid)
      returning id into found_id;
    end if;
  else
    found_id := by_bsuid.id;
    if with_phone is not null and by_phone.id is distinct from by_bsuid.id then
      if by_phone.bsuid is not null then
        update public.whatsapp_contacts set phone = null where id = by_phone.id;
      elsif by_phone.id is not null then
        found_id := wabase.merge_contacts(by_bsuid.id, by_phone.id, 'same_person');
      end if;
      update public.whatsapp_contacts set phone = with_phone where id = found_id and phone is distinct from with_phone;
    end if;
  end if;
  perform wabase.update_profile(found_id, person, seen_at);
  return found_id;
end
$$;

-- When a contact was last seen under the names that it has.
create function wabase.profile_seen_at(of_contact uuid) returns timestamptz
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select greatest(
      contact.profile_updated_at,
      (select max(profile_seen_at) from public.whatsapp_conversations where contact_id = of_contact)
    )
    from public.whatsapp_contacts as contact where contact.id = of_contact
  );
end
$$;

-- Names are of the latest event that tells them; of two at the same time the greater, so that their order
-- makes no difference.
create function wabase.update_profile(of_contact uuid, person jsonb, seen_at timestamptz) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    update public.whatsapp_contacts as contact
    set
      profile_name = case when newer.is_later then coalesce(person ->> 'profile_name', contact.profile_name)
        else coalesce(contact.profile_name, person ->> 'profile_name') end,
      username = case when newer.is_later then coalesce(person ->> 'username', contact.username)
        else coalesce(contact.username, person ->> 'username') end,
      parent_bsuid = coalesce(person ->> 'parent_bsuid', contact.parent_bsuid),
      profile_updated_at = greatest(contact.profile_updated_at, seen_at)
    from (
      select id,
        (coalesce(wabase.profile_seen_at(id), '-infinity'), coalesce(profile_name, ''))
          <= (seen_at, coalesce(person ->> 'profile_name', '')) as is_later
      from public.whatsapp_contacts where id = of_contact
    ) as newer
    where contact.id = newer.id
      and (person ->> 'profile_name' is not null or person ->> 'username' is not null or person ->> 'parent_bsuid' is not null);
end
$$;

create function wabase.find_former_contact(of_tenant uuid, with_phone text, with_bsuid text, seen_at timestamptz)
returns uuid
language sql stable set search_path = ''
as $$
  select contact_id from wabase.former_identities
  where tenant_id = of_tenant and changed_at >= seen_at
    and (bsuid = with_bsuid or (phone = with_phone and (with_bsuid is null or bsuid is null)))
  order by changed_at
  limit 1
$$;

-- The contact that somebody was at a time: by what they go by, else by what they went by until then.
create function wabase.contact_of(of_tenant uuid, person jsonb, seen_at timestamptz) returns uuid
language sql stable set search_path = ''
as $$
  select coalesce(
    wabase.find_contact(of_tenant, person ->> 'phone', person ->> 'bsuid'),
    wabase.find_former_contact(of_tenant, person ->> 'phone', person ->> 'bsuid', seen_at)
  )
$$;

-- A person says that their number or user id is another now (a «system» message). Whatever is known by the
-- new one becomes the same contact.
create function wabase.change_identity(
  of_tenant uuid, contact uuid, becomes jsonb, changed_at timestamptz
) returns uuid
language plpgsql set search_path = ''
as $$
declare
  before public.whatsapp_contacts;
  other uuid;
  new_phone constant text := becomes ->> 'phone';
  new_bsuid constant text := becomes ->> 'bsuid';
begin
  perform wabase.lock_identities(of_tenant);
  select * into before from public.whatsapp_contacts where id = contact;
  if (new_phone is null or new_phone = before.phone) and (new_bsuid is null or new_bsuid = before.bsuid) then
    return contact;
  end if;
  other := wabase.find_contact(of_tenant, new_phone, new_bsuid);
  if other is not null and other <> contact then
    -- Nobody's keys collide while the two are joined.
    update public.whatsapp_contacts set phone = coalesce(new_phone, phone), bsuid = coalesce(new_bsuid, bsuid)
    where id = other;
    contact := wabase.merge_contacts(other, contact, case when new_phone is null then 'changed_user_id' else 'changed_number' end);
  else
    update public.whatsapp_contacts
    set phone = coalesce(new_phone, phone), bsuid = coalesce(new_bsuid, bsuid),
      parent_bsuid = coalesce(becomes ->> 'parent_bsuid', parent_bsuid)
    where id = contact;
    insert into public.whatsapp_contact_merges (tenant_id, contact_id, merged, reason)
    values (
      of_tenant, contact, jsonb_build_object('phone', before.phone, 'bsuid', before.bsuid),
      case when new_phone is null then 'changed_user_id' else 'changed_number' end
    );
  end if;
  insert into wabase.former_identities (tenant_id, contact_id, phone, bsuid, changed_at)
  values (
    of_tenant, contact, case when new_phone is not null then before.phone end,
    case when new_bsuid is not null then before.bsuid end, changed_at
  )
  on conflict do nothing;
  return contact;
end
$$;

-- Two contacts become one: the first stays. Its conversations take in those of the other.
create function wabase.merge_contacts(stays uuid, goes uuid, because text) returns uuid
language plpgsql set search_path = ''
as $$
declare
  gone public.whatsapp_contacts;
  gone_seen_at constant timestamptz := coalesce(wabase.profile_seen_at(goes), '-infinity');
  theirs public.whatsapp_conversations;
  ours uuid;
begin
  perform wabase.require_to_be_alone();
  select * into gone from public.whatsapp_contacts where id = goes;
  perform wabase.update_profile(stays, to_jsonb(gone), gone_seen_at);
  for theirs in select * from public.whatsapp_conversations where contact_id = goes order by id loop
    select id into ours from public.whatsapp_conversations
    where number_id = theirs.number_id and contact_id = stays;
    if ours is null then
      update public.whatsapp_conversations set contact_id = stays where id = theirs.id;
    else
      perform wabase.merge_conversations(ours, theirs.id);
    end if;
  end loop;
  update public.whatsapp_messages set contact_id = stays where tenant_id = gone.tenant_id and contact_id = goes;
  -- Of two reactions of the same person on one message, the later.
  delete from public.whatsapp_reactions as mine
  using public.whatsapp_reactions as other
  where mine.number_id = other.number_id and mine.target_wamid = other.target_wamid
    and mine.contact_id in (stays, goes) and other.contact_id in (stays, goes) and mine.contact_id <> other.contact_id
    and (mine.occurred_at, mine.wamid) < (other.occurred_at, other.wamid);
  update public.whatsapp_reactions set contact_id = stays where tenant_id = gone.tenant_id and contact_id = goes;
  update public.whatsapp_contact_merges set contact_id = stays where tenant_id = gone.tenant_id and contact_id = goes;
  update wabase.former_identities set contact_id = stays where tenant_id = gone.tenant_id and contact_id = goes;
  delete from public.whatsapp_contacts where id = goes;
  update public.whatsapp_contacts as contact
  set
    phone = coalesce(contact.phone, gone.phone),
    bsuid = coalesce(contact.bsuid, gone.bsuid),
    parent_bsuid = coalesce(contact.parent_bsuid, gone.parent_bsuid),
    saved_name = coalesce(contact.saved_name, gone.saved_name),
    saved_name_updated_at = coalesce(contact.saved_name_updated_at, gone.saved_name_updated_at),
    marketing_opted_out = case
      when coalesce(gone.marketing_preference_at, '-infinity') > coalesce(contact.marketing_preference_at, '-infinity')
      then gone.marketing_opted_out else contact.marketing_opted_out end,
    marketing_preference_at = greatest(contact.marketing_preference_at, gone.marketing_preference_at),
    created_at = least(contact.created_at, gone.created_at)
  where contact.id = stays;
  insert into public.whatsapp_contact_merges (tenant_id, contact_id, merged, reason)
  values (gone.tenant_id, stays, to_jsonb(gone), because);
  return stays;
end
$$;

-- Notes and the team come with 1110 and 0200; what a plpgsql function names it looks up when it runs.
create function wabase.merge_conversations(stays uuid, goes uuid) returns void
language plpgsql set search_path = ''
as $$
declare
  gone public.whatsapp_conversations;
begin
  update public.whatsapp_messages set conversation_id = stays where conversation_id = goes;
  update public.whatsapp_reactions set conversation_id = stays where conversation_id = goes;
  update public.whatsapp_calls set conversation_id = stays where conversation_id = goes;
  update public.whatsapp_notes set conversation_id = stays where conversation_id = goes;
  delete from public.whatsapp_conversations where id = goes returning * into gone;
  update public.whatsapp_conversations as conversation
  set
    state = case when 'open' in (conversation.state, gone.state) then 'open' else 'closed' end::public.whatsapp_conversation_state,
    assignee_id = coalesce(conversation.assignee_id, gone.assignee_id),
    team_id = coalesce(conversation.team_id, gone.team_id),
    unread_count = conversation.unread_count + gone.unread_count,
    last_message_id = case
      when coalesce(gone.last_message_at, '-infinity') > coalesce(conversation.last_message_at, '-infinity')
      then gone.last_message_id else conversation.last_message_id end,
    last_message_at = greatest(conversation.last_message_at, gone.last_message_at),
    customer_window_expires_at = greatest(conversation.customer_window_expires_at, gone.customer_window_expires_at),
    profile_seen_at = greatest(conversation.profile_seen_at, gone.profile_seen_at),
    created_at = least(conversation.created_at, gone.created_at)
  where conversation.id = stays;
end
$$;

-- Calls of the ingest run side by side, holding a lock that they share: each locks its rows in the order
-- of their keys. A merge cannot keep to that order, so it needs the lock for itself; a call that finds so
-- gives up (WB001) and begins again alone (whatsapp_ingest).
create function wabase.require_to_be_alone() returns void
language plpgsql set search_path = ''
as $$
begin
  if current_setting('wabase.ingest_is_alone', true) is distinct from 'true' then
    raise exception 'a merge needs the conversations for itself' using errcode = 'WB001';
  end if;
end
$$;
