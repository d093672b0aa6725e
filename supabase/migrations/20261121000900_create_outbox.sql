-- Sending. The message row is the outbox: it is there, and committed, before Meta is called.
--
--   whatsapp_enqueue_message   a member, or the service key: the row, in state queued
--   whatsapp_start_send        the sender (service key): queued → sending, for one sender alone
--   whatsapp_record_send       the sender: what Meta answered
--
-- Errors carry what PostgREST makes a status of: 42501 is 403, 22023 and 23505 are 400 and 409. The
-- message begins with the field that is wrong, the hint says the fix.

-- What is not known here would go to Meta as it is: another recipient, for one.
create function wabase.check_fields(value jsonb, known text[], path text) returns void
language plpgsql immutable set search_path = ''
as $$
declare
  field text;
begin
  if jsonb_typeof(value) is distinct from 'object' then
    raise exception '%: must be an object', coalesce(nullif(path, ''), 'message') using errcode = '22023';
  end if;
  select key into field from jsonb_object_keys(value) as key where key <> all (known);
  if found then
    raise exception '%: is not a field of a text message', ltrim(path || '.' || field, '.') using errcode = '22023';
  end if;
end
$$;

create function wabase.check_text_message(message jsonb) returns void
language plpgsql immutable set search_path = ''
as $$
declare
  -- Meta's limit for the body of a text message.
  max_body_characters constant integer := 4096;
  characters integer;
begin
  perform wabase.check_fields(
    message, '{phone_number_id,to,conversation_id,idempotency_key,type,text,context}', ''
  );
  if message ->> 'type' is distinct from 'text' then
    raise exception 'type: only "text" can be sent' using errcode = '22023';
  end if;
  perform wabase.check_fields(message -> 'text', '{body,preview_url}', 'text');
  if message ? 'context' then
    perform wabase.check_fields(message -> 'context', '{message_id}', 'context');
  end if;
  if jsonb_typeof(message -> 'text' -> 'body') is distinct from 'string' then
    raise exception 'text.body: is missing' using errcode = '22023', hint = 'Send {"type": "text", "text": {"body": "…"}}.';
  end if;
  characters := char_length(message -> 'text' ->> 'body');
  if characters not between 1 and max_body_characters then
    raise exception 'text.body: has % characters, 1 to % are allowed', characters, max_body_characters
      using errcode = '22023', hint = 'Split the text into several messages.';
  end if;
end
$$;

-- Finds the number, or says that there is none: in the same words to who may not know of it.
create function wabase.number_to_send_from(with_phone_number_id text) returns public.whatsapp_numbers
language plpgsql stable security definer set search_path = ''
as $$
declare
  number public.whatsapp_numbers;
begin
  select * into number from public.whatsapp_numbers as candidate
  where candidate.phone_number_id = with_phone_number_id
    and (
      (select auth.role()) = 'service_role'
      or candidate.tenant_id in (select wabase.my_tenants('{admin,agent,viewer}'))
    );
  if not found then
    raise exception 'phone_number_id: none of your numbers has this id' using errcode = '42501';
  end if;
  return number;
end
$$;

-- The conversation with a phone, made where there is none: writing first (by template) makes one.
create function wabase.conversation_to_send_in(number public.whatsapp_numbers, phone text)
returns public.whatsapp_conversations
language plpgsql security definer set search_path = ''
as $$
declare
  contact uuid;
  conversation public.whatsapp_conversations;
begin
  select id into contact from public.whatsapp_contacts as known
  where known.tenant_id = number.tenant_id and known.phone = conversation_to_send_in.phone;
  if contact is null then
    insert into public.whatsapp_contacts (tenant_id, phone) values (number.tenant_id, phone)
    on conflict do nothing returning id into contact;
    contact := coalesce(contact, wabase.find_contact(number.tenant_id, phone, null));
  end if;
  insert into public.whatsapp_conversations (tenant_id, number_id, contact_id)
  values (number.tenant_id, number.id, contact)
  on conflict (number_id, contact_id) do nothing;
  select * into conversation from public.whatsapp_conversations
  where number_id = number.id and contact_id = contact;
  return conversation;
