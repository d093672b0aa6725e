import { withThrowawayDatabase } from "@wabase/local";
import postgres from "postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { seedMessages, seedWorld, type World } from "../bench/reads/seed.ts";
import { readsOf, signIn, startExplaining } from "./support/plans.ts";
import { ROOT } from "./support/workbench.ts";

/** The tables that grow. Members and teams of a small tenant are read whole, as they may be. */
const LARGE = /^whatsapp_(conversations|messages|contacts)$/;
/** What a page's worth of rows is, with what is merged for it. */
const A_PAGE = 500;

let sql: postgres.Sql;
let world: World;
const plans: string[] = [];

beforeAll(async () => {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  await new Promise<void>((ready, fail) => {
    const database = withThrowawayDatabase(ROOT, async ({ superuser_url }) => {
      sql = postgres(superuser_url, {
        max: 1,
        onnotice: ({ message }) => plans.push(message ?? ""),
      });
      world = await seedWorld(sql, {
        tenants: 20,
        conversations: 10_000,
        big_conversations: 6_000,
      });
      await seedMessages(sql, world, 60_000);
      await startExplaining(sql);
      ready();
      await ended;
      await sql.end();
    });
    database.catch(fail);
    closed = database;
  });
  return async () => {
    end();
    await closed;
  };
}, 300_000);
let closed: Promise<void>;

/** What is read for the statement, the same for each of the plans that Postgres might keep. */
async function readsAs(user_id: string, statement: string, parameters: string[]) {
  await signIn(sql, user_id);
  const reads = [];
  for (const mode of ["force_custom_plan", "force_generic_plan"]) {
    await sql.unsafe(`set plan_cache_mode = ${mode}`);
    plans.length = 0;
    await sql.unsafe(statement, parameters, { prepare: true });
    reads.push(readsOf(plans));
  }
  return reads;
}

const LIST = "select * from public.whatsapp_list_conversations($1";
const conversations = "whatsapp_conversations";
const messages = "whatsapp_messages";

const LISTS: [string, string, string[]][] = [
  [`${LIST}, state => 'open')`, "admin", ["open_idx"]],
  [`${LIST}, state => 'closed')`, "admin", ["closed_idx"]],
  [`${LIST})`, "admin", ["open_idx", "closed_idx"]],
  [`${LIST}, is_unread => true)`, "admin", ["unread_idx"]],
  [`${LIST}, number_id => $2)`, "admin", ["number_idx"]],
  [`${LIST}, whose => 'queue', state => 'open')`, "admin", ["open_queue_idx"]],
  [
    `${LIST}, state => 'open')`,
    "agent",
    ["open_of_assignee_idx", "open_of_team_idx", "open_queue_idx"],
  ],
  [`${LIST})`, "agent", ["assignee_idx", "team_idx", "open_queue_idx", "closed_queue_idx"]],
  [
    `${LIST}, is_unread => true)`,
    "agent",
    ["unread_of_assignee_idx", "unread_of_team_idx", "unread_queue_idx"],
  ],
  [`${LIST}, whose => 'mine', state => 'open')`, "agent", ["open_of_assignee_idx"]],
  [`${LIST}, whose => 'teams')`, "agent", ["team_idx"]],
  [`${LIST}, whose => 'queue', state => 'closed')`, "agent", ["closed_queue_idx"]],
  [
    `${LIST}, before_at => now() - interval '100 days')`,
    "agent",
    ["assignee_idx", "closed_queue_idx"],
  ],
];

describe("under RLS, each list of conversations reads its index, a page's worth of it, and no table whole", () => {
  test.each(LISTS)("%s as %s", async (statement, role, indexes) => {
    const parameters = statement.includes("$2")
      ? [world.tenant_id, world.number_id]
      : [world.tenant_id];
    const user = role === "admin" ? world.admin : world.agent;
    for (const reads of await readsAs(user, statement, parameters)) {
      expect(reads.indexes).toEqual(
        expect.arrayContaining(indexes.map((name) => `${conversations}_${name}`)),
      );
      expect(reads.whole_tables.filter((table) => LARGE.test(table))).toEqual([]);
      expect(reads.sorts).toBeLessThan(A_PAGE);
    }
  });
});

