-- What may go when. Everything is counted in the database, so that any number of dispatchers together keep to it.

create type wabase.candidate as (message_id uuid, priority smallint, ready_at timestamptz, attempts smallint);

-- The next message of each priority in a conversation, and when it may go.
create function wabase.candidates_of(conversation uuid) returns setof wabase.candidate
language plpgsql stable set search_path = '' rows 2
as $$
begin
  return query
  select first.message_id, first.priority, greatest(first.due_at, first.not_before), first.attempts
  from unnest(array[0, 1]::smallint[]) as level (priority)
  cross join lateral (
    select waiting.* from wabase.outbox as waiting
    where waiting.conversation_id = conversation and waiting.priority = level.priority and not waiting.is_held
    order by waiting.due_at, waiting.message_id
    limit 1
  ) as first;
end
$$;

-- A lane whose call is over. is_spent: the call may have reached Meta, so that it counts.
create type wabase.freed_lane as (conversation_id uuid, is_spent boolean, blocked_until timestamptz);

-- Ends the leases of these lanes, which the caller has locked, and says when each is to be looked at again.
create function wabase.free_lanes(freed wabase.freed_lane[], moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  update wabase.lanes as lane
  set
    lease_id = null, leased_message_id = null, leased_at = null, lease_expires_at = null,
    pair_paid_at = after.pair_paid_at,
    blocked_until = after.blocked_until,
    priority = coalesce(next.priority, lane.priority),
    ready_at = case when next.ready_at is not null then
      greatest(next.ready_at, after.blocked_until, wabase.pair_ready_at(after.pair_paid_at)) end
  from unnest(freed) as over
  cross join lateral (
    select
      -- By when the call is over: it reached Meta then at the latest, so Meta's count is never behind ours.
      case when over.is_spent then greatest(old.pair_paid_at, moment) + interval '6 seconds' else old.pair_paid_at end as pair_paid_at,
      greatest(old.blocked_until, over.blocked_until) as blocked_until
    from wabase.lanes as old where old.conversation_id = over.conversation_id
  ) as after
  left join lateral (
    select
      min(candidate.ready_at) as ready_at,
      coalesce(
        min(candidate.priority) filter (where candidate.ready_at <= moment),
        min(candidate.priority)
      ) as priority
    from wabase.candidates_of(over.conversation_id) as candidate
  ) as next on true
  where lane.conversation_id = over.conversation_id;
end
$$;

-- How many messages the number may send now, at most as many as are wanted. The caller holds the lock of its
-- row in number_pacing.
create function wabase.allowance_of(of_number public.whatsapp_numbers, wanted integer, moment timestamptz) returns integer
language plpgsql set search_path = ''
as $$
declare
  rate constant integer := of_number.sends_per_second;
  -- A call that has no answer after so long has reached Meta, or never will.
  still_coming constant interval := interval '5 seconds';
  bucket double precision;
  under_way integer;
begin
  update wabase.number_pacing as pacing
  set
    tokens = least(greatest(1, rate / 8), pacing.tokens + rate * extract(epoch from least(moment - pacing.refilled_at, interval '1 second'))),
    refilled_at = moment
  where pacing.number_id = of_number.id
  returning tokens into bucket;
  select count(*) into under_way from wabase.lanes
  where number_id = of_number.id and lease_id is not null and leased_at > moment - still_coming;
  delete from wabase.recent_sends where number_id = of_number.id and sent_at <= moment - interval '1 second';
  under_way := under_way + coalesce((select sum(amount) from wabase.recent_sends where number_id = of_number.id), 0);
  return greatest(0, least(wanted, floor(bucket)::integer, rate - under_way));
end
$$;

-- The numbers for which something waits, and when the first of it may go. One step down the index for each
-- number, whatever their queues' length.
create function wabase.numbers_with_work() returns table (number_id uuid, ready_at timestamptz)
language plpgsql stable set search_path = '' rows 10
as $$
begin
  return query
  with recursive waiting as (
    (
      select lane.number_id from wabase.lanes as lane
      where lane.lease_id is null and lane.ready_at is not null
      order by lane.number_id limit 1
    )
    union all
    select (
      select lane.number_id from wabase.lanes as lane
      where lane.lease_id is null and lane.ready_at is not null and lane.number_id > waiting.number_id
      order by lane.number_id limit 1
    )
    from waiting where waiting.number_id is not null
  )
  select waiting.number_id, first.ready_at
  from waiting
  cross join lateral (
    select min(lane.ready_at) as ready_at
    from unnest(array[0, 1]::smallint[]) as level (priority)
    cross join lateral (
      select candidate.ready_at from wabase.lanes as candidate
      where candidate.number_id = waiting.number_id and candidate.priority = level.priority
        and candidate.lease_id is null and candidate.ready_at is not null
      order by candidate.ready_at limit 1
    ) as lane
  ) as first
  where waiting.number_id is not null;
end
$$;

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace
      and proname in ('candidates_of', 'free_lanes', 'allowance_of', 'numbers_with_work')
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
