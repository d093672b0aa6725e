-- Search in contacts: by the beginnings of their names' words, and by any part of their phone number.

-- What lists of contacts are ordered by: a column, so that a page can go on after any row that the caller holds, and
-- so that a plain select may be ordered by it.
create function wabase.sort_name(saved_name text, profile_name text, username text, phone text, bsuid text)
returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  -- So much of it fits into an index.
  return wabase.fold_text(left(coalesce(saved_name, profile_name, username, phone, bsuid), 200));
end
$$;
comment on function wabase.sort_name(text, text, text, text, text) is 'Of whatsapp_contacts.sort_name.';
revoke all on function wabase.sort_name(text, text, text, text, text) from public, anon, authenticated;
-- The column calls it in the name of who writes a contact.
grant execute on function wabase.sort_name(text, text, text, text, text) to service_role;

alter table public.whatsapp_contacts
  add column sort_name text collate pg_catalog."C" not null
  generated always as (wabase.sort_name(saved_name, profile_name, username, phone, bsuid)) stored;
comment on column public.whatsapp_contacts.sort_name is
  'The first that there is of saved_name, profile_name, username, phone and bsuid, without case and accents. Lists of '
  'contacts are ordered by (sort_name, id).';

create index whatsapp_contacts_sort_name_idx on public.whatsapp_contacts (tenant_id, sort_name, id);
create index whatsapp_contacts_words_idx
  on public.whatsapp_contacts using gin (
    wabase.contact_words(tenant_id, phone, saved_name, profile_name, username)
  );

-- Whether a caller sees a contact: one of its conversations, or one in which it has written.
create function wabase.is_contact_in_sight(sight wabase.sight, of_tenant uuid, of_contact uuid) returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return sight.sees_all or exists (
    select from public.whatsapp_conversations as conversation
    where conversation.tenant_id = of_tenant
      and conversation.contact_id = of_contact
      and (
        conversation.assignee_id = sight.user_id
        or conversation.team_id = any (sight.team_ids)
        or (sight.sees_queue and conversation.assignee_id is null and conversation.team_id is null)
      )
  ) or exists (
    select from public.whatsapp_messages as message
    where message.tenant_id = of_tenant and message.contact_id = of_contact
      and wabase.is_in_sight(sight, message.conversation_id)
  );
end
$$;
comment on function wabase.is_contact_in_sight(wabase.sight, uuid, uuid) is 'Whether a caller with this sight sees the contact.';

create type wabase.contact_range as (tenant_id uuid, after_name text, after_id uuid, page_size integer);
comment on type wabase.contact_range is 'So many contacts of a tenant after a name.';

-- By the index. What was frequent has been found by name.
create function wabase.find_rare_contacts(
  range wabase.contact_range, wanted tsquery, phrases text[], sight wabase.sight
)
returns uuid[]
language plpgsql stable set search_path = ''
-- As in wabase.find_rare_messages and wabase.find_messages.
set enable_seqscan = off
set enable_bitmapscan = on
set enable_sort = on
as $$
begin
  return array(
    with hit as materialized (
      select id, tenant_id, saved_name, profile_name, username, sort_name from public.whatsapp_contacts
      where wabase.contact_words(tenant_id, phone, saved_name, profile_name, username) @@ wanted
    )
    select id from hit
    where tenant_id = range.tenant_id
      and (sort_name, id) > (range.after_name, range.after_id)
      and (cardinality(phrases) = 0 or wabase.holds_phrases(concat_ws(' ', saved_name, profile_name, username), phrases))
      and (sight.sees_all or wabase.is_contact_in_sight(sight, tenant_id, id))
    order by sort_name, id limit range.page_size
  );
end
$$;
comment on function wabase.find_rare_contacts(wabase.contact_range, tsquery, text[], wabase.sight) is
  'The rest of wabase.find_contacts.';

