-- Messages: from events to rows, all of a call at once. Contacts and conversations that are there already,
-- which is nearly always, cost one look-up each; what is new about a person goes through resolve_contact.

create type wabase.incoming_message as (
  tenant_id uuid,
  number_id uuid,
  wamid text,
  direction public.whatsapp_message_direction,
  origin text,
  status public.whatsapp_message_status,
  type text,
  body text,
  content jsonb,
  reply_to_wamid text,
  group_id text,
  occurred_at timestamptz,
  person jsonb,
  reaction jsonb,
  contact_change jsonb,
  contact_id uuid,
  is_known boolean,
  conversation_id uuid
);

-- The messages of the call that are not here yet, each once.
create function wabase.read_messages(events wabase.incoming_event[]) returns wabase.incoming_message[]
language plpgsql stable set search_path = ''
as $$
begin
  return (
      with event as (
        select distinct on (number.id, event.wamid)
          number.tenant_id, number.id as number_id, event.*, contact ->> 'phone' as phone, contact ->> 'bsuid' as bsuid
        from unnest(events) as source
        cross join lateral jsonb_to_record(source.content) as event (
          kind text, phone_number_id text, wamid text, direction public.whatsapp_message_direction, origin text,
          status public.whatsapp_message_status, type text, body text, content jsonb, reply_to_wamid text,
          group_id text, "timestamp" timestamptz, contact jsonb, reaction jsonb, contact_change jsonb
        )
        join public.whatsapp_numbers as number on number.phone_number_id = event.phone_number_id
        where event.kind = 'message'
          -- Meta repeats: what is here changes nothing. A placeholder for media of the history gives way to it.
          and not exists (
            select from public.whatsapp_messages as known
            where known.number_id = number.id and known.wamid = event.wamid
              and (known.type <> 'media_placeholder' or event.type = 'media_placeholder')
          )
        order by number.id, event.wamid, event.type = 'media_placeholder', event."timestamp", event.content
      )
      select array_agg(
        row(
          event.tenant_id, event.number_id, event.wamid, event.direction, coalesce(event.origin, 'live'), event.status,
          event.type, event.body, event.content, event.reply_to_wamid, event.group_id,
          coalesce(event."timestamp", wabase.now()), event.contact,
          nullif(event.reaction, 'null'), nullif(event.contact_change, 'null'),
          coalesce(by_bsuid.id, by_phone.id),
          (event.bsuid is null or by_bsuid.id is not null)
            and (event.phone is null or by_phone.id is not null)
            and (by_bsuid.id is null or by_phone.id is null or by_bsuid.id = by_phone.id)
            and (
              event.contact ->> 'profile_name' is null
              or event.contact ->> 'profile_name' is not distinct from coalesce(by_bsuid.profile_name, by_phone.profile_name)
            )
            and (
              event.contact ->> 'username' is null
              or event.contact ->> 'username' is not distinct from coalesce(by_bsuid.username, by_phone.username)
            )
          -- In a group nothing else notes when the name was seen. What the business writes there names nobody.
          and (event.group_id is null or coalesce(event.phone, event.bsuid) is null or event."timestamp" <= coalesce(by_bsuid.profile_updated_at, by_phone.profile_updated_at, '-infinity')),
          coalesce(direct.id, in_group.id)
        )::wabase.incoming_message
        order by event.number_id, event.wamid
      )
      from event
      left join public.whatsapp_contacts as by_bsuid
        on by_bsuid.tenant_id = event.tenant_id and by_bsuid.bsuid = event.bsuid
      left join public.whatsapp_contacts as by_phone
        on by_phone.tenant_id = event.tenant_id and by_phone.phone = event.phone
      left join public.whatsapp_conversations as direct
        on event.group_id is null and direct.contact_id = coalesce(by_bsuid.id, by_phone.id)
        and direct.number_id = event.number_id
      left join public.whatsapp_groups as team
        on team.group_id = event.group_id and team.number_id = event.number_id
      left join public.whatsapp_conversations as in_group
        on in_group.group_id = team.id and in_group.number_id = team.number_id
  );
end
$$;

create function wabase.ingest_messages(events wabase.incoming_event[]) returns void
language plpgsql set search_path = ''
as $$
declare
  incoming wabase.incoming_message[] := wabase.read_messages(events);
begin
  if incoming is null then
    return;
  end if;
  if exists (select from unnest(incoming) as message where not message.is_known) then
    incoming := wabase.resolve_contacts(incoming);
  end if;
  incoming := wabase.resolve_conversations(incoming);
  perform wabase.store_messages(incoming);
