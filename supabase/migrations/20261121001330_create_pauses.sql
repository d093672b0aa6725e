-- Pauses. What Meta says about a number or a template, rather than about a message, stops its queue: every message
-- keeps its place, one event tells the operator, and nothing fails.

create table wabase.pausing_codes (
  code integer primary key,
  scope text not null,
  resume_after interval,
  reason text not null,
  constraint scope_is_known check (scope in ('number', 'template'))
);
alter table wabase.pausing_codes enable row level security;
revoke all on table wabase.pausing_codes from anon, authenticated, service_role;
grant select on table wabase.pausing_codes to service_role;
comment on table wabase.pausing_codes is
  'For failed statuses, which no dispatcher sees: Meta''s codes that pause (packages/cloud-api, sendPolicies, is the source).';

insert into wabase.pausing_codes (code, scope, resume_after, reason) values
  (0, 'number', '15 minutes', 'The access token could not be authenticated.'),
  (190, 'number', '15 minutes', 'The access token has expired or was revoked.'),
  (3, 'number', '5 minutes', 'The app may not call this method.'),
  (10, 'number', '5 minutes', 'The permission was not granted or was removed.'),
  (131005, 'number', '5 minutes', 'Access denied: the permission was not granted or was removed.'),
  (134101, 'template', '10 minutes', 'The template is being synced for marketing messages (10 minutes).'),
  (131048, 'number', null, 'Too many messages of this number were blocked or reported as spam.'),
  (131031, 'number', null, 'The account is locked.'),
  (368, 'number', null, 'The account is blocked for a policy violation.'),
  (132015, 'template', null, 'The template is paused for low quality.'),
  (132016, 'template', null, 'The template is disabled for low quality.'),
  (131037, 'number', '15 minutes', 'The number has no approved display name.'),
  (131042, 'number', '15 minutes', 'There is a problem with the payment method.'),
  (131045, 'number', '15 minutes', 'The number''s certificate is wrong: register it again.'),
  (133006, 'number', '15 minutes', 'The number must be verified before it is registered.'),
  (133010, 'number', '15 minutes', 'The number is not registered.'),
  (133015, 'number', '15 minutes', 'The number was deleted a moment ago.');

-- Stops a number or one template of it. The first to say so writes the event.
create function wabase.pause(
  of_number uuid, template jsonb, because text, with_error jsonb, resume timestamptz
) returns void
language plpgsql set search_path = ''
as $$
declare
  number public.whatsapp_numbers;
  is_new boolean;
begin
  select * into number from public.whatsapp_numbers where id = of_number;
  insert into public.whatsapp_pauses as pause (
    tenant_id, number_id, template_name, template_language, reason, error, paused_at, resume_at, paused_by
  )
  values (
    number.tenant_id, number.id, template ->> 'name', template -> 'language' ->> 'code', because, with_error, wabase.now(), resume,
    case when with_error is null then (select auth.uid()) end
  )
  on conflict on constraint a_number_or_a_template_is_paused_once do update
  -- What an admin has paused stays until an admin resumes it.
  set resume_at = case when pause.error is null then pause.resume_at else excluded.resume_at end
  returning xmax = 0 into is_new;
  if is_new then
    perform wabase.log_sending_event('PAUSED', number, template, coalesce(with_error, jsonb_build_object('reason', because)));
  end if;
end
$$;

create function wabase.log_sending_event(of_event text, number public.whatsapp_numbers, template jsonb, content jsonb) returns void
language sql volatile set search_path = ''
as $$
  insert into public.whatsapp_account_events (
    tenant_id, number_id, field, event, severity, subject, content, occurred_at, digest
  )
  values (
    number.tenant_id, number.id, 'sending', of_event, case of_event when 'RESUMED' then 'INFORMATIONAL' else 'CRITICAL' end,
    template ->> 'name', content, wabase.now(), md5(concat_ws(' ', of_event, number.id, template ->> 'name',
      template -> 'language' ->> 'code', clock_timestamp()))
  )
  on conflict (tenant_id, digest) do nothing
$$;

-- A number goes on.
create function wabase.resume_number(of_number uuid) returns boolean
language plpgsql set search_path = ''
as $$
declare
  number public.whatsapp_numbers;
