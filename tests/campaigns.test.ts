import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  beginAnew,
  type Desk,
  enqueue,
  hire,
  json,
  lease,
  openDesk,
  record,
  refusalOf,
  sendAll,
  type Shop,
  stateOf,
  template,
  text,
  welcome,
} from "./support/desk.ts";
import { newPhone } from "./support/workbench.ts";

let desk: Desk;
let shop: Shop;
let admin: string;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(async () => {
  ({ shop } = await beginAnew(desk));
  await desk.sql`update public.whatsapp_campaigns set state = 'cancelled'`;
  admin = await hire(desk, shop, "admin");
});

async function call<Result>(
  name: "create_campaign" | "add_campaign_recipients" | "change_campaign" | "campaign_counts",
  parameters: (string | object)[],
  as: string = admin,
): Promise<Result> {
  return await desk.run(async (sql) => {
    const list = parameters.map((value) => (typeof value === "string" ? value : json(sql, value)));
    const [first = "", second] = list;
    const function_name = sql(`whatsapp_${name}`);
    const [row] =
      second === undefined
        ? await sql<{ result: Result }[]>`select ${function_name}(${first}) as result`
        : await sql<{ result: Result }[]>`select ${function_name}(${first}, ${second}) as result`;
    if (row === undefined) throw new Error(`${name} answered nothing`);
    return row.result;
  }, as);
}

async function create(more: object = {}): Promise<string> {
  const { phone_number_id } = shop;
  const campaign = { phone_number_id, name: "News", content: template("news"), ...more };
  return (await call<{ id: string }>("create_campaign", [campaign])).id;
}

const add = (id: string, recipients: unknown[]) =>
  call<{ added: number; known_already: number; invalid: number[] }>("add_campaign_recipients", [
    id,
    recipients,
  ]);
const change = (id: string, to: string) => call<{ state: string }>("change_campaign", [id, to]);
const countsOf = async (id: string) => {
  const counts = await call<{ state: string; waits_for: string | null; recipients: object }>(
    "campaign_counts",
    [id],
  );
  return counts;
};
/** What pg_cron does every few seconds. */
const feed = () => desk.run((sql) => sql`select wabase.feed_campaigns()`);

const phones = (count: number) => Array.from({ length: count }, () => `+${newPhone()}`);

/** A campaign to so many people, running. */
async function start(count: number, more: object = {}): Promise<string> {
  const id = await create(more);
  await add(id, phones(count));
  await change(id, "start");
  return id;
}