end
$$;

create function wabase.target_of(message jsonb) returns public.whatsapp_conversations
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.whatsapp_conversations;
  phone constant text := ltrim(message ->> 'to', '+');
begin
  if message ? 'conversation_id' then
    select * into conversation from public.whatsapp_conversations as candidate
    where candidate.id = wabase.parse_uuid('conversation_id', message ->> 'conversation_id')
      and (
        (select auth.role()) = 'service_role'
        or candidate.tenant_id in (select wabase.my_tenants('{admin,agent,viewer}'))
      );
    if not found then
      raise exception 'conversation_id: none of your conversations has this id' using errcode = '42501';
    end if;
    return conversation;
  end if;
  if coalesce(phone, '') !~ '^[1-9][0-9]{6,14}$' then
    raise exception 'to: is not a phone number with country code'
      using errcode = '22023', hint = 'Give it in E.164 form: +4915112345678.';
  end if;
  return wabase.conversation_to_send_in(wabase.number_to_send_from(message ->> 'phone_number_id'), phone);
end
$$;

create function wabase.parse_uuid(field text, value text) returns uuid
language plpgsql immutable set search_path = ''
as $$
begin
  return value::uuid;
exception when invalid_text_representation then
  raise exception '%: is not a UUID', field using errcode = '22023';
end
$$;

create function wabase.enqueue_message(message jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.whatsapp_conversations;
  outgoing constant jsonb := message - 'phone_number_id' - 'conversation_id' - 'to' - 'idempotency_key';
  key constant text := message ->> 'idempotency_key';
  queued public.whatsapp_messages;
begin
  perform wabase.check_text_message(message);
  conversation := wabase.target_of(message);
  if not wabase.may_work_on(conversation) then
    if message ? 'conversation_id' and not conversation.tenant_id = any (array(select wabase.my_tenants('{viewer}'))) then
      -- As target_of says it of one that does not exist.
      raise exception 'conversation_id: none of your conversations has this id' using errcode = '42501';
    end if;
    raise exception 'role: you may not send in this conversation'
      using errcode = '42501', hint = 'Viewers may not send; agents may where the conversation is theirs, their team''s or nobody''s.';
  end if;

  if key is not null then
    -- One at a time for a key: who comes second finds the row of who came first.
    perform pg_advisory_xact_lock(hashtextextended('wabase.idempotency ' || conversation.tenant_id || key, 0));
    select * into queued from public.whatsapp_messages
    where tenant_id = conversation.tenant_id and idempotency_key = key;
    if found then
      if queued.conversation_id <> conversation.id or queued.content <> outgoing then
        raise exception 'idempotency_key: was used for another message'
          using errcode = '23505', hint = 'Use a new key for a new message.';
      end if;
      return wabase.describe_message(queued) || '{"is_new": false}';
    end if;
  end if;

  if coalesce(conversation.customer_window_expires_at, '-infinity') <= wabase.now() then
    raise exception 'customer_window: %', case when conversation.customer_window_expires_at is null
        then 'the contact has not written yet' else 'closed at ' || conversation.customer_window_expires_at end
      using errcode = '22023', hint = 'Outside the 24 hours after the contact''s last message only templates may be sent.';
  end if;

  insert into public.whatsapp_messages (
    tenant_id, number_id, conversation_id, direction, status, type, body, content, reply_to_wamid, occurred_at,
    idempotency_key, sender_id
  )
  values (
    conversation.tenant_id, conversation.number_id, conversation.id, 'outbound', 'queued', message ->> 'type',
    message -> 'text' ->> 'body', outgoing, message -> 'context' ->> 'message_id', clock_timestamp(), key, (select auth.uid())
  )
  returning * into queued;
  update public.whatsapp_conversations
  set last_message_id = queued.id, last_message_at = queued.occurred_at
  where id = conversation.id and coalesce(last_message_at, '-infinity') <= queued.occurred_at;
  return wabase.describe_message(queued) || '{"is_new": true}';
end
$$;

create function wabase.describe_message(message public.whatsapp_messages) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', message.id, 'conversation_id', message.conversation_id, 'status', message.status, 'wamid', message.wamid
  )
