-- What a member may do with a message that is there: take it back before it goes, mark it as read.

create function wabase.cancel_message(message_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  message public.whatsapp_messages;
  conversation public.whatsapp_conversations;
  in_flight uuid;
  is_cancelled boolean := false;
begin
  select outbound.* into message from public.whatsapp_messages as outbound
  where outbound.id = cancel_message.message_id and outbound.direction = 'outbound';
  select * into conversation from public.whatsapp_conversations where id = message.conversation_id;
  if not found or not wabase.may_work_on(conversation) then
    raise exception 'message_id: you may not cancel this message' using errcode = '42501';
  end if;
  -- Who leases holds this lock until the lease is written: it is taken back, or it is being sent.
  select leased_message_id into in_flight from wabase.lanes where conversation_id = conversation.id for update;
  if in_flight is distinct from message.id then
    delete from wabase.outbox as waiting where waiting.message_id = message.id;
    is_cancelled := found;
    -- Of what may have been sent, only the second try is taken back.
    update wabase.unsettled as other set second_try_at = null where other.message_id = message.id;
    if is_cancelled then
      update public.whatsapp_messages set status = 'cancelled' where id = message.id and status = 'queued';
    end if;
  end if;
  select * into message from public.whatsapp_messages where id = message.id;
  return wabase.describe_message(message) || jsonb_build_object('is_cancelled', is_cancelled);
end
$$;

create function public.whatsapp_cancel_message(message_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.cancel_message(message_id)
$$;
comment on function public.whatsapp_cancel_message(uuid) is
  'Takes a queued message back. Answers {id, conversation_id, status, wamid, error, is_cancelled}: is_cancelled is false '
  'where it was too late.';

create function wabase.mark_read(message_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  message public.whatsapp_messages;
  conversation public.whatsapp_conversations;
begin
  select inbound.* into message
  from public.whatsapp_messages as inbound
  where inbound.id = message_id and inbound.direction = 'inbound'
    and (
      (select auth.role()) = 'service_role'
      or inbound.tenant_id in (select wabase.my_tenants('{admin,agent,viewer}'))
    );
  select * into conversation from public.whatsapp_conversations
  where id = message.conversation_id for no key update;
  if not found or not wabase.may_work_on(conversation) then
    raise exception 'message_id: you may not mark this message as read' using errcode = '42501';
  end if;
  -- Meta marks the earlier messages as read too; what came later stays unread.
  -- Nothing that was read before is unread again.
  update public.whatsapp_conversations
  set unread_count = least(unread_count, (
    select count(*) from public.whatsapp_messages as later
    where later.conversation_id = conversation.id and later.direction = 'inbound'
      and (later.occurred_at, later.id) > (message.occurred_at, message.id)
  ))
  where id = conversation.id;
  return (
    select jsonb_build_object('phone_number_id', number.phone_number_id, 'wamid', message.wamid)
    from public.whatsapp_numbers as number where number.id = message.number_id
  );
end
$$;

create function public.whatsapp_mark_read(message_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.mark_read(message_id)
$$;
comment on function public.whatsapp_mark_read(uuid) is
  'Marks an inbound message and those before it as read in the inbox. Answers {phone_number_id, wamid}, '
  'which whatsapp-send reports to Meta (the customer''s blue ticks).';

revoke all on function wabase.cancel_message(uuid) from public, anon, authenticated, service_role;
revoke all on function wabase.mark_read(uuid) from public, anon, authenticated, service_role;
-- The twins check the caller themselves.
grant execute on function wabase.cancel_message(uuid) to authenticated, service_role;
grant execute on function wabase.mark_read(uuid) to authenticated, service_role;

revoke all on function public.whatsapp_cancel_message(uuid) from public, anon, authenticated;
grant execute on function public.whatsapp_cancel_message(uuid) to authenticated, service_role;
revoke all on function public.whatsapp_mark_read(uuid) from public, anon, authenticated;
grant execute on function public.whatsapp_mark_read(uuid) to authenticated, service_role;
