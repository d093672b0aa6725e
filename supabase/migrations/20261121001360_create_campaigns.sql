-- Campaigns: one template to many. The recipients are rows of their own; a message is made of one only when its
-- number can send it soon, so that pausing and cancelling take hold at once, replies never stand behind a
-- hundred thousand rows, and whoever opts out meanwhile is left out.
--
--   draft     recipients are added
--   running   recipients become messages, a few thousand ahead of what the number can send
--   paused    nothing more is sent; what was queued is held
--   done      every recipient has a message that is settled, or was skipped
--   cancelled nothing more is sent; what was queued is taken back

create type public.whatsapp_campaign_state as enum ('draft', 'running', 'paused', 'done', 'cancelled');

create table public.whatsapp_campaigns (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null,
  number_id uuid not null,
  name text not null,
  state public.whatsapp_campaign_state not null default 'draft',
  content jsonb not null,
  body text,
  segment jsonb,
  segment_read_to uuid,
  is_segment_read boolean not null default true,
  fed_to bigint not null default 0,
  scheduled_at timestamptz,
  waits_for text,
  counts jsonb not null default '{}',
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  constraint campaign_is_of_one_tenant unique (tenant_id, id),
  constraint number_is_of_the_same_tenant
    foreign key (tenant_id, number_id) references public.whatsapp_numbers (tenant_id, id),
  constraint name_has_1_to_200_characters check (char_length(name) between 1 and 200)
);
create index whatsapp_campaigns_tenant_id_number_id_idx on public.whatsapp_campaigns (tenant_id, number_id);
create index whatsapp_campaigns_state_idx on public.whatsapp_campaigns (state) where state = 'running';
create index whatsapp_campaigns_created_by_idx on public.whatsapp_campaigns (created_by) where created_by is not null;
alter table public.whatsapp_campaigns enable row level security;
revoke all on table public.whatsapp_campaigns from anon, authenticated, service_role;
grant select on table public.whatsapp_campaigns to authenticated;
grant select, insert, update, delete on table public.whatsapp_campaigns to service_role;
create policy "members read their tenants' campaigns" on public.whatsapp_campaigns
  for select to authenticated
  using (tenant_id in (select wabase.my_tenants('{admin,agent,viewer}')));
comment on table public.whatsapp_campaigns is 'A template that goes to many. Admins make and run them; see docs/sending.md.';
comment on column public.whatsapp_campaigns.content is 'The message: {"type": "template", "template": …}. A recipient may have components of its own.';
comment on column public.whatsapp_campaigns.body is 'What lists show of each message.';
comment on column public.whatsapp_campaigns.segment is
  'Recipients by what is known of them: {last_seen_after?, last_seen_before?, state?, assignee_id?}, '
  'of the conversations of the number.';
comment on column public.whatsapp_campaigns.fed_to is 'The place of the last recipient for whom a message was made.';
comment on column public.whatsapp_campaigns.waits_for is 'Why nothing is queued at the moment: messaging_limit, number_paused, template_paused. Null: nothing is in the way.';
comment on column public.whatsapp_campaigns.counts is
  'How many recipients are in each state, a few seconds behind; whatsapp_campaign_counts() is exact.';

create table public.whatsapp_campaign_recipients (
  campaign_id uuid not null references public.whatsapp_campaigns (id) on delete cascade,
  contact_id uuid not null,
  tenant_id uuid not null,
  place bigint generated always as identity,
  message_id uuid not null default wabase.uuid_v7(),
  components jsonb,
  skipped_because text,
  -- A person gets a campaign once, whatever happens.
  primary key (campaign_id, contact_id)
);
create index whatsapp_campaign_recipients_campaign_id_place_idx
  on public.whatsapp_campaign_recipients (campaign_id, place);
create index whatsapp_campaign_recipients_contact_id_idx on public.whatsapp_campaign_recipients (contact_id);
alter table public.whatsapp_campaign_recipients enable row level security;
revoke all on table public.whatsapp_campaign_recipients from anon, authenticated, service_role;
grant select on table public.whatsapp_campaign_recipients to authenticated;
grant select, insert, update, delete on table public.whatsapp_campaign_recipients to service_role;
-- Not agents: they see contacts through their conversations alone.
create policy "admins and viewers read who gets a campaign" on public.whatsapp_campaign_recipients
  for select to authenticated
  using (tenant_id in (select wabase.my_tenants('{admin,viewer}')));
comment on table public.whatsapp_campaign_recipients is 'Who gets a campaign, in the order in which they get it.';
comment on column public.whatsapp_campaign_recipients.contact_id is
  'Without a foreign key: of two contacts that are joined, the row follows the one that stays.';
