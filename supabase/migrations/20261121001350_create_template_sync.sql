-- Templates as Meta lists them. Webhooks tell of status, quality and category as they change; what a template says,
-- and which parameters it takes, only a list tells. What a list says about the former goes through the log of
-- account events as webhooks do, so that the later of the two counts, whichever comes last.

alter table public.whatsapp_templates
  add column parameter_format text,
  add column components jsonb,
  add column synced_at timestamptz;
create index whatsapp_templates_waba_id_name_language_idx on public.whatsapp_templates (waba_id, name, language);
comment on table public.whatsapp_templates is
  'Message templates: each attribute as the latest webhook or list of Meta''s says. A template that Meta has no more '
  'stays, with status DELETED.';
comment on column public.whatsapp_templates.components is
  'The template''s text, buttons and variables, as Meta lists them. Null until it was first listed.';
comment on column public.whatsapp_templates.parameter_format is 'POSITIONAL ({{1}}) or NAMED ({{first_name}}).';
comment on column public.whatsapp_templates.synced_at is 'When Meta was asked, for the list that it was last in.';

create table wabase.template_syncs (
  waba_id text primary key,
  due_at timestamptz not null,
  changed_at timestamptz not null default '-infinity',
  synced_at timestamptz
);
alter table wabase.template_syncs enable row level security;
revoke all on table wabase.template_syncs from anon, authenticated, service_role;
grant select on table wabase.template_syncs to service_role;
comment on table wabase.template_syncs is
  'When the templates of each WABA are listed next: daily, and soon after a webhook has told of a change.';

-- A webhook has told of a template: its text may be another now. Several come together, so one list is for all.
create function wabase.note_template_change(of_waba text) returns void
language sql volatile set search_path = ''
as $$
  insert into wabase.template_syncs as sync (waba_id, due_at, changed_at)
  values (of_waba, wabase.clock() + interval '10 seconds', wabase.clock())
  on conflict (waba_id) do update
  set due_at = least(sync.due_at, excluded.due_at), changed_at = excluded.changed_at
$$;

create type wabase.listed_template as (
  id text, name text, language text, status text, category text, parameter_format text, components jsonb,
  quality_score jsonb, rejected_reason text
);

-- What a list says of these templates, where it differs from what is known.
create function wabase.log_template_changes(of_waba text, listed wabase.listed_template[], read_at timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  -- Webhooks carry whole seconds: one of the same second may tell of what came after the list.
  said_at constant timestamptz := date_trunc('second', read_at) - interval '1 millisecond';
  change record;
begin
  for change in
    select tenant.tenant_id, item.id, jsonb_strip_nulls(jsonb_build_object(
      'kind', 'template', 'field', 'template_sync', 'template_id', item.id, 'name', item.name, 'language', item.language,
      'status', item.status, 'reason', item.rejected_reason, 'quality', item.quality_score ->> 'score',
      'category', item.category, 'timestamp', said_at
    )) as event
    from (select distinct number.tenant_id from public.whatsapp_numbers as number where number.waba_id = of_waba) as tenant
    cross join unnest(listed) as item
    left join public.whatsapp_templates as known
      on known.tenant_id = tenant.tenant_id and known.template_id = item.id
    where known.id is null
      or (known.name, known.language, known.status, upper(known.category))
        is distinct from (item.name, item.language, item.status, upper(item.category))
      or coalesce(nullif(known.quality, 'UNKNOWN'), '') is distinct from coalesce(nullif(item.quality_score ->> 'score', 'UNKNOWN'), '')
    order by tenant.tenant_id, item.id
  loop
    perform wabase.log_account_event(change.event || jsonb_build_object('event', change.event ->> 'status'), change.tenant_id, null);
    perform wabase.derive_template(change.tenant_id, of_waba, change.id);
  end loop;
end
$$;

create function public.whatsapp_store_templates(waba_id text, templates jsonb, read_at timestamptz) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  listed constant wabase.listed_template[] := array(
    select item::wabase.listed_template from jsonb_populate_recordset(null::wabase.listed_template, templates) as item
    order by item.id
  );
begin
  -- Two that list at once: one after the other.
  perform pg_advisory_xact_lock(hashtextextended('wabase.templates ' || whatsapp_store_templates.waba_id, 0));
  perform wabase.log_template_changes(whatsapp_store_templates.waba_id, listed, read_at);
  update public.whatsapp_templates as template
  set
    parameter_format = coalesce(item.parameter_format, template.parameter_format), components = item.components,
    synced_at = whatsapp_store_templates.read_at
  from unnest(listed) as item
  where template.template_id = item.id and template.waba_id = whatsapp_store_templates.waba_id
    and coalesce(template.synced_at, '-infinity') <= whatsapp_store_templates.read_at;
  return cardinality(listed);
end
$$;
comment on function public.whatsapp_store_templates(text, jsonb, timestamptz) is
  'Stores templates of a WABA as Meta lists them; read_at: when Meta was asked. Answers how many. For the service key alone.';

-- After the last page: what was in none of them, Meta has no more.
create function public.whatsapp_end_template_sync(waba_id text, read_at timestamptz) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  gone public.whatsapp_templates;
  removed integer := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('wabase.templates ' || whatsapp_end_template_sync.waba_id, 0));
  for gone in
    select * from public.whatsapp_templates as template
    where template.waba_id = whatsapp_end_template_sync.waba_id and template.status is distinct from 'DELETED'
      and coalesce(template.synced_at, '-infinity') < whatsapp_end_template_sync.read_at
      -- Told of by a webhook while the list was read.
      and coalesce(template.updated_at, '-infinity') < whatsapp_end_template_sync.read_at - interval '2 seconds'
    order by template.tenant_id, template.template_id
  loop
    perform wabase.log_account_event(
      jsonb_build_object(
        'kind', 'template', 'field', 'template_sync', 'event', 'DELETED', 'template_id', gone.template_id, 'name', gone.name,
        'language', gone.language, 'status', 'DELETED',
        'timestamp', date_trunc('second', whatsapp_end_template_sync.read_at) - interval '1 millisecond'
      ),
      gone.tenant_id, null
    );
    perform wabase.derive_template(gone.tenant_id, gone.waba_id, gone.template_id);
    removed := removed + 1;
  end loop;
  insert into wabase.template_syncs as sync (waba_id, due_at, synced_at)
  values (whatsapp_end_template_sync.waba_id, wabase.clock() + interval '1 day', whatsapp_end_template_sync.read_at)
  on conflict on constraint template_syncs_pkey do update
  set
    synced_at = greatest(sync.synced_at, excluded.synced_at),
    due_at = case when sync.changed_at >= excluded.synced_at then wabase.clock() + interval '10 seconds' else excluded.due_at end;
  return removed;
