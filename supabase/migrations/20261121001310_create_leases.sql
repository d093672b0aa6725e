-- Leases. A leased message is in state sending: from the commit on its call may leave at any moment, so a lease that
-- expires ends in unknown and never in a second call. A dispatcher leases no more than it calls at once: what a
-- crash leaves in doubt is what was under way, and nothing that merely waited its turn.

create type wabase.pick as (
  message_id uuid, conversation_id uuid, number_id uuid, attempts smallint, verdict text
);

create type wabase.lease_request as (
  max_sends integer, lease_id uuid, only_conversation uuid, lease_seconds integer, only_number uuid
);

-- What stands first in these lanes, which the caller has locked, and whether it may go.
create function wabase.look_at(lanes uuid[], moment timestamptz) returns wabase.pick[]
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select array_agg(row(
      head.message_id, lane.conversation_id, message.number_id, head.attempts,
      case
        when message.id is null then 'deleted'
        when message.status = 'sending' then 'lost'
        when message.status <> 'queued' then 'settled'
        when message.type = 'template' and exists (
          select from public.whatsapp_pauses as pause
          where pause.number_id = message.number_id
            and pause.template_name = message.content -> 'template' ->> 'name'
            and pause.template_language = message.content -> 'template' -> 'language' ->> 'code'
        ) then 'held'
        when campaign.state = 'cancelled' then 'cancelled'
        when campaign.state = 'paused' then 'held'
        when number.channel = 'cloud' and wabase.needs_window(message.content)
          and coalesce(conversation.customer_window_expires_at, '-infinity') <= moment then 'window_closed'
        when message.type = 'template' and contact.marketing_opted_out
          and wabase.is_marketing(message.number_id, message.content) then 'opted_out'
        else coalesce(files.verdict, 'ready')
      end
    )::wabase.pick order by head.message_id)
    from unnest(lanes) as lane (conversation_id)
    cross join lateral (
      select candidate.message_id, candidate.attempts from wabase.candidates_of(lane.conversation_id) as candidate
      where candidate.ready_at <= moment
      order by candidate.priority limit 1
    ) as head
    left join public.whatsapp_messages as message on message.id = head.message_id
    left join public.whatsapp_conversations as conversation on conversation.id = lane.conversation_id
    left join public.whatsapp_numbers as number on number.id = conversation.number_id
    left join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
    left join public.whatsapp_campaigns as campaign on campaign.id = message.campaign_id
    cross join lateral (
      select case when message.type <> 'text' then wabase.file_verdict(message, moment) end as verdict
    ) as files
  );
end
$$;

-- The lanes of a number whose turn it is, locked: replies first.
create function wabase.take_lanes(of_number uuid, wanted integer, only_conversation uuid) returns uuid[]
language plpgsql set search_path = ''
as $$
declare
  moment constant timestamptz := wabase.clock();
  taken uuid[] := '{}';
  level smallint;
begin
  if only_conversation is not null then
    return array(
      select lane.conversation_id from wabase.lanes as lane
      where lane.conversation_id = only_conversation and lane.lease_id is null and lane.ready_at <= moment
      for update
    );
  end if;
  foreach level in array array[0, 1]::smallint[] loop
    exit when cardinality(taken) >= wanted;
    taken := taken || array(
      select lane.conversation_id from wabase.lanes as lane
      where lane.number_id = of_number and lane.priority = level and lane.lease_id is null and lane.ready_at <= moment
      order by lane.ready_at
      limit wanted - cardinality(taken)
      for update skip locked
    );
  end loop;
  return taken;
end
$$;

