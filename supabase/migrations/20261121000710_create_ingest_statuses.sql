create type wabase.incoming_event as (
  journal_id bigint,
  ordinal integer,
  -- As packages/cloud-api parses it (src/webhook/events.ts).
  content jsonb
);

-- Functions of the ingest are plpgsql, also where one query is all they hold: plpgsql keeps its plans, while a
-- function in the language sql is planned anew at every call.

-- Statuses: each moves its message up the lattice, whenever and however often it comes.

create type wabase.incoming_status as (
  number_id uuid,
  wamid text,
  message_id uuid,
  status public.whatsapp_message_status,
  occurred_at timestamptz,
  error jsonb,
  pricing jsonb,
  participant text,
  found_id uuid
);

create function wabase.ingest_statuses(events wabase.incoming_event[]) returns void
language plpgsql set search_path = ''
as $$
declare
  incoming wabase.incoming_status[];
  strangers wabase.incoming_status[];
begin
  with news as (
    select
      by_wamid.id is null as is_stranger,
      row(
        number.id, event.wamid, event.message_id, event.status::public.whatsapp_message_status,
        coalesce(event."timestamp", wabase.now()), nullif(event.error, 'null'), nullif(event.pricing, 'null'),
        event.recipient ->> 'participant', case when by_wamid.direction = 'outbound' then by_wamid.id end
      )::wabase.incoming_status as status
    from unnest(events) as source
    cross join lateral jsonb_to_record(source.content) as event (
      kind text, phone_number_id text, wamid text, message_id uuid, status text, "timestamp" timestamptz,
      error jsonb, pricing jsonb, recipient jsonb
    )
    join public.whatsapp_numbers as number on number.phone_number_id = event.phone_number_id
    left join public.whatsapp_messages as by_wamid
      on by_wamid.number_id = number.id and by_wamid.wamid = event.wamid
    where event.kind = 'status' and event.status in ('sent', 'delivered', 'read', 'played', 'failed')
  )
  select array_agg(status), array_agg(status) filter (where is_stranger) into incoming, strangers from news;

  if strangers is null then
    -- Nearly always: Meta's ids are known.
    perform wabase.apply_found_statuses(incoming);
  else
    perform wabase.lock_wamids(strangers);
    perform wabase.apply_statuses(incoming);
    perform wabase.settle_strangers(strangers);
  end if;
end
$$;

-- The message that each status is about: by Meta's id, or by ours, which Meta echoes, where Meta's answer to
-- the send has not come (or never comes).
create function wabase.find_outbound(incoming wabase.incoming_status[]) returns wabase.incoming_status[]
language plpgsql stable set search_path = ''
as $$
begin
  return (
      select array_agg(
        row(
          event.number_id, event.wamid, event.message_id, event.status, event.occurred_at, event.error, event.pricing,
          event.participant, coalesce(by_wamid.id, by_id.id)
        )::wabase.incoming_status
      )
      from unnest(incoming) as event
      left join public.whatsapp_messages as by_wamid
        on by_wamid.number_id = event.number_id and by_wamid.wamid = event.wamid and by_wamid.direction = 'outbound'
      left join public.whatsapp_messages as by_id
        on by_id.id = event.message_id and by_id.number_id = event.number_id and by_id.wamid is null
        and by_id.direction = 'outbound'
  );
end
$$;

create function wabase.apply_statuses(incoming wabase.incoming_status[]) returns void
language plpgsql set search_path = ''
as $$
begin
  perform wabase.apply_found_statuses(wabase.find_outbound(incoming));
end
$$;

create function wabase.apply_found_statuses(incoming wabase.incoming_status[]) returns void
language plpgsql set search_path = ''
as $$
begin
  update public.whatsapp_messages as message
  set
    wamid = coalesce(message.wamid, news.wamid),
    -- The enum is the lattice: a status never goes back. Each state keeps its own, earliest time.
    status = greatest(message.status, news.status),
    sent_at = least(message.sent_at, news.sent_at),
    delivered_at = least(message.delivered_at, news.delivered_at),
    read_at = least(message.read_at, news.read_at),
    played_at = least(message.played_at, news.played_at),
    failed_at = least(message.failed_at, news.failed_at),
    -- Before Meta's first word an error is our own note of a lost answer, which this settles.
    error = case when message.status < 'sent' then news.error else coalesce(message.error, news.error) end,
    pricing = coalesce(message.pricing, news.pricing)
  from (
    select
      event.found_id,
      min(event.wamid) as wamid,
      max(event.status) as status,
      min(event.occurred_at) filter (where event.status = 'sent') as sent_at,
      min(event.occurred_at) filter (where event.status = 'delivered') as delivered_at,
      min(event.occurred_at) filter (where event.status = 'read') as read_at,
      min(event.occurred_at) filter (where event.status = 'played') as played_at,
      min(event.occurred_at) filter (where event.status = 'failed') as failed_at,
      (array_agg(event.error order by event.occurred_at) filter (where event.error is not null))[1] as error,
      (array_agg(event.pricing order by event.occurred_at) filter (where event.pricing is not null))[1] as pricing
    from unnest(incoming) as event
    where event.found_id is not null
    group by event.found_id
    -- In the order of their ids: calls that share messages wait for each other, never in a circle.
    order by event.found_id
  ) as news
  where message.id = news.found_id
    -- A repeated status writes nothing.
    and (
      message.status < news.status or message.wamid is null
      or news.sent_at < coalesce(message.sent_at, 'infinity')
      or news.delivered_at < coalesce(message.delivered_at, 'infinity')
      or news.read_at < coalesce(message.read_at, 'infinity')
      or news.played_at < coalesce(message.played_at, 'infinity')
      or news.failed_at < coalesce(message.failed_at, 'infinity')
      or (message.error is null and news.error is not null)
      or (message.pricing is null and news.pricing is not null)
    );

  if exists (select from unnest(incoming) as event where event.participant is not null) then
    perform wabase.apply_participant_statuses(incoming);
  end if;
