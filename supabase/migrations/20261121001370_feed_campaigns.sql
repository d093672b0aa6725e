-- From recipients to messages, in chunks, each a transaction: a crash loses nothing and repeats nothing.

-- How much campaigns have queued in each hour, for Meta's limit of people a day.
create table wabase.campaign_hours (
  number_id uuid not null references public.whatsapp_numbers (id) on delete cascade,
  hour timestamptz not null,
  queued integer not null,
  primary key (number_id, hour)
);
alter table wabase.campaign_hours enable row level security;
revoke all on table wabase.campaign_hours from anon, authenticated, service_role;
grant select on table wabase.campaign_hours to service_role;
comment on table wabase.campaign_hours is 'How many messages of campaigns each number has queued in an hour. Pruned after two days.';

-- Meta's tier, in people a day: TIER_250, TIER_1K, … Null: no limit, or none known.
create function wabase.people_a_day(messaging_limit text) returns integer
language sql immutable set search_path = ''
as $$
  select (parts[1]::integer * case parts[2] when 'K' then 1000 else 1 end)
  from regexp_match(messaging_limit, '^TIER_(\d{1,6})(K?)$') as parts
$$;

-- What Meta's limit leaves for today, which all numbers of the account share. Counted are messages, which are at least
-- as many as people.
create function wabase.left_for_today(of_number public.whatsapp_numbers, moment timestamptz) returns integer
language plpgsql stable set search_path = ''
as $$
declare
  most constant integer := wabase.people_a_day(of_number.messaging_limit);
begin
  if most is null then
    return null;
  end if;
  return greatest(0, most - coalesce((
    select sum(past.queued) from wabase.campaign_hours as past
    join public.whatsapp_numbers as number on number.id = past.number_id
    where number.tenant_id = of_number.tenant_id and number.waba_id is not distinct from of_number.waba_id
      and past.hour > moment - interval '25 hours'
  ), 0));
end
$$;

-- Reads the segment on from where it was, by the contacts' ids.
create function wabase.read_segment(campaign public.whatsapp_campaigns, max_recipients integer) returns void
language plpgsql set search_path = ''
as $$
declare
  last_one uuid;
  read integer;
  new_ones integer;
begin
  with chunk as (
    select conversation.contact_id from public.whatsapp_conversations as conversation
    where conversation.tenant_id = campaign.tenant_id and conversation.number_id = campaign.number_id
      and conversation.contact_id > coalesce(campaign.segment_read_to, '00000000-0000-0000-0000-000000000000')
      -- The window opens for 24 hours with each message of the contact's.
      and (campaign.segment ->> 'last_seen_after' is null
        or conversation.customer_window_expires_at > (campaign.segment ->> 'last_seen_after')::timestamptz + interval '24 hours')
      and (campaign.segment ->> 'last_seen_before' is null
        or conversation.customer_window_expires_at < (campaign.segment ->> 'last_seen_before')::timestamptz + interval '24 hours')
      and (campaign.segment ->> 'state' is null or conversation.state::text = campaign.segment ->> 'state')
      and (campaign.segment ->> 'assignee_id' is null or conversation.assignee_id::text = campaign.segment ->> 'assignee_id')
    order by conversation.contact_id
    limit max_recipients
  ), added as (
    insert into public.whatsapp_campaign_recipients (campaign_id, contact_id, tenant_id)
    select campaign.id, chunk.contact_id, campaign.tenant_id from chunk
    on conflict do nothing
    returning 1
  )
  select max(chunk.contact_id::text)::uuid, count(*), (select count(*) from added) into last_one, read, new_ones from chunk;
  update public.whatsapp_campaigns
  set segment_read_to = coalesce(last_one, segment_read_to), is_segment_read = read < max_recipients
  where id = campaign.id;
  perform wabase.note_recipients(campaign.id, null, 'pending', new_ones);
end
$$;

-- Makes messages of the next recipients; answers how many recipients it has dealt with. The caller has locked the
-- campaign, so nobody else feeds it, and nobody adds a recipient to a place that was passed.
create function wabase.queue_recipients(campaign public.whatsapp_campaigns, max_recipients integer) returns integer
language plpgsql set search_path = ''
as $$
declare
  moment constant timestamptz := wabase.clock();
  keep_opted_out constant boolean := not wabase.is_marketing(campaign.number_id, campaign.content);
  last_place bigint;
  dealt_with integer;
  queued integer;
  ids uuid[];