end
$$;

-- What a webhook nearly always is: one message, from somebody known, of whom it tells nothing new. Look-ups by key,
-- one after another, cost half of what read_messages and store_messages do, which do the same for any number of any
-- messages. False, and nothing is done, where it is not so plain.
create function wabase.ingest_lone_message(event jsonb) returns boolean
language plpgsql set search_path = ''
as $$
declare
  person constant jsonb := event -> 'contact';
  is_live constant boolean := coalesce(event ->> 'origin', 'live') in ('live', 'standby');
  has_name constant boolean := person ->> 'profile_name' is not null or person ->> 'username' is not null;
  at timestamptz;
  number record;
  contact record;
  conversation uuid;
  stored uuid;
begin
  if event ->> 'kind' <> 'message' or event ->> 'direction' <> 'inbound' or event ->> 'type' = 'media_placeholder'
    or event ->> 'group_id' is not null or event ->> 'reaction' is not null or event ->> 'contact_change' is not null
  then
    return false;
  end if;
  select id, tenant_id into number from public.whatsapp_numbers where phone_number_id = event ->> 'phone_number_id';
  if not found then
    return false;
  end if;
  if person ->> 'bsuid' is null then
    select id, phone, profile_name, username into contact from public.whatsapp_contacts
    where tenant_id = number.tenant_id and phone = person ->> 'phone';
  else
    select id, phone, profile_name, username into contact from public.whatsapp_contacts
    where tenant_id = number.tenant_id and bsuid = person ->> 'bsuid';
  end if;
  if not found
    or contact.phone is distinct from coalesce(person ->> 'phone', contact.phone)
    or contact.profile_name is distinct from coalesce(person ->> 'profile_name', contact.profile_name)
    or contact.username is distinct from coalesce(person ->> 'username', contact.username)
  then
    return false;
  end if;
  select id into conversation from public.whatsapp_conversations
  where contact_id = contact.id and number_id = number.id for no key update;
  if not found then
    return false;
  end if;

  at := coalesce((event ->> 'timestamp')::timestamptz, wabase.now());
  insert into public.whatsapp_messages (
    tenant_id, number_id, conversation_id, direction, status, type, body, content, wamid, reply_to_wamid, origin,
    occurred_at
  )
  values (
    number.tenant_id, number.id, conversation, 'inbound', 'received', event ->> 'type', event ->> 'body',
    event -> 'content', event ->> 'wamid', event ->> 'reply_to_wamid', coalesce(event ->> 'origin', 'live'), at
  )
  on conflict (number_id, wamid) do nothing
  returning id into stored;
  if stored is null then
    return false;
  end if;
  update public.whatsapp_conversations
  set
    state = case when is_live then 'open' else state end,
    unread_count = unread_count + is_live::integer,
    last_message_id = case when at >= coalesce(last_message_at, '-infinity') then stored else last_message_id end,
    last_message_at = greatest(last_message_at, at),
    customer_window_expires_at = greatest(customer_window_expires_at, at + interval '24 hours'),
    profile_seen_at = case when has_name then greatest(profile_seen_at, at) else profile_seen_at end
  where id = conversation;
  if exists (
    select from public.whatsapp_message_changes where target_wamid = event ->> 'wamid' and number_id = number.id
  ) then
    perform wabase.apply_changes(number.id, event ->> 'wamid');
  end if;
  return true;
end
$$;

-- Who is new, or has something new to them: one after another, in the order of their keys.
create function wabase.resolve_contacts(incoming wabase.incoming_message[]) returns wabase.incoming_message[]
language plpgsql set search_path = ''
as $$
declare
  news record;
begin
  for news in
    select distinct on (tenant_id, person ->> 'phone', person ->> 'bsuid', occurred_at, person ->> 'profile_name')
      tenant_id, person, occurred_at
    from unnest(incoming) as message
    where not message.is_known
      -- And what else the call brings of the same people: which name is the latest depends on all of it.
      or exists (
        select from unnest(incoming) as new
        where not new.is_known and new.tenant_id = message.tenant_id and (
          new.contact_id = message.contact_id
          or new.person ->> 'phone' = message.person ->> 'phone'
          or new.person ->> 'bsuid' = message.person ->> 'bsuid'
        )
      )
    order by tenant_id, person ->> 'phone', person ->> 'bsuid', occurred_at, person ->> 'profile_name'
  loop
    perform wabase.resolve_contact(news.tenant_id, news.person, news.occurred_at);
  end loop;
  return (
    select array_agg(
      row(
        message.tenant_id, message.number_id, message.wamid, message.direction, message.origin, message.status,
        message.type, message.body, message.content, message.reply_to_wamid, message.group_id, message.occurred_at,
        message.person, message.reaction, message.contact_change,
        wabase.contact_of(message.tenant_id, message.person, message.occurred_at),
        true, null
      )::wabase.incoming_message
      order by message.number_id, message.wamid
    )
    from unnest(incoming) as message
  );
