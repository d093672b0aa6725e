-- Search in messages: the newest that hold all of the words.
--
-- The index is GIN. An insert leaves its words in the index's list of pending entries, which a search reads too, so
-- that a message is found at once; every 10 s pg_cron sorts them in (wabase.tidy_search), so that no ingest does.
-- Without pg_cron autovacuum does it, or the insert that brings the list to its limit (in kB).
create index whatsapp_messages_words_idx
  on public.whatsapp_messages using gin (wabase.message_words(tenant_id, occurred_at, body))
  with (fastupdate = on, gin_pending_list_limit = 16384)
  where body is not null;

create type wabase.message_range as (
  tenant_id uuid, conversation_id uuid, before_at timestamptz, before_id uuid, page_size integer
);
comment on type wabase.message_range is 'So many messages before a point, of a tenant, or of one of its conversations.';

-- By the index: month by month, twice as many each time.
create function wabase.find_rare_messages(range wabase.message_range, terms wabase.search_terms, sight wabase.sight)
returns uuid[]
language plpgsql stable set search_path = ''
-- By the index of words, whatever the planner takes a new table for.
set enable_seqscan = off
set enable_bitmapscan = on
set enable_sort = on
as $$
declare
  most_months constant integer := 16;
  month integer := wabase.search_month(range.before_at);
  months integer := 1;
  first_month integer;
  found_ids uuid[] := '{}';
begin
  select wabase.search_month(min(occurred_at)) into first_month
  from public.whatsapp_messages where tenant_id = range.tenant_id;
  while month >= first_month and cardinality(found_ids) < range.page_size loop
    found_ids := found_ids || array(
      -- Materialized: with the order and the limit in sight the planner would walk through the tenant's messages.
      with hit as materialized (
        select id, tenant_id, conversation_id, occurred_at, body from public.whatsapp_messages
        where body is not null
          and wabase.message_words(tenant_id, occurred_at, body) @@ wabase.search_query(
            range.tenant_id, array(select generate_series(greatest(month - months + 1, first_month), month)), terms.words
          )
      )
      select hit.id from hit
      where hit.tenant_id = range.tenant_id
        and (range.conversation_id is null or hit.conversation_id = range.conversation_id)
        and (hit.occurred_at, hit.id) < (range.before_at, range.before_id)
        and (cardinality(terms.phrases) = 0 or wabase.holds_phrases(hit.body, terms.phrases))
        and (sight.sees_all or wabase.is_in_sight(sight, hit.conversation_id))
      order by hit.occurred_at desc, hit.id desc
      limit range.page_size - cardinality(found_ids)
    );
    month := month - months;
    months := least(2 * months, most_months);
  end loop;
  return found_ids;
end
$$;
comment on function wabase.find_rare_messages(wabase.message_range, wabase.search_terms, wabase.sight) is
  'The rest of wabase.find_messages.';

-- Definer, because under RLS no text search may use an index (its operators are not leakproof): so it asks itself of
-- every message whether the caller sees it. whatsapp_search_messages reads what it answers under RLS once more.
create function wabase.find_messages(
  of_tenant uuid, query text, of_conversation uuid, before_at timestamptz, before_id uuid, page_size integer
)
returns uuid[]
language plpgsql stable security definer set search_path = ''
-- In the order of the index, always, and by the plan that is kept: to make one costs more than to look.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
declare
  -- How many are looked at one by one, and after how many it is asked whether that leads anywhere.
  most_newest constant integer := 500;
  sample constant integer := 50;
  terms constant wabase.search_terms := wabase.read_search(query);
  patterns constant text[] := array(select '% ' || word || '%' from unnest(terms.words) as word);
  -- What has no other letters than these is held against the words as it is: nearly always they are not there.
  plain constant text := '^[\x01-\x7f]*$';
  loose_patterns constant text[] := array(select '%' || word || '%' from unnest(terms.words) as word);
  sight constant wabase.sight := wabase.sight_of(of_tenant);
  newest refcursor;
  candidate record;
  looked_at integer := 0;
  found_ids uuid[] := '{}';
