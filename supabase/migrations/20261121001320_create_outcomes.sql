-- What became of the calls. An outcome counts as long as its lease does; one that comes after its lease has
-- expired is heard for what it proves (Meta took it, Meta refused it) and never queues anything again.

create type wabase.doubt as (message_id uuid, error jsonb);

create type wabase.outcome as (
  id uuid, lease_id uuid, action text, wamid text, message_status text, error jsonb, reason text, delay_ms integer,
  resume_after_ms bigint, settled_ms_ago integer,
  -- Of the message now.
  number_id uuid, conversation_id uuid, is_current boolean, status public.whatsapp_message_status
);

-- Locks the lanes, wamids and messages of these outcomes, in the order of their keys, and reads them.
create function wabase.read_outcomes(outcomes jsonb) returns wabase.outcome[]
language plpgsql set search_path = ''
as $$
declare
  ids constant uuid[] := array(select (item ->> 'id')::uuid from jsonb_array_elements(outcomes) as item);
  unknown_action text;
begin
  select item ->> 'action' into unknown_action from jsonb_array_elements(outcomes) as item
  where coalesce(item ->> 'action', '') not in (
    'accepted', 'failed', 'never', 'unknown', 'retry', 'retry_recipient', 'retry_number', 'pause_number', 'pause_template', 'release'
  );
  if found then
    raise exception 'outcomes.action: is %, which is not known', unknown_action using errcode = '22023';
  end if;
  perform from wabase.lanes
  where conversation_id in (select waiting.conversation_id from wabase.outbox as waiting where waiting.message_id = any (ids))
  order by conversation_id for update;
  perform wabase.lock_wamids(array(
    select row(message.number_id, item ->> 'wamid', null, null, null, null, null, null, null)::wabase.incoming_status
    from jsonb_array_elements(outcomes) as item
    join public.whatsapp_messages as message on message.id = (item ->> 'id')::uuid
    where item ->> 'wamid' is not null
  ));
  perform from public.whatsapp_messages where id = any (ids) order by id for no key update;
  return array(
    select row(
      item.id, item.lease_id,
      case item.action when 'failed' then 'never' else item.action end, item.wamid, item.message_status, nullif(item.error, 'null'), item.reason, item.delay_ms,
      item.resume_after_ms, item.settled_ms_ago,
      message.number_id, message.conversation_id, lane.conversation_id is not null, message.status
    )::wabase.outcome
    from jsonb_to_recordset(outcomes) as item (
      id uuid, lease_id uuid, action text, wamid text, message_status text, error jsonb, reason text, delay_ms integer,
      resume_after_ms bigint, settled_ms_ago integer
    )
    join public.whatsapp_messages as message on message.id = item.id and message.direction = 'outbound'
    left join wabase.outbox as waiting on waiting.message_id = item.id
    left join wabase.lanes as lane
      on lane.conversation_id = waiting.conversation_id and lane.lease_id = item.lease_id and lane.leased_message_id = item.id
    order by item.id
  );
end
$$;