-- What stands first and may not go: it is settled here, and Meta is not called.
create function wabase.set_aside(picks wabase.pick[], moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  update wabase.outbox as waiting set is_held = true
  from unnest(picks) as pick where pick.verdict = 'held' and waiting.message_id = pick.message_id;
  -- Its file is not at Meta yet: whoever uploads it says so at once (wabase.wake_senders), else it is looked at again.
  update wabase.outbox as waiting set not_before = moment + interval '2 seconds'
  from unnest(picks) as pick where pick.verdict = 'uploading' and waiting.message_id = pick.message_id;
  perform wabase.want_uploads(array(select pick.message_id from unnest(picks) as pick where pick.verdict = 'uploading'), moment);
  delete from wabase.outbox as waiting using unnest(picks) as pick
  where pick.verdict not in ('held', 'lost', 'uploading') and waiting.message_id = pick.message_id;
  update public.whatsapp_messages as message
  set
    status = case pick.verdict when 'cancelled' then 'cancelled' else 'failed' end::public.whatsapp_message_status,
    failed_at = case when pick.verdict <> 'cancelled' then moment end,
    error = case pick.verdict
      when 'cancelled' then null
      when 'file_refused' then wabase.file_error(message.id, message.number_id)
      when 'window_closed' then wabase.error_of('window_closed', 'The 24-hour window closed before it could be sent; send a template.')
      else wabase.error_of('opted_out', 'The contact has asked for no more marketing messages.')
    end
  from unnest(picks) as pick
  where pick.verdict in ('window_closed', 'opted_out', 'cancelled', 'file_refused') and message.id = pick.message_id and message.status = 'queued';
  perform wabase.leave_lost(array(select pick.message_id from unnest(picks) as pick where pick.verdict = 'lost'), moment);
  perform wabase.free_lanes(
    array(select row(pick.conversation_id, pick.verdict = 'lost', null)::wabase.freed_lane from unnest(picks) as pick), moment
  );
end
$$;

create function wabase.error_of(code text, title text) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object('code', code, 'title', title, 'message', title, 'details', null)
$$;

-- The messages as they go to Meta.
create function wabase.describe_sends(of_lease uuid, picks wabase.pick[]) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'id', message.id, 'lease_id', of_lease, 'attempt', pick.attempts + 1, 'phone_number_id', number.phone_number_id,
        'content', wabase.with_media_ids(message)
      ) || case
        when team.group_id is not null then jsonb_build_object('to', team.group_id, 'recipient_type', 'group')
        -- A phone where there is one: some messages are not allowed to a user id (Meta's 131062).
        when contact.phone is not null then jsonb_build_object('to', contact.phone)
        else jsonb_build_object('recipient', contact.bsuid)
      end
      order by message.id
    ), '[]')
    from unnest(picks) as pick
    join public.whatsapp_messages as message on message.id = pick.message_id
    join public.whatsapp_numbers as number on number.id = message.number_id
    join public.whatsapp_conversations as conversation on conversation.id = message.conversation_id
    left join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
    left join public.whatsapp_groups as team on team.id = conversation.group_id
  );
end
$$;

-- Leases what of these lanes may go; the rest is set aside. The caller has locked the lanes and the number.
create function wabase.lease_lanes(lanes uuid[], request wabase.lease_request) returns wabase.pick[]
language plpgsql set search_path = ''
as $$
declare
  moment constant timestamptz := wabase.clock();
  picks constant wabase.pick[] := wabase.look_at(lanes, moment);
  ready wabase.pick[];
  others wabase.pick[];
begin
  select
    array_agg(pick) filter (where pick.verdict = 'ready'), array_agg(pick) filter (where pick.verdict <> 'ready')
  into ready, others
  from unnest(picks) as pick;
  if ready is not null then
    update wabase.lanes as lane
    set
      lease_id = request.lease_id, leased_message_id = pick.message_id, leased_at = moment,
      lease_expires_at = moment + make_interval(secs => request.lease_seconds)
    from unnest(ready) as pick
    where lane.conversation_id = pick.conversation_id;
    update public.whatsapp_messages as message
    set
      status = 'sending', sending_at = moment,
      -- Of a web number's message the id is known beforehand: a receipt finds it, whatever becomes of this lease.
      wamid = case when request.only_number is null then message.wamid else coalesce(message.wamid, wabase.web_wamid(message.id)) end
    from unnest(ready) as pick
    where message.id = pick.message_id;
  end if;
  if others is not null then
    perform wabase.set_aside(others, moment);
  end if;
  if cardinality(lanes) > coalesce(cardinality(picks), 0) then
    -- Woken too early.
    perform wabase.free_lanes(
      array(
        select row(lane, false, null)::wabase.freed_lane from unnest(lanes) as lane
        where lane <> all (array(select pick.conversation_id from unnest(picks) as pick))
      ),
      moment
    );
  end if;
  return ready;
end
$$;

-- As packages/sessions makes it (src/connection/queued-message.ts, wamidOfRow).
create function wabase.web_wamid(message_id uuid) returns text
language sql immutable set search_path = ''
as $$
  select 'web.me.3EB0' || upper(left(encode(sha256(convert_to('wabase ' || message_id, 'UTF8')), 'hex'), 18))
$$;

create type wabase.turn as (number_id uuid, is_probe boolean);

