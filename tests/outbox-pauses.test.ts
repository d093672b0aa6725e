import { sendPolicies } from "@wabase/cloud-api";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  beginAnew,
  type Customer,
  type Desk,
  enqueue,
  hire,
  lease,
  openDesk,
  openShop,
  record,
  refusalOf,
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

describe("a pause", () => {
  const pause = (more: object = {}) => ({
    action: "pause_number",
    reason: "The account is locked.",
    resume_after_ms: null,
    error: { ...ERROR, code: 131031 },
    ...more,
  });
  const eventsOf = () =>
    desk.sql`select event, severity, subject from public.whatsapp_account_events where number_id = ${shop.number_id} order by id`;

  test("of a number stops its queue: nothing fails, one event tells of it, and an admin lets it go on", async () => {
    const ids: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      ids.push((await say("1", {}, (await welcome(desk, shop)).id)).id);
    }
    await record(desk, (await lease(desk, { max_sends: 3 })).sends, pause());
    desk.wait(86_000);
    expect((await lease(desk)).sends).toEqual([]);
    for (const id of ids) expect(await stateOf(desk, id)).toMatchObject({ status: "queued" });
    expect(await eventsOf()).toEqual([{ event: "PAUSED", severity: "CRITICAL", subject: null }]);

    const [admin, agent] = [await hire(desk, shop, "admin"), await hire(desk, shop, "agent")];
    const resume = (as: string) =>
      desk.run((sql) => sql`select whatsapp_resume_number(${shop.number_id}) as resumed`, as);
    expect(await refusalOf(resume(agent))).toBe("42501 number_id");
    expect(await resume(admin)).toEqual([{ resumed: true }]);
    expect((await sendAll(desk)).toSorted()).toEqual(ids.toSorted());
    expect(await eventsOf()).toHaveLength(2);
  });

  test("that ends by itself tries one message, and goes on when Meta takes it", async () => {
    for (let turn = 0; turn < 5; turn += 1) await say("1", {}, (await welcome(desk, shop)).id);
    const paused = pause({ resume_after_ms: 60_000 });
    await record(desk, (await lease(desk)).sends, paused);
    desk.wait(61);
    const probe = await lease(desk);
    expect(probe.sends).toHaveLength(1);
    expect((await lease(desk)).sends).toEqual([]);
    // Still locked: the same again a minute later, and no second event.
    await record(desk, probe.sends, paused);
    expect((await lease(desk)).sends).toEqual([]);
    expect(await eventsOf()).toHaveLength(1);
    desk.wait(61);
    const second = await lease(desk);
    expect(second.sends).toHaveLength(1);
    await record(desk, second.sends, { action: "accepted" });
    expect(await sendAll(desk)).toHaveLength(4);
    expect(await eventsOf()).toMatchObject([{ event: "PAUSED" }, { event: "RESUMED" }]);
  });

  test("of a template holds its messages alone, also in a conversation where others follow", async () => {
    const held = await enqueue(desk, { conversation_id: customer.id, content: template("news") });
    const outcome = {
      action: "pause_template",
      reason: "Paused.",
      resume_after_ms: null,
      error: ERROR,
    };
    await record(desk, (await lease(desk)).sends, outcome);
    const other = await welcome(desk, shop);
    const alsoHeld = await enqueue(desk, { conversation_id: other.id, content: template("news") });
    const [after, another] = [
      await say("after it"),
      await enqueue(desk, { conversation_id: other.id, content: template("hello") }),
    ];
    expect((await sendAll(desk)).toSorted()).toEqual([after.id, another.id].toSorted());
    expect(await stateOf(desk, held.id)).toMatchObject({ status: "queued" });
    const admin = await hire(desk, shop, "admin");
    await desk.run(
      (sql) => sql`select whatsapp_resume_template(${shop.number_id}, 'news', 'en_US')`,
      admin,
    );
    expect((await sendAll(desk)).toSorted()).toEqual([held.id, alsoHeld.id].toSorted());
    expect(await eventsOf()).toMatchObject([
      { event: "PAUSED", subject: "news" },
      { event: "RESUMED", subject: "news" },
    ]);
  });

  test("is known to the database for the same codes, and as long, as to the dispatcher", async () => {
    const rows = await desk.sql`
      select code, 'pause_' || scope as action, (extract(epoch from resume_after) * 1000)::int as resume_after_ms
      from wabase.pausing_codes order by code`;
    const pausing = sendPolicies
      .filter(({ action }) => action.startsWith("pause_"))
      .map(({ code, action, resume_after_ms }) => ({ code, action, resume_after_ms }));
    expect([...rows]).toEqual(pausing.toSorted((a, b) => a.code - b.code));
  });

  test("comes of a failed status, too", async () => {
    const { id } = await say("1");
    await sendAll(desk);
    await desk.run(
      (sql) => sql`
        update public.whatsapp_messages set status = 'failed', failed_at = wabase.now(), error = '{"code": 131042}'
        where id = ${id}`,
    );
    await say("2");
    expect((await lease(desk)).sends).toEqual([]);
    expect(await eventsOf()).toHaveLength(1);
  });
});