end
$$;
comment on function public.whatsapp_end_template_sync(text, timestamptz) is
  'Ends a list that was read from its first page to its last: marks what was not in it as DELETED. Answers how many. For '
  'the service key alone.';

-- The WABAs whose turn it is, each for one caller: it comes again after some minutes where nobody ends the sync.
create function public.whatsapp_due_template_syncs() returns setof text
language plpgsql security definer set search_path = ''
as $$
begin
  return query
  with due as (
    select sync.waba_id from wabase.template_syncs as sync
    where sync.due_at <= wabase.clock()
      and exists (select from public.whatsapp_numbers as number where number.waba_id = sync.waba_id)
    order by sync.due_at limit 50 for update skip locked
  )
  update wabase.template_syncs as sync set due_at = wabase.clock() + interval '10 minutes'
  from due where sync.waba_id = due.waba_id
  returning sync.waba_id;
end
$$;
comment on function public.whatsapp_due_template_syncs() is
  'The WABAs whose templates are to be listed now. For the service key alone.';

-- Whether this WABA was never listed, and nobody else is at it: the caller lists it now, before its first template goes.
create function public.whatsapp_start_first_template_sync(waba_id text) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
  insert into wabase.template_syncs as sync (waba_id, due_at)
  values (whatsapp_start_first_template_sync.waba_id, wabase.clock() + interval '1 minute')
  on conflict on constraint template_syncs_pkey do update set due_at = excluded.due_at
  where sync.synced_at is null and sync.due_at <= wabase.clock();
  return found;
end
$$;
comment on function public.whatsapp_start_first_template_sync(text) is
  'True for one caller where a WABA''s templates were never listed. For the service key alone.';

-- Which WABAs the caller may manage templates of.
create function wabase.administrated_wabas() returns setof text
language sql stable security definer set search_path = ''
as $$
  select distinct number.waba_id from public.whatsapp_numbers as number
  where number.waba_id is not null
    and ((select auth.role()) = 'service_role' or number.tenant_id in (select wabase.my_tenants('{admin}')))
  order by number.waba_id
$$;

create function public.whatsapp_administrated_wabas() returns setof text
language sql stable security invoker set search_path = ''
as $$
  select wabase.administrated_wabas()
$$;
comment on function public.whatsapp_administrated_wabas() is
  'The WhatsApp Business Accounts whose templates the caller may manage: those of the tenants in which they are admin.';

-- Of several with the name and language, as after one was deleted and made again, the one that counts.
create function wabase.find_template(of_number uuid, template jsonb) returns public.whatsapp_templates
language plpgsql stable set search_path = ''
as $$
declare
  found_one public.whatsapp_templates;
begin
  select candidate.* into found_one
  from public.whatsapp_numbers as number
  join public.whatsapp_templates as candidate
    on candidate.waba_id = number.waba_id and candidate.tenant_id = number.tenant_id
  where number.id = of_number
    and candidate.name = template ->> 'name' and candidate.language = template -> 'language' ->> 'code'
  order by candidate.status is distinct from 'DELETED' desc, candidate.updated_at desc nulls last
  limit 1;
  return found_one;
end
$$;

