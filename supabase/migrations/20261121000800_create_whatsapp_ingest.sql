-- Events that do not become a row of their own: kept whole, with the reason.
create function wabase.keep_events(deliveries jsonb, journal_ids bigint[]) returns void
language sql volatile set search_path = ''
as $$
  insert into wabase.webhook_events (journal_id, ordinal, reason, detail, field, phone_number_id, content)
  select
    journal_ids[delivery.position], event.position,
    case
      when event.value ->> 'kind' = 'other' then event.value ->> 'reason'
      when number.id is null then 'unknown_number'
      else 'unhandled_status'
    end,
    event.value ->> 'detail', coalesce(event.value ->> 'field', ''), event.value ->> 'phone_number_id',
    coalesce(event.value -> 'content', 'null')
  from jsonb_array_elements(deliveries) with ordinality as delivery (value, position),
    jsonb_array_elements(delivery.value -> 'events') with ordinality as event (value, position)
  left join public.whatsapp_numbers as number on number.phone_number_id = event.value ->> 'phone_number_id'
  where event.value ->> 'kind' = 'other'
    or number.id is null
    or (
      event.value ->> 'kind' = 'status'
      and event.value ->> 'status' not in ('sent', 'delivered', 'read', 'played', 'failed')
    )
  on conflict (journal_id, ordinal) do nothing
$$;

-- One by one, each in a transaction of its own within this one: the bad event is kept with its error,
-- the others are stored.
create function wabase.ingest_one_by_one(deliveries jsonb, journal_ids bigint[]) returns void
language plpgsql set search_path = ''
as $$
declare
  event record;
  alone jsonb;
begin
  for event in
    select delivery.position as delivery, item.position as ordinal, item.value
    from jsonb_array_elements(deliveries) with ordinality as delivery (value, position),
      jsonb_array_elements(delivery.value -> 'events') with ordinality as item (value, position)
    order by item.value ->> 'phone_number_id', item.value ->> 'wamid'
  loop
    alone := jsonb_build_array(jsonb_build_object('events', jsonb_build_array(event.value)));
    begin
      perform wabase.ingest_messages(alone);
      perform wabase.ingest_statuses(alone);
    exception when others then
      if wabase.is_transient(sqlstate) then
        raise;
      end if;
      insert into wabase.webhook_events (journal_id, ordinal, reason, detail, field, phone_number_id, content)
      values (
        journal_ids[event.delivery], event.ordinal, 'failed', sqlstate || ': ' || sqlerrm,
        coalesce(event.value ->> 'field', ''), event.value ->> 'phone_number_id', event.value
      );
    end;
  end loop;
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

create function public.whatsapp_ingest(deliveries jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  journal_ids bigint[] := '{}';
  journal_id bigint;
  delivery jsonb;
begin
  for delivery in select value from jsonb_array_elements(deliveries) loop
    insert into wabase.webhook_journal (body, secret_id, events)
    values (delivery ->> 'body', delivery ->> 'secret_id', jsonb_array_length(delivery -> 'events'))
    returning id into journal_id;
    journal_ids := journal_ids || journal_id;
  end loop;

  begin
    perform wabase.ingest_messages(deliveries);
    perform wabase.ingest_statuses(deliveries);
  exception when others then
    if wabase.is_transient(sqlstate) then
      raise;
    end if;
    perform wabase.ingest_one_by_one(deliveries, journal_ids);
  end;
  perform wabase.keep_events(deliveries, journal_ids);

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
      'upsert_contacts', 'find_contact', 'ingest_messages', 'store_incoming', 'ingest_statuses', 'find_outbound',
      'apply_statuses', 'park_statuses', 'lock_wamid', 'apply_parked_statuses', 'keep_events', 'ingest_one_by_one',
      'is_transient'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
revoke all on function public.whatsapp_ingest(jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_ingest(jsonb) to service_role;
