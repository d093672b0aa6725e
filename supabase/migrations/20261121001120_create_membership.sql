-- Who works in a tenant. The first admin of a tenant is made by the operator (service key or SQL); from then on
-- admins invite, change roles and remove.
--
-- An invitation is a link with a token that is shown once, to the admin who invites; the database keeps its
-- hash. To accept it takes both: the token, and an account with the e-mail address that was invited, confirmed.
-- The address alone would not do: a project without e-mail confirmation lets anybody sign up as anybody.

create table public.whatsapp_invitations (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id) on delete cascade,
  email text not null,
  role public.whatsapp_member_role not null,
  invited_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint one_invitation_per_tenant_and_email unique (tenant_id, email),
  constraint email_is_lower_case_with_an_at check (email = lower(email) and email ~ '^[^@\s]+@[^@\s]+$')
);
create index whatsapp_invitations_invited_by_idx
  on public.whatsapp_invitations (invited_by) where invited_by is not null;
alter table public.whatsapp_invitations enable row level security;
revoke all on table public.whatsapp_invitations from anon, authenticated, service_role;
grant select on table public.whatsapp_invitations to authenticated;
grant select, insert, update, delete on table public.whatsapp_invitations to service_role;
create policy "admins read their tenants' invitations" on public.whatsapp_invitations
  for select to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin}'))));
comment on table public.whatsapp_invitations is 'Who has been invited and has not come yet.';

create table wabase.invitation_tokens (
  invitation_id uuid primary key references public.whatsapp_invitations (id) on delete cascade,
  token_hash bytea not null,
  constraint token_hash_is_unique unique (token_hash)
);
alter table wabase.invitation_tokens enable row level security;
revoke all on table wabase.invitation_tokens from anon, authenticated, service_role;
comment on table wabase.invitation_tokens is 'SHA-256 of the tokens of invitations; the tokens themselves are nowhere.';