end
$$;

-- A message to a group has a status for each participant.
create function wabase.apply_participant_statuses(incoming wabase.incoming_status[]) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    insert into public.whatsapp_message_recipients as recipient (
      message_id, participant, status, sent_at, delivered_at, read_at, played_at, failed_at, error
    )
    select
      event.found_id, event.participant, max(event.status),
      min(event.occurred_at) filter (where event.status = 'sent'),
      min(event.occurred_at) filter (where event.status = 'delivered'),
      min(event.occurred_at) filter (where event.status = 'read'),
      min(event.occurred_at) filter (where event.status = 'played'),
      min(event.occurred_at) filter (where event.status = 'failed'),
      (array_agg(event.error order by event.occurred_at) filter (where event.error is not null))[1]
    from unnest(incoming) as event
    where event.found_id is not null and event.participant is not null
    group by event.found_id, event.participant
    order by event.found_id, event.participant
    on conflict (message_id, participant) do update
    set
      status = greatest(recipient.status, excluded.status),
      sent_at = least(recipient.sent_at, excluded.sent_at),
      delivered_at = least(recipient.delivered_at, excluded.delivered_at),
      read_at = least(recipient.read_at, excluded.read_at),
      played_at = least(recipient.played_at, excluded.played_at),
      failed_at = least(recipient.failed_at, excluded.failed_at),
      error = coalesce(recipient.error, excluded.error);
end
$$;

-- Who gives a message its wamid, and who parks a status for want of a message with it, holds the lock of
-- the wamid until the commit: the status is parked before the other one looks, or it finds the message.
-- Locks are shared out among wamids, so that a batch of a thousand takes no more of them than there
-- are: Postgres has room for a few thousand in all.
create function wabase.lock_wamids(incoming wabase.incoming_status[]) returns void
language plpgsql set search_path = ''
as $$
declare
  number_of_locks constant integer := 128;
  lock integer;
begin
  for lock in
    select distinct abs(hashtext(event.number_id::text || event.wamid) % number_of_locks)
    from unnest(incoming) as event
    order by 1
  loop
    perform pg_advisory_xact_lock(hashtext('wabase.wamids'), lock);
  end loop;
end
$$;

-- The first, with what only the second says of the error and the pricing.
create function wabase.prefer(first jsonb, second jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select first || jsonb_build_object(
    'error', coalesce(nullif(first -> 'error', 'null'), second -> 'error'),
    'pricing', coalesce(nullif(first -> 'pricing', 'null'), second -> 'pricing')
  )
$$;

-- Statuses whose wamid no message had, after they were applied: one of them may have given it to a message,
-- by our id, which the others, and those parked earlier, are about. What finds no message waits for it.
create function wabase.settle_strangers(strangers wabase.incoming_status[]) returns void
language plpgsql set search_path = ''
as $$
declare
  looked_up constant wabase.incoming_status[] := wabase.find_outbound(strangers);
  found_ones wabase.incoming_status[];
  orphan wabase.incoming_status;
begin
  select array_agg(event) into found_ones from unnest(looked_up) as event where event.found_id is not null;
  if found_ones is not null then
    -- To apply a status twice changes nothing.
    perform wabase.apply_statuses(found_ones || wabase.take_parked_statuses(found_ones));
  end if;
  for orphan in select event.* from unnest(looked_up) as event where event.found_id is null loop
    insert into wabase.parked_statuses as parked (number_id, wamid, status, participant, event)
    values (orphan.number_id, orphan.wamid, orphan.status, coalesce(orphan.participant, ''), to_jsonb(orphan))
    -- Of the same state twice the earlier stands, with what only the later says.
    on conflict (wamid, number_id, status, participant) do update
    set event = case
      when (excluded.event ->> 'occurred_at')::timestamptz < (parked.event ->> 'occurred_at')::timestamptz
      then wabase.prefer(excluded.event, parked.event) else wabase.prefer(parked.event, excluded.event)
    end;
  end loop;
end
$$;

-- What has waited for messages with these wamids; it waits no longer.
create function wabase.take_parked_statuses(incoming wabase.incoming_status[]) returns wabase.incoming_status[]
language plpgsql set search_path = ''
as $$
declare
  parked wabase.incoming_status[];
begin
  with taken as (
    delete from wabase.parked_statuses as parked
    using unnest(incoming) as event
    where parked.number_id = event.number_id and parked.wamid = event.wamid
    returning parked.event
  )
  select array_agg(jsonb_populate_record(null::wabase.incoming_status, event)) into parked from taken;
  return parked;
end
$$;