begin
  delete from public.whatsapp_pauses where number_id = of_number and template_name is null;
  if not found then
    return false;
  end if;
  select * into number from public.whatsapp_numbers where id = of_number;
  perform wabase.log_sending_event('RESUMED', number, null, '{}');
  return true;
end
$$;

-- What was held stands in its conversation's queue again.
create function wabase.let_go(held uuid[]) returns void
language plpgsql set search_path = ''
as $$
declare
  touched constant uuid[] := array(select distinct conversation_id from wabase.outbox where message_id = any (held));
begin
  perform from wabase.lanes where conversation_id = any (touched) order by conversation_id for update;
  update wabase.outbox set is_held = false where message_id = any (held);
  update wabase.lanes set ready_at = least(ready_at, greatest(wabase.clock(), blocked_until, wabase.pair_ready_at(pair_paid_at)))
  where conversation_id = any (touched);
end
$$;

-- A template goes on.
create function wabase.resume_template(of_number uuid, with_name text, with_language text) returns boolean
language plpgsql set search_path = ''
as $$
declare
  number public.whatsapp_numbers;
begin
  delete from public.whatsapp_pauses
  where number_id = of_number and template_name = with_name and template_language = with_language;
  if not found then
    return false;
  end if;
  perform wabase.let_go(array(
    select waiting.message_id from wabase.outbox as waiting
    join public.whatsapp_messages as message on message.id = waiting.message_id
    where waiting.is_held and message.number_id = of_number
      and message.content -> 'template' ->> 'name' = with_name
      and message.content -> 'template' -> 'language' ->> 'code' = with_language
  ));
  select * into number from public.whatsapp_numbers where id = of_number;
  perform wabase.log_sending_event(
    'RESUMED', number, jsonb_build_object('name', with_name, 'language', jsonb_build_object('code', with_language)), '{}'
  );
  return true;
end
$$;

