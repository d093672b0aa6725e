-- What is in doubt, and who ends the doubt: a status, the term after which a double is acceptable, or a human.

create function wabase.leave_lost(ids uuid[], moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  perform wabase.leave_unknown(
    array(
      select row(id, wabase.error_of('lease_lost', 'The sender is gone; it may have been sent.'))::wabase.doubt from unnest(ids) as id
    ),
    moment
  );
end
$$;

-- Leases whose dispatcher has not answered for them in time. Nobody leases these messages again.
create function wabase.expire_leases(moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  lost wabase.lanes[];
begin
  if exists (select from wabase.lanes where lease_id is not null and lease_expires_at <= moment) then
    lost := array(
      select lane from wabase.lanes as lane
      where lane.lease_id is not null and lane.lease_expires_at <= moment
      order by lane.conversation_id for update skip locked
    );
    perform wabase.leave_lost(array(select lane.leased_message_id from unnest(lost) as lane), moment);
    perform wabase.free_lanes(array(select row(lane.conversation_id, true, null)::wabase.freed_lane from unnest(lost) as lane), moment);
  end if;
  if exists (select from public.whatsapp_pauses where template_name is not null and resume_at <= moment) then
    perform wabase.resume_due_templates(moment);
  end if;
  if exists (select from wabase.unsettled where second_try_at <= moment) then
    perform wabase.try_again(array(
      select message_id from wabase.unsettled where second_try_at <= moment order by second_try_at limit 500
    ));
  end if;
end
$$;

-- Sends what is unknown or failed a second time, at the end of its conversation's queue. What is settled
-- meanwhile is left alone.
create function wabase.try_again(ids uuid[]) returns void
language plpgsql set search_path = ''
as $$
declare
  tried wabase.unsettled;
  message public.whatsapp_messages;
begin
  for message in
    select * from public.whatsapp_messages where id = any (ids) and direction = 'outbound' order by conversation_id, id
  loop
    -- The lane first: the order of locks.
    perform wabase.join_lane(message.conversation_id, message.number_id, 0::smallint, wabase.clock());
    update public.whatsapp_messages
    set status = 'queued', error = null, failed_at = null, wamid = null, accepted_at = null, sending_at = null, held_at = null
    where id = message.id and status in ('unknown', 'failed');
    delete from wabase.unsettled where message_id = message.id returning * into tried;
    if exists (select from public.whatsapp_messages where id = message.id and status = 'queued') then
      insert into wabase.outbox (message_id, conversation_id, priority, due_at, attempts, allow_duplicate)
      values (
        message.id, message.conversation_id, coalesce(tried.priority, 0::smallint), wabase.clock(), coalesce(tried.attempts, 0::smallint),
        tried.second_try_at is not null
      )
      on conflict (message_id) do nothing;
      perform wabase.join_lane(message.conversation_id, message.number_id, coalesce(tried.priority, 0::smallint), wabase.clock());
    end if;
  end loop;
end
$$;

create function wabase.retry_message(message_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  message public.whatsapp_messages;
  conversation public.whatsapp_conversations;
begin
  select outbound.* into message from public.whatsapp_messages as outbound
  where outbound.id = retry_message.message_id and outbound.direction = 'outbound';
  select * into conversation from public.whatsapp_conversations where id = message.conversation_id;
  if not found or not wabase.may_work_on(conversation) then
    raise exception 'message_id: you may not send this message' using errcode = '42501';
  end if;
  if message.status not in ('unknown', 'failed') then
    raise exception 'message_id: is %, only what is unknown or failed is sent again', message.status using errcode = '22023';
  end if;
  perform wabase.check_window(conversation, message.content, wabase.clock());
  perform wabase.check_opt_out(conversation, message.content);
  perform wabase.try_again(array[message.id]);
  select * into message from public.whatsapp_messages where id = message.id;
  return wabase.describe_message(message);
end
$$;

create function public.whatsapp_retry_message(message_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.retry_message(message_id)
$$;
comment on function public.whatsapp_retry_message(uuid) is
  'A human''s decision: sends a failed or unknown message again. Of an unknown one the contact may get two. Answers '
  '{id, conversation_id, status, wamid, error}.';

-- Whatever settles a message ends its doubt.
create function wabase.end_doubt() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from wabase.unsettled where message_id = new.id;
  return null;
end
$$;
create trigger a_status_ends_the_doubt
  after update of status on public.whatsapp_messages
  for each row when (old.status = 'unknown' and new.status > 'unknown')
  execute function wabase.end_doubt();

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace
      and proname in ('leave_lost', 'expire_leases', 'try_again', 'retry_message', 'end_doubt')
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
-- The twin that checks the caller itself.
grant execute on function wabase.retry_message(uuid) to authenticated, service_role;
revoke all on function public.whatsapp_retry_message(uuid) from public, anon, authenticated;
grant execute on function public.whatsapp_retry_message(uuid) to authenticated, service_role;