describe("a campaign to a list", () => {
  test("goes to each once, whatever the spelling, and says how it stands at each step", async () => {
    const id = await create({ body: "Fresh bread from 7." });
    const [one, two, three] = phones(3);
    const spelled = `${one?.slice(0, 3)} (${one?.slice(3, 6)}) ${one?.slice(6)}`;
    expect(await add(id, [one, two, spelled])).toEqual({ added: 2, known_already: 1, invalid: [] });
    expect(await add(id, [three, two, "no phone", { to: 5 }, null])).toEqual({
      added: 1,
      known_already: 1,
      invalid: [2, 3, 4],
    });
    expect(await countsOf(id)).toMatchObject({ state: "draft", recipients: { pending: 3 } });
    await feed();
    expect(await sendAll(desk)).toEqual([]);

    await change(id, "start");
    await feed();
    expect(await countsOf(id)).toMatchObject({ state: "running", recipients: { queued: 3 } });
    const { sends } = await lease(desk);
    expect(new Set(sends.map(({ to }) => `+${to}`))).toEqual(new Set([one, two, three]));
    expect(await countsOf(id)).toMatchObject({ recipients: { sending: 3 } });
    await record(desk, sends.slice(0, 2), { action: "accepted" });
    await record(desk, sends.slice(2), { action: "never", error: { code: 131026 } });
    expect(await countsOf(id)).toMatchObject({ recipients: { accepted: 2, failed: 1 } });
    await feed();
    expect(await countsOf(id)).toMatchObject({ state: "done" });
    await feed();
    expect(await sendAll(desk)).toEqual([]);
    const [message] = await desk.sql`
      select body, campaign_id, content from public.whatsapp_messages where id = ${sends[0]?.id ?? ""}`;
    expect(message).toEqual({
      body: "Fresh bread from 7.",
      campaign_id: id,
      content: template("news"),
    });
  });

  test("gives each the parameters of its own", async () => {
    const id = await create();
    const components = [{ type: "body", parameters: [{ type: "text", text: "Mara" }] }];
    const [own, common] = phones(2);
    await add(id, [{ to: own, components }, { to: common }]);
    await change(id, "start");
    await feed();
    const { sends } = await lease(desk);
    const contentFor = (phone = "") => sends.find(({ to }) => `+${to}` === phone)?.content;
    expect(contentFor(own)).toMatchObject({ template: { name: "news", components } });
    expect(contentFor(common)).toEqual(template("news"));
  });

  test("leaves out who has opted out of marketing, when it is made and until it is queued", async () => {
    await desk.sql`
      insert into public.whatsapp_templates (tenant_id, waba_id, template_id, name, language, category, status)
      values (${shop.tenant_id}, ${shop.phone_number_id}, ${randomUUID()}, 'news', 'en_US', 'MARKETING', 'APPROVED')`;
    const id = await create();
    const list = phones(5);
    await add(id, list);
    await change(id, "start");
    await desk.sql`
      update public.whatsapp_contacts set marketing_opted_out = true
      where phone in ${desk.sql(list.slice(0, 2).map((phone) => phone.slice(1)))}`;
    await feed();
    expect(await countsOf(id)).toMatchObject({ recipients: { queued: 3, skipped: 2 } });
    const reasons = await desk.sql`
      select skipped_because as reason, count(*)::int from public.whatsapp_campaign_recipients
      where campaign_id = ${id} group by 1 order by 2`;
    expect([...reasons]).toEqual([
      { reason: "opted_out", count: 2 },
      { reason: null, count: 3 },
    ]);
  });

  test("counts two contacts that turn out to be one person once", async () => {
    const id = await create();
    const [one, two] = [await welcome(desk, shop), await welcome(desk, shop)];
    await add(id, [`+${one.phone}`, `+${two.phone}`]);
    await desk.run(async (sql) => {
      await sql`select set_config('wabase.ingest_is_alone', 'true', true)`;
      await sql`
        select wabase.merge_contacts(mine.contact_id, theirs.contact_id, 'same_person')
        from public.whatsapp_conversations as mine, public.whatsapp_conversations as theirs
        where mine.id = ${one.id} and theirs.id = ${two.id}`;
    });
    await change(id, "start");
    await feed();
    expect(await sendAll(desk)).toHaveLength(1);
  });

  test("that Meta holds back says so, and a status says how it ends", async () => {
    const id = await start(2);
    await feed();
    const { sends } = await lease(desk);
    await record(desk, sends, {
      action: "accepted",
      message_status: "held_for_quality_assessment",
    });
    expect(await countsOf(id)).toMatchObject({ recipients: { held: 2 } });
    await desk.sql`
      update public.whatsapp_messages set status = 'sent' where id = ${sends[0]?.id ?? ""}`;
    expect(await countsOf(id)).toMatchObject({ recipients: { held: 1, sent: 1 } });
  });
});

describe("a campaign to a segment", () => {
  test("goes to the contacts that it describes, of this number", async () => {
    const customers = await Promise.all(Array.from({ length: 6 }, () => welcome(desk, shop)));
    // Two wrote three days ago.
    const old = customers.slice(0, 2).map(({ id }) => id);
    await desk.sql`
      update public.whatsapp_conversations
      set customer_window_expires_at = customer_window_expires_at - interval '3 days' where id in ${desk.sql(old)}`;
    const last_seen_after = new Date(desk.now().getTime() - 86_400_000).toISOString();
    const id = await create({ segment: { last_seen_after } });
    await change(id, "start");
    await feed();
    // With the customer of beforeEach.
    expect(await countsOf(id)).toMatchObject({ recipients: { queued: 5 } });
    const reached = await desk.sql<{ conversation_id: string }[]>`
      select conversation_id from public.whatsapp_messages where campaign_id = ${id}`;
    for (const { conversation_id } of reached) expect(old).not.toContain(conversation_id);
  });

  test.each([
    ["a field that is unknown", { tag: "vip" }, "22023 segment.tag"],
    ["a time that is none", { last_seen_after: "soon" }, "22023 segment.last_seen_after"],
    ["a state that is none", { state: "vip" }, "22023 segment.state"],
  ])("with %s is refused", async (_, segment, refusal) => {
    expect(await refusalOf(create({ segment }))).toBe(refusal);
  });
});

