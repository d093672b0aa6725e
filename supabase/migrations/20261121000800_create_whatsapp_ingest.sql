-- From a webhook to rows: one call, one transaction. The journal and everything made of it commit together,
-- or not at all.
--
-- deliveries: [{"body": text, "secret_id": text, "events": [event, …]}, …], one for each POST; the events as
-- packages/cloud-api parses them (src/webhook/events.ts). A delivery with "journal_id" is a replay.

create function wabase.ingest_events(events wabase.incoming_event[]) returns void
language plpgsql set search_path = ''
as $$
declare
  kinds constant text[] := array(select distinct content ->> 'kind' from unnest(events));
  event wabase.incoming_event;
begin
  if 'message' = any (kinds) then
    perform wabase.ingest_messages(events);
  end if;
  if kinds && wabase.other_kinds() then
    foreach event in array events loop
      if event.content ->> 'kind' = any (wabase.other_kinds()) and wabase.is_addressed(event.content) then
        perform wabase.ingest_other(event.content);
      end if;
    end loop;
  end if;
  if 'status' = any (kinds) then
    perform wabase.ingest_statuses(events);
  end if;
end
$$;

create function wabase.other_kinds() returns text[]
language sql immutable set search_path = ''
as $$
  select array['edit', 'revoke', 'call', 'preference', 'contact_sync', 'handover', 'group', 'template', 'account']
$$;

-- Whether somebody here is meant: a number of a tenant's, or for what concerns the account, its WABA.
create function wabase.is_addressed(event jsonb) returns boolean
language sql stable set search_path = ''
as $$
  select case
    when event ->> 'kind' in ('template', 'account')
      then (wabase.number_of(event)).id is not null or wabase.tenant_of_waba(event ->> 'waba_id') is not null
    else (wabase.number_of(event)).id is not null
  end
$$;

-- Whether the functions above make something of it. A newer parser may tell of what they do not know yet.
create function wabase.is_handled(event jsonb) returns boolean
language sql immutable set search_path = ''
as $$
  select coalesce(case event ->> 'kind'
    when 'message' then true
    when 'status' then event ->> 'status' in ('sent', 'delivered', 'read', 'played', 'failed')
    else event ->> 'kind' = any (wabase.other_kinds())
  end, false)
$$;

-- Events that do not become a row of their own: kept whole, with the reason. Whether there were any.
create function wabase.keep_events(events wabase.incoming_event[]) returns boolean
language plpgsql set search_path = ''
as $$
begin
  insert into wabase.webhook_events (journal_id, ordinal, reason, detail, field, phone_number_id, content)
  select
    event.journal_id, event.ordinal,
    case
      when event.content ->> 'kind' = 'other' then event.content ->> 'reason'
      when wabase.is_handled(event.content) then 'unknown_number'
      when event.content ->> 'kind' = 'status' then 'unhandled_status'
      else 'unhandled_item'
    end,
    event.content ->> 'detail', coalesce(event.content ->> 'field', ''), event.content ->> 'phone_number_id',
    case when event.content ->> 'kind' = 'other' then coalesce(event.content -> 'content', 'null') else event.content end
  from unnest(events) as event
  left join public.whatsapp_numbers as number on number.phone_number_id = event.content ->> 'phone_number_id'
  -- The functions are asked about the rare kinds alone.
  where case event.content ->> 'kind'
    when 'message' then number.id is null
    when 'status'
      then number.id is null or event.content ->> 'status' not in ('sent', 'delivered', 'read', 'played', 'failed')
    else not wabase.is_handled(event.content) or (number.id is null and not wabase.is_addressed(event.content))
  end;
  return found;
end
$$;

-- Halves a batch that fails, until the bad event stands alone: it is kept with its error, the others
-- are stored.
create function wabase.ingest_apart(events wabase.incoming_event[]) returns void
language plpgsql set search_path = ''
as $$
declare
  half constant integer := cardinality(events) / 2;
  bad constant wabase.incoming_event := events[1];
  problem text;
begin
  begin
    perform wabase.ingest_events(events);
    return;
  exception when others then
    if wabase.is_transient(sqlstate) then
      raise;
    end if;
    problem := sqlstate || ': ' || sqlerrm;
  end;
  if half > 0 then
    perform wabase.ingest_apart(events[:half]);
    perform wabase.ingest_apart(events[half + 1:]);
    return;
  end if;
  insert into wabase.webhook_events (journal_id, ordinal, reason, detail, field, phone_number_id, content)
  values (
    bad.journal_id, bad.ordinal, 'failed', problem,
    coalesce(bad.content ->> 'field', ''), bad.content ->> 'phone_number_id', bad.content
  )
  on conflict (journal_id, ordinal) do update set reason = excluded.reason, detail = excluded.detail;