$$;

create function public.whatsapp_enqueue_message(message jsonb) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.enqueue_message(message)
$$;
comment on function public.whatsapp_enqueue_message(jsonb) is
  'Queues a message under the caller''s own rights: {phone_number_id, to} or {conversation_id}, type '
  '"text", text: {body}, context: {message_id}?, idempotency_key?. Answers {id, conversation_id, status, '
  'wamid, is_new}.';

-- queued → sending, for one sender alone. Null where another has it, or it is past that.
create function public.whatsapp_start_send(message_id uuid) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  with started as (
    update public.whatsapp_messages set status = 'sending', sending_at = clock_timestamp()
    where id = message_id and status = 'queued'
    returning id, number_id, conversation_id, content
  )
  select jsonb_build_object(
    'id', started.id, 'phone_number_id', number.phone_number_id, 'to', contact.phone, 'recipient', contact.bsuid,
    'content', started.content
  )
  from started
  join public.whatsapp_numbers as number on number.id = started.number_id
  join public.whatsapp_conversations as conversation on conversation.id = started.conversation_id
  join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
$$;
comment on function public.whatsapp_start_send(uuid) is
  'Takes a queued message for sending: {id, phone_number_id, to, recipient, content}, or null where it is '
  'not queued (any more). For the service key alone.';

create function public.whatsapp_record_send(message_id uuid, outcome jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  result constant public.whatsapp_message_status := outcome ->> 'status';
  message public.whatsapp_messages;
  answered wabase.incoming_status;
begin
  if result not in ('accepted', 'failed', 'unknown') then
    raise exception 'outcome.status: is %, must be accepted, failed or unknown', result using errcode = '22023';
  end if;
  select * into message from public.whatsapp_messages where id = message_id and direction = 'outbound';
  if not found then
    raise exception 'message_id: no outbound message has this id' using errcode = '22023';
  end if;
  answered.number_id := message.number_id;
  answered.wamid := coalesce(message.wamid, outcome ->> 'wamid');
  if answered.wamid is not null then
    perform wabase.lock_wamids(array[answered]);
  end if;
  update public.whatsapp_messages
  set
    -- Statuses may have come before Meta's answer did: they are not taken back.
    status = greatest(status, result),
    error = case when result > status then outcome -> 'error' else error end,
    wamid = coalesce(wamid, answered.wamid),
    accepted_at = case when result = 'accepted' then coalesce(accepted_at, clock_timestamp()) else accepted_at end,
    failed_at = case when result = 'failed' then coalesce(failed_at, clock_timestamp()) else failed_at end
  where id = message_id;
  if answered.wamid is not null then
    perform wabase.apply_statuses(wabase.take_parked_statuses(array[answered]));
  end if;
  select * into message from public.whatsapp_messages where id = message_id;
  return wabase.describe_message(message);
end
$$;
comment on function public.whatsapp_record_send(uuid, jsonb) is
  'What became of a call to Meta: {status: accepted, wamid} or {status: failed | unknown, error}. '
  'Answers {id, conversation_id, status, wamid}. For the service key alone.';

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

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'check_fields', 'check_text_message', 'number_to_send_from', 'conversation_to_send_in', 'target_of', 'parse_uuid',
      'describe_message', 'enqueue_message', 'mark_read'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
-- The twins that check the caller themselves.
grant execute on function wabase.enqueue_message(jsonb) to authenticated, service_role;
grant execute on function wabase.mark_read(uuid) to authenticated, service_role;

revoke all on function public.whatsapp_enqueue_message(jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_enqueue_message(jsonb) to authenticated, service_role;
revoke all on function public.whatsapp_mark_read(uuid) from public, anon, authenticated;
grant execute on function public.whatsapp_mark_read(uuid) to authenticated, service_role;
revoke all on function public.whatsapp_start_send(uuid) from public, anon, authenticated;
grant execute on function public.whatsapp_start_send(uuid) to service_role;
revoke all on function public.whatsapp_record_send(uuid, jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_record_send(uuid, jsonb) to service_role;
