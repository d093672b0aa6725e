import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conversationsOf, parkedStatuses, readMessage } from "./support/rows.ts";
import { conversationHere, recordSend, startSending } from "./support/outbox.ts";
import { statusesOf, unstorableWamid } from "./support/webhook-values.ts";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  statusWebhook,
  type TestTenant,
  textWebhook,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
});
afterAll(() => sql.end());

/** Another order for each writer, and the same in every run. */
function shuffle<Item>(items: Item[], seed: number): Item[] {
  const keyed = items.map((item, at) => ({ item, key: (at * 7919 + seed * 104_729) % 1009 }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}

describe("8 writers over the same 20 conversations at once", () => {
  test.each([
    ["and every wamid of theirs overlaps, in other orders", false],
    ["and each batch holds an event that cannot be stored", true],
  ])("%s: every post is stored, every count is exact", async (_, isPoisoned) => {
    const phones = Array.from({ length: 20 }, newPhone);
    const messages = phones.flatMap((from) =>
      Array.from({ length: 6 }, () => ({ from, id: newWamid() })),
    );
    const bad = isPoisoned ? [{ from: newPhone(), id: unstorableWamid() }] : [];
    const writer = async (seed: number): Promise<number[]> => {
      const mine = shuffle(messages, seed);
      const answers: number[] = [];
      for (let at = 0; at < mine.length; at += 40) {
        const batch = [...mine.slice(at, at + 40), ...bad];
        const answer = await postWebhook(textWebhook(tenant.phone_number_id, batch));
        answers.push(answer.status);
      }
      return answers;
    };
    const answers = await Promise.all(Array.from({ length: 8 }, (__, seed) => writer(seed)));
    expect(new Set(answers.flat())).toEqual(new Set([200]));
    const rows = (await conversationsOf(sql, tenant)).filter((row) =>
      phones.includes(row.phone ?? ""),
    );
    expect(rows).toHaveLength(20);
    for (const row of rows) expect(row).toMatchObject({ unread_count: 6, messages: 6 });
  });
});

describe("a status at the very moment when Meta's answer to the send is recorded", () => {
  test("is applied to the message, never lost, never left parked", async () => {
    const { conversation_id, phone } = await conversationHere(sql, tenant);
    const round = async (at: number) => {
      const id = await startSending(conversation_id);
      const wamid = newWamid();
      const status = { id: wamid, status: "delivered", recipient_id: phone };
      // Half of them echo our id, as Meta does; the others are found by the wamid alone.
      const echo = at % 2 === 0 ? {} : { biz_opaque_callback_data: id };
      const sent = [{ ...status, status: "sent", ...echo }, status];
      const webhook = statusWebhook(tenant.phone_number_id, sent);
      const [answer] = await Promise.all([
        postWebhook(webhook),
        recordSend(id, { status: "accepted", wamid }),
      ]);
      expect(answer.status).toBe(200);
      return { row: await readMessage(sql, id), parked: await parkedStatuses(sql, wamid), wamid };
    };
    for (let batch = 0; batch < 12; batch += 1) {
      const rounds = await Promise.all(Array.from({ length: 10 }, (_, at) => round(at)));
      for (const { row, parked, wamid } of rounds) {
        expect(row).toMatchObject({ status: "delivered", wamid });
        expect(row.sent_at).not.toBeNull();
        expect(parked).toEqual([]);
      }
    }
  });

  test("holds up no other: 200 sends of one number are recorded while its statuses come in batches", async () => {
    const { conversation_id, phone } = await conversationHere(sql, tenant);
    const ids = await Promise.all(Array.from({ length: 60 }, () => startSending(conversation_id)));
    const sends = ids.map((id) => ({ id, wamid: newWamid() }));
    const webhooks = Array.from({ length: 6 }, (_, seed) =>
      statusWebhook(
        tenant.phone_number_id,
        shuffle(sends, seed).map(({ wamid }) => ({
          id: wamid,
          status: seed % 2 === 0 ? "read" : "delivered",
          recipient_id: phone,
        })),
      ),
    );
    const recorded = Promise.all(
      sends.map(({ id, wamid }) => recordSend(id, { status: "accepted", wamid })),
    );
    const answers = await statusesOf(webhooks.map((body) => postWebhook(body)));
    await recorded;
    expect(new Set(answers)).toEqual(new Set([200]));
    for (const { id, wamid } of sends) {
      expect(await readMessage(sql, id)).toMatchObject({ status: "read", wamid });
      expect(await parkedStatuses(sql, wamid)).toEqual([]);
    }
  });
});

test("12 batches of 1,000 statuses of messages that we never sent, at once, are all parked", async () => {
  const batches = Array.from({ length: 12 }, () =>
    Array.from({ length: 1000 }, () => ({
      id: newWamid(),
      status: "sent",
      recipient_id: "4915100000000",
    })),
  );
  const answers = await statusesOf(
    batches.map((batch) => postWebhook(statusWebhook(tenant.phone_number_id, batch))),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from wabase.parked_statuses
    where wamid in ${sql(batches.flat().map(({ id }) => id))}`;
  expect(row?.count).toBe(12_000);
});