describe("a message in doubt", () => {
  test("is sent again after the tenant's term, only where the caller allowed a double", async () => {
    await desk.sql`
      update public.whatsapp_tenants set unknown_term = '10 minutes' where id = ${shop.tenant_id}`;
    const careful = await say("1");
    const allowed = await say("2", { allow_duplicate: true }, (await welcome(desk, shop)).id);
    const { sends } = await lease(desk);
    await record(desk, sends, { action: "unknown", delay_ms: 60_000, error: ERROR });
    expect(await stateOf(desk, careful.id)).toMatchObject({ status: "unknown", error: ERROR });
    desk.wait(599);
    expect((await lease(desk)).sends).toEqual([]);
    desk.wait(2);
    expect(await sendAll(desk)).toEqual([allowed.id]);
    expect(await stateOf(desk, careful.id)).toMatchObject({ status: "unknown" });
  });

  test("that a status has settled is not sent again", async () => {
    const { id } = await say("1", { allow_duplicate: true });
    await record(desk, (await lease(desk)).sends, { action: "unknown", delay_ms: 1, error: ERROR });
    await desk.sql`update public.whatsapp_messages set status = 'delivered' where id = ${id}`;
    desk.wait(7200);
    expect(await sendAll(desk)).toEqual([]);
  });

  test("is sent again by a human who may send there, and so is what failed; nothing else is", async () => {
    const [agent, viewer] = [await hire(desk, shop, "agent"), await hire(desk, shop, "viewer")];
    const retry = (id: string, as: string) =>
      desk.run((sql) => sql`select whatsapp_retry_message(${id}) ->> 'status' as status`, as);
    for (const action of ["unknown", "never"]) {
      const { id } = await say("1");
      await record(desk, (await lease(desk)).sends, { action, error: ERROR });
      expect(await refusalOf(retry(id, viewer))).toBe("42501 message_id");
      expect(await retry(id, agent)).toEqual([{ status: "queued" }]);
      expect(await sendAll(desk)).toEqual([id]);
      expect(await refusalOf(retry(id, agent))).toBe("22023 message_id");
    }
  });
});

describe("cancelling", () => {
  const cancel = (id: string, as?: string): Promise<State | undefined> =>
    desk.run(async (sql) => {
      const [row] = await sql<{ state: State }[]>`select whatsapp_cancel_message(${id}) as state`;
      return row?.state;
    }, as);

  test("takes back what waits, and what waits behind it goes on", async () => {
    const [first, second] = [await say("1"), await say("2")];
    expect(await cancel(first.id)).toMatchObject({ is_cancelled: true, status: "cancelled" });
    expect(await cancel(first.id)).toMatchObject({ is_cancelled: false, status: "cancelled" });
    expect(await sendAll(desk)).toEqual([second.id]);
    expect(await cancel(second.id)).toMatchObject({ is_cancelled: false, status: "accepted" });
  });

  test("comes too late for what is being sent", async () => {
    const { id } = await say("1");
    await lease(desk);
    expect(await cancel(id)).toMatchObject({ is_cancelled: false, status: "sending" });
  });

  test("and leasing at the same moment: one of the two wins, and the row says which", async () => {
    for (let round = 0; round < 25; round += 1) {
      const { id } = await say("1", {}, (await welcome(desk, shop)).id);
      const [cancelled, leased] = await Promise.all([cancel(id), lease(desk)]);
      const was_leased = leased.sends.some((send) => send.id === id);
      expect(cancelled?.is_cancelled).toBe(!was_leased);
      expect((await stateOf(desk, id)).status).toBe(was_leased ? "sending" : "cancelled");
      await record(desk, leased.sends, { action: "accepted" });
    }
  });

  test("is for who may send there", async () => {
    const { id } = await say("1");
    const stranger = await hire(desk, await openShop(desk), "admin");
    const viewer = await hire(desk, shop, "viewer");
    for (const as of [stranger, viewer])
      expect(await refusalOf(cancel(id, as))).toBe("42501 message_id");
    expect(await cancel(id, await hire(desk, shop, "agent"))).toMatchObject({ is_cancelled: true });
  });
});

test("what Meta holds back to look at its quality is accepted, and says so", async () => {
  const { id } = await enqueue(desk, { conversation_id: customer.id, content: template() });
  const held = { action: "accepted", message_status: "held_for_quality_assessment" };
  await record(desk, (await lease(desk)).sends, held);
  const [row] =
    await desk.sql`select status, held_at from public.whatsapp_messages where id = ${id}`;
  expect(row).toEqual({ status: "accepted", held_at: expect.any(Date) });
});

test("who asks Meta for no more marketing is known here from then on", async () => {
  await enqueue(desk, { conversation_id: customer.id, content: template() });
  await record(desk, (await lease(desk)).sends, {
    action: "never",
    error: { ...ERROR, code: 131050 },
  });
  const [row] = await desk.sql`
    select marketing_opted_out from public.whatsapp_contacts where phone = ${customer.phone}`;
  expect(row).toEqual({ marketing_opted_out: true });
});
