create table public.whatsapp_tenants (
  id uuid primary key default wabase.uuid_v7(),
  name text not null,
  agents_see_unassigned boolean not null default true,
  contacts_read_own_messages boolean not null default false,
  created_at timestamptz not null default now(),
  constraint name_has_1_to_200_characters check (char_length(name) between 1 and 200)
);
alter table public.whatsapp_tenants enable row level security;
revoke all on table public.whatsapp_tenants from anon, authenticated, service_role;
grant select on table public.whatsapp_tenants to authenticated;
grant select, insert, update, delete on table public.whatsapp_tenants to service_role;
comment on table public.whatsapp_tenants is
  'A business that uses this project: whose numbers, contacts and conversations belong together.';
comment on column public.whatsapp_tenants.agents_see_unassigned is
  'Whether agents see the queue: conversations that are assigned to no member and no team.';
comment on column public.whatsapp_tenants.contacts_read_own_messages is
  'Whether a signed-in person whose verified phone is a contact''s reads the messages between that contact and '
  'this tenant. A phone number can pass to another person, so it is off until the tenant switches it on.';

create type public.whatsapp_member_role as enum ('admin', 'agent', 'viewer');
comment on type public.whatsapp_member_role is
  'admin: everything of the tenant. agent: their own and their teams'' conversations, and the queue; may send. '
  'viewer: reads all, changes nothing.';

create table public.whatsapp_members (
  user_id uuid not null references auth.users (id) on delete cascade,
  tenant_id uuid not null references public.whatsapp_tenants (id) on delete cascade,
  role public.whatsapp_member_role not null,
  created_at timestamptz not null default now(),
  -- By user first: every policy asks «which tenants is this user in».
  primary key (user_id, tenant_id)
);
create index whatsapp_members_tenant_id_idx on public.whatsapp_members (tenant_id);
alter table public.whatsapp_members enable row level security;
revoke all on table public.whatsapp_members from anon, authenticated, service_role;
grant select on table public.whatsapp_members to authenticated;
grant select, insert, update, delete on table public.whatsapp_members to service_role;
comment on table public.whatsapp_members is
  'Who works in a tenant, in which role. A person may be in several tenants with different roles.';

-- The policies compare columns with sets: `tenant_id = any (array(select wabase.my_tenants(…)))`. An array that
-- depends on no column is worked out once a statement; a function of the row would be called for every row,
-- and `in (select …)` makes a hash table each time. plpgsql, because it keeps its plans for the connection.
create function wabase.my_tenants(roles public.whatsapp_member_role[]) returns setof uuid
language plpgsql stable security definer set search_path = '' rows 5
as $$
begin
  return query
    select tenant_id from public.whatsapp_members
    where user_id = (select auth.uid()) and role = any (roles);
end
$$;
comment on function wabase.my_tenants(public.whatsapp_member_role[]) is
  'The tenants in which the signed-in user has one of the roles; none for anon.';
revoke all on function wabase.my_tenants(public.whatsapp_member_role[]) from public, anon, authenticated;
grant execute on function wabase.my_tenants(public.whatsapp_member_role[]) to authenticated, service_role;

create policy "members read their tenants" on public.whatsapp_tenants
  for select to authenticated
  using (id = any (array(select wabase.my_tenants('{admin,agent,viewer}'))));

create policy "members read who else is in their tenants" on public.whatsapp_members
  for select to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin,agent,viewer}'))));

create table public.whatsapp_teams (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id) on delete cascade,
  name text not null,
  created_at timestamptz not null default now(),
  constraint team_names_differ_within_a_tenant unique (tenant_id, name),
  constraint team_is_of_one_tenant unique (tenant_id, id),
  constraint name_has_1_to_200_characters check (char_length(name) between 1 and 200)
);
alter table public.whatsapp_teams enable row level security;
revoke all on table public.whatsapp_teams from anon, authenticated, service_role;
grant select on table public.whatsapp_teams to authenticated;
grant select, insert, update, delete on table public.whatsapp_teams to service_role;
create policy "members read their tenants' teams" on public.whatsapp_teams
  for select to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin,agent,viewer}'))));
comment on table public.whatsapp_teams is 'Members who share conversations: what is assigned to a team, all in it see.';

create table public.whatsapp_team_members (
  user_id uuid not null,
  team_id uuid not null,
  tenant_id uuid not null,
  -- By user first, as in whatsapp_members.
  primary key (user_id, team_id),
  constraint team_is_of_the_same_tenant
    foreign key (tenant_id, team_id) references public.whatsapp_teams (tenant_id, id) on delete cascade,
  -- Who leaves the tenant leaves its teams.
  constraint user_is_a_member_of_the_tenant
    foreign key (user_id, tenant_id) references public.whatsapp_members (user_id, tenant_id) on delete cascade
);
create index whatsapp_team_members_tenant_id_team_id_idx on public.whatsapp_team_members (tenant_id, team_id);
create index whatsapp_team_members_user_id_tenant_id_idx on public.whatsapp_team_members (user_id, tenant_id);
alter table public.whatsapp_team_members enable row level security;
revoke all on table public.whatsapp_team_members from anon, authenticated, service_role;
grant select on table public.whatsapp_team_members to authenticated;
grant select, insert, update, delete on table public.whatsapp_team_members to service_role;
create policy "members read who is in their tenants' teams" on public.whatsapp_team_members
  for select to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin,agent,viewer}'))));
comment on table public.whatsapp_team_members is 'Which members are in which team.';

create function wabase.my_teams() returns setof uuid
language plpgsql stable security definer set search_path = '' rows 5
as $$
begin
  return query select team_id from public.whatsapp_team_members where user_id = (select auth.uid());
end
$$;
comment on function wabase.my_teams() is 'The teams that the signed-in user is in.';
revoke all on function wabase.my_teams() from public, anon, authenticated;
grant execute on function wabase.my_teams() to authenticated, service_role;
