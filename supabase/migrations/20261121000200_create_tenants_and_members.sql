create table public.whatsapp_tenants (
  id uuid primary key default wabase.uuid_v7(),
  name text not null,
  agents_see_unassigned boolean not null default true,
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
  'Whether agents see the conversations that nobody has taken yet.';

create type public.whatsapp_member_role as enum ('admin', 'agent', 'viewer');
comment on type public.whatsapp_member_role is
  'admin: everything of the tenant. agent: their conversations, and may send. viewer: reads, changes nothing.';

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

-- What the policies compare with: a set, worked out once a statement, never a call per row.
create function wabase.my_tenants(roles public.whatsapp_member_role[]) returns setof uuid
language sql stable security definer set search_path = '' rows 5
as $$
  select tenant_id from public.whatsapp_members
  where user_id = (select auth.uid()) and role = any (roles)
$$;
comment on function wabase.my_tenants(public.whatsapp_member_role[]) is
  'The tenants in which the signed-in user has one of the roles; none for anon.';
revoke all on function wabase.my_tenants(public.whatsapp_member_role[]) from public, anon, authenticated;
grant execute on function wabase.my_tenants(public.whatsapp_member_role[]) to authenticated, service_role;

create policy "members read their tenants" on public.whatsapp_tenants
  for select to authenticated
  using (id in (select wabase.my_tenants('{admin,agent,viewer}')));

create policy "members read who else is in their tenants" on public.whatsapp_members
  for select to authenticated
  using (tenant_id in (select wabase.my_tenants('{admin,agent,viewer}')));
