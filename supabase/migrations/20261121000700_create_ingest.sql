-- From a webhook's events to rows. One call, one transaction: the journal and everything made of it
-- commit together, or not at all. Whatever is locked is locked in one order (contacts, conversations,
-- wamids, messages; each by its key), so that any number of calls at once do not deadlock.

create type wabase.incoming_event as (
  journal_id bigint,
  ordinal integer,
  -- As packages/cloud-api parses it (webhook/events.ts).
  content jsonb
);

-- What becomes a row: null for everything else, which is kept (wabase.webhook_events).
create function wabase.row_of(event jsonb) returns text
language sql immutable set search_path = ''
as $$
  select case event ->> 'kind'
    when 'message' then
      -- What the business wrote elsewhere, and what was written before it came here, is not news.
      case when coalesce(event ->> 'direction', 'inbound') = 'inbound'
        and coalesce(event ->> 'origin', 'live') in ('live', 'standby') then 'message' end
    when 'status' then
      case when event ->> 'status' in ('sent', 'delivered', 'read', 'played', 'failed') then 'status' end
  end
$$;

create type wabase.incoming_message as (
  tenant_id uuid,
  number_id uuid,
  wamid text,
  type text,
  body text,
  content jsonb,
  reply_to_wamid text,
  occurred_at timestamptz,
  phone text,
  bsuid text,
  parent_bsuid text,
  username text,
  profile_name text
);

-- Makes the contacts that are missing, and keeps the names of the others up to date.
create function wabase.upsert_contacts(incoming wabase.incoming_message[]) returns void
language plpgsql set search_path = ''
as $$
declare
  person record;
  found_id uuid;
begin
  for person in
    select distinct on (tenant_id, phone, bsuid)
      tenant_id, phone, bsuid, parent_bsuid, username, profile_name
    from unnest(incoming) as message
    where not exists (
      -- The common case: nothing about this person is new.
      select from public.whatsapp_contacts as contact
      where contact.tenant_id = message.tenant_id
        and (contact.bsuid = message.bsuid or (message.bsuid is null and contact.phone = message.phone))
        and (message.phone is null or contact.phone = message.phone)
        and (message.parent_bsuid is null or contact.parent_bsuid = message.parent_bsuid)
        and (message.username is null or contact.username = message.username)
        and (message.profile_name is null or contact.profile_name = message.profile_name)
    )
    order by tenant_id, phone, bsuid, occurred_at desc
  loop
    insert into public.whatsapp_contacts (tenant_id, phone, bsuid, parent_bsuid, username, profile_name)
    values (person.tenant_id, person.phone, person.bsuid, person.parent_bsuid, person.username, person.profile_name)
    on conflict do nothing;
    if found then
      continue;
    end if;
    found_id := wabase.find_contact(person.tenant_id, person.phone, person.bsuid);
    update public.whatsapp_contacts as contact
    set
      -- A key that another contact holds stays there.
      phone = coalesce(contact.phone, (
        select person.phone where not exists (
          select from public.whatsapp_contacts as other
          where other.tenant_id = person.tenant_id and other.phone = person.phone
        )
      )),
      bsuid = coalesce(contact.bsuid, person.bsuid),
      parent_bsuid = coalesce(person.parent_bsuid, contact.parent_bsuid),
      username = coalesce(person.username, contact.username),
      profile_name = coalesce(person.profile_name, contact.profile_name)
    where contact.id = found_id;
  end loop;
end
$$;

-- By business-scoped user id where that is known, else by phone.
create function wabase.find_contact(of_tenant uuid, with_phone text, with_bsuid text) returns uuid
language sql stable set search_path = ''
as $$
  select coalesce(
    (select id from public.whatsapp_contacts where tenant_id = of_tenant and bsuid = with_bsuid),
    (select id from public.whatsapp_contacts where tenant_id = of_tenant and phone = with_phone)
  )
$$;

create function wabase.ingest_messages(events wabase.incoming_event[]) returns void
language plpgsql set search_path = ''
as $$
declare
  incoming wabase.incoming_message[];