-- Templates whose time has come. A number waits for one message to be tried: see wabase.probe().
create function wabase.resume_due_templates(moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  due public.whatsapp_pauses;
begin
  for due in
    select * from public.whatsapp_pauses where template_name is not null and resume_at <= moment
    for update skip locked
  loop
    perform wabase.resume_template(due.number_id, due.template_name, due.template_language);
  end loop;
end
$$;

-- What the outcomes say about more than their own message.
create function wabase.heed(heard wabase.outcome[], moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  said record;
begin
  for said in
    select distinct on (item.number_id, item.action, message.content -> 'template' -> 'name', message.content -> 'template' -> 'language')
      item.number_id, item.action, item.reason, item.error, item.resume_after_ms, message.content -> 'template' as template
    from unnest(heard) as item
    join public.whatsapp_messages as message on message.id = item.id
    where item.action in ('pause_number', 'pause_template')
    order by 1, 2, message.content -> 'template' -> 'name', message.content -> 'template' -> 'language'
  loop
    perform wabase.pause(
      said.number_id, case when said.action = 'pause_template' then said.template end, coalesce(said.reason, 'meta'),
      coalesce(said.error, '{}'), moment + said.resume_after_ms * interval '1 millisecond'
    );
  end loop;
  -- The one message that was tried has passed.
  perform wabase.resume_number(pause.number_id)
  from public.whatsapp_pauses as pause
  where pause.template_name is null and pause.error is not null
    and pause.number_id in (select item.number_id from unnest(heard) as item where item.is_current and item.action = 'accepted')
    and pause.number_id not in (select item.number_id from unnest(heard) as item where item.action = 'pause_number')
    and pause.paused_at < (
      select max(message.sending_at) from public.whatsapp_messages as message
      where message.id in (select item.id from unnest(heard) as item where item.action = 'accepted' and item.number_id = pause.number_id)
    );
  update public.whatsapp_contacts as contact set marketing_opted_out = true, marketing_preference_at = moment
  from unnest(heard) as item
  join public.whatsapp_conversations as conversation on conversation.id = item.conversation_id
  where item.error ->> 'code' = '131050' and contact.id = conversation.contact_id and not contact.marketing_opted_out;
end
$$;

-- The same where Meta says it in a status, after it took the message.
create function wabase.heed_failure() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  meta_code constant text := new.error ->> 'code';
  pausing wabase.pausing_codes;
begin
  if meta_code = '131050' then
    update public.whatsapp_contacts as contact set marketing_opted_out = true, marketing_preference_at = new.failed_at
    from public.whatsapp_conversations as conversation
    where conversation.id = new.conversation_id and contact.id = conversation.contact_id
      and coalesce(contact.marketing_preference_at, '-infinity') < new.failed_at;
  end if;
  select * into pausing from wabase.pausing_codes where code::text = meta_code;
  -- A status that comes late says nothing of today.
  if found and new.failed_at > wabase.now() - interval '1 hour' and (pausing.scope = 'number' or new.content ? 'template') then
    perform wabase.pause(
      new.number_id, case pausing.scope when 'template' then new.content -> 'template' end, pausing.reason, new.error,
      wabase.now() + pausing.resume_after
    );
  end if;
  return null;
end
$$;
create trigger a_failed_status_may_pause
  after update of failed_at on public.whatsapp_messages
  for each row when (
    old.status <> 'failed' and new.status = 'failed' and new.wamid is not null and new.direction = 'outbound'
  )
  execute function wabase.heed_failure();

-- For admins.
create function wabase.may_administrate(of_number uuid) returns uuid
language plpgsql stable security definer set search_path = ''
as $$
declare
  tenant uuid;
begin
  select tenant_id into tenant from public.whatsapp_numbers as number
  where number.id = of_number
    and ((select auth.role()) = 'service_role' or number.tenant_id in (select wabase.my_tenants('{admin}')));
  if not found then
    raise exception 'number_id: none of the numbers that you administrate has this id' using errcode = '42501';
  end if;
  return tenant;
end
$$;

create function wabase.change_pause(of_number uuid, change text, detail jsonb) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
  perform wabase.may_administrate(of_number);
  case change
    when 'pause_number' then
      perform wabase.pause(of_number, null, coalesce(left(detail ->> 'reason', 200), 'paused by an admin'), null, null);
      return true;
    when 'resume_number' then
      return wabase.resume_number(of_number);
    when 'resume_template' then
      return wabase.resume_template(of_number, detail ->> 'name', detail ->> 'language');
  end case;
end
$$;

create function public.whatsapp_pause_number(number_id uuid, reason text default null) returns boolean
language sql volatile security invoker set search_path = ''
as $$
  select wabase.change_pause(number_id, 'pause_number', jsonb_build_object('reason', reason))
$$;
comment on function public.whatsapp_pause_number(uuid, text) is 'Stops a number''s queue until an admin resumes it. For admins.';

create function public.whatsapp_resume_number(number_id uuid) returns boolean
language sql volatile security invoker set search_path = ''
as $$
  select wabase.change_pause(number_id, 'resume_number', null)
$$;
comment on function public.whatsapp_resume_number(uuid) is 'Lets a paused number''s queue go on; false where it was not paused. For admins.';

create function public.whatsapp_resume_template(number_id uuid, name text, language text) returns boolean
language sql volatile security invoker set search_path = ''
as $$
  select wabase.change_pause(number_id, 'resume_template', jsonb_build_object('name', name, 'language', language))
$$;
comment on function public.whatsapp_resume_template(uuid, text, text) is
  'Lets the messages of a paused template go on; false where it was not paused. For admins.';

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'pause', 'log_sending_event', 'resume_number', 'let_go', 'resume_template', 'resume_due_templates', 'heed', 'heed_failure',
      'may_administrate', 'change_pause'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
  for helper in
    select oid from pg_proc where pronamespace = 'public'::regnamespace
      and proname in ('whatsapp_pause_number', 'whatsapp_resume_number', 'whatsapp_resume_template')
  loop
    execute format('revoke all on function %s from public, anon, authenticated', helper);
    execute format('grant execute on function %s to authenticated, service_role', helper);
  end loop;
end
$$;
-- The twin that checks the caller itself.
grant execute on function wabase.change_pause(uuid, text, jsonb) to authenticated, service_role;