comment on column public.whatsapp_campaign_recipients.place is 'Up to the campaign''s fed_to, each has its message, or was skipped.';
comment on column public.whatsapp_campaign_recipients.message_id is
  'The id of the message that this recipient gets: known before it is there, so it cannot be made twice.';
comment on column public.whatsapp_campaign_recipients.skipped_because is 'opted_out, no_contact. Null: not skipped.';

alter table public.whatsapp_messages add column campaign_id uuid;
comment on column public.whatsapp_messages.campaign_id is 'The campaign that it is a message of.';

-- Two contacts turn out to be one person, who gets a campaign once.
create function wabase.follow_contact() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  gone constant uuid := (new.merged ->> 'id')::uuid;
begin
  -- What was queued already counts, whichever of the two it was queued for.
  with left_out as (
    delete from public.whatsapp_campaign_recipients as recipient
    using public.whatsapp_campaign_recipients as other, public.whatsapp_campaigns as campaign
    where recipient.contact_id in (gone, new.contact_id) and other.contact_id in (gone, new.contact_id)
      and other.campaign_id = recipient.campaign_id and other.contact_id <> recipient.contact_id
      and campaign.id = recipient.campaign_id
      and recipient.place > campaign.fed_to and (other.place <= campaign.fed_to or recipient.contact_id = gone)
    returning recipient.campaign_id
  )
  insert into wabase.campaign_changes (campaign_id, was, becomes) select campaign_id, 'pending', 'skipped' from left_out;
  update public.whatsapp_campaign_recipients as recipient set contact_id = new.contact_id
  where recipient.contact_id = gone and not exists (
    select from public.whatsapp_campaign_recipients as other
    where other.campaign_id = recipient.campaign_id and other.contact_id = new.contact_id
  );
  return null;
end
$$;
create trigger recipients_follow_the_contact
  after insert on public.whatsapp_contact_merges
  for each row when (new.merged ? 'id') execute function wabase.follow_contact();

create function wabase.campaign_to_run(campaign_id uuid) returns public.whatsapp_campaigns
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.whatsapp_campaigns;
begin
  select * into campaign from public.whatsapp_campaigns as candidate
  where candidate.id = campaign_to_run.campaign_id
    and ((select auth.role()) = 'service_role' or candidate.tenant_id in (select wabase.my_tenants('{admin}')))
  for update;
  if not found then
    raise exception 'campaign_id: none of the campaigns that you administrate has this id' using errcode = '42501';
  end if;
  return campaign;
end
$$;