-- Refuses a template that cannot be sent now. Where the WABA has never been listed, Meta is left to say it.
create function wabase.check_template(of_number uuid, content jsonb) returns void
language plpgsql stable set search_path = ''
as $$
declare
  template public.whatsapp_templates;
  -- Meta's other words (FLAGGED, REINSTATED, LIMIT_EXCEEDED, …) do not keep a template from being sent.
  advice constant jsonb := '{
    "PENDING": "Meta reviews it still: wait until its status is APPROVED.",
    "IN_APPEAL": "Meta reviews it again: wait until its status is APPROVED.",
    "REJECTED": "Meta has refused it, see its reason: change it and hand it in again, or send another.",
    "PAUSED": "Meta has paused it because of complaints: send another until its status is APPROVED again.",
    "DISABLED": "Meta has disabled it for good: send another.",
    "ARCHIVED": "It was archived: restore it in WhatsApp Manager, or send another.",
    "DELETED": "It was deleted: send another.",
    "PENDING_DELETION": "It is being deleted: send another."
  }';
begin
  if content ->> 'type' <> 'template' then
    return;
  end if;
  template := wabase.find_template(of_number, content -> 'template');
  if template.id is null then
    if exists (
      select from public.whatsapp_numbers as number
      join wabase.template_syncs as sync on sync.waba_id = number.waba_id
      where number.id = of_number and sync.synced_at is not null
    ) then
      raise exception 'template.name: there is no template % in %', content -> 'template' ->> 'name',
          content -> 'template' -> 'language' ->> 'code'
        using errcode = '22023', hint = coalesce(
          (
            select 'It is there in ' || string_agg(distinct other.language, ', ') || '.'
            from public.whatsapp_numbers as number
            join public.whatsapp_templates as other on other.waba_id = number.waba_id and other.tenant_id = number.tenant_id
            where number.id = of_number and other.name = content -> 'template' ->> 'name' and other.status <> 'DELETED'
          ),
          'Create it, or where it is new in WhatsApp Manager, call whatsapp-templates with {"action": "sync"}.'
        );
    end if;
  elsif advice ? template.status then
    raise exception 'template.name: is a template that is %', template.status
      using errcode = '22023', hint = advice ->> template.status;
  end if;
end
$$;

-- For whatsapp-send, before it queues: the definition that the parameters are checked against. By the caller's
-- own rights; to who may not know of the number, it looks as if there were none.
create function public.whatsapp_find_template(target jsonb, template jsonb) returns jsonb
language plpgsql stable security invoker set search_path = ''
as $$
declare
  number public.whatsapp_numbers;
  definition public.whatsapp_templates;
begin
  select candidate.* into number from public.whatsapp_numbers as candidate
  where candidate.phone_number_id = target ->> 'phone_number_id'
    or candidate.id = (
      select conversation.number_id from public.whatsapp_conversations as conversation
      where conversation.id = (target ->> 'conversation_id')::uuid
    );
  if number.id is null then
    return null;
  end if;
  definition := wabase.find_template(number.id, template);
  return jsonb_build_object(
    'waba_id', number.waba_id,
    'definition', case when definition.components is not null then jsonb_build_object(
      'name', definition.name, 'language', definition.language, 'category', definition.category,
      'parameter_format', definition.parameter_format, 'components', definition.components
    ) end
  );
end
$$;
comment on function public.whatsapp_find_template(jsonb, jsonb) is
  'The definition of a template ({name, language: {code}}) of the WABA that a message to target ({conversation_id} or '
  '{phone_number_id}) goes out from: {waba_id, definition | null}; null where the caller has no such number.';

-- A template that Meta lets go on: its messages go on too.
create function wabase.resume_approved_template() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform wabase.resume_template(number.id, new.name, new.language)
  from public.whatsapp_numbers as number
  where number.waba_id = new.waba_id and number.tenant_id = new.tenant_id;
  return null;
end
$$;
create trigger an_approved_template_goes_on
  after update of status on public.whatsapp_templates
  for each row when (old.status = 'PAUSED' and new.status in ('APPROVED', 'REINSTATED'))
  execute function wabase.resume_approved_template();

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'note_template_change', 'log_template_changes', 'administrated_wabas', 'find_template', 'check_template',
      'resume_approved_template'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
  for helper in
    select oid from pg_proc where pronamespace = 'public'::regnamespace and proname in (
      'whatsapp_store_templates', 'whatsapp_end_template_sync', 'whatsapp_due_template_syncs', 'whatsapp_start_first_template_sync',
      'whatsapp_administrated_wabas', 'whatsapp_find_template'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated', helper);
    execute format('grant execute on function %s to service_role', helper);
  end loop;
end
$$;
-- The twin that checks the caller itself; and what reads by the caller's own rights alone.
grant execute on function wabase.administrated_wabas() to authenticated, service_role;
grant execute on function wabase.find_template(uuid, jsonb) to authenticated, service_role;
grant execute on function public.whatsapp_administrated_wabas() to authenticated;
grant execute on function public.whatsapp_find_template(jsonb, jsonb) to authenticated;