end
$$;

-- Errors that lie with the server and not with the event: the whole call fails, Meta sends it again.
-- Classes: 40 transaction rollback, 53 insufficient resources, 55 not in the needed state (lock timeout),
-- 57 operator intervention, 58 system error, XX internal.
create function wabase.is_transient(error_code text) returns boolean
language sql immutable set search_path = ''
as $$
  select left(error_code, 2) in ('40', '53', '55', '57', '58', 'XX')
$$;

-- The journal's row of each delivery: a new one, or for a replay its own, with what it had kept forgotten.
create function wabase.open_journal(deliveries jsonb) returns bigint[]
language plpgsql set search_path = ''
as $$
declare
  ids bigint[];
begin
  if jsonb_path_exists(deliveries, '$[*].journal_id') then
    return wabase.reopen_journal(deliveries);
  end if;
  ids := array(
    select nextval('wabase.webhook_journal_id_seq') from generate_series(1, jsonb_array_length(deliveries))
  );
  insert into wabase.webhook_journal (id, body, secret_id, events)
  overriding system value
  select ids[position], value ->> 'body', value ->> 'secret_id', jsonb_array_length(value -> 'events')
  from jsonb_array_elements(deliveries) with ordinality as delivery (value, position);
  return ids;
end
$$;

create function wabase.reopen_journal(deliveries jsonb) returns bigint[]
language plpgsql set search_path = ''
as $$
declare
  ids bigint[] := '{}';
  id_of_row bigint;
  delivery jsonb;
begin
  for delivery in select value from jsonb_array_elements(deliveries) loop
    id_of_row := (delivery ->> 'journal_id')::bigint;
    delete from wabase.webhook_events where journal_id = id_of_row;
    update wabase.webhook_journal
    set replayed_at = clock_timestamp(), events = jsonb_array_length(delivery -> 'events')
    where id = id_of_row;
    if not found then
      raise exception 'journal_id: the journal has no row %', delivery ->> 'journal_id' using errcode = '22023';
    end if;
    ids := ids || id_of_row;
  end loop;
  return ids;
end
$$;

create function wabase.list_events(deliveries jsonb, journal_ids bigint[]) returns wabase.incoming_event[]
language plpgsql immutable set search_path = ''
as $$
begin
  return array(
    select row(journal_ids[delivery.position], item.position, item.value)::wabase.incoming_event
    from jsonb_array_elements(deliveries) with ordinality as delivery (value, position),
      jsonb_array_elements(delivery.value -> 'events') with ordinality as item (value, position)
    order by delivery.position, item.position
  );
end
$$;

