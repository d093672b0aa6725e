import {
  type Cursor,
  cursorOfMessage,
  listMedia,
  listMessages,
  MEDIA_TYPES,
  type MessagePage,
  readThread,
} from "@wabase/client/reads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  addConversation,
  addMessage,
  createReadTenant,
  readPages,
  type ReadTenant,
} from "./support/reads.ts";
import { connect, newWamid, signUpSomebody } from "./support/workbench.ts";

const sql = connect();
let bakery: ReadTenant;
let florist: ReadTenant;
let conversation: string;
/** The ids in the order of (occurred_at, id). */
let all: string[];

beforeAll(async () => {
  [bakery, florist] = await Promise.all([createReadTenant(sql), createReadTenant(sql)]);
  conversation = await addConversation(sql, bakery);
  for (let index = 0; index < 40; index += 1) {
    // Five at each time, some of them at fractions of a second.
    const occurred_at = new Date(1.79e12 + Math.floor(index / 5) * 250).toISOString();
    await addMessage(sql, conversation, { body: `Message ${index}`, occurred_at });
  }
  all = await idsOf(conversation);
});
afterAll(() => sql.end());

async function idsOf(conversation_id: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from public.whatsapp_messages where conversation_id = ${conversation_id} order by occurred_at, id`;
  return rows.map(({ id }) => id);
}

describe("a conversation's messages", () => {
  test.each([1, 7, 99])(
    "backwards in pages of %d are all of them, oldest first in each page",
    async (limit) => {
      const pages: string[][] = [];
      let before: Cursor | null = null;
      do {
        const page: MessagePage = await (before === null
          ? listMessages(bakery.agent, conversation, { limit })
          : listMessages(bakery.agent, conversation, { limit, before }));
        pages.unshift(page.rows.map(({ id }) => id));
        before = page.older;
      } while (before !== null);
      expect(pages.flat()).toEqual(all);
    },
  );

  test("forwards from any point are all that come after it", async () => {
    for (const start of [0, 4, 17, 39]) {
      const { rows } = await listMessages(bakery.agent, conversation, {
        around: all[start] ?? "",
        limit: 1,
      });
      let after: Cursor | null = cursorOfMessage(rows[0] ?? { id: "", occurred_at: "" });
      const ids: string[] = [];
      while (after !== null) {
        const page = await listMessages(bakery.agent, conversation, { after, limit: 6 });
        ids.push(...page.rows.map(({ id }) => id));
        after = page.newer;
      }
      expect(ids).toEqual(all.slice(start + 1));
    }
  });

  test("around a message has it in the middle, and goes on in both directions", async () => {
    const page = await listMessages(bakery.agent, conversation, {
      around: all[20] ?? "",
      limit: 9,
    });
    expect(page.rows.map(({ id }) => id)).toEqual(all.slice(16, 25));
    const above = await listMessages(bakery.agent, conversation, {
      before: page.older ?? "",
      limit: 5,
    });
    expect(above.rows.map(({ id }) => id)).toEqual(all.slice(11, 16));
    const below = await listMessages(bakery.agent, conversation, {
      after: page.newer ?? "",
      limit: 5,
    });
    expect(below.rows.map(({ id }) => id)).toEqual(all.slice(25, 30));
    const ends = await Promise.all(
      [all[0] ?? "", all.at(-1) ?? ""].map((around) =>
        listMessages(bakery.agent, conversation, { around, limit: 5 }),
      ),
    );
    expect(ends.map(({ older, newer }) => [older === null, newer === null])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  test("are read to the end while others come, each once", async () => {
    const other = await addConversation(sql, bakery);
    for (let index = 0; index < 20; index += 1) await addMessage(sql, other);
    const known = await idsOf(other);
    const ids: string[] = [];
    let page = await listMessages(bakery.agent, other, { limit: 6 });
    for (;;) {
      ids.unshift(...page.rows.map(({ id }) => id));
      if (page.older === null) break;
      await addMessage(sql, other);
      page = await listMessages(bakery.agent, other, { limit: 6, before: page.older });
    }
    expect(ids).toEqual(known);
  });

  test("are not there for who may not see the conversation", async () => {
    const hidden = await addConversation(sql, bakery, { assignee_id: bakery.user_ids.admin });
    const message_id = await addMessage(sql, hidden);
    const { client: stranger } = await signUpSomebody();
    const nothing = { rows: [], older: null, newer: null };
    for (const client of [bakery.agent, florist.admin, stranger]) {
      expect(await listMessages(client, hidden)).toEqual(nothing);
      expect(await listMessages(client, hidden, { around: message_id })).toEqual(nothing);
      expect(await readThread(client, message_id)).toEqual([]);
    }
    expect((await listMessages(bakery.viewer, hidden)).rows).toHaveLength(1);
  });

  test("refuse a cursor that is none, whatever is written into it", async () => {
    const hostile = [`${conversation}2026-01-01,id.gt.0`, `${conversation}")or(`, "x"];
    for (const before of hostile) {
      await expect(listMessages(bakery.agent, conversation, { before })).rejects.toThrow(/cursor/);
    }
  });
});

