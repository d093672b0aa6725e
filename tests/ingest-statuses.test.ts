import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { countRows, parkedStatuses, readMessage } from "./support/rows.ts";
import { conversationHere, recordSend, startSending } from "./support/outbox.ts";
import { valueWebhook } from "./support/webhook-values.ts";
import {
  connect,
  createTenant,
  newWamid,
  postWebhook,
  statusWebhook,
  type TestTenant,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
let neighbour: TestTenant;
let conversation_id: string;
let phone: string;
beforeAll(async () => {
  [tenant, neighbour] = await Promise.all([createTenant(sql), createTenant(sql)]);
  ({ conversation_id, phone } = await conversationHere(sql, tenant));
});
afterAll(() => sql.end());

const T0 = 1_790_000_000;
/** Each state's own time, in whatever order the webhooks come. */
const TIMES = { sent: T0, delivered: T0 + 3, read: T0 + 60, failed: T0 + 1, played: T0 + 90 };
const at = (status: keyof typeof TIMES): Date => new Date(TIMES[status] * 1000);
const ERROR = {
  code: 131026,
  title: "Message undeliverable",
  message: "Message undeliverable",
  error_data: { details: "Not on WhatsApp" },
};

type State = keyof typeof TIMES;

/** One status as Meta sends it, in a POST of its own. */
async function report(
  wamid: string,
  status: State,
  {
    of_number = tenant.phone_number_id,
    ...more
  }: Record<string, unknown> & { of_number?: string } = {},
): Promise<void> {
  const item = {
    id: wamid,
    status,
    timestamp: String(TIMES[status]),
    recipient_id: phone,
    ...(status === "failed" ? { errors: [ERROR] } : {}),
    ...more,
  };
  const answer = await postWebhook(valueWebhook(of_number, { statuses: [item] }));
  expect(answer.status).toBe(200);
}

/** A message that Meta has accepted. */
async function sendOne(): Promise<{ id: string; wamid: string }> {
  const id = await startSending(conversation_id);
  const wamid = newWamid();
  await recordSend(id, { status: "accepted", wamid });
  return { id, wamid };
}

function permutations<Item>(items: Item[]): Item[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

describe("statuses in any order", () => {
  test.each([
    { states: ["sent", "delivered", "read"] as State[], ends: "read" },
    { states: ["sent", "delivered", "read", "failed"] as State[], ends: "read" },
    { states: ["sent", "failed"] as State[], ends: "failed" },
    { states: ["sent", "delivered", "failed"] as State[], ends: "delivered" },
    { states: ["sent", "read"] as State[], ends: "read" },
    { states: ["delivered", "read", "played"] as State[], ends: "played" },
  ])("$states end as $ends, each state with its own time", async ({ states, ends }) => {
    const all = await Promise.all(
      permutations(states).map(async (order) => {
        const { id, wamid } = await sendOne();
        for (const status of order) await report(wamid, status);
        const before = await readMessage(sql, id);
        // Repeated, all in one: nothing changes.
        await postWebhook(
          statusWebhook(
            tenant.phone_number_id,
            order.map((status) => ({
              id: wamid,
              status,
              recipient_id: phone,
              timestamp: TIMES[status],
            })),
          ),
        );
        expect(await readMessage(sql, id)).toEqual(before);
        return before;
      }),
    );
    const time = (status: State) => (states.includes(status) ? at(status) : null);
    for (const row of all) {
      expect(row).toMatchObject({
        status: ends,
        sent_at: time("sent"),
        delivered_at: time("delivered"),
        read_at: time("read"),
        failed_at: time("failed"),
      });
      expect(row.error === null).toBe(!states.includes("failed"));
    }
  });

  test("in one batch, however they stand in it, are all applied", async () => {
    const { id, wamid } = await sendOne();
    const statuses = (["read", "sent", "delivered", "sent"] as const).map((status) => ({
      id: wamid,
      status,
      recipient_id: phone,
      timestamp: TIMES[status],
    }));
    await postWebhook(statusWebhook(tenant.phone_number_id, statuses));
    expect(await readMessage(sql, id)).toMatchObject({
      status: "read",
      sent_at: at("sent"),
      delivered_at: at("delivered"),
      read_at: at("read"),
    });
  });

  test("repeated with another time keep the earliest", async () => {
    const { id, wamid } = await sendOne();
    for (const later of [60, 0, 30]) {
      await report(wamid, "delivered", { timestamp: String(TIMES.delivered + later) });
    }
    expect((await readMessage(sql, id)).delivered_at).toEqual(at("delivered"));
  });
});

describe("what a status carries", () => {
  test("the price is kept, and a later status without one does not take it away", async () => {
    const { id, wamid } = await sendOne();
    const pricing = { billable: true, pricing_model: "PMP", category: "service", type: "regular" };
    await report(wamid, "sent", { pricing });
    await report(wamid, "delivered");
    expect((await readMessage(sql, id)).pricing).toEqual(pricing);
  });

  test("Meta's reason is kept, and not lost when the message arrives after all", async () => {
    const { id, wamid } = await sendOne();
    await report(wamid, "failed");
    expect(await readMessage(sql, id)).toMatchObject({
      status: "failed",
      error: { code: 131026, title: "Message undeliverable", details: "Not on WhatsApp" },
    });
    await report(wamid, "delivered");
    expect(await readMessage(sql, id)).toMatchObject({
      status: "delivered",
      failed_at: at("failed"),
      error: { code: 131026 },
    });
  });
});

describe("a status before its message is known", () => {
  test("is parked, makes no conversation and no message, and is applied when the send is recorded", async () => {
    const id = await startSending(conversation_id);
    const wamid = newWamid();
    const before = await countRows(sql, tenant);
    await report(wamid, "delivered", {
      recipient_id: "4915200000000",
      pricing: { category: "service" },
    });
    await report(wamid, "sent", { recipient_id: "4915200000000" });
    expect(await parkedStatuses(sql, wamid)).toEqual(["sent", "delivered"]);
    expect(await countRows(sql, tenant)).toEqual(before);
    const state = await recordSend(id, { status: "accepted", wamid });
    expect(state).toMatchObject({ status: "delivered", wamid });
    expect(await parkedStatuses(sql, wamid)).toEqual([]);
    expect(await readMessage(sql, id)).toMatchObject({
      sent_at: at("sent"),
      delivered_at: at("delivered"),
      accepted_at: expect.any(Date),
      pricing: { category: "service" },
      error: null,
    });
  });

  test("that echoes our id is applied at once and gives the message its wamid", async () => {
    const id = await startSending(conversation_id);
    const wamid = newWamid();
    await report(wamid, "sent", { biz_opaque_callback_data: id.toUpperCase() });
    expect(await readMessage(sql, id)).toMatchObject({ status: "sent", wamid, accepted_at: null });
    expect(await parkedStatuses(sql, wamid)).toEqual([]);
    // Meta's answer comes last: it takes nothing back.
    const state = await recordSend(id, { status: "accepted", wamid });
    expect(state).toMatchObject({ status: "sent", wamid });
    expect((await readMessage(sql, id)).accepted_at).not.toBeNull();
  });

  test("waits for no longer than until another status tells whose wamid it is", async () => {
    const id = await startSending(conversation_id);
    const wamid = newWamid();
    await report(wamid, "delivered");
    expect(await parkedStatuses(sql, wamid)).toEqual(["delivered"]);
    await report(wamid, "sent", { biz_opaque_callback_data: id });
    expect(await parkedStatuses(sql, wamid)).toEqual([]);
    expect(await readMessage(sql, id)).toMatchObject({
      status: "delivered",
      sent_at: at("sent"),
      delivered_at: at("delivered"),
    });
  });

  test("is applied where one status of the batch echoes our id and the others do not", async () => {
    const id = await startSending(conversation_id);
    const wamid = newWamid();
    const statuses = [
      { id: wamid, status: "delivered", recipient_id: phone, timestamp: TIMES.delivered },
      {
        id: wamid,
        status: "sent",
        recipient_id: phone,
        timestamp: TIMES.sent,
        biz_opaque_callback_data: id,
      },
    ];
    await postWebhook(statusWebhook(tenant.phone_number_id, statuses));
    expect(await readMessage(sql, id)).toMatchObject({
      status: "delivered",
      wamid,
      sent_at: at("sent"),
    });
    expect(await parkedStatuses(sql, wamid)).toEqual([]);
  });

  test("that is for a message which we never sent stays parked, once for each state", async () => {
    const wamid = newWamid();
    const before = await countRows(sql, tenant);
    for (const _ of [1, 2]) await report(wamid, "sent");
    await report(wamid, "read");
    expect(await parkedStatuses(sql, wamid)).toEqual(["sent", "read"]);
    expect(await countRows(sql, tenant)).toEqual(before);
  });
});

describe("a status of another number", () => {
  test("does not touch a message of ours, by its wamid or by our id", async () => {
    const { id, wamid } = await sendOne();
    const waiting = await startSending(conversation_id);
    const of_number = neighbour.phone_number_id;
    await report(wamid, "read", { biz_opaque_callback_data: id, of_number });
    await report(newWamid(), "read", { biz_opaque_callback_data: waiting, of_number });
    expect(await readMessage(sql, id)).toMatchObject({ status: "accepted", read_at: null });
    expect(await readMessage(sql, waiting)).toMatchObject({ status: "sending", wamid: null });
  });

  test("with the id of a message that has another wamid does not touch it either", async () => {
    const { id, wamid } = await sendOne();
    const foreign = newWamid();
    await report(foreign, "read", { biz_opaque_callback_data: id });
    expect(await readMessage(sql, id)).toMatchObject({ status: "accepted", wamid });
    expect(await parkedStatuses(sql, foreign)).toEqual(["read"]);
  });
});

describe("a lost answer", () => {
  const LOST = { code: "network_error", title: "The connection broke" };

  test("is settled by the status that echoes our id, and its error is no longer there", async () => {
    const id = await startSending(conversation_id);
    const wamid = newWamid();
    await recordSend(id, { status: "unknown", error: LOST });
    expect(await readMessage(sql, id)).toMatchObject({ status: "unknown", error: LOST });
    await report(wamid, "delivered", { biz_opaque_callback_data: id });
    expect(await readMessage(sql, id)).toMatchObject({ status: "delivered", wamid, error: null });
  });

  test("is settled by a failed status with Meta's reason, not with ours", async () => {
    const id = await startSending(conversation_id);
    await recordSend(id, { status: "unknown", error: LOST });
    await report(newWamid(), "failed", { biz_opaque_callback_data: id });
    expect(await readMessage(sql, id)).toMatchObject({ status: "failed", error: { code: 131026 } });
  });

  test("that is noticed after the status came leaves no error on what has arrived", async () => {
    const id = await startSending(conversation_id);
    await report(newWamid(), "delivered", { biz_opaque_callback_data: id });
    await recordSend(id, { status: "unknown", error: LOST });
    expect(await readMessage(sql, id)).toMatchObject({ status: "delivered", error: null });
  });
});
