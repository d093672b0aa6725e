import type postgres from "postgres";
import { type Figure, round, summarise } from "../report.ts";
import type { World } from "./seed.ts";

/** One statement, and who asks it. */
export interface Variant {
  name: string;
  /** bare: without RLS, as the owner. agent: under RLS, as PostgREST would ask. */
  as: "bare" | "agent";
  statement: string;
  parameters: (string | number)[];
  /** How often; the slow ones less. */
  times?: number;
}

export interface Connections {
  bare: postgres.Sql;
  agent: postgres.Sql;
}

const TIMES = 300;
/** By then Postgres keeps its plans, and the pages are in memory. */
const WARM_UP = 10;

/** Milliseconds of each run, by the variant's name; the variants take turns, so that all meet the same noise. */
export async function measure(
  connections: Connections,
  variants: Variant[],
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
  for (let turn = -WARM_UP; turn < TIMES; turn += 1) {
    for (const { name, as, statement, parameters, times: most = TIMES } of variants) {
      if (turn >= most || (most < TIMES && turn < -1)) continue;
      const start = performance.now();
      await connections[as].unsafe(statement, parameters, { prepare: true });
      if (turn >= 0) times.get(name)?.push(performance.now() - start);
    }
  }
  return times;
}

/** A session as PostgREST opens one for a signed-in member. */
export async function signInAs(sql: postgres.Sql, user_id: string): Promise<void> {
  const claims = JSON.stringify({ sub: user_id, role: "authenticated" });
  await sql`select set_config('request.jwt.claims', ${claims}, false)`;
  await sql`set role authenticated`;
}

export function describeTimes(name: string, times: number[]): Figure[] {
  return [
    summarise(`${name}: median`, "ms", times),
    { ...summarise(`${name}: p99`, "ms", times), value: percentile(times, 0.99) },
  ];
}

export function median(times: number[]): number {
  return percentile(times, 0.5);
}

function percentile(times: number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return round(sorted[Math.floor(sorted.length * share)] ?? Number.NaN);
}

const PAGE_SIZE = 50;
const DEPTH = 999 * PAGE_SIZE;
const LIST = "select * from public.whatsapp_list_conversations";
const CONVERSATIONS = "select * from public.whatsapp_conversations where tenant_id = $1";
const MESSAGES = "select * from public.whatsapp_messages where conversation_id = $1";
const NEWEST_CONVERSATIONS = "order by active_at desc, id desc";
const NEWEST_MESSAGES = "order by occurred_at desc, id desc";
const KEYSET = "and occurred_at <= $2 and (occurred_at < $2 or id < $3)";

/** What is measured at a size. Page 1,000 only where there are so many rows. */
export async function variantsAt({ bare, agent }: Connections, world: World): Promise<Variant[]> {
  const { tenant_id, long_conversation } = world;
  const deepConversation = await positionAt(
    agent,
    `${CONVERSATIONS} ${NEWEST_CONVERSATIONS} limit 1 offset ${DEPTH - 1}`,
    tenant_id,
  );
  const deepMessage = await positionAt(
    bare,
    `${MESSAGES} ${NEWEST_MESSAGES} limit 1 offset ${DEPTH - 1}`,
    long_conversation,
  );
  return [
    ...firstPages(world),
    ...(deepConversation ? deepConversations(tenant_id, deepConversation) : []),
    ...(deepMessage ? deepMessages(long_conversation, deepMessage) : []),
    ...searches(tenant_id),
    {
      name: "badges",
      as: "agent",
      statement: "select * from public.whatsapp_count_conversations($1)",
      parameters: [tenant_id],
    },
    {
      name: "badges, the exact count of the open ones alone",
      as: "agent",
      statement: `select count(*) from (${CONVERSATIONS} and state = 'open') as counted`,
      parameters: [tenant_id],
      times: 40,
    },
  ];
}

/** The same rows as the agent's list: of what is theirs, their team's and nobody's, by an index for each. */
const BARE_PARTS = [
  "assignee_id = $2",
  "team_id = $3",
  "assignee_id is null and team_id is null",
].map(
  (part) =>
    `(${CONVERSATIONS} and state = 'open' and ${part} ${NEWEST_CONVERSATIONS} limit ${PAGE_SIZE})`,
);