-- Raises unless the caller is an admin of the tenant, or the service key.
create function wabase.require_admin(of_tenant uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if wabase.is_service() or of_tenant = any (array(select wabase.my_tenants('{admin}'))) then
    return;
  end if;
  if of_tenant = any (array(select wabase.my_tenants('{agent,viewer}'))) then
    raise exception 'role: only admins may do this' using errcode = '42501';
  end if;
  raise exception 'tenant_id: none of your tenants has this id' using errcode = '42501';
end
$$;

-- Changes of members come one after another: of two admins who remove each other at once, the second is no
-- admin any more when it is asked.
create function wabase.begin_member_change(of_tenant uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform from public.whatsapp_tenants where id = of_tenant for no key update;
  perform wabase.require_admin(of_tenant);
end
$$;

create function wabase.require_another_admin(of_tenant uuid, than uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if not exists (
    select from public.whatsapp_members where tenant_id = of_tenant and role = 'admin' and user_id <> than
  ) then
    raise exception 'user_id: is the last admin of this tenant'
      using errcode = '22023', hint = 'Make somebody else an admin first.';
  end if;
end
$$;

create function wabase.invite_member(of_tenant uuid, email text, as_role public.whatsapp_member_role) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  -- 244 random bits: there is nothing to guess.
  token constant text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  address constant text := lower(trim(invite_member.email));
  invitation public.whatsapp_invitations;
begin
  perform wabase.begin_member_change(of_tenant);
  if coalesce(address, '') !~ '^[^@\s]+@[^@\s]+$' then
    raise exception 'email: is not an e-mail address' using errcode = '22023';
  end if;
  if as_role is null then
    raise exception 'role: is missing' using errcode = '22023', hint = 'Give admin, agent or viewer.';
  end if;
  -- Inviting again makes a new link; the old one ends.
  delete from public.whatsapp_invitations as earlier where earlier.tenant_id = of_tenant and earlier.email = address;
  insert into public.whatsapp_invitations (tenant_id, email, role, invited_by, expires_at)
  values (of_tenant, address, as_role, (select auth.uid()), wabase.now() + interval '7 days')
  returning * into invitation;
  insert into wabase.invitation_tokens (invitation_id, token_hash)
  values (invitation.id, sha256(convert_to(token, 'utf8')));
  return jsonb_build_object(
    'id', invitation.id, 'email', address, 'role', as_role, 'expires_at', invitation.expires_at, 'token', token
  );
end
$$;

create function wabase.withdraw_invitation(of_invitation uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.whatsapp_invitations
  where id = of_invitation
    and (wabase.is_service() or tenant_id = any (array(select wabase.my_tenants('{admin}'))));
  if not found then
    raise exception 'invitation_id: none of your tenants has such an invitation' using errcode = '42501';
  end if;
end
$$;

create function wabase.accept_invitation(token text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  invitation public.whatsapp_invitations;
begin
  select of_tenant.* into invitation
  from wabase.invitation_tokens as known
  join public.whatsapp_invitations as of_tenant on of_tenant.id = known.invitation_id
  join auth.users as person on lower(person.email) = of_tenant.email
  where known.token_hash = sha256(convert_to(accept_invitation.token, 'utf8'))
    and of_tenant.expires_at > wabase.now()
    and person.id = (select auth.uid()) and person.email_confirmed_at is not null
  for update of of_tenant;
  if not found then
    -- In the same words whether the token, the address or the time is wrong.
    raise exception 'token: there is no such invitation for you'
      using errcode = '42501', hint = 'Sign in with the address that was invited, or ask for a new invitation: it holds for 7 days.';
  end if;
  insert into public.whatsapp_members (tenant_id, user_id, role)
  values (invitation.tenant_id, (select auth.uid()), invitation.role)
  on conflict do nothing;
  if not found then
    raise exception 'token: you are a member already' using errcode = '23505';
  end if;
  delete from public.whatsapp_invitations where id = invitation.id;
  return jsonb_build_object('tenant_id', invitation.tenant_id, 'role', invitation.role);
end
$$;

-- What a member had taken goes back to its team or the queue, in the order in which the ingest locks rows.
create function wabase.release_conversations_of(of_tenant uuid, member uuid) returns void
language plpgsql set search_path = ''
as $$
begin
  perform from public.whatsapp_conversations
  where assignee_id = member and tenant_id = of_tenant order by id for no key update;
  update public.whatsapp_conversations set assignee_id = null where assignee_id = member and tenant_id = of_tenant;
end
$$;

create function wabase.change_member_role(of_tenant uuid, member uuid, becomes public.whatsapp_member_role)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  perform wabase.begin_member_change(of_tenant);
  if becomes is null then
    raise exception 'role: is missing' using errcode = '22023', hint = 'Give admin, agent or viewer.';
  end if;
  if becomes <> 'admin' then
    perform wabase.require_another_admin(of_tenant, member);
  end if;
  update public.whatsapp_members set role = becomes where tenant_id = of_tenant and user_id = member;
  if not found then
    raise exception 'user_id: is no member of this tenant' using errcode = '22023';
  end if;
  if becomes = 'viewer' then
    perform wabase.release_conversations_of(of_tenant, member);
  end if;
  return jsonb_build_object('tenant_id', of_tenant, 'user_id', member, 'role', becomes);
end
$$;

create function wabase.remove_member(of_tenant uuid, member uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform wabase.begin_member_change(of_tenant);
  perform wabase.require_another_admin(of_tenant, member);
  perform from public.whatsapp_members where tenant_id = of_tenant and user_id = member for update;
  if not found then
    raise exception 'user_id: is no member of this tenant' using errcode = '22023';
  end if;
  perform wabase.release_conversations_of(of_tenant, member);
  -- With the teams that they were in.
  delete from public.whatsapp_members where tenant_id = of_tenant and user_id = member;
  -- An older invitation would let them in again.
  delete from public.whatsapp_invitations
  where tenant_id = of_tenant and email = (select lower(person.email) from auth.users as person where person.id = member);
end
$$;

create function public.whatsapp_invite_member(tenant_id uuid, email text, role public.whatsapp_member_role) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.invite_member(tenant_id, email, role)
$$;
comment on function public.whatsapp_invite_member(uuid, text, public.whatsapp_member_role) is
  'Invites somebody: answers {id, email, role, expires_at, token}. The token is shown this once; send it to them in a '
  'link. For admins.';

create function public.whatsapp_withdraw_invitation(invitation_id uuid) returns void
language sql volatile security invoker set search_path = ''
as $$
  select wabase.withdraw_invitation(invitation_id)
$$;
comment on function public.whatsapp_withdraw_invitation(uuid) is 'Ends an invitation. For admins.';

create function public.whatsapp_accept_invitation(token text) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.accept_invitation(token)
$$;
comment on function public.whatsapp_accept_invitation(text) is
  'Makes the caller a member, who holds the token and has the confirmed e-mail address that was invited. Answers '
  '{tenant_id, role}.';

create function public.whatsapp_change_member_role(tenant_id uuid, user_id uuid, role public.whatsapp_member_role)
returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select wabase.change_member_role(tenant_id, user_id, role)
$$;
comment on function public.whatsapp_change_member_role(uuid, uuid, public.whatsapp_member_role) is
  'Gives a member another role; the last admin stays one. For admins.';

create function public.whatsapp_remove_member(tenant_id uuid, user_id uuid) returns void
language sql volatile security invoker set search_path = ''
as $$
  select wabase.remove_member(tenant_id, user_id)
$$;
comment on function public.whatsapp_remove_member(uuid, uuid) is
  'Removes a member, who sees nothing from the next request on; what they had taken goes back to its team or the '
  'queue. The last admin stays. For admins.';

revoke all on function wabase.require_admin(uuid) from public, anon, authenticated;
revoke all on function wabase.begin_member_change(uuid) from public, anon, authenticated;
revoke all on function wabase.require_another_admin(uuid, uuid) from public, anon, authenticated;
revoke all on function wabase.invite_member(uuid, text, public.whatsapp_member_role) from public, anon, authenticated;
revoke all on function wabase.withdraw_invitation(uuid) from public, anon, authenticated;
revoke all on function wabase.accept_invitation(text) from public, anon, authenticated;
revoke all on function wabase.release_conversations_of(uuid, uuid) from public, anon, authenticated;
revoke all on function wabase.change_member_role(uuid, uuid, public.whatsapp_member_role) from public, anon, authenticated;
revoke all on function wabase.remove_member(uuid, uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_invite_member(uuid, text, public.whatsapp_member_role) from public, anon, authenticated;
revoke all on function public.whatsapp_withdraw_invitation(uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_accept_invitation(text) from public, anon, authenticated;
revoke all on function public.whatsapp_change_member_role(uuid, uuid, public.whatsapp_member_role) from public, anon, authenticated;
revoke all on function public.whatsapp_remove_member(uuid, uuid) from public, anon, authenticated;

grant execute on function wabase.invite_member(uuid, text, public.whatsapp_member_role) to authenticated, service_role;
grant execute on function wabase.withdraw_invitation(uuid) to authenticated, service_role;
grant execute on function wabase.accept_invitation(text) to authenticated;
grant execute on function wabase.change_member_role(uuid, uuid, public.whatsapp_member_role) to authenticated, service_role;
grant execute on function wabase.remove_member(uuid, uuid) to authenticated, service_role;
grant execute on function public.whatsapp_invite_member(uuid, text, public.whatsapp_member_role) to authenticated, service_role;
grant execute on function public.whatsapp_withdraw_invitation(uuid) to authenticated, service_role;
grant execute on function public.whatsapp_accept_invitation(text) to authenticated;
grant execute on function public.whatsapp_change_member_role(uuid, uuid, public.whatsapp_member_role) to authenticated, service_role;
grant execute on function public.whatsapp_remove_member(uuid, uuid) to authenticated, service_role;

-- Teams, and what a tenant decides for itself, are plain rows: admins write them as they are.
grant insert (tenant_id, name), update (name), delete on table public.whatsapp_teams to authenticated;
create policy "admins make teams" on public.whatsapp_teams
  for insert to authenticated with check (tenant_id = any (array(select wabase.my_tenants('{admin}'))));
create policy "admins rename teams" on public.whatsapp_teams
  for update to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin}'))))
  with check (tenant_id = any (array(select wabase.my_tenants('{admin}'))));
create policy "admins dissolve teams" on public.whatsapp_teams
  for delete to authenticated using (tenant_id = any (array(select wabase.my_tenants('{admin}'))));

grant insert (tenant_id, team_id, user_id), delete on table public.whatsapp_team_members to authenticated;
create policy "admins put members into teams" on public.whatsapp_team_members
  for insert to authenticated with check (tenant_id = any (array(select wabase.my_tenants('{admin}'))));
create policy "admins take members out of teams" on public.whatsapp_team_members
  for delete to authenticated using (tenant_id = any (array(select wabase.my_tenants('{admin}'))));

grant update (name, agents_see_unassigned, contacts_read_own_messages) on table public.whatsapp_tenants to authenticated;
create policy "admins set up their tenants" on public.whatsapp_tenants
  for update to authenticated
  using (id = any (array(select wabase.my_tenants('{admin}'))))
  with check (id = any (array(select wabase.my_tenants('{admin}'))));