begin
  select max(next.place), count(*) into last_place, dealt_with from (
    select place from public.whatsapp_campaign_recipients
    where campaign_id = campaign.id and place > campaign.fed_to order by place limit max_recipients
  ) as next;
  if dealt_with = 0 then
    return 0;
  end if;
  insert into public.whatsapp_conversations (tenant_id, number_id, contact_id)
  select campaign.tenant_id, campaign.number_id, contact.id
  from public.whatsapp_campaign_recipients as recipient
  join public.whatsapp_contacts as contact on contact.id = recipient.contact_id
  where recipient.campaign_id = campaign.id and recipient.place > campaign.fed_to and recipient.place <= last_place
    and not exists (
      select from public.whatsapp_conversations as conversation
      where conversation.contact_id = contact.id and conversation.number_id = campaign.number_id
    )
  order by contact.id
  on conflict (contact_id, tenant_id, number_id) do nothing;

  with ready as materialized (
    select recipient.message_id, conversation.id as conversation_id,
      case when recipient.components is null then campaign.content
        else jsonb_set(campaign.content, '{template,components}', recipient.components) end as content
    from public.whatsapp_campaign_recipients as recipient
    join public.whatsapp_conversations as conversation
      on conversation.contact_id = recipient.contact_id and conversation.number_id = campaign.number_id
    where recipient.campaign_id = campaign.id and recipient.place > campaign.fed_to and recipient.place <= last_place
      and (keep_opted_out or not exists (
        select from public.whatsapp_contacts as contact where contact.id = recipient.contact_id and contact.marketing_opted_out
      ))
    order by conversation.id
  ), messages as (
    insert into public.whatsapp_messages (
      id, tenant_id, number_id, conversation_id, direction, status, type, body, content, occurred_at, campaign_id, sender_id
    )
    select message_id, campaign.tenant_id, campaign.number_id, conversation_id, 'outbound', 'queued', 'template', campaign.body,
      content, moment, campaign.id, campaign.created_by
    from ready
  ), waiting as (
    insert into wabase.outbox (message_id, conversation_id, priority, due_at)
    select message_id, conversation_id, 1, moment from ready
  ), woken as (
    insert into wabase.lanes as lane (conversation_id, number_id, priority, ready_at)
    select conversation_id, campaign.number_id, 1, moment from ready
    on conflict (conversation_id) do update
    set
      priority = case when lane.ready_at is null then excluded.priority else least(lane.priority, excluded.priority) end,
      ready_at = least(lane.ready_at, greatest(excluded.ready_at, lane.blocked_until, wabase.pair_ready_at(lane.pair_paid_at)))
  )
  select count(*), array_agg(message_id) into queued, ids from ready;
  perform wabase.attach_files(ids, campaign.content);

  if queued < dealt_with then
    update public.whatsapp_campaign_recipients as recipient
    set skipped_because = case
      when exists (select from public.whatsapp_contacts where id = recipient.contact_id) then 'opted_out' else 'no_contact' end
    where recipient.campaign_id = campaign.id and recipient.place > campaign.fed_to and recipient.place <= last_place
      and not exists (select from public.whatsapp_messages where id = recipient.message_id);
  end if;
  update public.whatsapp_campaigns set fed_to = last_place where id = campaign.id;
  insert into wabase.campaign_hours as past (number_id, hour, queued)
  values (campaign.number_id, date_trunc('hour', moment), queued)
  on conflict (number_id, hour) do update set queued = past.queued + excluded.queued;
  perform wabase.note_recipients(campaign.id, 'pending', 'skipped', dealt_with - queued);
  perform wabase.note_recipients(campaign.id, 'pending', 'queued', queued);
  return dealt_with;
end
$$;

-- How many messages of campaigns may be queued ahead: ten seconds of the number's sending.
create function wabase.room_for_campaigns(of_number public.whatsapp_numbers) returns integer
language plpgsql stable set search_path = ''
as $$
declare
  most constant integer := greatest(100, of_number.sends_per_second * 10);
begin
  return most - (
    select count(*) from (
      select from wabase.lanes
      where number_id = of_number.id and priority = 1 and lease_id is null and ready_at is not null
      limit most
    ) as ahead
  );