function firstPages({ tenant_id, long_conversation, agent, team_id }: World): Variant[] {
  return [
    {
      name: "conversations, first page",
      as: "agent",
      statement: `${LIST}($1, state => 'open')`,
      parameters: [tenant_id],
    },
    {
      name: "conversations, first page of mine",
      as: "agent",
      statement: `${LIST}($1, whose => 'mine', state => 'open')`,
      parameters: [tenant_id],
    },
    {
      name: "conversations, first page, bare",
      as: "bare",
      statement: `select * from (${BARE_PARTS.join(" union ")}) as row ${NEWEST_CONVERSATIONS} limit ${PAGE_SIZE}`,
      parameters: [tenant_id, agent, team_id],
    },
    {
      name: "conversations, first page of mine, bare",
      as: "bare",
      statement: `${CONVERSATIONS} and state = 'open' and assignee_id = $2 ${NEWEST_CONVERSATIONS} limit ${PAGE_SIZE}`,
      parameters: [tenant_id, agent],
    },
    {
      name: "conversations, a tenant's newest, bare",
      as: "bare",
      statement: `${CONVERSATIONS} and state = 'open' ${NEWEST_CONVERSATIONS} limit ${PAGE_SIZE}`,
      parameters: [tenant_id],
    },
    {
      name: "messages, first page",
      as: "agent",
      statement: `${MESSAGES} ${NEWEST_MESSAGES} limit ${PAGE_SIZE}`,
      parameters: [long_conversation],
    },
    {
      name: "messages, first page, bare",
      as: "bare",
      statement: `${MESSAGES} ${NEWEST_MESSAGES} limit ${PAGE_SIZE}`,
      parameters: [long_conversation],
    },
  ];
}

interface Position {
  at: string;
  id: string;
}

function deepConversations(tenant_id: string, { at, id }: Position): Variant[] {
  return [
    {
      name: "conversations, page 1,000",
      as: "agent",
      statement: `${LIST}($1, before_at => $2, before_id => $3)`,
      parameters: [tenant_id, at, id],
    },
    {
      name: "conversations, page 1,000 by offset",
      as: "agent",
      statement: `${CONVERSATIONS} ${NEWEST_CONVERSATIONS} limit ${PAGE_SIZE} offset ${DEPTH}`,
      parameters: [tenant_id],
      times: 40,
    },
  ];
}

function deepMessages(conversation_id: string, { at, id }: Position): Variant[] {
  return [
    {
      name: "messages, page 1,000",
      as: "agent",
      statement: `${MESSAGES} ${KEYSET} ${NEWEST_MESSAGES} limit ${PAGE_SIZE}`,
      parameters: [conversation_id, at, id],
    },
    {
      name: "messages, page 1,000, bare",
      as: "bare",
      statement: `${MESSAGES} ${KEYSET} ${NEWEST_MESSAGES} limit ${PAGE_SIZE}`,
      parameters: [conversation_id, at, id],
    },
    {
      name: "messages, page 1,000 by offset",
      as: "agent",
      statement: `${MESSAGES} ${NEWEST_MESSAGES} limit ${PAGE_SIZE} offset ${DEPTH}`,
      parameters: [conversation_id],
      times: 40,
    },
  ];
}

/** In every fifth message, in every hundredth, a number that is nearly alone, two words, Chinese, in none. */
const SEARCHES = {
  frequent: "hello",
  rare: "invoice",
  number: "7919",
  "two words": "hello invoice",
  "one Chinese character": "订",
  nothing: "wordthatnobodywrote",
};

function searches(tenant_id: string): Variant[] {
  const ours = Object.entries(SEARCHES).map(([name, query]): Variant => ({
    name: `search, ${name}`,
    as: "agent",
    statement: "select * from public.whatsapp_search_messages($1, $2)",
    parameters: [tenant_id, query],
    times: 100,
  }));
  // The same index asked for the whole year at once, and the newest of all that it finds.
  const bare = Object.entries({ rare: "invoice", number: "7919" }).map(([name, word]): Variant => ({
    name: `search, ${name}, bare`,
    as: "bare",
    statement: `
        select * from public.whatsapp_messages
        where body is not null and tenant_id = $1
          and wabase.message_words(tenant_id, occurred_at, body) @@ wabase.search_query($1, $2, array[$3])
        ${NEWEST_MESSAGES} limit 20`,
    parameters: [tenant_id, monthsOfLastYear(), word],
    times: 100,
  }));
  return [...ours, ...bare];
}

function monthsOfLastYear(): string {
  const now = Math.floor(Date.now() / 1000 / 2_592_000);
  return `{${Array.from({ length: 14 }, (_, index) => now - index).join(",")}}`;
}

async function positionAt(
  sql: postgres.Sql,
  statement: string,
  parameter: string,
): Promise<Position | null> {
  const key = statement.includes("whatsapp_messages") ? "occurred_at" : "active_at";
  const [row] = await sql.unsafe<Position[]>(
    `select ${key}::text as at, id from (${statement}) as row`,
    [parameter],
  );
  return row ?? null;
}