end
$$;

create function wabase.resolve_conversations(incoming wabase.incoming_message[])
returns wabase.incoming_message[]
language plpgsql set search_path = ''
as $$
declare
  resolved wabase.incoming_message[] := incoming;
begin
  if exists (select from unnest(resolved) as message where message.conversation_id is null) then
    resolved := wabase.find_conversations(incoming);
  end if;
  if exists (select from unnest(resolved) as message where message.conversation_id is null) then
    insert into public.whatsapp_groups (tenant_id, number_id, group_id)
    select distinct tenant_id, number_id, group_id from unnest(resolved) as message
    where message.conversation_id is null and message.group_id is not null
    order by number_id, group_id
    on conflict do nothing;
    insert into public.whatsapp_conversations (tenant_id, number_id, contact_id, group_id)
    select distinct message.tenant_id, message.number_id,
      case when message.group_id is null then message.contact_id end, team.id
    from unnest(resolved) as message
    left join public.whatsapp_groups as team
      on team.number_id = message.number_id and team.group_id = message.group_id
    where message.conversation_id is null
    order by message.number_id, 3, 4
    on conflict do nothing;
    resolved := wabase.find_conversations(resolved);
  end if;
  -- In the order of their ids: calls that share conversations wait for each other, never in a circle.
  if cardinality(resolved) = 1 then
    perform from public.whatsapp_conversations where id = resolved[1].conversation_id for no key update;
  else
    perform from public.whatsapp_conversations
    where id in (select message.conversation_id from unnest(resolved) as message)
    order by id for no key update;
  end if;
  return resolved;
end
$$;

create function wabase.find_conversations(incoming wabase.incoming_message[])
returns wabase.incoming_message[]
language plpgsql stable set search_path = ''
as $$
begin
  return (
      select array_agg(
        row(
          message.tenant_id, message.number_id, message.wamid, message.direction, message.origin, message.status,
          message.type, message.body, message.content, message.reply_to_wamid, message.group_id, message.occurred_at,
          message.person, message.reaction, message.contact_change, message.contact_id, message.is_known,
          coalesce(direct.id, in_group.id)
        )::wabase.incoming_message
        order by message.number_id, message.wamid
      )
      from unnest(incoming) as message
      left join public.whatsapp_conversations as direct
        on message.group_id is null and direct.number_id = message.number_id and direct.contact_id = message.contact_id
      left join public.whatsapp_groups as team
        on message.group_id is not null and team.number_id = message.number_id and team.group_id = message.group_id
      left join public.whatsapp_conversations as in_group
        on in_group.number_id = team.number_id and in_group.group_id = team.id
  );
end
$$;

