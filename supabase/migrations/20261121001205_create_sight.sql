-- For definer functions, which look for what policies then let through.
--
-- What the caller sees of a tenant: the policy of whatsapp_conversations in four words, for reads that ask one index
-- for each of them.
create type wabase.sight as (user_id uuid, sees_all boolean, sees_queue boolean, team_ids uuid[]);

create function wabase.sight_of(of_tenant uuid) returns wabase.sight
language plpgsql stable set search_path = ''
as $$
declare
  sight wabase.sight;
begin
  if (select auth.role()) = 'service_role' then
    return (null, true, true, '{}')::wabase.sight;
  end if;
  select
    member.user_id, member.role in ('admin', 'viewer'), member.role = 'agent' and tenant.agents_see_unassigned,
    array(
      select team_id from public.whatsapp_team_members as team
      where team.user_id = member.user_id and team.tenant_id = of_tenant
    )
  into sight
  from public.whatsapp_members as member
  join public.whatsapp_tenants as tenant on tenant.id = member.tenant_id
  where member.user_id = (select auth.uid()) and member.tenant_id = of_tenant;
  -- All null for who is no member.
  return sight;
end
$$;
comment on function wabase.sight_of(uuid) is
  'Whether the caller sees all of the tenant, or its queue, and beside what is their own that of which teams.';

-- Whether they see a conversation. Definer functions ask this for every row; under RLS the policies do.
create function wabase.is_in_sight(sight wabase.sight, of_conversation uuid) returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return sight.sees_all or exists (
    select from public.whatsapp_conversations as conversation
    where conversation.id = of_conversation
      and (
        conversation.assignee_id = sight.user_id
        or conversation.team_id = any (sight.team_ids)
        or (sight.sees_queue and conversation.assignee_id is null and conversation.team_id is null)
      )
  );
end
$$;
comment on function wabase.is_in_sight(wabase.sight, uuid) is 'Whether a caller with this sight sees the conversation.';

revoke all on function wabase.sight_of(uuid) from public, anon, authenticated;
revoke all on function wabase.is_in_sight(wabase.sight, uuid) from public, anon, authenticated;