-- Definer for the reason that wabase.find_messages is.
create function wabase.find_contacts(of_tenant uuid, query text, after_name text, after_id uuid, page_size integer)
returns uuid[]
language plpgsql stable security definer set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
declare
  most_by_name constant integer := 500;
  sample constant integer := 50;
  phone constant text := wabase.read_phone_search(query);
  terms constant wabase.search_terms := wabase.read_search(query);
  words constant text[] := case when phone is null then terms.words else array[phone] end;
  is_all constant boolean := btrim(coalesce(query, '')) = '';
  wanted constant tsquery := wabase.search_query(of_tenant, '{0}', words);
  sight constant wabase.sight := wabase.sight_of(of_tenant);
  candidate record;
  looked_at integer := 0;
  found_ids uuid[] := '{}';
begin
  -- Punctuation alone finds nobody; nothing at all finds everybody. Who is no member learns nothing, not by the time either.
  if cardinality(words) = 0 and not is_all or sight.sees_all is null then
    return found_ids;
  end if;
  for candidate in
    select id, contact.phone, saved_name, profile_name, username, sort_name from public.whatsapp_contacts as contact
    where tenant_id = of_tenant and (sort_name, id) > (after_name, after_id)
    order by sort_name, id
    limit case when is_all then null else most_by_name end
  loop
    looked_at := looked_at + 1;
    after_name := candidate.sort_name;
    after_id := candidate.id;
    if (
        is_all
        or wabase.contact_words(of_tenant, candidate.phone, candidate.saved_name, candidate.profile_name, candidate.username)
          @@ wanted
      )
      and wabase.holds_phrases(concat_ws(' ', candidate.saved_name, candidate.profile_name, candidate.username), terms.phrases)
      and wabase.is_contact_in_sight(sight, of_tenant, candidate.id)
    then
      found_ids := found_ids || candidate.id;
    end if;
    if cardinality(found_ids) = page_size then
      return found_ids;
    end if;
    exit when not is_all and looked_at % sample = 0
      and cardinality(found_ids) * most_by_name < page_size * looked_at;
  end loop;
  -- All have been looked at.
  if is_all or looked_at % sample <> 0 then
    return found_ids;
  end if;
  return found_ids || wabase.find_rare_contacts(
    (of_tenant, after_name, after_id, page_size - cardinality(found_ids))::wabase.contact_range, wanted, terms.phrases, sight
  );
end
$$;
comment on function wabase.find_contacts(uuid, text, text, uuid, integer) is
  'The ids of the contacts after a name that hold all words of the query, or the part of a phone number, and that the '
  'caller sees.';

create function public.whatsapp_search_contacts(
  tenant_id uuid, query text, after_name text default null, after_id uuid default null, page_size integer default 20
)
returns setof public.whatsapp_contacts
language plpgsql stable security invoker set search_path = '' rows 20
as $$
declare
  most constant integer := 100;
  found_ids constant uuid[] := wabase.find_contacts(
    tenant_id, query, coalesce(after_name, ''), coalesce(after_id, '00000000-0000-0000-0000-000000000000'),
    least(greatest(page_size, 1), most)
  );
begin
  return query
    select contact.* from public.whatsapp_contacts as contact
    where contact.id = any (found_ids)
    order by array_position(found_ids, contact.id);
end
$$;
comment on function public.whatsapp_search_contacts(uuid, text, text, uuid, integer) is
  'The contacts of a tenant, by name: those in whose names every word of the query begins a word, or whose phone '
  'number holds it; with an empty query all. The next page: after_name and after_id are the last row''s sort_name and '
  'id. page_size: at most 100.';

do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    perform cron.schedule('wabase-tidy-search', '10 seconds', 'select wabase.tidy_search()');
  else
    raise notice 'pg_cron is not available: autovacuum sorts new words into the indexes of the search';
  end if;
end
$$;

revoke all on function wabase.is_contact_in_sight(wabase.sight, uuid, uuid) from public, anon, authenticated;
revoke all on function wabase.find_rare_contacts(wabase.contact_range, tsquery, text[], wabase.sight)
  from public, anon, authenticated;
revoke all on function wabase.find_contacts(uuid, text, text, uuid, integer) from public, anon, authenticated;
grant execute on function wabase.find_contacts(uuid, text, text, uuid, integer) to authenticated, service_role;
revoke all on function public.whatsapp_search_contacts(uuid, text, text, uuid, integer) from public, anon, authenticated;
grant execute on function public.whatsapp_search_contacts(uuid, text, text, uuid, integer) to authenticated, service_role;
