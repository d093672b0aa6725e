import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  beginAnew,
  type Customer,
  type Desk,
  enqueue,
  lease,
  openDesk,
  openShop,
  record,
  sendAll,
  type Shop,
  type State,
  stateOf,
  template,
  text,
  welcome,
} from "./support/desk.ts";

let desk: Desk;
let shop: Shop;
let customer: Customer;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(async () => {
  ({ shop, customer } = await beginAnew(desk));
});

const say = (body: string, more: object = {}, to = customer.id): Promise<State> =>
  enqueue(desk, { conversation_id: to, content: text(body), ...more });

const ERROR = { code: 131000, title: "Something went wrong", message: "…", details: null };

describe("the queue of a conversation", () => {
  test("has one message in flight, and goes in order", async () => {
    const ids = [(await say("1")).id, (await say("2")).id, (await say("3")).id];
    const first = await lease(desk);
    expect(first.sends.map(({ id }) => id)).toEqual([ids[0]]);
    expect((await lease(desk)).sends).toEqual([]);
    await record(desk, first.sends, { action: "accepted" });
    expect(await sendAll(desk)).toEqual(ids.slice(1));
  });

  test("waits behind a message that is tried again", async () => {
    const [first, second] = [await say("1"), await say("2")];
    await record(desk, (await lease(desk)).sends, {
      action: "retry",
      delay_ms: 4000,
      error: ERROR,
    });
    expect(await stateOf(desk, first.id)).toMatchObject({ status: "queued", error: ERROR });
    desk.wait(3.9);
    expect((await lease(desk)).sends).toEqual([]);
    desk.wait(0.2);
    const again = await lease(desk);
    expect(again.sends).toMatchObject([{ id: first.id, attempt: 2 }]);
    await record(desk, again.sends, { action: "accepted" });
    expect(await sendAll(desk)).toEqual([second.id]);
    expect(await stateOf(desk, first.id)).toMatchObject({ status: "accepted", error: null });
  });

  test("lets a reply go before a campaign's message that waits", async () => {
    const campaign = await say("news", { priority: "campaign" });
    const reply = await say("answer");
    expect(await sendAll(desk)).toEqual([reply.id, campaign.id]);
  });

  test("does not wait for what is scheduled", async () => {
    const scheduled_at = new Date(desk.now().getTime() + 3_600_000).toISOString();
    const later = await say("later", { scheduled_at });
    const now = await say("now");
    expect(await sendAll(desk)).toEqual([now.id]);
    const { next_ms } = await lease(desk);
    expect(next_ms).toBeGreaterThan(3_500_000);
    desk.wait(3601);
    expect(await sendAll(desk)).toEqual([later.id]);
  });

  test("moves with the conversation where a webhook joins two contacts", async () => {
    const other = await welcome(desk, shop);
    const waiting = await say("to the other", {}, other.id);
    await desk.run(async (sql) => {
      await sql`select set_config('wabase.ingest_is_alone', 'true', true)`;
      await sql`
        select wabase.merge_contacts(mine.contact_id, theirs.contact_id, 'same_person')
        from public.whatsapp_conversations as mine, public.whatsapp_conversations as theirs
        where mine.id = ${customer.id} and theirs.id = ${other.id}`;
    });
    const { sends } = await lease(desk);
    expect(sends).toMatchObject([{ id: waiting.id, to: customer.phone }]);
  });

  test("passes over what was deleted", async () => {
    const [gone, kept] = [await say("1"), await say("2")];
    await desk.sql`delete from public.whatsapp_messages where id = ${gone.id}`;
    // The first look finds it gone.
    await lease(desk);
    expect(await sendAll(desk)).toEqual([kept.id]);
  });
});