begin
  -- To who is no member not even the time that it takes tells anything.
  if cardinality(terms.words) = 0 or sight.sees_all is null then
    return found_ids;
  end if;
  if of_conversation is null then
    open newest for
      select id, conversation_id, occurred_at, body from public.whatsapp_messages
      where tenant_id = of_tenant and (occurred_at, id) < (before_at, before_id)
      order by occurred_at desc, id desc limit most_newest;
  else
    open newest for
      select id, conversation_id, occurred_at, body from public.whatsapp_messages
      where conversation_id = of_conversation and tenant_id = of_tenant and (occurred_at, id) < (before_at, before_id)
      order by occurred_at desc, id desc limit most_newest;
  end if;
  -- Newest first, one after another: what is frequent is found here, in as many as it takes.
  loop
    fetch newest into candidate;
    if not found then
      -- All of them have been looked at, or the most that are looked at so.
      exit when looked_at = most_newest;
      return found_ids;
    end if;
    looked_at := looked_at + 1;
    before_at := candidate.occurred_at;
    before_id := candidate.id;
    if (candidate.body !~ plain or lower(candidate.body) like all (loose_patterns))
      and ' ' || wabase.split_words(candidate.body) like all (patterns)
      and wabase.holds_phrases(candidate.body, terms.phrases)
      and wabase.is_in_sight(sight, candidate.conversation_id)
    then
      found_ids := found_ids || candidate.id;
    end if;
    if cardinality(found_ids) = page_size then
      return found_ids;
    end if;
    exit when looked_at % sample = 0 and cardinality(found_ids) * most_newest < page_size * looked_at;
  end loop;
  -- What is rarer, its index finds.
  return found_ids || wabase.find_rare_messages(
    (of_tenant, of_conversation, before_at, before_id, page_size - cardinality(found_ids))::wabase.message_range,
    terms, sight
  );
end
$$;
comment on function wabase.find_messages(uuid, text, uuid, timestamptz, uuid, integer) is
  'The ids of the newest messages before a point that hold all words of the query and that the caller sees.';

create function public.whatsapp_search_messages(
  tenant_id uuid, query text, conversation_id uuid default null, before_at timestamptz default null,
  before_id uuid default null, page_size integer default 20
)
returns setof public.whatsapp_messages
language plpgsql stable security invoker set search_path = '' rows 20
as $$
declare
  most constant integer := 100;
  last_id constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  found_ids constant uuid[] := wabase.find_messages(
    tenant_id, query, conversation_id, coalesce(before_at, 'infinity'), coalesce(before_id, last_id),
    least(greatest(page_size, 1), most)
  );
begin
  return query
    select message.* from public.whatsapp_messages as message
    where message.id = any (found_ids)
    order by message.occurred_at desc, message.id desc;
end
$$;
comment on function public.whatsapp_search_messages(uuid, text, uuid, timestamptz, uuid, integer) is
  'The newest messages of a tenant, or of one conversation, in which every word of the query begins a word, in any '
  'language, without regard to case and accents. The next page: before_at and before_id are the last row''s '
  'occurred_at and id. page_size: at most 100.';

create function wabase.tidy_search() returns void
language plpgsql set search_path = ''
as $$
begin
  perform gin_clean_pending_list('public.whatsapp_messages_words_idx');
  perform gin_clean_pending_list('public.whatsapp_contacts_words_idx');
end
$$;
comment on function wabase.tidy_search() is 'Sorts new words into the indexes of the search. Every 10 s, by pg_cron.';

revoke all on function wabase.find_rare_messages(wabase.message_range, wabase.search_terms, wabase.sight)
  from public, anon, authenticated;
revoke all on function wabase.find_messages(uuid, text, uuid, timestamptz, uuid, integer) from public, anon, authenticated;
grant execute on function wabase.find_messages(uuid, text, uuid, timestamptz, uuid, integer) to authenticated, service_role;
revoke all on function public.whatsapp_search_messages(uuid, text, uuid, timestamptz, uuid, integer)
  from public, anon, authenticated;
grant execute on function public.whatsapp_search_messages(uuid, text, uuid, timestamptz, uuid, integer)
  to authenticated, service_role;
revoke all on function wabase.tidy_search() from public, anon, authenticated;
