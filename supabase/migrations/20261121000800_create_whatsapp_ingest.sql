-- Events that do not become a row of their own: kept whole, with the reason.
create function wabase.keep_events(events wabase.incoming_event[]) returns void
language sql volatile set search_path = ''
as $$
  insert into wabase.webhook_events (journal_id, ordinal, reason, detail, field, phone_number_id, content)
  select
    event.journal_id, event.ordinal,
    case
      when event.content ->> 'kind' = 'other' then event.content ->> 'reason'
      when wabase.row_of(event.content) is not null then 'unknown_number'
      when event.content ->> 'kind' = 'status' then 'unhandled_status'
      else 'unhandled_item'
    end,
    event.content ->> 'detail', coalesce(event.content ->> 'field', ''), event.content ->> 'phone_number_id',
    case when event.content ->> 'kind' = 'other' then coalesce(event.content -> 'content', 'null') else event.content end
  from unnest(events) as event
  left join public.whatsapp_numbers as number on number.phone_number_id = event.content ->> 'phone_number_id'
  where number.id is null or wabase.row_of(event.content) is null
$$;

create function wabase.ingest_events(events wabase.incoming_event[]) returns void
language plpgsql set search_path = ''
as $$
begin
  perform wabase.ingest_messages(events);
  perform wabase.ingest_statuses(events);
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
-- Classes: 40 transaction rollback, 53 insufficient resources, 55 not in the needed state (lock
-- timeout), 57 operator intervention, 58 system error, XX internal.
create function wabase.is_transient(error_code text) returns boolean
language sql immutable set search_path = ''
as $$
  select left(error_code, 2) in ('40', '53', '55', '57', '58', 'XX')
$$;

-- deliveries: [{"body": text, "secret_id": text, "events": [event, …]}, …], a delivery for each POST.
create function public.whatsapp_ingest(deliveries jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  -- Batches that are whole go side by side, one that must be taken apart goes alone: it locks its rows
  -- part by part, in no order that others could rely on.
  lock constant bigint := hashtextextended('wabase.ingest', 0);
  journal_ids bigint[] := '{}';
  journal_id bigint;
  delivery jsonb;
  events wabase.incoming_event[] := '{}';
begin
  for delivery in select value from jsonb_array_elements(deliveries) loop
    insert into wabase.webhook_journal (body, secret_id, events)
    values (delivery ->> 'body', delivery ->> 'secret_id', jsonb_array_length(delivery -> 'events'))
    returning id into journal_id;
    journal_ids := journal_ids || journal_id;
    events := events || array(
      select row(journal_id, item.position, item.value)::wabase.incoming_event
      from jsonb_array_elements(delivery -> 'events') with ordinality as item (value, position)
    );
  end loop;

  -- First: an event of a number that is added at this moment is kept, or stored, or both, and never neither.
  perform wabase.keep_events(events);
  begin
    perform pg_advisory_xact_lock_shared(lock);
    perform wabase.ingest_events(events);
  exception when others then
    if wabase.is_transient(sqlstate) then
      raise;
    end if;
    -- The shared lock is gone with all else that was done since `begin`.
    perform pg_advisory_xact_lock(lock);
    perform wabase.ingest_apart(events);
  end;

  return (
    select jsonb_agg(
      jsonb_build_object(
        'journal_id', journal.id,
        'events', journal.events,
        'kept', (
          select coalesce(jsonb_object_agg(kept.reason, kept.amount), '{}')
          from (
            select reason, count(*) as amount from wabase.webhook_events as event
            where event.journal_id = journal.id group by reason
          ) as kept
        )
      )
      order by journal.id
    )
    from wabase.webhook_journal as journal where journal.id = any (journal_ids)
  );
end
$$;
comment on function public.whatsapp_ingest(jsonb) is
  'Stores what Meta''s webhooks bring: [{body, secret_id, events}] in one transaction. Answers, for '
  'each: {journal_id, events, kept: {reason: count}}, where kept are the events that became no row of '
  'their own (wabase.webhook_events). For the service key alone.';

do $$
declare
  helper regprocedure;
begin
  -- Helpers of a definer function run as its owner; nobody else needs them.
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'row_of', 'upsert_contacts', 'find_contact', 'ingest_messages', 'store_incoming', 'ingest_statuses', 'find_outbound',
      'apply_statuses', 'lock_wamids', 'settle_strangers', 'take_parked_statuses', 'keep_events', 'ingest_events',
      'ingest_apart', 'is_transient'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
revoke all on function public.whatsapp_ingest(jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_ingest(jsonb) to service_role;