describe("a lease", () => {
  test("that expires leaves its message unknown, and nobody sends it again", async () => {
    const { id } = await say("1");
    await lease(desk);
    expect(await stateOf(desk, id)).toMatchObject({ status: "sending" });
    desk.wait(59);
    await lease(desk);
    expect(await stateOf(desk, id)).toMatchObject({ status: "sending" });
    desk.wait(2);
    await lease(desk);
    expect(await stateOf(desk, id)).toMatchObject({
      status: "unknown",
      error: { code: "lease_lost" },
    });
    desk.wait(86_400);
    expect(await sendAll(desk)).toEqual([]);
  });

  test("asked for again after its answer was lost hands out the same messages, and no others", async () => {
    await say("1");
    await say("2", {}, (await welcome(desk, shop)).id);
    const lease_id = randomUUID();
    const first = await lease(desk, { lease_id, max_sends: 1 });
    const again = await lease(desk, { lease_id, max_sends: 1 });
    expect(again.sends).toEqual(first.sends);
    expect(first.sends).toHaveLength(1);
  });

  test("that has expired is still believed when Meta had accepted, or refused", async () => {
    for (const [outcome, status] of [
      [{ action: "accepted" }, "accepted"],
      [{ action: "never", error: ERROR }, "failed"],
    ] as const) {
      const { id } = await say("1");
      const { sends } = await lease(desk);
      desk.wait(61);
      await lease(desk);
      expect(await stateOf(desk, id)).toMatchObject({ status: "unknown" });
      await record(desk, sends, outcome);
      expect(await stateOf(desk, id)).toMatchObject({ status });
      const [left] =
        await desk.sql`select count(*)::int from wabase.unsettled where message_id = ${id}`;
      expect(left).toEqual({ count: 0 });
    }
  });

  test("that has expired is not believed when it would queue or fail what another has", async () => {
    const { id } = await say("1", { allow_duplicate: true });
    const first = await lease(desk);
    desk.wait(61);
    await lease(desk);
    desk.wait(3600);
    const second = await lease(desk);
    expect(second.sends).toMatchObject([{ id }]);
    for (const outcome of [
      { action: "retry", delay_ms: 0 },
      { action: "never" },
      { action: "unknown" },
    ]) {
      await record(desk, first.sends, { ...outcome, error: ERROR });
      expect(await stateOf(desk, id)).toMatchObject({ status: "sending" });
    }
    await record(desk, second.sends, { action: "accepted" });
    expect(await stateOf(desk, id)).toMatchObject({ status: "accepted", error: null });
  });

  test("given back is no attempt, and the message keeps its place", async () => {
    const [first, second] = [await say("1"), await say("2")];
    await record(desk, (await lease(desk)).sends, { action: "release" });
    const again = await lease(desk);
    expect(again.sends).toMatchObject([{ id: first.id, attempt: 1 }]);
    await record(desk, again.sends, { action: "accepted" });
    expect(await sendAll(desk)).toEqual([second.id]);
  });

  test("is not given for what cannot be sent any more: the window has closed, the contact opted out", async () => {
    const late = await say("late");
    const reader = await welcome(desk, shop);
    await desk.sql`
      insert into public.whatsapp_templates (tenant_id, waba_id, template_id, name, language, category, status)
      values (${shop.tenant_id}, ${shop.phone_number_id}, ${randomUUID()}, 'news', 'en_US', 'MARKETING', 'APPROVED')`;
    const news = await enqueue(desk, { conversation_id: reader.id, content: template("news") });
    await desk.sql`
      update public.whatsapp_contacts set marketing_opted_out = true where phone = ${reader.phone}`;
    desk.wait(86_401);
    expect((await lease(desk)).sends).toEqual([]);
    expect(await stateOf(desk, late.id)).toMatchObject({
      status: "failed",
      error: { code: "window_closed" },
    });
    expect(await stateOf(desk, news.id)).toMatchObject({
      status: "failed",
      error: { code: "opted_out" },
    });
  });
});

describe("limits", () => {
  test("45 at once to one person, then one every 6 seconds", async () => {
    for (let turn = 0; turn < 50; turn += 1) await say(`${turn}`);
    expect(await sendAll(desk)).toHaveLength(45);
    desk.wait(5.9);
    expect(await sendAll(desk)).toHaveLength(0);
    desk.wait(0.2);
    expect(await sendAll(desk)).toHaveLength(1);
    desk.wait(12);
    expect(await sendAll(desk)).toHaveLength(2);
    // After a long silence all 45 are there again, and no more.
    desk.wait(3600);
    expect(await sendAll(desk)).toHaveLength(2);
  });

  test("never more in any second than the number may send, calls under way included", async () => {
    const slow = await openShop(desk, 20);
    for (let turn = 0; turn < 60; turn += 1) {
      await enqueue(desk, { conversation_id: (await welcome(desk, slow)).id, content: text() });
    }
    const at: number[] = [];
    const under_way: { ends: number; sends: Awaited<ReturnType<typeof lease>>["sends"] }[] = [];
    for (let tick = 0; tick < 60; tick += 1) {
      desk.wait(0.08);
      const now = desk.now().getTime();
      const { sends } = await lease(desk);
      at.push(...sends.map(() => now));
      // Meta answers some at once, some after most of a second.
      under_way.push({ ends: now + (tick % 3) * 400, sends });
      for (const call of under_way.filter(({ ends }) => ends <= now)) {
        await record(desk, call.sends, { action: "accepted" });
        call.sends = [];
      }
    }
    for (const start of at) {
      expect(at.filter((time) => time >= start && time < start + 1000).length).toBeLessThanOrEqual(
        20,
      );
    }
    expect(at.length).toBeGreaterThan(50);
  });

  test("are shared fairly: a number with a long queue does not hold up another", async () => {
    const busy = await openShop(desk);
    for (let turn = 0; turn < 80; turn += 1) {
      await enqueue(desk, { conversation_id: (await welcome(desk, busy)).id, content: text() });
    }
    const { id } = await say("the other tenant's only message");
    const { sends } = await lease(desk, { max_sends: 20 });
    expect(sends.map((send) => send.id)).toContain(id);
    expect(sends).toHaveLength(20);
  });

  test("Meta's word on the pair holds up this recipient alone, on the number all of its queue", async () => {
    const other = await welcome(desk, shop);
    await say("1");
    await record(desk, (await lease(desk)).sends, {
      action: "retry_recipient",
      delay_ms: 16_000,
      error: ERROR,
    });
    await say("2", {}, other.id);
    const second = await lease(desk);
    expect(second.sends).toMatchObject([{ to: other.phone }]);
    await record(desk, second.sends, { action: "retry_number", delay_ms: 30_000, error: ERROR });
    desk.wait(17);
    expect((await lease(desk)).sends).toEqual([]);
    desk.wait(14);
    // Being slowed down is not the message's fault: no attempt for the number's.
    expect(
      (await lease(desk)).sends.map(({ attempt }) => attempt).toSorted((a, b) => a - b),
    ).toEqual([1, 2]);
  });
});
