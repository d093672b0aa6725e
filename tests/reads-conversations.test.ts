import {
  type ConversationFilter,
  countBadges,
  listConversations,
  type ReadClient,
} from "@wabase/client/reads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  addConversation,
  addMessage,
  createReadTenant,
  readPages,
  type ReadTenant,
} from "./support/reads.ts";
import { anonClient, connect, serviceClient, signUpSomebody } from "./support/workbench.ts";

const sql = connect();
let bakery: ReadTenant;
let florist: ReadTenant;

beforeAll(async () => {
  [bakery, florist] = await Promise.all([createReadTenant(sql), createReadTenant(sql)]);
  const { user_ids, teams } = bakery;
  const holders = [
    {},
    {},
    { assignee_id: user_ids.agent },
    { assignee_id: user_ids.admin },
    { team_id: teams.mine },
    { team_id: teams.other },
    { assignee_id: user_ids.agent, team_id: teams.mine },
    { assignee_id: user_ids.admin, team_id: teams.mine },
    { assignee_id: user_ids.agent, team_id: teams.other },
  ];
  for (let index = 0; index < 90; index += 1) {
    await addConversation(sql, bakery, {
      ...holders[index % holders.length],
      state: index % 4 === 0 ? "closed" : "open",
      unread_count: index % 5 === 0 ? 2 : 0,
      number_id: index % 7 === 0 ? bakery.second_number_id : bakery.number_id,
      // Three at each time; some have no message.
      last_message_at:
        index % 11 === 0 ? null : new Date(1.79e12 + (index % 30) * 1000).toISOString(),
    });
  }
  await addConversation(sql, florist);
});
afterAll(() => sql.end());

type Row = Awaited<ReturnType<typeof listConversations>>["rows"][number];
type Wanted = Omit<ConversationFilter, "tenant_id">;

/** What a member may read by a plain select, filtered and sorted here. */
async function expected(client: ReadClient, { whose = "all", ...wanted }: Wanted, user_id: string) {
  const { data } = await client
    .from("whatsapp_conversations")
    .select("*")
    .eq("tenant_id", bakery.tenant_id)
    .order("active_at", { ascending: false })
    .order("id", { ascending: false });
  const isTheirs = (row: NonNullable<typeof data>[number]): boolean => {
    if (whose === "mine") return row.assignee_id === user_id;
    // Of the members only the agent is in a team.
    if (whose === "teams") {
      return user_id === bakery.user_ids.agent && row.team_id === bakery.teams.mine;
    }
    if (whose === "queue") return row.assignee_id === null && row.team_id === null;
    if (whose === "all") return true;
    return "member" in whose ? row.assignee_id === whose.member : row.team_id === whose.team;
  };
  return (data ?? [])
    .filter(
      (row) =>
        isTheirs(row) &&
        (wanted.state === undefined || row.state === wanted.state) &&
        (wanted.number_id === undefined || row.number_id === wanted.number_id) &&
        (wanted.is_unread !== true || row.unread_count > 0),
    )
    .map(({ id }) => id);
}

async function listed(client: ReadClient, wanted: Wanted, limit = 7): Promise<string[]> {
  const filter = { tenant_id: bakery.tenant_id, ...wanted };
  return await readPages((cursor) => listConversations(client, filter, { limit, cursor }));
}

function filters(): [string, Wanted][] {
  const holders: [string, Wanted][] = [
    ["all", {}],
    ["mine", { whose: "mine" }],
    ["my teams'", { whose: "teams" }],
    ["the queue", { whose: "queue" }],
    ["a colleague's", { whose: { member: bakery.user_ids.admin } }],
    ["another team's", { whose: { team: bakery.teams.other } }],
  ];
  const others: [string, Wanted][] = [
    ["", {}],
    [", open", { state: "open" }],
    [", closed", { state: "closed" }],
    [", unread", { is_unread: true }],
    [", unread and open", { is_unread: true, state: "open" }],
    [", of a number", { number_id: bakery.second_number_id }],
    [", of a number, open", { number_id: bakery.second_number_id, state: "open" }],
    [", of a number, unread", { number_id: bakery.second_number_id, is_unread: true }],
  ];
  return holders.flatMap(([whose, holder]) =>
    others.map(([rest, other]): [string, Wanted] => [`${whose}${rest}`, { ...holder, ...other }]),
  );
}

