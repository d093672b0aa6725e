create type public.whatsapp_conversation_state as enum ('open', 'closed');

create table public.whatsapp_conversations (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  number_id uuid not null,
  contact_id uuid,
  group_id uuid,
  state public.whatsapp_conversation_state not null default 'open',
  assignee_id uuid,
  team_id uuid,
  unread_count integer not null default 0,
  last_message_id uuid,
  last_message_at timestamptz,
  customer_window_expires_at timestamptz,
  profile_seen_at timestamptz,
  thread_owner text,
  thread_owner_changed_at timestamptz,
  created_at timestamptz not null default now(),
  -- A number is of one tenant. That the tenant stands between makes one index serve the foreign key as well: each
  -- message moves its conversation in every index there is.
  constraint one_conversation_per_number_and_contact unique (contact_id, tenant_id, number_id),
  constraint conversation_is_of_one_number_and_tenant unique (id, number_id, tenant_id),
  constraint conversation_is_with_a_contact_or_a_group check (num_nonnulls(contact_id, group_id) = 1),
  constraint number_is_of_the_same_tenant
    foreign key (tenant_id, number_id) references public.whatsapp_numbers (tenant_id, id),
  constraint contact_is_of_the_same_tenant
    foreign key (contact_id, tenant_id) references public.whatsapp_contacts (id, tenant_id),
  constraint group_is_of_the_same_tenant
    foreign key (group_id, tenant_id) references public.whatsapp_groups (id, tenant_id),
  -- Who leaves the tenant, or a team that is dissolved, leaves its conversations to the others.
  constraint assignee_is_a_member_of_the_tenant
    foreign key (assignee_id, tenant_id) references public.whatsapp_members (user_id, tenant_id)
    on delete set null (assignee_id),
  constraint team_is_of_the_same_tenant
    foreign key (tenant_id, team_id) references public.whatsapp_teams (tenant_id, id) on delete set null (team_id),
  constraint unread_count_is_not_negative check (unread_count >= 0)
);
create unique index one_conversation_per_number_and_group
  on public.whatsapp_conversations (group_id, tenant_id, number_id) where group_id is not null;
create index whatsapp_conversations_tenant_id_number_id_idx
  on public.whatsapp_conversations (tenant_id, number_id);
create index whatsapp_conversations_assignee_id_tenant_id_idx
  on public.whatsapp_conversations (assignee_id, tenant_id) where assignee_id is not null;
create index whatsapp_conversations_tenant_id_team_id_idx
  on public.whatsapp_conversations (tenant_id, team_id) where team_id is not null;
-- The inbox: newest first within a tenant, keyset-paged by (last_message_at, id).
create index whatsapp_conversations_tenant_id_last_message_at_idx
  on public.whatsapp_conversations (tenant_id, last_message_at desc nulls last, id desc);
alter table public.whatsapp_conversations enable row level security;
revoke all on table public.whatsapp_conversations from anon, authenticated, service_role;
grant select on table public.whatsapp_conversations to authenticated;
grant select, insert, update, delete on table public.whatsapp_conversations to service_role;
comment on table public.whatsapp_conversations is
  'What one contact, or one group, and one of the tenant''s numbers say to each other: exactly one row for the two.';
comment on column public.whatsapp_conversations.assignee_id is
  'The member who has taken it, always one of the tenant''s. With team_id null too, it waits in the queue.';
comment on column public.whatsapp_conversations.team_id is 'The team whose members see it, whoever has taken it.';
comment on column public.whatsapp_conversations.unread_count is
  'Inbound messages since a member last marked the conversation as read.';
comment on column public.whatsapp_conversations.customer_window_expires_at is
  'End of Meta''s customer service window, 24 hours after the contact''s last message or call: until then any '
  'message may be sent, afterwards only templates. Null where the contact never wrote.';
comment on column public.whatsapp_conversations.profile_seen_at is
  'When the contact last wrote here under the name that it has: an older webhook with another name changes nothing.';
comment on column public.whatsapp_conversations.thread_owner is
  'Who holds the thread where Meta''s Business Agent takes part (messaging_handovers): ai_agent, escalation, …';

