-- What members do to a conversation besides sending: take it, hand it on, note, close.
--
--   admin             assigns to anybody, takes, releases, notes, closes, reopens
--   agent             takes, releases what is theirs, notes, closes, reopens: where they may send
--   viewer, stranger  nothing
--
-- A conversation that does not exist and one that the caller may not see are refused in the same words.

create table public.whatsapp_notes (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null,
  number_id uuid not null,
  conversation_id uuid not null,
  author_id uuid references auth.users (id) on delete set null,
  body text not null,
  created_at timestamptz not null default now(),
  constraint conversation_is_of_the_same_number_and_tenant
    foreign key (conversation_id, number_id, tenant_id)
    references public.whatsapp_conversations (id, number_id, tenant_id),
  constraint body_has_1_to_10000_characters check (char_length(body) between 1 and 10000)
);
create index whatsapp_notes_conversation_id_number_id_tenant_id_idx
  on public.whatsapp_notes (conversation_id, number_id, tenant_id);
create index whatsapp_notes_author_id_idx on public.whatsapp_notes (author_id) where author_id is not null;
alter table public.whatsapp_notes enable row level security;
revoke all on table public.whatsapp_notes from anon, authenticated, service_role;
grant select on table public.whatsapp_notes to authenticated;
grant select, insert, update, delete on table public.whatsapp_notes to service_role;
create policy "members read the notes on the conversations that they may read" on public.whatsapp_notes
  for select to authenticated
  using (
    tenant_id = any (array(select wabase.my_tenants('{admin,viewer}')))
    or exists (
      select from public.whatsapp_conversations as conversation
      where conversation.id = whatsapp_notes.conversation_id
      offset 0
    )
  );
comment on table public.whatsapp_notes is 'What members write about a conversation for each other; the contact never sees it.';

create function wabase.is_service() returns boolean
language sql stable set search_path = ''
as $$
  -- Never null, which no «if not» would take for a refusal.
  select coalesce((select auth.role()) = 'service_role', false)
$$;

-- Locked until the transaction ends, so that of two who take it at once the second sees the first.
create function wabase.conversation_to_work_on(of_conversation uuid) returns public.whatsapp_conversations
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.whatsapp_conversations;
begin
  select * into conversation from public.whatsapp_conversations where id = of_conversation for no key update;
  if found and wabase.may_work_on(conversation) then
    return conversation;
  end if;
  if conversation.tenant_id = any (array(select wabase.my_tenants('{viewer}'))) then
    raise exception 'role: viewers change nothing' using errcode = '42501';
  end if;
  raise exception 'conversation_id: none of your conversations has this id' using errcode = '42501';
end
$$;

create function wabase.describe_conversation(conversation public.whatsapp_conversations) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', conversation.id, 'state', conversation.state, 'assignee_id', conversation.assignee_id,
    'team_id', conversation.team_id
  )
$$;