create function public.whatsapp_record_sends(outcomes jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  heard constant wabase.outcome[] := wabase.renew_files(wabase.read_outcomes(outcomes), wabase.clock());
  moment constant timestamptz := wabase.clock();
begin
  perform wabase.settle_answered(heard, moment);
  perform wabase.leave_unknown(
    array(
      select row(item.id, item.error)::wabase.doubt from unnest(heard) as item
      where item.is_current and item.action = 'unknown'
    ),
    moment
  );
  perform wabase.queue_again(heard, moment);
  perform wabase.count_sends(heard, moment);
  perform wabase.free_lanes(
    array(
      select row(
        waiting.conversation_id, item.action <> 'release',
        case when item.action = 'retry_recipient' then moment + wabase.milliseconds(item.delay_ms) end
      )::wabase.freed_lane
      from unnest(heard) as item
      join wabase.lanes as waiting on waiting.lease_id = item.lease_id and waiting.leased_message_id = item.id
      where item.is_current
    ),
    moment
  );
  perform wabase.heed(heard, moment);
  return (
    select coalesce(jsonb_agg(wabase.describe_message(message) order by message.id), '[]')
    from public.whatsapp_messages as message
    where message.id in (select item.id from unnest(heard) as item)
  );
end
$$;
comment on function public.whatsapp_record_sends(jsonb) is
  'What became of leased messages: [{id, lease_id, action, …}]. accepted: wamid, message_status. never, unknown: error. '
  'retry, retry_recipient, retry_number: error, delay_ms. pause_number, pause_template: error, reason, resume_after_ms. '
  'release: the call never began. Answers [{id, conversation_id, status, wamid, error}]. For the service key alone.';

create function wabase.milliseconds(amount bigint) returns interval
language sql immutable set search_path = ''
as $$
  select coalesce(amount, 0) * interval '1 millisecond'
$$;

-- Taken or refused by Meta: that is true whoever says it, and whenever.
create function wabase.settle_answered(heard wabase.outcome[], moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  parked wabase.incoming_status[];
begin
  update public.whatsapp_messages as message
  set
    -- Statuses may have come before Meta's answer did: they are not taken back.
    status = greatest(message.status, item.status),
    wamid = coalesce(message.wamid, item.wamid),
    accepted_at = case when item.status = 'accepted' then coalesce(message.accepted_at, moment) else message.accepted_at end,
    held_at = case when item.is_held then coalesce(message.held_at, moment) else message.held_at end,
    failed_at = case when item.status = 'failed' then coalesce(message.failed_at, moment) else message.failed_at end,
    error = case when message.status < item.status then item.error else message.error end
  from (
    select
      answer.id, answer.wamid, answer.error,
      case when answer.action = 'accepted' then 'accepted' else 'failed' end::public.whatsapp_message_status as status,
      coalesce(answer.message_status = 'held_for_quality_assessment', false) as is_held
    from unnest(heard) as answer
    where answer.action = 'accepted'
      or (answer.action = 'never' and (answer.is_current or answer.status = 'unknown'))
  ) as item
  where message.id = item.id;
  -- A second try that has not begun is not needed any more.
  delete from wabase.outbox as waiting
  using unnest(heard) as item
  where waiting.message_id = item.id
    and (item.is_current and item.action in ('accepted', 'never') or item.action = 'accepted' and not exists (
      select from wabase.lanes as lane where lane.conversation_id = waiting.conversation_id and lane.leased_message_id = item.id
    ));
  delete from wabase.unsettled as waiting
  using unnest(heard) as item
  where waiting.message_id = item.id and item.action in ('accepted', 'never');
  perform wabase.show_own_reactions(array(select answer.id from unnest(heard) as answer where answer.action = 'accepted'), moment);
  parked := wabase.take_parked_statuses(array(
    select row(item.number_id, item.wamid, null, null, null, null, null, null, null)::wabase.incoming_status
    from unnest(heard) as item where item.wamid is not null
  ));
  if parked is not null then
    perform wabase.apply_statuses(parked);
  end if;
end
$$;

-- The reaction that the business has on a message now: its own, or none where it took it back.
create function wabase.show_own_reactions(ids uuid[], moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  insert into public.whatsapp_reactions as reaction (
    number_id, target_wamid, contact_id, tenant_id, conversation_id, emoji, wamid, occurred_at
  )
  select distinct on (message.number_id, message.content -> 'reaction' ->> 'message_id')
    message.number_id, message.content -> 'reaction' ->> 'message_id', null::uuid, message.tenant_id, message.conversation_id,
    nullif(message.content -> 'reaction' ->> 'emoji', ''), message.wamid, moment
  from public.whatsapp_messages as message
  where message.id = any (ids) and message.type = 'reaction' and message.content -> 'reaction' ->> 'message_id' is not null
  order by message.number_id, message.content -> 'reaction' ->> 'message_id', message.id desc
  on conflict (number_id, target_wamid, contact_id) do update
  set emoji = excluded.emoji, wamid = excluded.wamid, occurred_at = excluded.occurred_at
  where (reaction.occurred_at, reaction.wamid) < (excluded.occurred_at, excluded.wamid);
end
$$;

-- Nobody knows whether these were sent. A status that echoes our id settles them; until then they are not touched.
create function wabase.leave_unknown(doubts wabase.doubt[], moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  if cardinality(doubts) = 0 then
    return;
  end if;
  with gone as (
    delete from wabase.outbox as waiting using unnest(doubts) as doubt
    where waiting.message_id = doubt.message_id
    returning waiting.*, doubt.error
  ), doubtful as (
    update public.whatsapp_messages as message
    set status = 'unknown', error = gone.error
    from gone
    where message.id = gone.message_id and message.status = 'sending'
    returning message.id, message.tenant_id, gone.allow_duplicate, gone.priority, gone.attempts
  )
  insert into wabase.unsettled (message_id, since, second_try_at, priority, attempts)
  select doubtful.id, moment, case when doubtful.allow_duplicate then moment + tenant.unknown_term end, doubtful.priority,
    doubtful.attempts + 1
  from doubtful join public.whatsapp_tenants as tenant on tenant.id = doubtful.tenant_id
  on conflict (message_id) do nothing;
end
$$;

-- Refused before it was processed, or never gone: back into its place in the queue.
create function wabase.queue_again(heard wabase.outcome[], moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  -- What a status has settled meanwhile was sent.
  delete from wabase.outbox as waiting
  using unnest(heard) as item
  where item.is_current and item.status > 'unknown' and waiting.message_id = item.id;

  with again as (
    update wabase.outbox as waiting
    set
      -- What is the number's or the template's fault is not the message's.
      attempts = waiting.attempts + case when item.action in ('release', 'retry_number', 'pause_template') then 0 else 1 end,
      not_before = case when item.action = 'retry' then moment + wabase.milliseconds(item.delay_ms) end
    from unnest(heard) as item
    where waiting.message_id = item.id and item.is_current and item.action not in ('accepted', 'never', 'unknown')
    returning waiting.message_id, item.error
  )
  -- With why it waits.
  update public.whatsapp_messages as message set status = 'queued', error = again.error
  from again
  where message.id = again.message_id and message.status = 'sending';

  insert into wabase.number_pacing as pacing (number_id, blocked_until)
  select item.number_id, max(moment + wabase.milliseconds(item.delay_ms))
  from unnest(heard) as item where item.action = 'retry_number'
  group by item.number_id order by item.number_id
  on conflict (number_id) do update set blocked_until = greatest(pacing.blocked_until, excluded.blocked_until), tokens = 0;
end
$$;

-- A call counts until a second after the last moment at which it can have reached Meta.
create function wabase.count_sends(heard wabase.outcome[], moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  insert into wabase.recent_sends (number_id, sent_at, amount)
  select item.number_id, moment - wabase.milliseconds(least(greatest(item.settled_ms_ago, 0), 10000)), count(*)
  from unnest(heard) as item
  where item.is_current and item.action <> 'release'
  group by 1, 2;
end
$$;

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'read_outcomes', 'milliseconds', 'settle_answered', 'show_own_reactions', 'leave_unknown', 'queue_again', 'count_sends'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
revoke all on function public.whatsapp_record_sends(jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_record_sends(jsonb) to service_role;
