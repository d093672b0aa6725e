-- Counts per state, without counting: each change of a message leaves a line, and the lines are added up.

create table wabase.campaign_changes (
  campaign_id uuid not null references public.whatsapp_campaigns (id) on delete cascade,
  was text,
  becomes text not null,
  amount integer not null default 1
);
create index campaign_changes_campaign_id_idx on wabase.campaign_changes (campaign_id);
alter table wabase.campaign_changes enable row level security;
revoke all on table wabase.campaign_changes from anon, authenticated, service_role;
grant select on table wabase.campaign_changes to service_role;
comment on table wabase.campaign_changes is 'What is not in whatsapp_campaigns.counts yet.';

create function wabase.note_recipients(campaign uuid, was text, becomes text, amount integer) returns void
language plpgsql set search_path = ''
as $$
begin
  if amount > 0 then
    insert into wabase.campaign_changes (campaign_id, was, becomes, amount) values (campaign, was, becomes, amount);
  end if;
end
$$;

-- As the message's status, but for what Meta has taken and holds back.
create function wabase.note_campaign_change() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into wabase.campaign_changes (campaign_id, was, becomes)
  values (
    new.campaign_id, case when old.status = 'accepted' and old.held_at is not null then 'held' else old.status::text end,
    case when new.status = 'accepted' and new.held_at is not null then 'held' else new.status::text end
  );
  return null;
end
$$;
create trigger a_campaign_counts_its_messages
  after update of status on public.whatsapp_messages
  for each row when (new.campaign_id is not null and old.status <> new.status)
  execute function wabase.note_campaign_change();

-- A message that is deleted is waited for no more. What was said in it goes; that they had it stays, so that nobody gets
-- a campaign twice.
create function wabase.forget_campaign_message() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.whatsapp_campaign_recipients as recipient set components = null
  from public.whatsapp_conversations as conversation
  where conversation.id = old.conversation_id and recipient.campaign_id = old.campaign_id
    and recipient.contact_id = conversation.contact_id;
  if old.status in ('queued', 'sending') then
    perform wabase.note_recipients(old.campaign_id, old.status::text, 'cancelled', 1);
  end if;
  return null;
end
$$;
create trigger a_deleted_message_leaves_its_campaign
  after delete on public.whatsapp_messages
  for each row when (old.campaign_id is not null)
  execute function wabase.forget_campaign_message();

-- For who is deleted altogether.
create function wabase.leave_campaigns(of_contact uuid) returns void
language plpgsql set search_path = ''
as $$
begin
  with gone as (
    delete from public.whatsapp_campaign_recipients where contact_id = of_contact
    returning campaign_id, place, skipped_because
  )
  insert into wabase.campaign_changes (campaign_id, was, becomes)
  select campaign.id, 'pending', 'skipped'
  from gone join public.whatsapp_campaigns as campaign on campaign.id = gone.campaign_id
  where gone.place > campaign.fed_to;
end
$$;

create function wabase.add_up(counts jsonb, changes jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(state, amount) filter (where amount <> 0), '{}')
  from (
    select state, sum(amount) as amount
    from (
      select key as state, value::integer as amount from jsonb_each_text(counts)
      union all
      select key, value::integer from jsonb_each_text(changes)
    ) as each group by state
  ) as total
$$;

-- What lines about a campaign come to: {queued: -3, accepted: 3}.
create function wabase.sum_of_changes(changes wabase.campaign_changes[]) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(state, amount), '{}')
  from (
    select state, sum(amount) as amount
    from (
      select change.becomes as state, change.amount from unnest(changes) as change
      union all
      select change.was, -change.amount from unnest(changes) as change where change.was is not null
    ) as each group by state
  ) as total
$$;

create function wabase.count_campaigns() returns void
language plpgsql set search_path = ''
as $$
begin
  with taken as (
    delete from wabase.campaign_changes returning *
  ), summed as (
    select taken.campaign_id, wabase.sum_of_changes(array_agg(taken::wabase.campaign_changes)) as changes
    from taken group by taken.campaign_id
  )
  update public.whatsapp_campaigns as campaign set counts = wabase.add_up(campaign.counts, summed.changes)
  from summed where campaign.id = summed.campaign_id;
end
$$;

create function wabase.campaign_counts(campaign_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  campaign public.whatsapp_campaigns;
begin
  select * into campaign from public.whatsapp_campaigns as candidate
  where candidate.id = campaign_counts.campaign_id
    and (
      (select auth.role()) = 'service_role'
      or candidate.tenant_id in (select wabase.my_tenants('{admin,agent,viewer}'))
    );
  if not found then
    raise exception 'campaign_id: none of your campaigns has this id' using errcode = '42501';
  end if;
  return jsonb_build_object(
    'state', campaign.state, 'waits_for', campaign.waits_for,
    'recipients', wabase.add_up(campaign.counts, wabase.sum_of_changes(array(
      select change from wabase.campaign_changes as change where change.campaign_id = campaign.id
    )))
  );
end
$$;

create function public.whatsapp_campaign_counts(campaign_id uuid) returns jsonb
language sql stable security invoker set search_path = ''
as $$
  select wabase.campaign_counts(campaign_id)
$$;
comment on function public.whatsapp_campaign_counts(uuid) is
  'How a campaign stands: {state, waits_for, recipients: {pending, skipped, queued, sending, accepted, held, sent, '
  'delivered, read, failed, unknown, cancelled}}; each recipient is in one of these. A state that nobody is in is left out.';

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace
      and proname in ('note_recipients', 'note_campaign_change', 'forget_campaign_message', 'leave_campaigns', 'add_up', 'sum_of_changes', 'count_campaigns', 'campaign_counts')
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
-- The twin that checks the caller itself.
grant execute on function wabase.campaign_counts(uuid) to authenticated, service_role;
revoke all on function public.whatsapp_campaign_counts(uuid) from public, anon, authenticated;
grant execute on function public.whatsapp_campaign_counts(uuid) to authenticated, service_role;
