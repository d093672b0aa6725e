-- Changes, told as they commit: Realtime broadcasts of ids, never of content. What a client then reads goes
-- through RLS as ever.
--
--   topic                              event           payload                            for
--   whatsapp:conversation:<id>         messages        {conversation_id, message_ids}     who may read it
--                                      notes           {conversation_id}
--   whatsapp:tenant:<tenant>           conversations   {tenant_id, conversation_ids}      admins, viewers
--   whatsapp:queue:<tenant>            the same, of the unassigned                        agents, if the queue is open
--   whatsapp:team:<team>               the same, of the team's                            who is in the team
--   whatsapp:member:<tenant>:<user>    the same, of what they have taken                  that member
--
-- The lists (all but the first) get `messages` too, with {tenant_id, conversation_ids}, where a statement is
-- about more conversations than it is worth telling one by one. Ids that are null: too many, read anew.
--
-- An agent must not learn that a conversation exists which they may not see, so there are topics for each of
-- the ways in which they may. Where it passes from one to the other, both are told.
--
-- The last migration, and one that may be refused: realtime.messages belongs to the platform. It then leaves
-- nothing behind, and `select wabase.enable_realtime()` tries again.

-- Under the caller's own rights: a conversation is there, or not, as RLS says.
create function wabase.may_hear(topic text) returns boolean
language plpgsql stable security invoker set search_path = ''
as $$
declare
  part constant text[] := string_to_array(topic, ':');
begin
  if topic !~ '^whatsapp:(tenant|queue|team|conversation|member:[0-9a-f-]{36}):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return false;
  end if;
  return coalesce(
    case part[2]
      when 'tenant' then part[3]::uuid = any (array(select wabase.my_tenants('{admin,viewer}')))
      when 'queue' then part[3]::uuid = any (array(select wabase.my_tenants_with_open_queue()))
      when 'team' then part[3]::uuid = any (array(select wabase.my_teams()))
      when 'member' then part[4]::uuid = auth.uid()
        and part[3] = any (array(select wabase.my_tenants('{admin,agent,viewer}')::text))
      when 'conversation' then exists (select from public.whatsapp_conversations where id = part[3]::uuid)
    end,
    false
  );
end
$$;
comment on function wabase.may_hear(text) is 'Whether the signed-in user may listen to this topic of Wabase''s.';
revoke all on function wabase.may_hear(text) from public, anon, authenticated;
grant execute on function wabase.may_hear(text) to authenticated;

-- plpgsql: in a trigger an SQL function would be planned anew for every statement.
create function wabase.topics_of(tenant_id uuid, team_id uuid, assignee_id uuid) returns text[]
language plpgsql immutable set search_path = ''
as $$
begin
  return array_remove(
    array[
      'whatsapp:tenant:' || tenant_id,
      'whatsapp:team:' || team_id,
      'whatsapp:member:' || tenant_id || ':' || assignee_id,
      case when team_id is null and assignee_id is null then 'whatsapp:queue:' || tenant_id end
    ],
    null
  );
end
$$;
revoke all on function wabase.topics_of(uuid, uuid, uuid) from public, anon, authenticated;

-- Beyond this many ids a broadcast holds null instead: the client reads its list anew.
create function wabase.ids_to_tell(ids uuid[]) returns jsonb
language plpgsql immutable set search_path = ''
as $$
begin
  return case when cardinality(ids) <= 100 then to_jsonb(ids) else 'null' end;
end
$$;
revoke all on function wabase.ids_to_tell(uuid[]) from public, anon, authenticated;

-- One broadcast for each topic, however many rows a statement changes. realtime.send never fails the
-- transaction: it warns.
create function wabase.broadcast_conversations() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('tenant_id', tenant_id, 'conversation_ids', wabase.ids_to_tell(array_agg(id))),
    'conversations', topic, true
  )
  from (
    select id, tenant_id, unnest(wabase.topics_of(tenant_id, team_id, assignee_id)) as topic from changed
  ) as told
  group by tenant_id, topic;
  return null;
end
$$;
revoke all on function wabase.broadcast_conversations() from public, anon, authenticated;

-- Those who had it are told as well.
create function wabase.broadcast_passed_conversations() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('tenant_id', tenant_id, 'conversation_ids', wabase.ids_to_tell(array_agg(distinct id))),
    'conversations', topic, true
  )
  from (
    select id, tenant_id, unnest(wabase.topics_of(tenant_id, team_id, assignee_id)) as topic from changed
    union all
    select was.id, was.tenant_id, unnest(wabase.topics_of(was.tenant_id, was.team_id, was.assignee_id))
    from was join changed on changed.id = was.id
    where was.team_id is distinct from changed.team_id or was.assignee_id is distinct from changed.assignee_id
  ) as told
  group by tenant_id, topic;
  return null;