create function wabase.create_campaign(campaign jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  number constant public.whatsapp_numbers := wabase.number_to_send_from(campaign ->> 'phone_number_id');
  content constant jsonb := wabase.content_of(jsonb_build_object('content', campaign -> 'content'));
  segment constant jsonb := nullif(campaign -> 'segment', 'null');
  some_conversation public.whatsapp_conversations;
  created public.whatsapp_campaigns;
begin
  perform wabase.may_administrate(number.id);
  perform wabase.check_fields(campaign, '{phone_number_id,name,content,body,segment,scheduled_at}', '');
  if content ->> 'type' <> 'template' then
    raise exception 'content.type: must be "template"' using errcode = '22023', hint = 'Most recipients'' 24-hour window is closed.';
  end if;
  some_conversation.tenant_id := number.tenant_id;
  perform wabase.check_template(number.id, content);
  perform wabase.check_files(some_conversation, content);
  if char_length(btrim(coalesce(campaign ->> 'name', ''))) not between 1 and 200 then
    raise exception 'name: must have 1 to 200 characters' using errcode = '22023';
  end if;
  if segment is not null then
    perform wabase.check_segment(segment);
  end if;
  insert into public.whatsapp_campaigns (
    tenant_id, number_id, name, content, body, segment, is_segment_read, scheduled_at, created_by
  )
  values (
    number.tenant_id, number.id, btrim(campaign ->> 'name'), content, left(campaign ->> 'body', 4096), segment, segment is null,
    wabase.parse_time('scheduled_at', campaign ->> 'scheduled_at'), (select auth.uid())
  )
  returning * into created;
  return jsonb_build_object('id', created.id, 'state', created.state);
end
$$;

create function wabase.check_segment(segment jsonb) returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform wabase.check_fields(segment, '{last_seen_after,last_seen_before,state,assignee_id}', 'segment');
  perform wabase.parse_time('segment.last_seen_after', segment ->> 'last_seen_after');
  perform wabase.parse_time('segment.last_seen_before', segment ->> 'last_seen_before');
  perform wabase.parse_uuid('segment.assignee_id', segment ->> 'assignee_id');
  if segment ->> 'state' not in ('open', 'closed') then
    raise exception 'segment.state: must be "open" or "closed"' using errcode = '22023';
  end if;
end
$$;

-- Recipients by phone, user id or contact, each once, as many as fit into a call.
create function wabase.add_recipients(campaign_id uuid, recipients jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  max_recipients constant integer := 10000;
  campaign constant public.whatsapp_campaigns := wabase.campaign_to_run(campaign_id);
  given integer;
  invalid jsonb;
  added integer;
begin
  if campaign.state not in ('draft', 'running', 'paused') then
    raise exception 'campaign_id: the campaign is %', campaign.state using errcode = '22023';
  end if;
  if jsonb_typeof(recipients) is distinct from 'array' or jsonb_array_length(recipients) > max_recipients then
    raise exception 'recipients: must be an array of at most %', max_recipients
      using errcode = '22023', hint = 'Call it again with the next; whoever is in it already stays in it once.';
  end if;
  given := jsonb_array_length(recipients);
  -- Nobody else makes contacts of the tenant meanwhile.
  perform wabase.lock_identities(campaign.tenant_id);
  with item as (
    select position, wabase.read_recipient(value) as person
    from jsonb_array_elements(recipients) with ordinality as given (value, position)
  ), made as (
    insert into public.whatsapp_contacts (tenant_id, phone, bsuid)
    select distinct campaign.tenant_id, person ->> 'phone', person ->> 'bsuid' from item
    where person ->> 'phone' is not null or person ->> 'bsuid' is not null
    on conflict do nothing
    returning id, phone, bsuid
  ), known as (
    select item.position, item.person, coalesce(by_id.id, by_phone.id, by_bsuid.id, new_phone.id, new_bsuid.id) as contact_id
    from item
    left join public.whatsapp_contacts as by_id
      on by_id.tenant_id = campaign.tenant_id and by_id.id::text = item.person ->> 'contact_id'
    left join public.whatsapp_contacts as by_phone
      on by_phone.tenant_id = campaign.tenant_id and by_phone.phone = item.person ->> 'phone'
    left join public.whatsapp_contacts as by_bsuid
      on by_bsuid.tenant_id = campaign.tenant_id and by_bsuid.bsuid = item.person ->> 'bsuid'
    left join made as new_phone on new_phone.phone = item.person ->> 'phone'
    left join made as new_bsuid on new_bsuid.bsuid = item.person ->> 'bsuid'
  ), stored as (
    insert into public.whatsapp_campaign_recipients (campaign_id, contact_id, tenant_id, components)
    select distinct on (known.contact_id) campaign.id, known.contact_id, campaign.tenant_id, known.person -> 'components'
    from known where known.contact_id is not null
    order by known.contact_id, known.position
    on conflict on constraint whatsapp_campaign_recipients_pkey do nothing
    returning 1
  )
  select
    (select count(*) from stored),
    (select coalesce(jsonb_agg(known.position - 1 order by known.position), '[]') from known where known.contact_id is null)
  into added, invalid;
  perform wabase.note_recipients(campaign.id, null, 'pending', added);
  return jsonb_build_object(
    'added', added, 'known_already', given - added - jsonb_array_length(invalid), 'invalid', invalid
  );
end
$$;

-- "+49…", or {to | recipient | contact_id, components?}. Null where it is none of these.
create function wabase.read_recipient(value jsonb) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  phone constant text := regexp_replace(
    case jsonb_typeof(value) when 'string' then value #>> '{}' else value ->> 'to' end, '[\s()./+-]', '', 'g'
  );
  components constant jsonb := value -> 'components';
begin
  -- A file of one's own for each recipient would be an upload for each.
  if components is not null and (jsonb_typeof(components) <> 'array' or strpos(components::text, '"storage_path"') > 0) then
    return '{}';
  end if;
  if phone ~ '^[1-9][0-9]{6,14}$' then
    return jsonb_strip_nulls(jsonb_build_object('phone', phone, 'components', components));
  elsif value ->> 'recipient' ~ '^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$' then
    return jsonb_strip_nulls(jsonb_build_object('bsuid', value ->> 'recipient', 'components', components));
  elsif jsonb_typeof(value) = 'object' and value ? 'contact_id' then
    return jsonb_strip_nulls(jsonb_build_object('contact_id', value ->> 'contact_id', 'components', components));
  end if;
  return '{}';
end
$$;

create function wabase.change_campaign(campaign_id uuid, change text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.whatsapp_campaigns := wabase.campaign_to_run(campaign_id);
  becomes constant public.whatsapp_campaign_state := case
    when change = 'start' and campaign.state in ('draft', 'paused', 'running') then 'running'
    when change = 'pause' and campaign.state in ('running', 'paused') then 'paused'
    when change = 'cancel' and campaign.state in ('draft', 'running', 'paused', 'cancelled') then 'cancelled'
  end;
begin
  if becomes is null then
    raise exception 'change: a campaign that is % cannot % ', campaign.state, change
      using errcode = '22023', hint = 'start (again), pause, cancel.';
  end if;
  update public.whatsapp_campaigns
  set
    state = becomes,
    started_at = case when becomes = 'running' then coalesce(started_at, wabase.now()) else started_at end,
    ended_at = case when becomes = 'cancelled' then coalesce(ended_at, wabase.now()) else ended_at end
  where id = campaign.id;
  if becomes = 'running' and campaign.state = 'paused' then
    perform wabase.release_campaign(campaign.id);
  elsif becomes = 'cancelled' then
    perform wabase.take_back_campaign(campaign.id);
  end if;
  return jsonb_build_object('id', campaign.id, 'state', becomes);
end
$$;

-- What was held while it was paused, goes on. (What comes up while it is paused, the lease holds.)
create function wabase.release_campaign(of_campaign uuid) returns void
language plpgsql set search_path = ''
as $$
declare
  held constant uuid[] := array(
    select waiting.message_id from wabase.outbox as waiting
    join public.whatsapp_messages as message on message.id = waiting.message_id
    where waiting.is_held and message.campaign_id = of_campaign
  );
begin
  perform wabase.let_go(held);
end
$$;

-- What is queued and not under way.
create function wabase.take_back_campaign(of_campaign uuid) returns void
language plpgsql set search_path = ''
as $$
declare
  touched constant uuid[] := array(
    select waiting.conversation_id from wabase.outbox as waiting
    join public.whatsapp_messages as message on message.id = waiting.message_id
    where message.campaign_id = of_campaign
  );
begin
  perform from wabase.lanes where conversation_id = any (touched) order by conversation_id for update;
  with taken as (
    delete from wabase.outbox as waiting
    using public.whatsapp_messages as message, wabase.lanes as lane
    where waiting.conversation_id = any (touched) and message.id = waiting.message_id and message.campaign_id = of_campaign
      and lane.conversation_id = waiting.conversation_id and lane.leased_message_id is distinct from waiting.message_id
    returning waiting.message_id
  )
  update public.whatsapp_messages as message set status = 'cancelled'
  from taken where message.id = taken.message_id and message.status = 'queued';
end
$$;

create function public.whatsapp_create_campaign(campaign jsonb) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.create_campaign(campaign)
$$;
comment on function public.whatsapp_create_campaign(jsonb) is
  'A new campaign, in state draft: {phone_number_id, name, content: {type: "template", template}, body?, segment?, '
  'scheduled_at?}. Answers {id, state}. For admins.';

create function public.whatsapp_add_campaign_recipients(campaign_id uuid, recipients jsonb) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.add_recipients(campaign_id, recipients)
$$;
comment on function public.whatsapp_add_campaign_recipients(uuid, jsonb) is
  'Adds up to 10,000 recipients: ["+49…", {to | recipient | contact_id, components?}, …]. Answers {added, known_already, '
  'invalid: [places in the array]}. For admins.';

create function public.whatsapp_change_campaign(campaign_id uuid, change text) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.change_campaign(campaign_id, change)
$$;
comment on function public.whatsapp_change_campaign(uuid, text) is
  'start (also after a pause), pause, cancel. Answers {id, state}. For admins.';

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'follow_contact', 'campaign_to_run', 'create_campaign', 'check_segment', 'add_recipients', 'read_recipient', 'change_campaign',
      'release_campaign', 'take_back_campaign'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
  for helper in
    select oid from pg_proc where pronamespace = 'public'::regnamespace
      and proname in ('whatsapp_create_campaign', 'whatsapp_add_campaign_recipients', 'whatsapp_change_campaign')
  loop
    execute format('revoke all on function %s from public, anon, authenticated', helper);
    execute format('grant execute on function %s to authenticated, service_role', helper);
  end loop;
end
$$;
-- The twins check the caller themselves.
grant execute on function wabase.create_campaign(jsonb) to authenticated, service_role;
grant execute on function wabase.add_recipients(uuid, jsonb) to authenticated, service_role;
grant execute on function wabase.change_campaign(uuid, text) to authenticated, service_role;