describe("a campaign that is under way", () => {
  test("is queued no further ahead than its number sends in ten seconds, and replies go before it", async () => {
    await desk.sql`update public.whatsapp_numbers set sends_per_second = 20 where id = ${shop.number_id}`;
    const id = await start(500);
    await feed();
    expect(await countsOf(id)).toMatchObject({ recipients: { queued: 200, pending: 300 } });
    await feed();
    expect(await countsOf(id)).toMatchObject({ recipients: { queued: 200, pending: 300 } });
    const customer = await welcome(desk, shop);
    const reply = await enqueue(desk, { conversation_id: customer.id, content: text() });
    const { sends } = await lease(desk, { max_sends: 1 });
    expect(sends).toMatchObject([{ id: reply.id }]);
  });

  test("stops at once when it is paused, and goes on where it was", async () => {
    const id = await start(30);
    await feed();
    const under_way = await lease(desk, { max_sends: 10 });
    await change(id, "pause");
    await record(desk, under_way.sends, { action: "accepted" });
    expect(await sendAll(desk)).toEqual([]);
    await feed();
    expect(await countsOf(id)).toMatchObject({
      state: "paused",
      recipients: { accepted: 10, queued: 20 },
    });
    await change(id, "start");
    desk.wait(1);
    expect(await sendAll(desk)).toHaveLength(20);
  });

  test("is taken back when it is cancelled, but for what is being sent", async () => {
    const id = await start(30);
    await feed();
    const under_way = await lease(desk, { max_sends: 10 });
    await add(id, phones(5));
    await change(id, "cancel");
    await record(desk, under_way.sends, { action: "accepted" });
    await feed();
    desk.wait(1);
    expect(await sendAll(desk)).toEqual([]);
    expect(await countsOf(id)).toMatchObject({
      state: "cancelled",
      recipients: { accepted: 10, cancelled: 20, pending: 5 },
    });
    expect(await refusalOf(change(id, "start"))).toBe("22023 change");
    expect(await refusalOf(add(id, phones(1)))).toBe("22023 campaign_id");
  });

  test("waits for Meta's limit of people a day, and goes on the day after", async () => {
    await desk.sql`
      update public.whatsapp_numbers set messaging_limit = 'TIER_250' where id = ${shop.number_id}`;
    const id = await start(300);
    for (let turn = 0; turn < 3; turn += 1) await feed();
    expect(await countsOf(id)).toMatchObject({
      waits_for: "messaging_limit",
      recipients: { queued: 250, pending: 50 },
    });
    desk.wait(26 * 3600);
    await feed();
    await feed();
    expect(await countsOf(id)).toMatchObject({ waits_for: null, recipients: { queued: 300 } });
  });

  test("waits while its number or its template is paused, and fails nothing", async () => {
    const id = await start(3);
    const pause = (name: string | null) =>
      desk.sql`
        insert into public.whatsapp_pauses (tenant_id, number_id, template_name, template_language, reason)
        values (${shop.tenant_id}, ${shop.number_id}, ${name}, ${name && "en_US"}, 'test')`;
    await pause(null);
    await feed();
    expect(await countsOf(id)).toMatchObject({
      waits_for: "number_paused",
      recipients: { pending: 3 },
    });
    await desk.sql`truncate public.whatsapp_pauses`;
    await pause("news");
    await feed();
    expect(await countsOf(id)).toMatchObject({ waits_for: "template_paused" });
    await desk.sql`truncate public.whatsapp_pauses`;
    await feed();
    expect(await sendAll(desk)).toHaveLength(3);
  });

  test("begins at its time", async () => {
    const scheduled_at = new Date(desk.now().getTime() + 3_600_000).toISOString();
    const id = await start(2, { scheduled_at });
    await feed();
    expect(await countsOf(id)).toMatchObject({ state: "running", recipients: { pending: 2 } });
    desk.wait(3601);
    await feed();
    expect(await sendAll(desk)).toHaveLength(2);
  });

  test("is fed by many at once without anybody being queued twice", async () => {
    const id = await start(1000);
    await Promise.all(Array.from({ length: 6 }, feed));
    const [row] = await desk.sql`
      select count(*)::int as messages, count(distinct conversation_id)::int as people
      from public.whatsapp_messages where campaign_id = ${id}`;
    expect(row).toEqual({ messages: 1000, people: 1000 });
    expect(await countsOf(id)).toMatchObject({ recipients: { queued: 1000 } });
  });

  test("survives that its feeding is broken off at any moment", async () => {
    const id = await start(400);
    for (let round = 0; round < 12; round += 1) {
      // A chunk that is rolled back has not happened.
      await desk
        .run(async (sql) => {
          await sql`set local statement_timeout = ${sql.unsafe(String(3 + round * 12))}`;
          await sql`select wabase.feed_campaign(${id}, 50)`;
        })
        .catch(() => {});
    }
    await feed();
    const sent = await sendAll(desk);
    desk.wait(2);
    sent.push(...(await sendAll(desk)));
    desk.wait(2);
    sent.push(...(await sendAll(desk)));
    await feed();
    const [row] = await desk.sql`
      select count(*)::int as messages, count(distinct conversation_id)::int as people
      from public.whatsapp_messages where campaign_id = ${id}`;
    expect(row).toEqual({ messages: 400, people: 400 });
    for (const each of sent.slice(0, 3)) {
      expect(await stateOf(desk, each)).toMatchObject({ status: "accepted" });
    }
  });
});