end
$$;

-- What a campaign has to wait for; null: nothing.
create function wabase.obstacle_of(campaign public.whatsapp_campaigns, left_today integer) returns text
language plpgsql stable set search_path = ''
as $$
begin
  return case
    when left_today <= 0 then 'messaging_limit'
    when exists (
      select from public.whatsapp_pauses where number_id = campaign.number_id and template_name is null
    ) then 'number_paused'
    when exists (
      select from public.whatsapp_pauses
      where number_id = campaign.number_id and template_name = campaign.content -> 'template' ->> 'name'
        and template_language = campaign.content -> 'template' -> 'language' ->> 'code'
    ) or (wabase.find_template(campaign.number_id, campaign.content -> 'template')).status in ('PAUSED', 'DISABLED', 'REJECTED', 'DELETED')
      then 'template_paused'
  end;
end
$$;

-- One step of one campaign; answers how many recipients it has dealt with, 0 where there is nothing to do now.
create function wabase.feed_campaign(campaign_id uuid, max_recipients integer) returns integer
language plpgsql set search_path = ''
as $$
declare
  campaign public.whatsapp_campaigns;
  number public.whatsapp_numbers;
  left_today integer;
  obstacle text;
begin
  select * into campaign from public.whatsapp_campaigns as candidate
  where candidate.id = feed_campaign.campaign_id and candidate.state = 'running' for update skip locked;
  if not found then
    return 0;
  end if;
  if not campaign.is_segment_read then
    perform wabase.read_segment(campaign, max_recipients);
    return max_recipients;
  end if;
  select * into number from public.whatsapp_numbers where id = campaign.number_id;
  left_today := wabase.left_for_today(number, wabase.clock());
  obstacle := wabase.obstacle_of(campaign, left_today);
  if obstacle is distinct from campaign.waits_for then
    update public.whatsapp_campaigns set waits_for = obstacle where id = campaign.id;
  end if;
  max_recipients := least(max_recipients, left_today, wabase.room_for_campaigns(number));
  if obstacle is not null or max_recipients <= 0 then
    return 0;
  end if;
  return wabase.queue_recipients(campaign, max_recipients);
end
$$;

-- A campaign is over when nobody waits any more.
create function wabase.end_campaigns() returns void
language plpgsql set search_path = ''
as $$
begin
  update public.whatsapp_campaigns as campaign set state = 'done', ended_at = wabase.now()
  where campaign.state = 'running' and campaign.is_segment_read
    and coalesce(campaign.scheduled_at <= wabase.now(), true)
    and not exists (
      select from public.whatsapp_campaign_recipients as recipient
      where recipient.campaign_id = campaign.id and recipient.place > campaign.fed_to
    )
    and not campaign.counts ?| '{queued,sending}'
    and not exists (select from wabase.campaign_changes as change where change.campaign_id = campaign.id);
end
$$;

-- Every few seconds, by pg_cron: each campaign in turn, as long as there is room and time.
create function wabase.feed_campaigns() returns void
language plpgsql set search_path = ''
as $$
declare
  chunk constant integer := 2000;
  deadline constant timestamptz := clock_timestamp() + interval '1 second';
  campaigns uuid[];
  campaign_id uuid;
begin
  -- One at a time: whoever comes meanwhile has nothing to add.
  if not pg_try_advisory_xact_lock(hashtextextended('wabase.feed_campaigns', 0)) then
    return;
  end if;
  campaigns := array(
    select id from public.whatsapp_campaigns
    where state = 'running' and coalesce(scheduled_at <= wabase.now(), true) order by started_at, id
  );
  while cardinality(campaigns) > 0 and clock_timestamp() < deadline loop
    foreach campaign_id in array campaigns loop
      if wabase.feed_campaign(campaign_id, chunk) = 0 then
        campaigns := array_remove(campaigns, campaign_id);
      end if;
    end loop;
  end loop;
  perform wabase.count_campaigns();
  perform wabase.end_campaigns();
end
$$;
comment on function wabase.feed_campaigns() is 'Queues the next recipients of running campaigns. Every few seconds, by pg_cron.';

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'people_a_day', 'left_for_today', 'read_segment', 'queue_recipients', 'room_for_campaigns', 'obstacle_of', 'feed_campaign', 'end_campaigns',
      'feed_campaigns'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