create function public.whatsapp_ingest(deliveries jsonb) returns jsonb
language plpgsql security definer set search_path = ''
-- Plans are made once for any size of batch: to plan anew for each would cost more than to store a message. Every
-- look-up is by a key with an index: what the planner believes of the tables, whose statistics are old or none
-- while they grow, must not talk it into reading them whole.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  -- Batches that are whole go side by side. One that must be taken apart, or that joins two contacts, goes
  -- alone: it locks its rows in no order that others could rely on.
  lock constant bigint := hashtextextended('wabase.ingest', 0);
  is_lone constant boolean := jsonb_array_length(deliveries) = 1 and jsonb_array_length(deliveries #> '{0,events}') = 1
    and deliveries #> '{0,journal_id}' is null;
  journal_ids constant bigint[] := wabase.open_journal(deliveries);
  events wabase.incoming_event[];
  is_plain boolean;
begin
  begin
    perform pg_advisory_xact_lock_shared(lock);
    if is_lone and wabase.ingest_lone_message(deliveries #> '{0,events,0}') then
      return jsonb_build_array(jsonb_build_object('journal_id', journal_ids[1], 'events', 1, 'kept', '{}'::jsonb));
    end if;
    events := wabase.list_events(deliveries, journal_ids);
    -- First: an event of a number that is added at this moment is kept, or stored, or both, and never neither.
    is_plain := not wabase.keep_events(events);
    perform wabase.ingest_events(events);
  exception when others then
    if wabase.is_transient(sqlstate) then
      raise;
    end if;
    -- The shared lock is gone with all else that was done since `begin`.
    perform pg_advisory_xact_lock(lock);
    perform set_config('wabase.ingest_is_alone', 'true', true);
    events := wabase.list_events(deliveries, journal_ids);
    perform wabase.keep_events(events);
    perform wabase.ingest_apart(events);
    is_plain := false;
  end;
  if is_plain and not jsonb_path_exists(deliveries, '$[*].journal_id') then
    return (
      select jsonb_agg(
        jsonb_build_object(
          'journal_id', journal_ids[position], 'events', jsonb_array_length(value -> 'events'), 'kept', '{}'::jsonb
        )
        order by position
      )
      from jsonb_array_elements(deliveries) with ordinality as delivery (value, position)
    );
  end if;
  return wabase.close_journal(journal_ids);
end
$$;
comment on function public.whatsapp_ingest(jsonb) is
  'Stores what Meta''s webhooks bring: [{body, secret_id, events}] in one transaction, or again what the '
  'journal holds: [{journal_id, events}]. Answers, for each: {journal_id, events, kept: {reason: count}}, '
  'where kept are the events that became no row of their own (wabase.webhook_events). For the service key alone.';

create function wabase.close_journal(journal_ids bigint[]) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  outcomes jsonb;
begin
  with kept as (
    select journal_id, jsonb_object_agg(reason, amount) as reasons, bool_or(reason = 'failed') as has_failed
    from (
      select journal_id, reason, count(*) as amount from wabase.webhook_events
      where journal_id = any (journal_ids) group by journal_id, reason
    ) as counted
    group by journal_id
  ),
  marked as (
    update wabase.webhook_journal as journal
    set outcome = case when kept.has_failed then 'failed' else 'kept' end
    from kept where journal.id = kept.journal_id
  ),
  healed as (
    update wabase.webhook_journal as journal set outcome = 'stored'
    where journal.id = any (journal_ids) and outcome <> 'stored'
      and not exists (select from kept where kept.journal_id = journal.id)
  )
  select jsonb_agg(
    jsonb_build_object('journal_id', journal.id, 'events', journal.events, 'kept', coalesce(kept.reasons, '{}'))
    order by array_position(journal_ids, journal.id)
  )
  into outcomes
  from wabase.webhook_journal as journal
  left join kept on kept.journal_id = journal.id
  where journal.id = any (journal_ids);
  return outcomes;
end
$$;

-- What `wabase replay` reads: newest last, paged by id.
create function public.whatsapp_journal(filter jsonb default '{}') returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(page) order by page.id), '[]')
  from (
    select journal.id, journal.received_at, journal.replayed_at, journal.secret_id, journal.outcome, journal.events,
      case when filter ->> 'with_body' = 'true' then journal.body end as body,
      (
        select jsonb_agg(jsonb_build_object('reason', event.reason, 'field', event.field, 'detail', event.detail))
        from wabase.webhook_events as event where event.journal_id = journal.id
      ) as kept
    from wabase.webhook_journal as journal
    where journal.id > coalesce((filter ->> 'after_id')::bigint, 0)
      and (filter ->> 'id' is null or journal.id = (filter ->> 'id')::bigint)
      and (filter ->> 'outcome' is null or journal.outcome = filter ->> 'outcome')
      and (filter ->> 'since' is null or journal.received_at >= (filter ->> 'since')::timestamptz)
      and (filter ->> 'until' is null or journal.received_at < (filter ->> 'until')::timestamptz)
    order by journal.id
    limit least(coalesce((filter ->> 'limit')::integer, 100), 1000)
  ) as page
$$;
comment on function public.whatsapp_journal(jsonb) is
  'The webhook journal, by id: filter {id, outcome, since, until, after_id, limit (100, at most 1000), with_body}. '
  'Answers [{id, received_at, replayed_at, secret_id, outcome, events, kept: [{reason, field, detail}], body}]. '
  'For the service key alone.';

do $$
declare
  helper regprocedure;
begin
  -- Helpers of definer functions run as their owner; nobody else needs them.
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace
      and proname not in ('uuid_v7', 'now', 'my_tenants', 'my_tenants_with_open_queue')
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
revoke all on function public.whatsapp_ingest(jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_ingest(jsonb) to service_role;
revoke all on function public.whatsapp_journal(jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_journal(jsonb) to service_role;
