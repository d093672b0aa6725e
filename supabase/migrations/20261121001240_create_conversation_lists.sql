-- Lists of conversations, newest first, and how many there are.
--
-- A policy of several «or»s cannot be looked up in an index: as an agent, a select of a tenant's conversations walks
-- through all of them and leaves out what is not theirs. So each part is read by its own index and they are merged:
-- what is mine, what is my teams', what is in the queue.
--
-- Definer functions read the parts, and RLS does not see to them. What they read is bound to the caller in one place,
-- wabase.parts_of: a part is either wholly what the caller may see, or every row of it is asked for
-- (wabase.is_in_sight). tests/reads-conversations.test.ts holds each list, as each role, to what RLS lets through.

create type wabase.conversation_range as (
  tenant_id uuid, state public.whatsapp_conversation_state, number_id uuid, is_unread boolean,
  before_at timestamptz, before_id uuid, page_size integer
);
comment on type wabase.conversation_range is
  'So many conversations before a point. state, number_id: null for any. is_unread: only unread ones.';

create type wabase.conversation_part as (name text, holder uuid, is_seen boolean);
comment on type wabase.conversation_part is
  'A part of wabase.read_part, whose it is, and whether the caller sees all of it.';

-- Each statement is one index, whose predicate it writes out, so that the plan that plpgsql keeps may use it.
create function wabase.read_part(range wabase.conversation_range, part wabase.conversation_part, sight wabase.sight)
returns setof public.whatsapp_conversations
language plpgsql stable set search_path = '' rows 50
as $$
begin
  case part.name
    when 'open' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and state = 'open'
        and (active_at, id) < (range.before_at, range.before_id)
      order by active_at desc, id desc limit range.page_size;
    when 'closed' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and state = 'closed'
        and (active_at, id) < (range.before_at, range.before_id)
      order by active_at desc, id desc limit range.page_size;
    when 'unread' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and unread_count > 0
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.state is null or state = range.state)
      order by active_at desc, id desc limit range.page_size;
    when 'number' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and number_id = range.number_id
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.state is null or state = range.state) and (not range.is_unread or unread_count > 0)
      order by active_at desc, id desc limit range.page_size;
    when 'queue open' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and state = 'open' and assignee_id is null and team_id is null
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.number_id is null or number_id = range.number_id)
      order by active_at desc, id desc limit range.page_size;
    when 'queue closed' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and state = 'closed' and assignee_id is null and team_id is null
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.number_id is null or number_id = range.number_id)
      order by active_at desc, id desc limit range.page_size;
    when 'queue unread' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and unread_count > 0 and assignee_id is null and team_id is null
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.number_id is null or number_id = range.number_id) and (range.state is null or state = range.state)
      order by active_at desc, id desc limit range.page_size;
    when 'member open' then return query
      select * from public.whatsapp_conversations
      where assignee_id = part.holder and tenant_id = range.tenant_id and state = 'open'
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.number_id is null or number_id = range.number_id)
        and (part.is_seen or wabase.is_in_sight(sight, id))
      order by active_at desc, id desc limit range.page_size;
    when 'member unread' then return query
      select * from public.whatsapp_conversations
      where assignee_id = part.holder and tenant_id = range.tenant_id and unread_count > 0
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.number_id is null or number_id = range.number_id) and (range.state is null or state = range.state)
        and (part.is_seen or wabase.is_in_sight(sight, id))
      order by active_at desc, id desc limit range.page_size;
    when 'member' then return query
      select * from public.whatsapp_conversations
      where assignee_id = part.holder and tenant_id = range.tenant_id
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.number_id is null or number_id = range.number_id) and (range.state is null or state = range.state)
        and (part.is_seen or wabase.is_in_sight(sight, id))
      order by active_at desc, id desc limit range.page_size;
    when 'team open' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and team_id = part.holder and state = 'open'
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.number_id is null or number_id = range.number_id)
        and (part.is_seen or wabase.is_in_sight(sight, id))
      order by active_at desc, id desc limit range.page_size;
    when 'team unread' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and team_id = part.holder and unread_count > 0
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.number_id is null or number_id = range.number_id) and (range.state is null or state = range.state)
        and (part.is_seen or wabase.is_in_sight(sight, id))
      order by active_at desc, id desc limit range.page_size;
    when 'team' then return query
      select * from public.whatsapp_conversations
      where tenant_id = range.tenant_id and team_id = part.holder
        and (active_at, id) < (range.before_at, range.before_id)
        and (range.number_id is null or number_id = range.number_id) and (range.state is null or state = range.state)
        and (part.is_seen or wabase.is_in_sight(sight, id))
      order by active_at desc, id desc limit range.page_size;
  end case;
