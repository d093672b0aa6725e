-- Queueing a message, under the caller's own rights.
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
    raise exception '%: is not a field of a message', ltrim(path || '.' || field, '.') using errcode = '22023';
  end if;
end
$$;

-- The message as it goes to Meta, without whom it goes to: from «content», or from the fields beside the
-- address. What a part of it may hold, whatsapp-send checks before and Meta after; here it is only made sure
-- that it is one message, of a known kind, of a bounded size, to nobody but the address.
create function wabase.content_of(message jsonb) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  max_bytes constant integer := 65536;
  address constant text[] := '{phone_number_id,to,recipient,group_id,conversation_id,idempotency_key,priority,'
    'scheduled_at,allow_duplicate,body}';
  kinds constant text[] := '{text,image,audio,video,document,sticker,location,contacts,reaction,interactive,template,pin}';
  content jsonb;
  kind text;
begin
  if jsonb_typeof(message) is distinct from 'object' then
    raise exception 'message: must be an object' using errcode = '22023';
  end if;
  if message ? 'content' then
    perform wabase.check_fields(message, address || '{content}'::text[], '');
    content := message -> 'content';
  else
    content := message - address;
  end if;
  kind := content ->> 'type';
  if kind is null or kind <> all (kinds) then
    raise exception 'type: must be one of %', array_to_string(kinds, ', ') using errcode = '22023';
  end if;
  perform wabase.check_fields(
    content,
    array['type', 'context', 'category', 'direct_send_config', 'product_policy', 'message_activity_sharing',
      'message_send_ttl_seconds', kind],
    ''
  );
  if jsonb_typeof(content -> kind) is distinct from (case kind when 'contacts' then 'array' else 'object' end) then
    raise exception '%: is missing', kind using errcode = '22023', hint = format('Send {"type": "%s", "%s": …}.', kind, kind);
  end if;
  if content ? 'context' then
    perform wabase.check_fields(content -> 'context', '{message_id}', 'context');
  end if;
  if kind = 'text' then
    perform wabase.check_text(content -> 'text');
  end if;
  if octet_length(content::text) > max_bytes then
    raise exception 'message: has more than % bytes', max_bytes using errcode = '22023';
  end if;
  return content;
end
$$;

create function wabase.check_text(part jsonb) returns void
language plpgsql immutable set search_path = ''
as $$
declare
  -- Meta's limit for the body of a text message.
  max_body_characters constant integer := 4096;
  characters integer;
begin
  perform wabase.check_fields(part, '{body,preview_url}', 'text');
  if jsonb_typeof(part -> 'body') is distinct from 'string' then
    raise exception 'text.body: is missing' using errcode = '22023', hint = 'Send {"type": "text", "text": {"body": "…"}}.';
  end if;
  characters := char_length(part ->> 'body');
  if characters not between 1 and max_body_characters then
    raise exception 'text.body: has % characters, 1 to % are allowed', characters, max_body_characters
      using errcode = '22023', hint = 'Split the text into several messages.';
  end if;
end
$$;

-- What a list shows of the message, where the caller does not say.
create function wabase.body_of(content jsonb) returns text
language sql immutable set search_path = ''
as $$
  select coalesce(
    content -> 'text' ->> 'body', content -> (content ->> 'type') ->> 'caption', content -> 'interactive' -> 'body' ->> 'text',
    content -> 'reaction' ->> 'emoji'
  )
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

-- The conversation with a person, made where there is none: writing first (by template) makes one.
create function wabase.conversation_to_send_in(number public.whatsapp_numbers, with_phone text, with_bsuid text)
returns public.whatsapp_conversations
language plpgsql security definer set search_path = ''
as $$
declare
  contact uuid := wabase.find_contact(number.tenant_id, with_phone, with_bsuid);
  conversation public.whatsapp_conversations;
begin
  if contact is null then
    insert into public.whatsapp_contacts (tenant_id, phone, bsuid) values (number.tenant_id, with_phone, with_bsuid)
    on conflict do nothing returning id into contact;
    contact := coalesce(contact, wabase.find_contact(number.tenant_id, with_phone, with_bsuid));
  end if;
  insert into public.whatsapp_conversations (tenant_id, number_id, contact_id)
  values (number.tenant_id, number.id, contact)
  on conflict (contact_id, tenant_id, number_id) do nothing;
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
  number public.whatsapp_numbers;
  phone constant text := ltrim(message ->> 'to', '+');
  bsuid constant text := message ->> 'recipient';
  named constant text[] := array(
    select field from unnest('{conversation_id,to,recipient,group_id}'::text[]) as field where message ? field
  );