-- The numbers whose turn it is, the one that has waited longest first. A number that is paused stays out, but
-- for one message when Meta may have changed its mind. A web number's messages go through its session's socket: only
-- who asks for that number gets them.
create function wabase.numbers_in_turn(moment timestamptz, request wabase.lease_request) returns wabase.turn[]
language plpgsql stable set search_path = ''
as $$
begin
  return array(
    select row(work.number_id, pause.id is not null)::wabase.turn
    from wabase.numbers_with_work() as work
    join public.whatsapp_numbers as number on number.id = work.number_id
    left join wabase.number_pacing as pacing on pacing.number_id = work.number_id
    left join public.whatsapp_pauses as pause on pause.number_id = work.number_id and pause.template_name is null
    where work.ready_at <= moment
      and (number.id = request.only_number or (request.only_number is null and number.channel = 'cloud'))
      and (
        request.only_conversation is null
        or number.id = (select number_id from wabase.lanes where conversation_id = request.only_conversation)
      )
      and coalesce(pacing.blocked_until <= moment, true)
      and (pause.id is null or pause.resume_at <= moment)
    order by pacing.leased_at nulls first, work.number_id
    limit 100
  );
end
$$;

create function public.whatsapp_lease_sends(
  max_sends integer, lease_id uuid, run_id uuid default null, only_conversation uuid default null, lease_seconds integer default 60,
  only_number uuid default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  request constant wabase.lease_request := row(max_sends, lease_id, only_conversation, lease_seconds, only_number);
  picks wabase.pick[];
begin
  if max_sends not between 1 and 1000 or lease_seconds not between 5 and 600 then
    raise exception 'max_sends, lease_seconds: must be 1 to 1000, and 5 to 600' using errcode = '22023';
  end if;
  -- The same lease again: its answer was lost. What it holds is handed out again, and nothing more. The lock is for
  -- a first call that is still under way.
  perform pg_advisory_xact_lock(hashtextextended(lease_id::text, 3));
  picks := array(
    select row(lane.leased_message_id, lane.conversation_id, lane.number_id, waiting.attempts, 'ready')::wabase.pick
    from wabase.lanes as lane join wabase.outbox as waiting on waiting.message_id = lane.leased_message_id
    where lane.lease_id is not null and lane.lease_id = whatsapp_lease_sends.lease_id
  );
  if cardinality(picks) = 0 then
    picks := wabase.lease_sends(request);
  end if;
  if run_id is not null then
    perform wabase.note_run(run_id, cardinality(picks));
  end if;
  return jsonb_build_object(
    'sends', wabase.describe_sends(lease_id, picks), 'next_ms', wabase.next_look_ms(request)
  );
end
$$;
comment on function public.whatsapp_lease_sends(integer, uuid, uuid, uuid, integer, uuid) is
  'Takes messages for sending: {sends: [{id, lease_id, attempt, phone_number_id, to | recipient, recipient_type?, content}], '
  'next_ms: when to ask again, null where nothing waits}. lease_id: the caller''s, new for each call; repeat a call whose '
  'answer was lost with the same. only_number: for the process that holds a web number''s session, whose messages no other '
  'call gets. Each is answered for to whatsapp_record_sends before the lease expires, or it becomes '
  'unknown. For the service key alone.';

create function wabase.lease_sends(request wabase.lease_request) returns wabase.pick[]
language plpgsql set search_path = ''
as $$
declare
  moment constant timestamptz := wabase.clock();
  turns wabase.turn[];
  turn wabase.turn;
  number public.whatsapp_numbers;
  leased wabase.pick[];
  picks wabase.pick[] := '{}';
  turns_left integer;
  allowance integer;
begin
  perform wabase.expire_leases(moment);
  turns := wabase.numbers_in_turn(moment, request);
  turns_left := cardinality(turns);
  foreach turn in array turns loop
    exit when cardinality(picks) >= request.max_sends;
    number := wabase.lock_number(turn.number_id, request.only_conversation is not null);
    if number.id is not null then
      -- Each of the numbers that are left gets its share; what one does not need the next may have.
      allowance := wabase.allowance_of(
        number, ceil((request.max_sends - cardinality(picks))::numeric / turns_left)::integer, wabase.clock()
      );
      if turn.is_probe then
        allowance := least(allowance, wabase.probe(number.id, moment));
      end if;
      if allowance > 0 then
        leased := wabase.lease_lanes(wabase.take_lanes(number.id, allowance, request.only_conversation), request);
        update wabase.number_pacing as pacing
        set tokens = pacing.tokens - coalesce(cardinality(leased), 0), leased_at = moment
        where pacing.number_id = number.id;
        picks := picks || leased;
      end if;
    end if;
    turns_left := turns_left - 1;
  end loop;
  return picks;
end
$$;

-- The number, its row of pacing locked; null where another dispatcher is at it, which one sender may wait for.
create function wabase.lock_number(of_number uuid, may_wait boolean) returns public.whatsapp_numbers
language plpgsql set search_path = ''
as $$
declare
  number public.whatsapp_numbers;
begin
  insert into wabase.number_pacing (number_id) values (of_number) on conflict do nothing;
  if may_wait then
    perform from wabase.number_pacing where number_id = of_number for update;
  else
    perform from wabase.number_pacing where number_id = of_number for update skip locked;
  end if;
  if found then
    select * into number from public.whatsapp_numbers where id = of_number;
  end if;
  return number;
end
$$;

-- A number is paused: one message is tried, and no other until its answer is there.
create function wabase.probe(of_number uuid, moment timestamptz) returns integer
language plpgsql set search_path = ''
as $$
begin
  update public.whatsapp_pauses set resume_at = moment + interval '5 minutes'
  where number_id = of_number and template_name is null and resume_at <= moment;
  return case when found then 1 else 0 end;
end
$$;

-- What a process with many web sessions asks, instead of a lease for each of them.
create function public.whatsapp_numbers_to_send_from(number_ids uuid[]) returns setof uuid
language sql stable security definer set search_path = ''
as $$
  select work.number_id from wabase.numbers_with_work() as work
  where work.number_id = any (number_ids) and work.ready_at <= wabase.clock()
$$;
comment on function public.whatsapp_numbers_to_send_from(uuid[]) is
  'Which of these numbers have a message that is due. For the service key alone.';
revoke all on function public.whatsapp_numbers_to_send_from(uuid[]) from public, anon, authenticated;
grant execute on function public.whatsapp_numbers_to_send_from(uuid[]) to service_role;

-- In how many milliseconds something may be ready: at least the time in which a bucket gets a few tokens.
create function wabase.next_look_ms(request wabase.lease_request) returns integer
language plpgsql stable set search_path = ''
as $$
declare
  earliest timestamptz;
begin
  if request.only_conversation is null then
    select min(greatest(work.ready_at, pacing.blocked_until, pause.resume_at)) into earliest
    from wabase.numbers_with_work() as work
    join public.whatsapp_numbers as number on number.id = work.number_id
    left join wabase.number_pacing as pacing on pacing.number_id = work.number_id
    left join public.whatsapp_pauses as pause on pause.number_id = work.number_id and pause.template_name is null
    where (pause.id is null or pause.resume_at is not null)
      and (number.id = request.only_number or (request.only_number is null and number.channel = 'cloud'));
  else
    select greatest(lane.ready_at, pacing.blocked_until, pause.resume_at) into earliest
    from wabase.lanes as lane
    join public.whatsapp_numbers as number on number.id = lane.number_id and number.channel = 'cloud'
    left join wabase.number_pacing as pacing on pacing.number_id = lane.number_id
    left join public.whatsapp_pauses as pause on pause.number_id = lane.number_id and pause.template_name is null
    where lane.conversation_id = request.only_conversation and lane.ready_at is not null
      and (pause.id is null or pause.resume_at is not null);
  end if;
  if earliest is null then
    return null;
  end if;
  return greatest(50, least(extract(epoch from earliest - wabase.clock()) * 1000, 86400000))::integer;
end
$$;

-- Which dispatchers are at work, so that no more are started than are needed.
create unlogged table wabase.dispatch_runs (
  run_id uuid primary key,
  started_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null,
  sends bigint not null
);
alter table wabase.dispatch_runs enable row level security;
revoke all on table wabase.dispatch_runs from anon, authenticated, service_role;
grant select on table wabase.dispatch_runs to service_role;
comment on table wabase.dispatch_runs is 'Dispatchers of the last hour: when each was seen last, and how much it has leased.';

create function wabase.note_run(run_id uuid, more_sends integer) returns void
language plpgsql set search_path = ''
as $$
begin
  insert into wabase.dispatch_runs as run (run_id, seen_at, sends) values (note_run.run_id, clock_timestamp(), more_sends)
  on conflict on constraint dispatch_runs_pkey do update set seen_at = excluded.seen_at, sends = run.sends + excluded.sends;
end
$$;

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'look_at', 'take_lanes', 'set_aside', 'error_of', 'describe_sends', 'lease_lanes', 'lease_sends', 'numbers_in_turn',
      'lock_number', 'probe', 'next_look_ms', 'note_run', 'web_wamid'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
revoke all on function public.whatsapp_lease_sends(integer, uuid, uuid, uuid, integer, uuid) from public, anon, authenticated;
grant execute on function public.whatsapp_lease_sends(integer, uuid, uuid, uuid, integer, uuid) to service_role;