-- What counts is derived from the rows that are really new.
create function wabase.store_messages(incoming wabase.incoming_message[]) returns void
language plpgsql set search_path = ''
as $$
begin
  if exists (select from unnest(incoming) as news where news.direction = 'outbound') then
    perform wabase.lock_wamids(array(
      select row(news.number_id, news.wamid, null, null, null, null, null, null, null)::wabase.incoming_status
      from unnest(incoming) as news where news.direction = 'outbound'
    ));
  end if;
  with stored as (
    insert into public.whatsapp_messages as message (
      tenant_id, number_id, conversation_id, direction, status, type, body, content, wamid, reply_to_wamid,
      contact_id, origin, occurred_at, sent_at
    )
    select
      news.tenant_id, news.number_id, news.conversation_id, news.direction,
      case when news.direction = 'inbound' then 'received' else coalesce(news.status, 'sent') end,
      news.type, news.body, news.content, news.wamid, news.reply_to_wamid,
      case when news.group_id is not null then news.contact_id end, news.origin, news.occurred_at,
      case when news.direction = 'outbound' then news.occurred_at end
    from unnest(incoming) as news
    order by news.number_id, news.wamid
    on conflict (number_id, wamid) do update
    set type = excluded.type, body = excluded.body, content = excluded.content
    where message.type = 'media_placeholder' and excluded.type <> 'media_placeholder'
    returning id, conversation_id, direction, origin, occurred_at, xmax = 0 as is_new
  ),
  per_conversation as (
    select
      conversation_id,
      max(occurred_at) as latest_at,
      (array_agg(id order by occurred_at desc, id desc) filter (where id is not null))[1] as latest_id,
      count(*) filter (where direction = 'inbound' and origin in ('live', 'standby')) as unread,
      max(occurred_at) filter (where direction = 'inbound') as last_inbound_at,
      max(named_at) as named_at
    from (
      select id, conversation_id, direction, origin, occurred_at, null::timestamptz as named_at
      from stored where is_new
      union all
      select null, conversation_id, null, null, null, occurred_at
      from unnest(incoming)
      where group_id is null and (person ->> 'profile_name' is not null or person ->> 'username' is not null)
    ) as news
    group by conversation_id
    having count(id) > 0
  )
  update public.whatsapp_conversations as conversation
  set
    state = case when news.unread > 0 then 'open' else conversation.state end,
    unread_count = conversation.unread_count + news.unread,
    last_message_id =
      case when news.latest_at >= coalesce(conversation.last_message_at, '-infinity')
        then news.latest_id else conversation.last_message_id end,
    last_message_at = greatest(conversation.last_message_at, news.latest_at),
    -- Meta: the customer service window is 24 hours from the customer's last message.
    customer_window_expires_at =
      greatest(conversation.customer_window_expires_at, news.last_inbound_at + interval '24 hours'),
    profile_seen_at = greatest(conversation.profile_seen_at, news.named_at)
  from per_conversation as news
  where conversation.id = news.conversation_id;

  if exists (
    select from unnest(incoming) as news
    where news.direction = 'outbound' or news.reaction is not null or news.contact_change is not null
  ) then
    perform wabase.follow_up_messages(incoming);
  end if;
  -- Edits and deletions that had come before their message.
  perform wabase.apply_changes(change.number_id, change.target_wamid)
  from (
    select distinct change.number_id, change.target_wamid
    from unnest(incoming) as news
    join public.whatsapp_message_changes as change
      on change.number_id = news.number_id and change.target_wamid = news.wamid
  ) as change;
end
$$;

-- What only some messages need: reactions, statuses that had come before the message, changes of identity.
create function wabase.follow_up_messages(incoming wabase.incoming_message[]) returns void
language plpgsql set search_path = ''
as $$
declare
  message wabase.incoming_message;
  sent wabase.incoming_status[];
begin
  foreach message in array incoming loop
    if message.reaction is not null then
      perform wabase.store_reaction(message);
    end if;
  end loop;
  -- Echoes and history: messages whose statuses may have come before them.
  select array_agg(row(news.number_id, news.wamid, null, null, null, null, null, null, null)::wabase.incoming_status)
  into sent from unnest(incoming) as news where news.direction = 'outbound';
  if sent is not null then
    perform wabase.apply_statuses(wabase.take_parked_statuses(sent));
  end if;

  -- Last, since a merge moves what was stored above.
  foreach message in array incoming loop
    if message.contact_change is not null then
      perform wabase.change_identity(
        message.tenant_id,
        -- Told once more, of who no longer goes by the old key.
        wabase.contact_of(message.tenant_id, message.person, message.occurred_at),
        message.contact_change, message.occurred_at
      );
    end if;
  end loop;
end
$$;

-- The latest reaction of a person on a message stands; taken back is a reaction without an emoji.
create function wabase.store_reaction(message wabase.incoming_message) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    insert into public.whatsapp_reactions as reaction (
      number_id, target_wamid, contact_id, tenant_id, conversation_id, emoji, wamid, occurred_at
    )
    values (
      message.number_id, message.reaction ->> 'wamid',
      case when message.direction = 'inbound' then message.contact_id end, message.tenant_id, message.conversation_id,
      message.reaction ->> 'emoji', message.wamid, message.occurred_at
    )
    on conflict (number_id, target_wamid, contact_id) do update
    set emoji = excluded.emoji, wamid = excluded.wamid, occurred_at = excluded.occurred_at
    where (reaction.occurred_at, reaction.wamid) < (excluded.occurred_at, excluded.wamid);
end
$$;