begin
  if cardinality(named) > 1 then
    raise exception '%: give one of conversation_id, to, recipient and group_id', named[2] using errcode = '22023';
  end if;
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
  if message ? 'recipient' and coalesce(bsuid, '') !~ '^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$' then
    raise exception 'recipient: is not a business-scoped user id'
      using errcode = '22023', hint = 'Give it as Meta does: US.13491208655302741918.';
  end if;
  if named in ('{}', '{to}') and coalesce(phone, '') !~ '^[1-9][0-9]{6,14}$' then
    raise exception 'to: is not a phone number with country code'
      using errcode = '22023', hint = 'Give it in E.164 form: +4915112345678.';
  end if;
  number := wabase.number_to_send_from(message ->> 'phone_number_id');
  if message ? 'group_id' then
    return wabase.group_to_send_in(number, message ->> 'group_id');
  end if;
  return wabase.conversation_to_send_in(number, phone, bsuid);
end
$$;

create function wabase.group_to_send_in(number public.whatsapp_numbers, with_group_id text)
returns public.whatsapp_conversations
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.whatsapp_conversations;
  known uuid;
begin
  select id into known from public.whatsapp_groups as candidate
  where candidate.number_id = number.id and candidate.group_id = with_group_id;
  if not found then
    raise exception 'group_id: this number has no group with this id' using errcode = '42501';
  end if;
  insert into public.whatsapp_conversations (tenant_id, number_id, group_id)
  values (number.tenant_id, number.id, known)
  on conflict (group_id, tenant_id, number_id) where group_id is not null do nothing;
  select * into conversation from public.whatsapp_conversations as candidate
  where candidate.number_id = number.id and candidate.group_id = known;
  return conversation;
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

create function wabase.parse_time(field text, value text) returns timestamptz
language plpgsql stable set search_path = ''
as $$
begin
  -- Without a zone it would be taken for the server's.
  if value !~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d(:?\d\d)?)$' then
    raise invalid_datetime_format;
  end if;
  return value::timestamptz;
exception when invalid_datetime_format or datetime_field_overflow then
  raise exception '%: is not a time with a zone', field using errcode = '22023', hint = 'As in 2026-11-21T10:00:00Z.';
end
$$;