describe("who may", () => {
  test("make and run campaigns: admins; members see how they stand, strangers nothing", async () => {
    const id = await create();
    const [agent, viewer] = [await hire(desk, shop, "agent"), await hire(desk, shop, "viewer")];
    const stranger = await hire(desk, (await beginAnew(desk)).shop, "admin");
    const { phone_number_id } = shop;
    const campaign = { phone_number_id, name: "News", content: template("news") };
    for (const as of [agent, viewer, stranger]) {
      expect(await refusalOf(call("create_campaign", [campaign], as))).toMatch(/^42501/);
      expect(await refusalOf(call("add_campaign_recipients", [id, phones(1)], as))).toMatch(
        /^42501/,
      );
      expect(await refusalOf(call("change_campaign", [id, "start"], as))).toMatch(/^42501/);
    }
    expect(await refusalOf(call("campaign_counts", [id], stranger))).toMatch(/^42501/);
    expect(await call("campaign_counts", [id], agent)).toMatchObject({ state: "draft" });
    await add(id, phones(1));
    const seen = (as: string) =>
      desk.run(async (sql) => {
        const [row] = await sql`
          select (select count(*)::int from whatsapp_campaigns where id = ${id}) as campaigns,
            (select count(*)::int from whatsapp_campaign_recipients where campaign_id = ${id}) as recipients`;
        return row;
      }, as);
    expect(await seen(admin)).toEqual({ campaigns: 1, recipients: 1 });
    expect(await seen(viewer)).toEqual({ campaigns: 1, recipients: 1 });
    expect(await seen(agent)).toEqual({ campaigns: 1, recipients: 0 });
    expect(await seen(stranger)).toEqual({ campaigns: 0, recipients: 0 });
  });

  test.each<[string, object, string]>([
    ["no template", { content: text() }, "22023 content.type"],
    ["no name", { name: " " }, "22023 name"],
    ["a field that is unknown", { audience: [] }, "22023 audience"],
    ["another's number", { phone_number_id: "1" }, "42501 phone_number_id"],
  ])("nobody makes one with %s", async (_, more, refusal) => {
    expect(await refusalOf(create(more))).toBe(refusal);
  });
});
