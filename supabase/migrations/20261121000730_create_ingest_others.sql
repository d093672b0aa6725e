-- Calls, preferences, the business's address book, hand-overs, and what Meta says about groups, templates,
-- numbers and the account. These are few: each is taken by itself.

create function wabase.ingest_other(event jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  number public.whatsapp_numbers := wabase.number_of(event);
  tenant uuid := coalesce(number.tenant_id, wabase.tenant_of_waba(event ->> 'waba_id'));
  seen_at constant timestamptz := coalesce((event ->> 'timestamp')::timestamptz, wabase.now());
begin
  case event ->> 'kind'
    when 'edit', 'revoke' then
      perform wabase.ingest_change(event, number);
    when 'call' then
      perform wabase.ingest_call(event, number, seen_at);
    when 'preference' then
      perform wabase.ingest_preference(event, number.tenant_id, seen_at);
    when 'contact_sync' then
      perform wabase.ingest_contact_sync(event, number.tenant_id, seen_at);
    when 'handover' then
      perform wabase.ingest_handover(event, number, seen_at);
      perform wabase.log_account_event(event, tenant, number.id);
    when 'group' then
      perform wabase.log_account_event(event, tenant, number.id);
      perform wabase.derive_group(number, event ->> 'group_id');
    when 'template' then
      perform wabase.log_account_event(event, tenant, number.id);
      perform wabase.derive_template(tenant, event ->> 'waba_id', event ->> 'template_id');
      perform wabase.note_template_change(event ->> 'waba_id');
    when 'account' then
      perform wabase.log_account_event(event, tenant, number.id);
      perform wabase.derive_number(number);
  end case;
end
$$;

-- By Meta's id, else by the phone number that some account webhooks show instead.
create function wabase.number_of(event jsonb) returns public.whatsapp_numbers
language sql stable set search_path = ''
as $$
  select number from public.whatsapp_numbers as number
  where number.phone_number_id = event ->> 'phone_number_id'
    or (
      event ->> 'phone_number_id' is null
      and number.waba_id = event ->> 'waba_id'
      and regexp_replace(number.display_phone_number, '\D', '', 'g')
        = regexp_replace(event ->> 'display_phone_number', '\D', '', 'g')
    )
  limit 1
$$;

create function wabase.tenant_of_waba(with_waba_id text) returns uuid
language sql stable set search_path = ''
as $$
  select tenant_id from public.whatsapp_numbers where waba_id = with_waba_id order by created_at limit 1
$$;

create function wabase.conversation_with(of_number public.whatsapp_numbers, person jsonb, seen_at timestamptz)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  contact uuid := wabase.resolve_contact(of_number.tenant_id, person, seen_at);
begin
  insert into public.whatsapp_conversations (tenant_id, number_id, contact_id)
  values (of_number.tenant_id, of_number.id, contact)
  on conflict (contact_id, tenant_id, number_id) do nothing;
  return (
    select id from public.whatsapp_conversations where number_id = of_number.id and contact_id = contact
  );
end
$$;

create function wabase.ingest_call(event jsonb, of_number public.whatsapp_numbers, seen_at timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  in_conversation uuid;
  step constant text := event ->> 'event';
  reached constant public.whatsapp_call_status := case step
    when 'call_created' then 'created' when 'ringing' then 'ringing' when 'connect' then 'connected'
    when 'accepted' then 'accepted' when 'rejected' then 'rejected' when 'terminate' then 'ended' else 'created'
  end;
  ended constant timestamptz := case when step = 'terminate' then coalesce((event ->> 'ended_at')::timestamptz, seen_at) end;
begin
  select conversation_id into in_conversation from public.whatsapp_calls
  where number_id = of_number.id and call_id = event ->> 'call_id';
  if not found then
    in_conversation := wabase.conversation_with(of_number, event -> 'contact', seen_at);
  end if;
  insert into public.whatsapp_calls as call (
    tenant_id, number_id, conversation_id, call_id, direction, status, occurred_at, ended_at, duration_s, content
  )
  values (
    of_number.tenant_id, of_number.id, in_conversation, event ->> 'call_id',
    (event ->> 'direction')::public.whatsapp_message_direction, reached,
    coalesce((event ->> 'started_at')::timestamptz, seen_at), ended, (event ->> 'duration_s')::integer,
    jsonb_build_object(step, event -> 'content')
  )
  on conflict (number_id, call_id) do update
  set
    status = greatest(call.status, excluded.status),
    occurred_at = least(call.occurred_at, excluded.occurred_at),
    ended_at = least(call.ended_at, excluded.ended_at),
    duration_s = least(call.duration_s, excluded.duration_s),
    -- Of two of the same event, whichever comes first, the same one stays.
    content = call.content || jsonb_build_object(step, greatest(call.content -> step, excluded.content -> step));
  if event ->> 'direction' = 'inbound' then
    -- Meta: a call from the customer opens the window as a message does.
    update public.whatsapp_conversations
    set customer_window_expires_at = greatest(customer_window_expires_at, seen_at + interval '24 hours')
    where id = in_conversation;
  end if;
end
$$;

create function wabase.ingest_preference(event jsonb, of_tenant uuid, seen_at timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  contact uuid;
begin
  contact := wabase.resolve_contact(of_tenant, event -> 'contact', seen_at);
  if event ->> 'category' = 'marketing_messages' then
    update public.whatsapp_contacts
    set marketing_opted_out = event ->> 'value' = 'stop', marketing_preference_at = seen_at
    where id = contact
      -- The latest wish counts; of two at the same time, the one to be left alone.
      and (coalesce(marketing_preference_at, '-infinity'), marketing_opted_out) < (seen_at, event ->> 'value' = 'stop');
  end if;
end
$$;

create function wabase.ingest_contact_sync(event jsonb, of_tenant uuid, seen_at timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  contact uuid;
begin
  contact := wabase.resolve_contact(of_tenant, event -> 'contact', seen_at);
  update public.whatsapp_contacts
  set saved_name = case when event ->> 'action' = 'remove' then null else event ->> 'name' end,
    saved_name_updated_at = seen_at
  where id = contact
    and (coalesce(saved_name_updated_at, '-infinity'), coalesce(saved_name, '')) <= (seen_at, coalesce(event ->> 'name', ''));
end
$$;

create function wabase.ingest_handover(event jsonb, of_number public.whatsapp_numbers, seen_at timestamptz)
returns void
language plpgsql set search_path = ''
as $$
declare
  in_conversation uuid := wabase.conversation_with(of_number, event -> 'contact', seen_at);
begin
  update public.whatsapp_conversations
  set thread_owner = event ->> 'new_owner', thread_owner_changed_at = seen_at
  where id = in_conversation
    and (coalesce(thread_owner_changed_at, '-infinity'), coalesce(thread_owner, '')) <= (seen_at, coalesce(event ->> 'new_owner', ''));
end
$$;

create function wabase.log_account_event(event jsonb, of_tenant uuid, of_number uuid) returns void
language sql volatile set search_path = ''
as $$
  insert into public.whatsapp_account_events (
    tenant_id, number_id, field, event, severity, subject, content, occurred_at, digest
  )
  values (
    of_tenant, of_number, event ->> 'field', coalesce(event ->> 'event', event ->> 'kind'), event ->> 'severity',
    coalesce(event ->> 'template_id', event ->> 'group_id'), event - 'waba_id' - 'phone_number_id' - 'display_phone_number',
    coalesce((event ->> 'timestamp')::timestamptz, wabase.now()), md5(event::text)
  )
  on conflict (tenant_id, digest) do nothing
$$;

create function wabase.derive_group(of_number public.whatsapp_numbers, with_group_id text) returns void
language sql volatile set search_path = ''
as $$
  insert into public.whatsapp_groups as team (tenant_id, number_id, group_id, subject, last_event)
  select
    of_number.tenant_id, of_number.id, with_group_id,
    (array_agg(content ->> 'subject' order by occurred_at desc, digest) filter (where content ->> 'subject' is not null))[1],
    (array_agg(event order by occurred_at desc, digest) filter (where field in ('group_lifecycle_update', 'group_status_update')))[1]
  from public.whatsapp_account_events
  where tenant_id = of_number.tenant_id and subject = with_group_id
    and field in ('group_lifecycle_update', 'group_participants_update', 'group_settings_update', 'group_status_update')
  on conflict (number_id, group_id) do update
  set subject = excluded.subject, last_event = excluded.last_event
$$;

create function wabase.derive_template(of_tenant uuid, with_waba_id text, with_template_id text) returns void
language sql volatile set search_path = ''
as $$
  insert into public.whatsapp_templates (
    tenant_id, waba_id, template_id, name, language, status, reason, quality, category, updated_at
  )
  select
    of_tenant, with_waba_id, with_template_id,
    (array_agg(content ->> 'name' order by occurred_at desc, digest) filter (where content ->> 'name' is not null))[1],
    (array_agg(content ->> 'language' order by occurred_at desc, digest) filter (where content ->> 'language' is not null))[1],
    (array_agg(content ->> 'status' order by occurred_at desc, digest) filter (where content ->> 'status' is not null))[1],
    (array_agg(content ->> 'reason' order by occurred_at desc, digest) filter (where content ->> 'status' is not null))[1],
    (array_agg(content ->> 'quality' order by occurred_at desc, digest) filter (where content ->> 'quality' is not null))[1],
    (array_agg(content ->> 'category' order by occurred_at desc, digest) filter (where content ->> 'category' is not null))[1],
    max(occurred_at)
  from public.whatsapp_account_events
  where tenant_id = of_tenant and subject = with_template_id
  having count(*) > 0
  on conflict (tenant_id, template_id) do update
  set name = excluded.name, language = excluded.language, status = excluded.status, reason = excluded.reason,
    quality = excluded.quality, category = excluded.category, updated_at = excluded.updated_at
$$;

create function wabase.derive_number(number public.whatsapp_numbers) returns void
language sql volatile set search_path = ''
as $$
  update public.whatsapp_numbers
  set
    messaging_limit = coalesce(latest.messaging_limit, whatsapp_numbers.messaging_limit),
    quality_event = coalesce(latest.quality_event, whatsapp_numbers.quality_event),
    verified_name = coalesce(latest.verified_name, whatsapp_numbers.verified_name)
  from (
    select
      (array_agg(content -> 'content' ->> 'current_limit' order by occurred_at desc, digest)
        filter (where field = 'phone_number_quality_update' and content -> 'content' ->> 'current_limit' is not null))[1] as messaging_limit,
      (array_agg(event order by occurred_at desc, digest) filter (where field = 'phone_number_quality_update'))[1] as quality_event,
      (array_agg(content -> 'content' ->> 'requested_verified_name' order by occurred_at desc, digest)
        filter (where field = 'phone_number_name_update' and content -> 'content' ->> 'decision' = 'APPROVED'))[1] as verified_name
    from public.whatsapp_account_events
    where tenant_id = (number).tenant_id and number_id = (number).id
      and field in ('phone_number_quality_update', 'phone_number_name_update')
  ) as latest
  where whatsapp_numbers.id = (number).id
$$;