create function wabase.enqueue_message(message jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  outgoing constant jsonb := wabase.content_of(message);
  conversation constant public.whatsapp_conversations := wabase.target_of(message);
  key constant text := message ->> 'idempotency_key';
  scheduled constant timestamptz := wabase.parse_time('scheduled_at', message ->> 'scheduled_at');
  due_at constant timestamptz := greatest(scheduled, wabase.clock());
  with_priority constant smallint := case message ->> 'priority' when 'campaign' then 1 else 0 end;
  queued public.whatsapp_messages;
begin
  if not wabase.may_work_on(conversation) then
    if message ? 'conversation_id' and not conversation.tenant_id = any (array(select wabase.my_tenants('{viewer}'))) then
      -- As target_of says it of one that does not exist.
      raise exception 'conversation_id: none of your conversations has this id' using errcode = '42501';
    end if;
    raise exception 'role: you may not send in this conversation'
      using errcode = '42501', hint = 'Viewers may not send; agents may where the conversation is theirs, their team''s or nobody''s.';
  end if;
  if message ->> 'priority' not in ('reply', 'campaign') then
    raise exception 'priority: must be "reply" or "campaign"' using errcode = '22023';
  end if;
  if char_length(message ->> 'body') > 4096 then
    raise exception 'body: has more than 4096 characters' using errcode = '22023';
  end if;

  if key is not null then
    -- One at a time for a key: who comes second finds the row of who came first.
    perform pg_advisory_xact_lock(hashtextextended('wabase.idempotency ' || conversation.tenant_id || key, 0));
    select * into queued from public.whatsapp_messages
    where tenant_id = conversation.tenant_id and idempotency_key = key;
    if found then
      if queued.conversation_id <> conversation.id or queued.content <> outgoing
        or queued.scheduled_at is distinct from scheduled then
        raise exception 'idempotency_key: was used for another message'
          using errcode = '23505', hint = 'Use a new key for a new message.';
      end if;
      return wabase.describe_message(queued) || '{"is_new": false}';
    end if;
  end if;
  perform wabase.check_window(conversation, outgoing, due_at);
  perform wabase.check_opt_out(conversation, outgoing);
  perform wabase.check_template(conversation.number_id, outgoing);
  perform wabase.check_files(conversation, outgoing);

  insert into public.whatsapp_messages (
    tenant_id, number_id, conversation_id, direction, status, type, body, content, reply_to_wamid, occurred_at,
    scheduled_at, idempotency_key, sender_id
  )
  values (
    conversation.tenant_id, conversation.number_id, conversation.id, 'outbound', 'queued', outgoing ->> 'type',
    coalesce(message ->> 'body', wabase.body_of(outgoing)), outgoing, outgoing -> 'context' ->> 'message_id',
    clock_timestamp(), scheduled, key, (select auth.uid())
  )
  returning * into queued;
  perform wabase.attach_files(array[queued.id], outgoing);
  update public.whatsapp_conversations
  set last_message_id = queued.id, last_message_at = queued.occurred_at
  where id = conversation.id and coalesce(last_message_at, '-infinity') <= queued.occurred_at;
  insert into wabase.outbox (message_id, conversation_id, priority, due_at, allow_duplicate)
  values (
    queued.id, conversation.id, with_priority, due_at, coalesce((message -> 'allow_duplicate') = 'true', false)
  );
  perform wabase.join_lane(conversation.id, conversation.number_id, with_priority, due_at);
  return wabase.describe_message(queued) || '{"is_new": true}';
end
$$;

-- Templates may go out at any time, and what Meta sends as one (Direct Send). All else needs the 24 hours
-- after the contact's last message; in a group, after the last message of anybody in it.
create function wabase.needs_window(content jsonb) returns boolean
language sql immutable set search_path = ''
as $$
  select content ->> 'type' <> 'template' and not content ? 'category'
$$;

create function wabase.check_window(conversation public.whatsapp_conversations, content jsonb, due_at timestamptz) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if wabase.needs_window(content) and coalesce(conversation.customer_window_expires_at, '-infinity')
    <= greatest(wabase.now(), due_at)
    -- WhatsApp Web has no such window.
    and exists (select from public.whatsapp_numbers where id = conversation.number_id and channel = 'cloud') then
    raise exception 'customer_window: %', case
        when conversation.customer_window_expires_at is null then 'the contact has not written yet'
        when conversation.customer_window_expires_at > wabase.now()
        then 'closes at ' || conversation.customer_window_expires_at || ', before scheduled_at'
        else 'closed at ' || conversation.customer_window_expires_at end
      using errcode = '22023', hint = 'Outside the 24 hours after the contact''s last message only templates may be sent.';
  end if;
end
$$;

-- By Meta's category of the template, as webhooks and the sync have told it, or by the endpoint.
create function wabase.is_marketing(of_number uuid, content jsonb) returns boolean
language sql stable set search_path = ''
as $$
  select content ? 'product_policy' or exists (
    select from public.whatsapp_numbers as number
    join public.whatsapp_templates as template on template.tenant_id = number.tenant_id and template.waba_id = number.waba_id
    where number.id = of_number and upper(template.category) = 'MARKETING'
      and template.name = content -> 'template' ->> 'name'
      and template.language = content -> 'template' -> 'language' ->> 'code'
  )
$$;

create function wabase.check_opt_out(conversation public.whatsapp_conversations, content jsonb) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if content ->> 'type' = 'template'
    and exists (
      select from public.whatsapp_contacts where id = conversation.contact_id and marketing_opted_out
    )
    and wabase.is_marketing(conversation.number_id, content) then
    raise exception 'to: the contact has asked for no more marketing messages'
      using errcode = '22023', hint = 'Send marketing only to contacts whose marketing_opted_out is false.';
  end if;
end
$$;

create function wabase.describe_message(message public.whatsapp_messages) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', message.id, 'conversation_id', message.conversation_id, 'status', message.status, 'wamid', message.wamid,
    'error', message.error
  )
$$;

create function public.whatsapp_enqueue_message(message jsonb) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.enqueue_message(message)
$$;
comment on function public.whatsapp_enqueue_message(jsonb) is
  'Queues a message under the caller''s own rights: {phone_number_id, to | recipient | group_id} or {conversation_id}, '
  'content: {type, …}, idempotency_key?, scheduled_at?, priority? (reply, campaign), allow_duplicate?, body?. '
  'Answers {id, conversation_id, status, wamid, error, is_new}.';

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'check_fields', 'content_of', 'check_text', 'body_of', 'number_to_send_from', 'conversation_to_send_in',
      'group_to_send_in', 'target_of', 'parse_uuid', 'parse_time', 'enqueue_message', 'needs_window', 'check_window',
      'is_marketing', 'check_opt_out', 'describe_message'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
-- The twin that checks the caller itself.
grant execute on function wabase.enqueue_message(jsonb) to authenticated, service_role;

revoke all on function public.whatsapp_enqueue_message(jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_enqueue_message(jsonb) to authenticated, service_role;