describe("pages of conversations", () => {
  test.each(["admin", "agent", "viewer"] as const)(
    "show the %s, by every filter, exactly what a select under RLS shows, in order and without doubles",
    async (role) => {
      const client = bakery[role];
      for (const [name, wanted] of filters()) {
        const ids = await listed(client, wanted);
        expect({ name, ids }).toEqual({
          name,
          ids: await expected(client, wanted, bakery.user_ids[role]),
        });
      }
    },
  );

  test("differ between admin and agent: the fixture has rows that the agent may not see", async () => {
    const all = await listed(bakery.admin, {}, 99);
    const seen = await listed(bakery.agent, {}, 99);
    expect(all).toHaveLength(90);
    expect(seen.length).toBeGreaterThan(40);
    expect(seen.length).toBeLessThan(90);
  });

  test("show the queue to no agent where the tenant closes it", async () => {
    const setQueue = (is_open: boolean) => sql`
      update public.whatsapp_tenants set agents_see_unassigned = ${is_open} where id = ${bakery.tenant_id}`;
    await setQueue(false);
    try {
      expect(await listed(bakery.agent, { whose: "queue" })).toEqual([]);
      expect(await listed(bakery.agent, {})).toEqual(
        await expected(bakery.agent, {}, bakery.user_ids.agent),
      );
      expect((await countBadges(bakery.agent, bakery.tenant_id)).queue_open).toBe(0);
    } finally {
      await setQueue(true);
    }
  });

  test("are complete and without doubles while conversations come and move", async () => {
    const before = await listed(bakery.agent, {}, 99);
    const moved = before.at(-1) ?? "";
    const ids = await readPages(
      (cursor) =>
        listConversations(bakery.agent, { tenant_id: bakery.tenant_id }, { limit: 10, cursor }),
      async () => {
        await addConversation(sql, bakery, { last_message_at: new Date().toISOString() });
        await sql`update public.whatsapp_conversations set last_message_at = now() where id = ${moved}`;
      },
    );
    expect(ids).toEqual(before.filter((id) => id !== moved));
  });

  test("carry the contact and the last message", async () => {
    const id = await addConversation(sql, florist, {
      profile_name: "Zoë",
      last_message_at: new Date().toISOString(),
    });
    const message_id = await addMessage(sql, id, { body: "Tulips?" });
    await sql`update public.whatsapp_conversations set last_message_id = ${message_id} where id = ${id}`;
    const page = await listConversations(florist.agent, { tenant_id: florist.tenant_id });
    const row: Row | undefined = page.rows.find((each) => each.id === id);
    expect(row).toMatchObject({
      contact: { profile_name: "Zoë" },
      group: null,
      last_message: { id: message_id, body: "Tulips?", direction: "inbound" },
    });
    expect(page.rows.find((each) => each.id !== id)?.last_message).toBeNull();
  });

  test("are empty for another tenant's members and for strangers, and refused to anon; the service key sees all", async () => {
    const { client: stranger } = await signUpSomebody();
    for (const client of [florist.admin, florist.agent, stranger]) {
      for (const [, wanted] of filters()) expect(await listed(client, wanted)).toEqual([]);
      expect(Object.values(await countBadges(client, bakery.tenant_id))).toEqual(
        Array.from({ length: 8 }, () => 0),
      );
    }
    await expect(listed(anonClient(), {})).rejects.toMatchObject({ code: "42501" });
    await expect(countBadges(anonClient(), bakery.tenant_id)).rejects.toMatchObject({
      code: "42501",
    });
    const all = await listed(serviceClient(), {}, 99);
    expect(all).toEqual(await listed(bakery.admin, {}, 99));
  });

  test("refuse a cursor that no page answered and a limit that is none, and say which field", async () => {
    const filter = { tenant_id: bakery.tenant_id };
    const cursors = ["", "nonsense", `${bakery.tenant_id}not a time`, "%"];
    for (const cursor of cursors) {
      await expect(listConversations(bakery.admin, filter, { cursor })).rejects.toThrow(/cursor/);
    }
    for (const limit of [0, -1, 1.5, 100, Number.NaN]) {
      await expect(listConversations(bakery.admin, filter, { limit })).rejects.toThrow(/limit/);
    }
  });
});

describe("badges", () => {
  test.each(["admin", "agent", "viewer"] as const)(
    "of the %s count what the lists show",
    async (role) => {
      const count = async (wanted: Wanted): Promise<number> =>
        (await listed(bakery[role], wanted, 99)).length;
      expect(await countBadges(bakery[role], bakery.tenant_id, { up_to: 1000 })).toEqual({
        mine_open: await count({ whose: "mine", state: "open" }),
        mine_unread: await count({ whose: "mine", is_unread: true }),
        teams_open: await count({ whose: "teams", state: "open" }),
        teams_unread: await count({ whose: "teams", is_unread: true }),
        queue_open: await count({ whose: "queue", state: "open" }),
        queue_unread: await count({ whose: "queue", is_unread: true }),
        all_open: await count({ state: "open" }),
        all_unread: await count({ is_unread: true }),
      });
    },
  );

  test("stop counting where they are told to", async () => {
    const badges = await countBadges(bakery.agent, bakery.tenant_id, { up_to: 3 });
    expect(Math.max(...Object.values(badges))).toBe(3);
    expect(badges.all_open).toBe(3);
  });
});
