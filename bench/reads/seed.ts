import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { withoutIndexes } from "../ingest/database.ts";
import { makeSentences } from "./sentences.ts";

const SENTENCES = 20_000;

export interface Size {
  tenants: number;
  conversations: number;
  /** Of those, how many the big tenant has, who has half of all messages. */
  big_conversations: number;
}

export interface World extends Size {
  /** The tenant that has half of it. */
  tenant_id: string;
  number_id: string;
  /** Members of the big tenant. The agent sees the queue, one team and what is assigned to them. */
  admin: string;
  agent: string;
  team_id: string;
  /** A conversation of the agent's with very many messages, and one of the usual length. */
  long_conversation: string;
  usual_conversation: string;
}

/** Tenants with their conversations, and no message yet. */
export async function seedWorld(sql: postgres.Sql, size: Size): Promise<World> {
  const tenants = await insertTenants(sql, size.tenants);
  const tenant_id = tenants[0] ?? "";
  const people = Array.from({ length: 22 }, () => randomUUID());
  const [admin = "", agent = "", ...colleagues] = people;
  await sql`insert into auth.users (id) select unnest(${people}::uuid[])`;
  await sql`
    insert into public.whatsapp_members (user_id, tenant_id, role)
    select person, ${tenant_id}, (case when person = ${admin} then 'admin' else 'agent' end)::public.whatsapp_member_role
    from unnest(${people}::uuid[]) as person`;
  const teams = await sql<{ id: string }[]>`
    insert into public.whatsapp_teams (tenant_id, name) values (${tenant_id}, 'Sales'), (${tenant_id}, 'Service') returning id`;
  const team_id = teams[0]?.id ?? "";
  await sql`
    insert into public.whatsapp_team_members (user_id, team_id, tenant_id) values (${agent}, ${team_id}, ${tenant_id})`;
  await insertConversations(sql, tenants, size);
  await assignConversations(sql, tenant_id, {
    agents: [agent, ...colleagues],
    teams: teams.map(({ id }) => id),
  });
  const rows = await sql<{ id: string; number_id: string }[]>`
    select id, number_id from public.whatsapp_conversations where assignee_id = ${agent} order by id limit 2`;
  return {
    ...size,
    tenant_id,
    number_id: rows[0]?.number_id ?? "",
    admin,
    agent,
    team_id,
    long_conversation: rows[0]?.id ?? "",
    usual_conversation: rows[1]?.id ?? "",
  };
}

async function insertTenants(sql: postgres.Sql, count: number): Promise<string[]> {
  const tenants = await sql<{ id: string }[]>`
    insert into public.whatsapp_tenants (name) select 'Tenant ' || i from generate_series(1, ${count}) as i returning id`;
  await sql`
    insert into public.whatsapp_numbers (tenant_id, phone_number_id, display_phone_number)
    select tenant_id, 1000000 + row_number() over (), '+1 555 010 0000'
    from unnest(${tenants.map(({ id }) => id)}::uuid[]) with ordinality as tenant (tenant_id, place)
    -- The big one has three.
    cross join lateral generate_series(1, case when place = 1 then 3 else 1 end)`;
  return tenants.map(({ id }) => id);
}

async function insertConversations(
  sql: postgres.Sql,
  tenants: string[],
  { conversations, big_conversations }: Size,
): Promise<void> {
  const others = tenants.length - 1;
  await sql`
    insert into public.whatsapp_contacts (tenant_id, phone, profile_name)
    select (${tenants}::uuid[])[case when i <= ${big_conversations} then 1 else 2 + i % ${others} end],
      (491700000000 + i)::text, (array['Anna', 'Bülent', 'Chiara', 'Дмитрий', 'محمد', '王伟', 'Priya', 'João'])[1 + i % 8] || ' ' || i
    from generate_series(1, ${conversations}) as i`;
  await sql`
    insert into public.whatsapp_conversations (tenant_id, number_id, contact_id, created_at)
    select contact.tenant_id, number.ids[1 + contact.place % cardinality(number.ids)], contact.id, now() - interval '400 days'
    from (select id, tenant_id, row_number() over (order by id) as place from public.whatsapp_contacts) as contact
    join (select tenant_id, array_agg(id) as ids from public.whatsapp_numbers group by tenant_id) as number
      on number.tenant_id = contact.tenant_id`;
}