const PAGE = "order by occurred_at desc, id desc limit 50";
const OF_CONVERSATION = `select * from public.${messages} where conversation_id = $1`;
const BEFORE =
  "occurred_at <= now() - interval '99 days' and (occurred_at < now() - interval '99 days' or id < $1)";
const MEDIA = "type in ('image', 'video', 'audio', 'document', 'sticker')";

const READS: [string, "long" | "tenant" | "message", string[]][] = [
  [`${OF_CONVERSATION} ${PAGE}`, "long", [`${messages}_conversation_id_occurred_at_idx`]],
  [
    `${OF_CONVERSATION} and ${BEFORE} ${PAGE}`,
    "long",
    [`${messages}_conversation_id_occurred_at_idx`],
  ],
  [
    `${OF_CONVERSATION} and occurred_at >= now() - interval '99 days' order by occurred_at, id limit 50`,
    "long",
    [`${messages}_conversation_id_occurred_at_idx`],
  ],
  [`${OF_CONVERSATION} and ${MEDIA} ${PAGE}`, "long", [`${messages}_media_of_conversation_idx`]],
  [
    `select * from public.${messages} where tenant_id = $1 and ${MEDIA} ${PAGE}`,
    "tenant",
    [`${messages}_media_of_tenant_idx`],
  ],
  [
    `select * from public.${messages} where tenant_id = $1 ${PAGE}`,
    "tenant",
    [`${messages}_tenant_id_occurred_at_idx`],
  ],
  [
    "select * from public.whatsapp_read_thread($1)",
    "message",
    [`${messages}_reply_to_wamid_idx`, "one_message_per_number_and_wamid"],
  ],
  [
    "select * from public.whatsapp_search_messages($1, 'invoice')",
    "tenant",
    [`${messages}_tenant_id_occurred_at_idx`, `${messages}_words_idx`],
  ],
  [
    "select * from public.whatsapp_search_messages($1, 'hello')",
    "tenant",
    [`${messages}_tenant_id_occurred_at_idx`],
  ],
  [
    "select * from public.whatsapp_search_contacts($1, '4917000031')",
    "tenant",
    ["whatsapp_contacts_sort_name_idx", "whatsapp_contacts_words_idx"],
  ],
  [
    "select * from public.whatsapp_search_contacts($1, 'a')",
    "tenant",
    ["whatsapp_contacts_sort_name_idx"],
  ],
  [
    "select * from public.whatsapp_contacts where tenant_id = $1 order by sort_name, id limit 50",
    "tenant",
    ["whatsapp_contacts_sort_name_idx"],
  ],
  [
    "select * from public.whatsapp_count_conversations($1)",
    "tenant",
    ["open_queue_idx", "unread_queue_idx"].map((name) => `${conversations}_${name}`),
  ],
];

describe.each(["admin", "agent"] as const)(
  "as %s under RLS, by its index and through no table whole, goes",
  (role) => {
    test.each(READS)("%s", async (statement, what, indexes) => {
      await sql`reset role`;
      const [message] = await sql<{ id: string }[]>`
      select id from public.whatsapp_messages where conversation_id = ${world.long_conversation} and reply_to_wamid is not null limit 1`;
      const id = {
        long: world.long_conversation,
        tenant: world.tenant_id,
        message: message?.id ?? "",
      }[what];
      for (const reads of await readsAs(world[role], statement, [id])) {
        expect(reads.indexes).toEqual(expect.arrayContaining(indexes));
        expect(reads.whole_tables.filter((table) => LARGE.test(table))).toEqual([]);
        expect(reads.sorts).toBeLessThan(A_PAGE);
      }
    });
  },
);