describe("a thread", () => {
  test("is the same from each of its messages: up to what is answered, down to all answers", async () => {
    const place = await addConversation(sql, bakery);
    const [head, left, right, leaf] = [newWamid(), newWamid(), newWamid(), newWamid()];
    const times = (index: number) => ({
      occurred_at: new Date(1.79e12 + index * 1000).toISOString(),
    });
    const ids = [
      await addMessage(sql, place, { wamid: head, ...times(0) }),
      await addMessage(sql, place, { wamid: left, reply_to_wamid: head, ...times(1) }),
      await addMessage(sql, place, { wamid: right, reply_to_wamid: head, ...times(2) }),
      await addMessage(sql, place, { wamid: leaf, reply_to_wamid: left, ...times(3) }),
    ];
    await addMessage(sql, place, times(4));
    for (const id of ids) {
      const thread = await readThread(bakery.agent, id);
      expect(thread.map((message) => message.id)).toEqual(ids);
    }
    expect(await readThread(bakery.agent, ids[0] ?? "", { limit: 2 })).toHaveLength(2);
  });

  test("ends where what is answered is not there, or where replies go in a circle", async () => {
    const place = await addConversation(sql, bakery);
    const orphan = await addMessage(sql, place, { reply_to_wamid: newWamid() });
    expect((await readThread(bakery.agent, orphan)).map(({ id }) => id)).toEqual([orphan]);
    const [one, two] = [newWamid(), newWamid()];
    const circle = [
      await addMessage(sql, place, { wamid: one, reply_to_wamid: two }),
      await addMessage(sql, place, { wamid: two, reply_to_wamid: one }),
    ];
    const thread = await readThread(bakery.agent, circle[0] ?? "");
    expect(thread.map(({ id }) => id).toSorted()).toEqual(circle.toSorted());
  });

  test("does not follow a wamid to another number, nor show what the caller may not see", async () => {
    const wamid = newWamid();
    const here = await addConversation(sql, bakery);
    const there = await addConversation(sql, bakery, { number_id: bakery.second_number_id });
    const hidden = await addConversation(sql, bakery, { assignee_id: bakery.user_ids.admin });
    const id = await addMessage(sql, here, { wamid });
    await addMessage(sql, there, { reply_to_wamid: wamid });
    const answer = await addMessage(sql, hidden, { reply_to_wamid: wamid });
    expect((await readThread(bakery.agent, id)).map((message) => message.id)).toEqual([id]);
    expect((await readThread(bakery.admin, id)).map((message) => message.id)).toEqual([id, answer]);
  });
});

test("media are those of the conversation, or of the tenant, that the caller may see; newest first, in pages", async () => {
  const seen = await addConversation(sql, florist);
  const hidden = await addConversation(sql, florist, { assignee_id: florist.user_ids.admin });
  const ids: Record<string, string[]> = { [seen]: [], [hidden]: [] };
  for (const [index, type] of [...MEDIA_TYPES, "text", "location", ...MEDIA_TYPES].entries()) {
    for (const place of [seen, hidden]) {
      const id = await addMessage(sql, place, {
        type,
        body: null,
        occurred_at: new Date(1.79e12 + Math.floor(index / 3) * 1000).toISOString(),
      });
      if (MEDIA_TYPES.some((each) => each === type)) ids[place]?.push(id);
    }
  }
  const of = async (client: typeof florist.agent, where: Parameters<typeof listMedia>[1]) =>
    await readPages((cursor) => listMedia(client, where, { limit: 3, cursor }));
  const { tenant_id } = florist;
  expect(await of(florist.agent, { conversation_id: seen })).toEqual(ids[seen]?.toReversed());
  expect(await of(florist.agent, { conversation_id: hidden })).toEqual([]);
  expect(await of(florist.agent, { tenant_id })).toEqual(ids[seen]?.toReversed());
  expect((await of(florist.admin, { tenant_id })).toSorted()).toEqual(
    Object.values(ids).flat().toSorted(),
  );
  expect(await of(bakery.admin, { tenant_id })).toEqual([]);
});