end
$$;
comment on function wabase.read_part(wabase.conversation_range, wabase.conversation_part, wabase.sight) is
  'The newest of a part of a tenant''s conversations: a part is what one index holds.';

create function wabase.parts_of(range wabase.conversation_range, whose text, whose_id uuid, sight wabase.sight)
returns wabase.conversation_part[]
language plpgsql stable set search_path = ''
as $$
declare
  -- What a member has closed lies with what is open.
  kind constant text := case when range.is_unread then ' unread' when range.state = 'open' then ' open' else '' end;
  parts wabase.conversation_part[] := '{}';
begin
  if whose not in ('all', 'mine', 'teams', 'queue', 'member', 'team') then
    raise exception 'whose: is %, must be all, mine, teams, queue, member or team', whose using errcode = '22023';
  end if;
  if whose = 'all' and sight.sees_all then
    if range.number_id is not null then
      return array[('number', null, true)::wabase.conversation_part];
    end if;
    return array(
      select (name, null, true)::wabase.conversation_part from unnest(wabase.kinds_of(range)) as name
    );
  end if;
  if whose in ('all', 'mine') then
    parts := parts || ('member' || kind, sight.user_id, true)::wabase.conversation_part;
  end if;
  if whose in ('all', 'teams') then
    parts := parts || array(
      select ('team' || kind, team_id, true)::wabase.conversation_part from unnest(sight.team_ids) as team_id
    );
  end if;
  if whose in ('all', 'queue') and (sight.sees_queue or sight.sees_all) then
    parts := parts || array(
      select ('queue ' || name, null, true)::wabase.conversation_part from unnest(wabase.kinds_of(range)) as name
    );
  end if;
  if whose in ('member', 'team') then
    parts := parts || (whose || kind, whose_id, sight.sees_all)::wabase.conversation_part;
  end if;
  return parts;
end
$$;
comment on function wabase.parts_of(wabase.conversation_range, text, uuid, wabase.sight) is
  'The parts that together are what is asked for. No two have a row in common, but what is mine and my team''s.';

create function wabase.kinds_of(range wabase.conversation_range) returns text[]
language plpgsql immutable set search_path = ''
as $$
begin
  return case
    when range.is_unread then '{unread}'
    when range.state is null then '{open,closed}'
    else array[range.state::text]
  end;
end
$$;
comment on function wabase.kinds_of(wabase.conversation_range) is 'Which indexes of a tenant, or of its queue, together hold it.';

create function wabase.list_conversations(range wabase.conversation_range, whose text, whose_id uuid)
returns setof public.whatsapp_conversations
language plpgsql stable security definer set search_path = '' rows 50
-- In the order of the index, always: never all rows and then a sort, whatever the planner expects. (Pages that are
-- merged are sorted all the same.)
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
-- And by the plan that is kept: to make one costs more than to read a page.
set plan_cache_mode = force_generic_plan
as $$
declare
  sight constant wabase.sight := wabase.sight_of(range.tenant_id);
  parts constant wabase.conversation_part[] := wabase.parts_of(range, whose, whose_id, sight);
begin
  if cardinality(parts) = 1 then
    return query select * from wabase.read_part(range, parts[1], sight);
    return;
  end if;
  return query
    select conversation.*
    from unnest(parts) as part (name, holder, is_seen)
    cross join lateral
      wabase.read_part(range, (part.name, part.holder, part.is_seen)::wabase.conversation_part, sight) as conversation
    -- What is mine and my team's is in both.
    where part.name not like 'team%' or conversation.assignee_id is distinct from sight.user_id
    order by conversation.active_at desc, conversation.id desc
    limit range.page_size;
end
$$;
comment on function wabase.list_conversations(wabase.conversation_range, text, uuid) is
  'The newest conversations that are asked for and that the caller sees.';

create function public.whatsapp_list_conversations(
  tenant_id uuid, whose text default 'all', whose_id uuid default null,
  state public.whatsapp_conversation_state default null, number_id uuid default null, is_unread boolean default false,
  before_at timestamptz default null, before_id uuid default null, page_size integer default 50
)
returns setof public.whatsapp_conversations
language plpgsql stable security invoker set search_path = '' rows 50
as $$
declare
  most constant integer := 200;
begin
  return query select * from wabase.list_conversations(
    (
      tenant_id, state, number_id, coalesce(is_unread, false), coalesce(before_at, 'infinity'),
      coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), least(greatest(page_size, 1), most)
    )::wabase.conversation_range,
    whose, whose_id
  );