create function wabase.my_tenants_with_open_queue() returns setof uuid
language plpgsql stable security definer set search_path = '' rows 5
as $$
begin
  return query
    select member.tenant_id from public.whatsapp_members as member
    where member.user_id = (select auth.uid()) and member.role = 'agent'
      -- By the key, for each of the few: a join may be planned as a walk through all tenants.
      and (select agents_see_unassigned from public.whatsapp_tenants as tenant where tenant.id = member.tenant_id);
end
$$;
comment on function wabase.my_tenants_with_open_queue() is
  'The tenants in which the signed-in user is an agent who may see what nobody has taken.';
revoke all on function wabase.my_tenants_with_open_queue() from public, anon, authenticated;
grant execute on function wabase.my_tenants_with_open_queue() to authenticated, service_role;

-- The cheapest test first; a set is worked out when the first row needs it.
create policy "admins and viewers read all conversations, agents theirs, their teams' and the queue"
  on public.whatsapp_conversations
  for select to authenticated
  using (
    tenant_id = any (array(select wabase.my_tenants('{admin,viewer}')))
    or assignee_id = (select auth.uid())
    or (team_id is not null and team_id = any (array(select wabase.my_teams())))
    or (
      assignee_id is null and team_id is null
      and tenant_id = any (array(select wabase.my_tenants_with_open_queue()))
    )
  );

-- What the functions that change something ask, which RLS does not hold.
create function wabase.may_work_on(conversation public.whatsapp_conversations) returns boolean
language sql stable security definer set search_path = ''
as $$
  -- Never null, which no «if not» would take for a refusal.
  select coalesce((select auth.role()) = 'service_role', false) or exists (
    select from public.whatsapp_members as member
    join public.whatsapp_tenants as tenant on tenant.id = member.tenant_id
    where member.user_id = (select auth.uid())
      and member.tenant_id = conversation.tenant_id
      and (
        member.role = 'admin'
        or (
          member.role = 'agent'
          and (
            conversation.assignee_id = member.user_id
            or conversation.team_id = any (array(select wabase.my_teams()))
            or (conversation.assignee_id is null and conversation.team_id is null and tenant.agents_see_unassigned)
          )
        )
      )
  )
$$;
comment on function wabase.may_work_on(public.whatsapp_conversations) is
  'Whether the caller may send, note and close there: the service key, an admin, the agent or an agent of the team '
  'that it is assigned to, any agent where nobody has it and the queue is open.';
revoke all on function wabase.may_work_on(public.whatsapp_conversations) from public, anon, authenticated;

-- A person whom a tenant knows as a contact. GoTrue writes the account's phone into the token; it is proven
-- only when phone_confirmed_at says so: an account made by an administrator, or by e-mail, may bear any phone.
create function wabase.contacts_i_am() returns setof uuid
language plpgsql stable security definer set search_path = '' rows 1
as $$
declare
  claimed constant text := regexp_replace((select auth.jwt()) ->> 'phone', '\D', '', 'g');
begin
  if coalesce(claimed, '') = '' then
    return;
  end if;
  return query
    select contact.id
    from auth.users as person
    join public.whatsapp_contacts as contact on contact.phone = claimed
    join public.whatsapp_tenants as tenant on tenant.id = contact.tenant_id
    where person.id = (select auth.uid())
      and person.phone_confirmed_at is not null
      and regexp_replace(person.phone, '\D', '', 'g') = claimed
      and tenant.contacts_read_own_messages;
end
$$;
comment on function wabase.contacts_i_am() is
  'The contacts whose phone is the signed-in person''s own, proven to Supabase Auth, in tenants that allow contacts '
  'to read their messages.';
revoke all on function wabase.contacts_i_am() from public, anon, authenticated;
grant execute on function wabase.contacts_i_am() to authenticated, service_role;

create function wabase.conversations_with_me() returns setof uuid
language plpgsql stable security definer set search_path = '' rows 1
as $$
begin
  return query
    select id from public.whatsapp_conversations where contact_id = any (array(select wabase.contacts_i_am()));
end
$$;
comment on function wabase.conversations_with_me() is
  'The conversations of the contacts that the signed-in person is (wabase.contacts_i_am).';
revoke all on function wabase.conversations_with_me() from public, anon, authenticated;
grant execute on function wabase.conversations_with_me() to authenticated, service_role;