create function wabase.assign_conversation(of_conversation uuid, to_member uuid, to_team uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.whatsapp_conversations;
begin
  -- Before the conversation, as who removes a member does: neither waits for the other in a circle.
  perform from public.whatsapp_members where user_id = to_member for key share;
  conversation := wabase.conversation_to_work_on(of_conversation);
  if not (
    wabase.is_service() or conversation.tenant_id = any (array(select wabase.my_tenants('{admin}')))
  ) then
    raise exception 'role: only admins assign conversations to others'
      using errcode = '42501', hint = 'Take it yourself with whatsapp_take_conversation, or give it back with whatsapp_release_conversation.';
  end if;
  if to_member is not null and not exists (
    select from public.whatsapp_members
    where user_id = to_member and tenant_id = conversation.tenant_id and role in ('admin', 'agent')
  ) then
    raise exception 'assignee_id: is no admin or agent of this tenant' using errcode = '22023';
  end if;
  if to_team is not null and not exists (
    select from public.whatsapp_teams where id = to_team and tenant_id = conversation.tenant_id
  ) then
    raise exception 'team_id: this tenant has no such team' using errcode = '22023';
  end if;
  update public.whatsapp_conversations set assignee_id = to_member, team_id = to_team
  where id = conversation.id
  returning * into conversation;
  return wabase.describe_conversation(conversation);
end
$$;

create function wabase.take_conversation(of_conversation uuid, take_over boolean) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.whatsapp_conversations := wabase.conversation_to_work_on(of_conversation);
  me constant uuid := auth.uid();
begin
  if me is null then
    raise exception 'assignee_id: a key is nobody who could take a conversation'
      using errcode = '22023', hint = 'Use whatsapp_assign_conversation.';
  end if;
  if conversation.assignee_id <> me and not coalesce(take_over, false) then
    raise exception 'conversation_id: somebody has taken it'
      using errcode = '23505', hint = 'To take it over from them, say take_over: true.';
  end if;
  update public.whatsapp_conversations set assignee_id = me where id = conversation.id returning * into conversation;
  return wabase.describe_conversation(conversation);
end
$$;

create function wabase.release_conversation(of_conversation uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.whatsapp_conversations := wabase.conversation_to_work_on(of_conversation);
begin
  if not (
    wabase.is_service() or conversation.assignee_id is null or conversation.assignee_id = (select auth.uid())
    or conversation.tenant_id = any (array(select wabase.my_tenants('{admin}')))
  ) then
    raise exception 'role: only admins release what others have taken' using errcode = '42501';
  end if;
  update public.whatsapp_conversations set assignee_id = null where id = conversation.id returning * into conversation;
  return wabase.describe_conversation(conversation);
end
$$;

create function wabase.set_conversation_state(of_conversation uuid, becomes public.whatsapp_conversation_state)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.whatsapp_conversations := wabase.conversation_to_work_on(of_conversation);
begin
  update public.whatsapp_conversations set state = becomes where id = conversation.id returning * into conversation;
  return wabase.describe_conversation(conversation);
end
$$;

create function wabase.add_note(of_conversation uuid, body text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation constant public.whatsapp_conversations := wabase.conversation_to_work_on(of_conversation);
  note public.whatsapp_notes;
begin
  if coalesce(char_length(body), 0) not between 1 and 10000 then
    raise exception 'body: has % characters, 1 to 10000 are allowed', coalesce(char_length(body), 0) using errcode = '22023';
  end if;
  insert into public.whatsapp_notes (tenant_id, number_id, conversation_id, author_id, body)
  values (conversation.tenant_id, conversation.number_id, conversation.id, (select auth.uid()), add_note.body)
  returning * into note;
  return jsonb_build_object('id', note.id, 'conversation_id', note.conversation_id, 'created_at', note.created_at);
end
$$;

-- The public faces, under the caller's own rights.
create function public.whatsapp_assign_conversation(
  conversation_id uuid, assignee_id uuid default null, team_id uuid default null
) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.assign_conversation(conversation_id, assignee_id, team_id)
$$;
comment on function public.whatsapp_assign_conversation(uuid, uuid, uuid) is
  'Gives a conversation to a member, a team, or both; to neither puts it back into the queue. For admins. Answers '
  '{id, state, assignee_id, team_id}.';

create function public.whatsapp_take_conversation(conversation_id uuid, take_over boolean default false) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.take_conversation(conversation_id, take_over)
$$;
comment on function public.whatsapp_take_conversation(uuid, boolean) is
  'Assigns a conversation to the caller; its team stays. Refused (23505) where somebody else has it, but with take_over.';

create function public.whatsapp_release_conversation(conversation_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.release_conversation(conversation_id)
$$;
comment on function public.whatsapp_release_conversation(uuid) is
  'Gives a conversation back to its team, or where it has none, to the queue.';

create function public.whatsapp_close_conversation(conversation_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.set_conversation_state(conversation_id, 'closed')
$$;
comment on function public.whatsapp_close_conversation(uuid) is 'Closes a conversation; the contact''s next message opens it again.';

create function public.whatsapp_reopen_conversation(conversation_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.set_conversation_state(conversation_id, 'open')
$$;
comment on function public.whatsapp_reopen_conversation(uuid) is 'Opens a closed conversation.';

create function public.whatsapp_add_note(conversation_id uuid, body text) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.add_note(conversation_id, body)
$$;
comment on function public.whatsapp_add_note(uuid, text) is
  'Notes something on a conversation for the other members. Answers {id, conversation_id, created_at}.';

revoke all on function wabase.is_service() from public, anon, authenticated;
revoke all on function wabase.conversation_to_work_on(uuid) from public, anon, authenticated;
revoke all on function wabase.describe_conversation(public.whatsapp_conversations) from public, anon, authenticated;
revoke all on function wabase.assign_conversation(uuid, uuid, uuid) from public, anon, authenticated;
revoke all on function wabase.take_conversation(uuid, boolean) from public, anon, authenticated;
revoke all on function wabase.release_conversation(uuid) from public, anon, authenticated;
revoke all on function wabase.set_conversation_state(uuid, public.whatsapp_conversation_state) from public, anon, authenticated;
revoke all on function wabase.add_note(uuid, text) from public, anon, authenticated;
revoke all on function public.whatsapp_assign_conversation(uuid, uuid, uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_take_conversation(uuid, boolean) from public, anon, authenticated;
revoke all on function public.whatsapp_release_conversation(uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_close_conversation(uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_reopen_conversation(uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_add_note(uuid, text) from public, anon, authenticated;

grant execute on function wabase.assign_conversation(uuid, uuid, uuid) to authenticated, service_role;
grant execute on function wabase.take_conversation(uuid, boolean) to authenticated, service_role;
grant execute on function wabase.release_conversation(uuid) to authenticated, service_role;
grant execute on function wabase.set_conversation_state(uuid, public.whatsapp_conversation_state) to authenticated, service_role;
grant execute on function wabase.add_note(uuid, text) to authenticated, service_role;
grant execute on function public.whatsapp_assign_conversation(uuid, uuid, uuid) to authenticated, service_role;
grant execute on function public.whatsapp_take_conversation(uuid, boolean) to authenticated, service_role;
grant execute on function public.whatsapp_release_conversation(uuid) to authenticated, service_role;
grant execute on function public.whatsapp_close_conversation(uuid) to authenticated, service_role;
grant execute on function public.whatsapp_reopen_conversation(uuid) to authenticated, service_role;
grant execute on function public.whatsapp_add_note(uuid, text) to authenticated, service_role;