end
$$;
comment on function public.whatsapp_list_conversations(
  uuid, text, uuid, public.whatsapp_conversation_state, uuid, boolean, timestamptz, uuid, integer
) is
  'A tenant''s conversations that the caller may read, newest first. whose: all, mine, teams (mine), queue (nobody''s), '
  'member or team (with whose_id). state, number_id: null for any. The next page: before_at and before_id are the last '
  'row''s active_at and id. page_size: at most 200.';

create function wabase.count_parts(range wabase.conversation_range, sight wabase.sight) returns integer[]
language plpgsql stable set search_path = ''
as $$
declare
  most constant integer := range.page_size;
begin
  return (
    with part as (
      select distinct part.name, part.holder, part.is_seen
      from unnest(array['mine', 'teams', 'queue', 'all']) as whose
      cross join lateral unnest(wabase.parts_of(range, whose, null, sight)) as part
    ),
    seen as (
      select part.name, conversation.id
      from part
      cross join lateral
        wabase.read_part(range, (part.name, part.holder, part.is_seen)::wabase.conversation_part, sight) as conversation
    )
    select array[
      least(count(*) filter (where name like 'member%'), most),
      least(count(*) filter (where name like 'team%'), most),
      least(count(*) filter (where name like 'queue%'), most),
      least(count(distinct id), most)
    ]
    from seen
  );
end
$$;
comment on function wabase.count_parts(wabase.conversation_range, wabase.sight) is
  'How many are the caller''s, their teams'', in the queue, and all that they see; each up to the size of the page.';

create function wabase.count_conversations(of_tenant uuid, up_to integer) returns integer[]
language plpgsql stable security definer set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
as $$
declare
  last_id constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  sight constant wabase.sight := wabase.sight_of(of_tenant);
begin
  return wabase.count_parts((of_tenant, 'open', null, false, 'infinity', last_id, up_to)::wabase.conversation_range, sight)
    || wabase.count_parts((of_tenant, null, null, true, 'infinity', last_id, up_to)::wabase.conversation_range, sight);
end
$$;
comment on function wabase.count_conversations(uuid, integer) is 'For whatsapp_count_conversations: the open, then the unread.';

-- Counted up to a hundred, by the same indexes: «99+» is all that a badge shows. A counter beside the rows would be a
-- row that all of a tenant's webhooks wait for; an exact count would read all rows.
create function public.whatsapp_count_conversations(tenant_id uuid, up_to integer default 100)
returns table (
  mine_open integer, teams_open integer, queue_open integer, all_open integer,
  mine_unread integer, teams_unread integer, queue_unread integer, all_unread integer
)
language plpgsql stable security invoker set search_path = '' rows 1
as $$
declare
  most constant integer := 1000;
  counts constant integer[] := wabase.count_conversations(tenant_id, least(greatest(up_to, 1), most));
begin
  return query select counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7], counts[8];
end
$$;
comment on function public.whatsapp_count_conversations(uuid, integer) is
  'How many conversations the caller may read: theirs, their teams'', in the queue, all; open, and unread. No number is '
  'above up_to (100, at most 1000): a badge shows that one as «99+».';

revoke all on function wabase.read_part(wabase.conversation_range, wabase.conversation_part, wabase.sight)
  from public, anon, authenticated;
revoke all on function wabase.parts_of(wabase.conversation_range, text, uuid, wabase.sight) from public, anon, authenticated;
revoke all on function wabase.kinds_of(wabase.conversation_range) from public, anon, authenticated;
revoke all on function wabase.count_parts(wabase.conversation_range, wabase.sight) from public, anon, authenticated;
revoke all on function wabase.list_conversations(wabase.conversation_range, text, uuid) from public, anon, authenticated;
grant execute on function wabase.list_conversations(wabase.conversation_range, text, uuid) to authenticated, service_role;
revoke all on function wabase.count_conversations(uuid, integer) from public, anon, authenticated;
grant execute on function wabase.count_conversations(uuid, integer) to authenticated, service_role;
revoke all on function public.whatsapp_list_conversations(
  uuid, text, uuid, public.whatsapp_conversation_state, uuid, boolean, timestamptz, uuid, integer
) from public, anon, authenticated;
grant execute on function public.whatsapp_list_conversations(
  uuid, text, uuid, public.whatsapp_conversation_state, uuid, boolean, timestamptz, uuid, integer
) to authenticated, service_role;
revoke all on function public.whatsapp_count_conversations(uuid, integer) from public, anon, authenticated;
grant execute on function public.whatsapp_count_conversations(uuid, integer) to authenticated, service_role;