begin
  select array_agg(
    row(
      number.tenant_id, number.id, event.wamid, event.type, event.body, event.content, event.reply_to_wamid,
      coalesce(event."timestamp", wabase.now()),
      event.contact ->> 'phone', event.contact ->> 'bsuid', event.contact ->> 'parent_bsuid',
      event.contact ->> 'username', event.contact ->> 'profile_name'
    )::wabase.incoming_message
    order by number.id, event.wamid
  )
  into incoming
  from unnest(events) as source
  cross join lateral jsonb_to_record(source.content) as event (
    phone_number_id text, wamid text, type text, body text, content jsonb,
    reply_to_wamid text, "timestamp" timestamptz, contact jsonb
  )
  join public.whatsapp_numbers as number on number.phone_number_id = event.phone_number_id
  where wabase.row_of(source.content) = 'message';
  if incoming is null then
    return;
  end if;

  perform wabase.upsert_contacts(incoming);

  insert into public.whatsapp_conversations (tenant_id, number_id, contact_id)
  select distinct message.tenant_id, message.number_id, contact.id
  from unnest(incoming) as message
  cross join lateral (
    select wabase.find_contact(message.tenant_id, message.phone, message.bsuid) as id
  ) as contact
  where not exists (
    select from public.whatsapp_conversations as conversation
    where conversation.number_id = message.number_id and conversation.contact_id = contact.id
  )
  order by message.number_id, contact.id
  on conflict (number_id, contact_id) do nothing;

  perform wabase.store_incoming(incoming);
end
$$;

-- Contacts and conversations are there; what counts is derived from the rows that are really new.
create function wabase.store_incoming(incoming wabase.incoming_message[]) returns void
language plpgsql set search_path = ''
as $$
begin
  perform conversation.id
  from public.whatsapp_conversations as conversation
  where conversation.id in (
    select own.id
    from unnest(incoming) as message
    join public.whatsapp_conversations as own
      on own.number_id = message.number_id
      and own.contact_id = wabase.find_contact(message.tenant_id, message.phone, message.bsuid)
  )
  order by conversation.id
  for no key update;

  with stored as (
    insert into public.whatsapp_messages (
      tenant_id, number_id, conversation_id, direction, status, type, body, content, wamid, reply_to_wamid, occurred_at
    )
    select
      message.tenant_id, message.number_id, conversation.id, 'inbound', 'received', message.type, message.body,
      message.content, message.wamid, message.reply_to_wamid, message.occurred_at
    from unnest(incoming) as message
    join public.whatsapp_conversations as conversation
      on conversation.number_id = message.number_id
      and conversation.contact_id = wabase.find_contact(message.tenant_id, message.phone, message.bsuid)
    order by message.number_id, message.wamid
    -- Meta repeats: what is here already changes nothing.
    on conflict (number_id, wamid) do nothing
    returning id, conversation_id, occurred_at
  ),
  per_conversation as (
    select
      conversation_id, count(*) as messages, max(occurred_at) as latest_at,
      (array_agg(id order by occurred_at desc, id desc))[1] as latest_id
    from stored group by conversation_id
  )
  update public.whatsapp_conversations as conversation
  set
    state = 'open',
    unread_count = conversation.unread_count + new.messages,
    last_message_id =
      case when new.latest_at >= coalesce(conversation.last_message_at, '-infinity')
        then new.latest_id else conversation.last_message_id end,
    last_message_at = greatest(conversation.last_message_at, new.latest_at),
    -- Meta: the customer service window is 24 hours from the customer's last message.
    customer_window_expires_at =
      greatest(conversation.customer_window_expires_at, new.latest_at + interval '24 hours')
  from per_conversation as new
  where conversation.id = new.conversation_id;
end
$$;

create type wabase.incoming_status as (
  number_id uuid,
  wamid text,
  message_id uuid,
  status public.whatsapp_message_status,
  occurred_at timestamptz,
  error jsonb,
  pricing jsonb
);

create function wabase.ingest_statuses(events wabase.incoming_event[]) returns void
language plpgsql set search_path = ''
as $$
declare
  incoming wabase.incoming_status[];
  strangers wabase.incoming_status[];
begin
  select array_agg(
    row(
      number.id, event.wamid, event.message_id, event.status::public.whatsapp_message_status,
      coalesce(event."timestamp", wabase.now()), event.error, event.pricing
    )::wabase.incoming_status
    order by number.id, event.wamid
  )
  into incoming
  from unnest(events) as source
  cross join lateral jsonb_to_record(source.content) as event (
    phone_number_id text, wamid text, message_id uuid, status text, "timestamp" timestamptz,
    error jsonb, pricing jsonb
  )
  join public.whatsapp_numbers as number on number.phone_number_id = event.phone_number_id
  where wabase.row_of(source.content) = 'status';
  if incoming is null then
    return;
  end if;

  select array_agg(event) into strangers
  from unnest(incoming) as event
  where not exists (
    select from public.whatsapp_messages as message
    where message.number_id = event.number_id and message.wamid = event.wamid
  );
  perform wabase.lock_wamids(strangers);
  perform wabase.apply_statuses(incoming);
  perform wabase.settle_strangers(strangers);
end
$$;