/** Of the big tenant: most wait in the queue, some are a member's, some a team's; one in seven is open. */
async function assignConversations(
  sql: postgres.Sql,
  tenant_id: string,
  { agents, teams }: { agents: string[]; teams: string[] },
): Promise<void> {
  await sql`
    update public.whatsapp_conversations as conversation
    set state = (case when dice[1] < 15 then 'open' else 'closed' end)::public.whatsapp_conversation_state,
      unread_count = case when dice[1] < 5 then 3 else 0 end,
      assignee_id = case when dice[2] < 10 then (${agents}::uuid[])[1 + dice[3] % ${agents.length}] end,
      team_id = case when dice[4] < 4 then (${teams}::uuid[])[1 + dice[3] % ${teams.length}] end
    from (
      -- Numbers from 0 to 99 that are the same for the same place.
      select id, array(select (abs(hashint8(place * 10 + die)) % 100)::integer from generate_series(1, 4) as die) as dice
      from (
        select id, row_number() over (order by id) as place from public.whatsapp_conversations where tenant_id = ${tenant_id}
      ) as placed
    ) as row
    where row.id = conversation.id`;
}

/** As many messages, spread over a year, instead of those that there were. */
export async function seedMessages(sql: postgres.Sql, world: World, count: number): Promise<void> {
  await sql`truncate public.whatsapp_messages cascade`;
  await withoutIndexes(sql, async () => {
    await insertMessages(sql, world, count);
  });
  await sql`
    update public.whatsapp_conversations as conversation
    set last_message_id = latest.id::uuid, last_message_at = latest.at
    from (
      select conversation_id, max(id::text) as id, max(occurred_at) as at
      from public.whatsapp_messages group by conversation_id
    ) as latest
    where latest.conversation_id = conversation.id`;
  await sql`vacuum full public.whatsapp_conversations`;
  await sql`vacuum analyze`;
  await sql`checkpoint`;
}

async function insertMessages(sql: postgres.Sql, world: World, count: number): Promise<void> {
  await sql`create temporary table sentence (id integer primary key, body text)`;
  await sql`
    insert into sentence select place - 1, body from unnest(${makeSentences(SENTENCES)}::text[]) with ordinality as row (body, place)`;
  await sql`create temporary table place (id integer primary key, conversation_id uuid, number_id uuid, tenant_id uuid)`;
  await sql`
    insert into place
    select row_number() over (order by id <> ${world.long_conversation}, tenant_id <> ${world.tenant_id}, id) - 1, id, number_id,
      tenant_id
    from public.whatsapp_conversations`;
  await sql`analyze sentence, place`;
  // Hash joins keep the order of i: messages lie in the table as they came.
  const long = Math.min(count / 10, Math.max(60_000, count / 100));
  await sql`
    insert into public.whatsapp_messages (
      tenant_id, number_id, conversation_id, direction, status, type, body, content, wamid, reply_to_wamid, occurred_at
    )
    select place.tenant_id, place.number_id, place.conversation_id,
      case when i % 5 < 3 then 'inbound' else 'outbound' end::public.whatsapp_message_direction,
      case when i % 5 < 3 then 'received' else 'read' end::public.whatsapp_message_status,
      case when i % 12 = 5 then 'image' else 'text' end,
      case when i % 24 <> 5 then sentence.body || ' ' || (i * 7919::bigint % ${count})::text end,
      '{"type": "text", "text": {"body": "as in the column body, so that the row is as wide as a row is"}}',
      'wamid.HBgMNDkxNzAwMDAwMDAwFQIAEhg' || i, case when i % 20 = 7 then 'wamid.HBgMNDkxNzAwMDAwMDAwFQIAEhg' || (i - 1) end,
      now() - interval '365 days' * (1 - i::double precision / ${count})
    from (
      select i, case
          when i % 2 = 0 then ${world.big_conversations} + floor(random() * ${world.conversations - world.big_conversations})::integer
          when random() < ${(2 * long) / count}::double precision then 0
          -- Some people write much more than others.
          else floor(random() ^ 2 * ${world.big_conversations})::integer
        end as place_id
      from generate_series(1, ${count}) as i
      offset 0
    ) as message
    join place on place.id = place_id
    join sentence on sentence.id = (i * 104729::bigint % ${SENTENCES})::integer`;
  await sql`drop table sentence, place`;
}