end
$$;
revoke all on function wabase.broadcast_passed_conversations() from public, anon, authenticated;

-- A broadcast costs what a fifth of a message costs to store, and projects have few a second: a statement
-- about many conversations tells the lists alone.
create function wabase.broadcast_messages() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  most_conversations constant integer := 10;
begin
  if (select count(distinct conversation_id) from changed) <= most_conversations then
    perform realtime.send(
      jsonb_build_object('conversation_id', conversation_id, 'message_ids', wabase.ids_to_tell(array_agg(id))), 'messages',
      'whatsapp:conversation:' || conversation_id, true
    )
    from changed
    group by conversation_id;
  else
    perform realtime.send(
      jsonb_build_object('tenant_id', tenant_id, 'conversation_ids', wabase.ids_to_tell(array_agg(id))), 'messages', topic, true
    )
    from (
      select id, tenant_id, unnest(wabase.topics_of(tenant_id, team_id, assignee_id)) as topic
      from public.whatsapp_conversations where id in (select conversation_id from changed)
    ) as told
    group by tenant_id, topic;
  end if;
  return null;
end
$$;
revoke all on function wabase.broadcast_messages() from public, anon, authenticated;

create function wabase.broadcast_notes() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('conversation_id', conversation_id), 'notes', 'whatsapp:conversation:' || conversation_id, true
  )
  from changed
  group by conversation_id;
  return null;
end
$$;
revoke all on function wabase.broadcast_notes() from public, anon, authenticated;

-- All or nothing. The restrictive policies keep our topics closed where the application has wide ones of its own.
create function wabase.enable_realtime() returns text
language plpgsql set search_path = ''
as $$
begin
  if to_regclass('realtime.messages') is null or to_regprocedure('realtime.send(jsonb,text,text,boolean)') is null
    or to_regprocedure('realtime.topic()') is null
  then
    return 'off: this database has no Realtime';
  end if;
  if exists (select from pg_catalog.pg_trigger where tgname = 'wabase_broadcast_inserted_messages') then
    return 'on';
  end if;
  create policy "Wabase: members hear what they may read" on realtime.messages
    for select to authenticated
    using (extension = 'broadcast' and (select wabase.may_hear((select realtime.topic()))));
  create policy "Wabase: others do not hear its topics" on realtime.messages
    as restrictive for select to authenticated
    using (
      (select coalesce(realtime.topic(), '') not like 'whatsapp:%') or (select wabase.may_hear((select realtime.topic())))
    );
  create policy "Wabase: anon does not hear its topics" on realtime.messages
    as restrictive for select to anon
    using ((select coalesce(realtime.topic(), '') not like 'whatsapp:%'));
  create policy "Wabase: only the database speaks on its topics" on realtime.messages
    as restrictive for insert to anon, authenticated
    with check ((select coalesce(realtime.topic(), '') not like 'whatsapp:%'));

  create trigger wabase_broadcast_inserted_messages after insert on public.whatsapp_messages
    referencing new table as changed for each statement execute function wabase.broadcast_messages();
  create trigger wabase_broadcast_updated_messages after update on public.whatsapp_messages
    referencing new table as changed for each statement execute function wabase.broadcast_messages();
  create trigger wabase_broadcast_inserted_conversations after insert on public.whatsapp_conversations
    referencing new table as changed for each statement execute function wabase.broadcast_conversations();
  create trigger wabase_broadcast_updated_conversations after update on public.whatsapp_conversations
    referencing new table as changed old table as was
    for each statement execute function wabase.broadcast_passed_conversations();
  create trigger wabase_broadcast_deleted_conversations after delete on public.whatsapp_conversations
    referencing old table as changed for each statement execute function wabase.broadcast_conversations();
  create trigger wabase_broadcast_inserted_notes after insert on public.whatsapp_notes
    referencing new table as changed for each statement execute function wabase.broadcast_notes();
  return 'on';
exception when insufficient_privilege or undefined_object or undefined_function or feature_not_supported then
  return 'off: ' || sqlerrm;
end
$$;
comment on function wabase.enable_realtime() is
  'Turns the broadcasts on, where the platform lets it: answers on, or off and why. To be called by the role postgres.';
revoke all on function wabase.enable_realtime() from public, anon, authenticated, service_role;

do $$
begin
  raise notice 'Realtime broadcasts: %', wabase.enable_realtime();
end
$$;