-- The message that a status is about: by Meta's id, or by ours, which Meta echoes, where Meta's answer
-- to the send has not come (or never comes).
create function wabase.find_outbound(incoming wabase.incoming_status) returns uuid
language sql stable set search_path = ''
as $$
  select coalesce(
    (
      select id from public.whatsapp_messages
      where number_id = incoming.number_id and wamid = incoming.wamid and direction = 'outbound'
    ),
    (
      select id from public.whatsapp_messages
      where id = incoming.message_id and number_id = incoming.number_id and wamid is null and direction = 'outbound'
    )
  )
$$;

create function wabase.apply_statuses(incoming wabase.incoming_status[]) returns void
language plpgsql set search_path = ''
as $$
begin
  perform message.id
  from public.whatsapp_messages as message
  where message.id in (select wabase.find_outbound(event) from unnest(incoming) as event)
  order by message.id
  for no key update;

  update public.whatsapp_messages as message
  set
    wamid = coalesce(message.wamid, news.wamid),
    -- The enum is the lattice: a status never goes back. Each state keeps its own, earliest time.
    status = greatest(message.status, news.status),
    sent_at = least(message.sent_at, news.sent_at),
    delivered_at = least(message.delivered_at, news.delivered_at),
    read_at = least(message.read_at, news.read_at),
    played_at = least(message.played_at, news.played_at),
    failed_at = least(message.failed_at, news.failed_at),
    -- Before Meta's first word an error is our own note of a lost answer, which this settles.
    error = case when message.status < 'sent' then news.error else coalesce(message.error, news.error) end,
    pricing = coalesce(message.pricing, news.pricing)
  from (
    select
      wabase.find_outbound(event) as message_id,
      min(event.wamid) as wamid,
      max(event.status) as status,
      min(event.occurred_at) filter (where event.status = 'sent') as sent_at,
      min(event.occurred_at) filter (where event.status = 'delivered') as delivered_at,
      min(event.occurred_at) filter (where event.status = 'read') as read_at,
      min(event.occurred_at) filter (where event.status = 'played') as played_at,
      min(event.occurred_at) filter (where event.status = 'failed') as failed_at,
      (array_agg(event.error order by event.occurred_at) filter (where event.error is not null))[1] as error,
      (array_agg(event.pricing order by event.occurred_at) filter (where event.pricing is not null))[1] as pricing
    from unnest(incoming) as event
    group by 1
  ) as news
  where message.id = news.message_id;
end
$$;

-- Who gives a message its wamid, and who parks a status for want of a message with it, holds the lock of
-- the wamid until the commit: the status is parked before the other one looks, or it finds the message.
-- Locks are shared out among wamids, so that a batch of a thousand takes no more of them than there
-- are: Postgres has room for a few thousand in all.
create function wabase.lock_wamids(incoming wabase.incoming_status[]) returns void
language plpgsql set search_path = ''
as $$
declare
  number_of_locks constant integer := 128;
  lock integer;
begin
  for lock in
    select distinct abs(hashtext(event.number_id::text || event.wamid) % number_of_locks)
    from unnest(incoming) as event
    order by 1
  loop
    perform pg_advisory_xact_lock(hashtext('wabase.wamids'), lock);
  end loop;
end
$$;

-- Statuses whose wamid no message had, after they were applied: one of them may have given it to a message,
-- by our id, which the others, and those parked earlier, are about. What finds no message waits for it.
create function wabase.settle_strangers(strangers wabase.incoming_status[]) returns void
language plpgsql set search_path = ''
as $$
declare
  found_ones wabase.incoming_status[];
begin
  select array_agg(event) into found_ones
  from unnest(strangers) as event where wabase.find_outbound(event) is not null;
  if found_ones is not null then
    -- To apply a status twice changes nothing.
    perform wabase.apply_statuses(found_ones || wabase.take_parked_statuses(found_ones));
  end if;

  insert into wabase.parked_statuses (number_id, wamid, status, event)
  select event.number_id, event.wamid, event.status, to_jsonb(event)
  from unnest(strangers) as event
  where wabase.find_outbound(event) is null
  on conflict do nothing;
end
$$;

-- What has waited for messages with these wamids; it waits no longer.
create function wabase.take_parked_statuses(incoming wabase.incoming_status[]) returns wabase.incoming_status[]
language sql volatile set search_path = ''
as $$
  with taken as (
    delete from wabase.parked_statuses as parked
    using unnest(incoming) as event
    where parked.number_id = event.number_id and parked.wamid = event.wamid
    returning parked.event
  )
  select array_agg(jsonb_populate_record(null::wabase.incoming_status, event)) from taken
$$;
