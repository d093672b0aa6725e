import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { countJournaled, conversationsOf, keptEvents } from "./support/rows.ts";
import { statusesOf, unstorableWamid } from "./support/webhook-values.ts";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  serviceClient,
  type TestTenant,
  textWebhook,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
});
afterAll(() => sql.end());

const outcomeSchema = z.object({
  journal_id: z.number(),
  events: z.number(),
  kept: z.record(z.string(), z.number()),
});

async function post(body: string): Promise<z.infer<typeof outcomeSchema>> {
  const answer = await postWebhook(body);
  expect(answer.status).toBe(200);
  return outcomeSchema.parse(await answer.json());
}

const countMessages = async (wamids: string[]): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from public.whatsapp_messages where wamid in ${sql(wamids)}`;
  return row?.count ?? 0;
};

describe("a repeated webhook", () => {
  test("posted twice, and twice at once, is one message, unread once", async () => {
    const [phone, wamid] = [newPhone(), newWamid()];
    const body = textWebhook(tenant.phone_number_id, [{ from: phone, id: wamid }]);
    await post(body);
    expect(await statusesOf([postWebhook(body), postWebhook(body)])).toEqual([200, 200]);
    expect(await countMessages([wamid])).toBe(1);
    const rows = (await conversationsOf(sql, tenant)).filter((row) => row.phone === phone);
    expect(rows).toMatchObject([{ unread_count: 1, messages: 1 }]);
    expect(await countJournaled(sql, wamid)).toBe(3);
  });

  test("that brings a message twice in one batch is one message, unread once", async () => {
    const message = { from: newPhone(), id: newWamid() };
    await post(textWebhook(tenant.phone_number_id, [message, message]));
    const rows = (await conversationsOf(sql, tenant)).filter((row) => row.phone === message.from);
    expect(rows).toMatchObject([{ unread_count: 1, messages: 1 }]);
  });

  test("does not open a closed conversation, nor move its window", async () => {
    const [phone, wamid] = [newPhone(), newWamid()];
    const body = textWebhook(tenant.phone_number_id, [{ from: phone, id: wamid }]);
    await post(body);
    const look = async () =>
      await sql`
        select state, unread_count, last_message_at, customer_window_expires_at
        from public.whatsapp_conversations
        where id = (select conversation_id from public.whatsapp_messages where wamid = ${wamid})`;
    await sql`
      update public.whatsapp_conversations set state = 'closed', unread_count = 0
      where id = (select conversation_id from public.whatsapp_messages where wamid = ${wamid})`;
    const before = await look();
    await post(body);
    expect(await look()).toEqual(before);
  });
});

test("a message that comes late does not become the last one, nor shorten the window", async () => {
  const phone = newPhone();
  const now = Math.floor(Date.now() / 1000);
  const [newer, older] = [newWamid(), newWamid()];
  await post(textWebhook(tenant.phone_number_id, [{ from: phone, id: newer, timestamp: now }]));
  await post(
    textWebhook(tenant.phone_number_id, [{ from: phone, id: older, timestamp: now - 3600 }]),
  );
  const [row] = await sql`
    select last.wamid, conversation.unread_count, conversation.customer_window_expires_at as expires_at
    from public.whatsapp_conversations as conversation
    join public.whatsapp_messages as last on last.id = conversation.last_message_id
    where conversation.tenant_id = ${tenant.tenant_id} and last.wamid in ${sql([newer, older])}`;
  expect(row).toEqual({
    wamid: newer,
    unread_count: 2,
    expires_at: new Date((now + 24 * 3600) * 1000),
  });
});

describe("an event that cannot be stored", () => {
  test("holds up none of the 999 others of its batch, and is kept whole with its error", async () => {
    const phones = Array.from({ length: 40 }, newPhone);
    const good = Array.from({ length: 999 }, (_, at) => ({
      from: phones[at % phones.length] ?? "",
      id: newWamid(),
    }));
    const bad = { from: newPhone(), id: unstorableWamid(), text: "The one that cannot be stored" };
    const body = textWebhook(tenant.phone_number_id, good.toSpliced(500, 0, bad));
    const outcome = await post(body);
    expect(outcome).toMatchObject({ events: 1000, kept: { failed: 1 } });
    expect(await countMessages(good.map(({ id }) => id))).toBe(999);
    expect(await keptEvents(sql, outcome.journal_id)).toMatchObject([
      {
        ordinal: 501,
        reason: "failed",
        detail: expect.stringMatching(/^54000: /),
        content: { kind: "message", wamid: bad.id, body: bad.text },
      },
    ]);
    const counted = (await conversationsOf(sql, tenant)).filter((row) =>
      phones.includes(row.phone ?? ""),
    );
    expect(counted).toHaveLength(40);
    for (const row of counted) expect(row.unread_count).toBe(row.messages);
    const contact = await sql`select id from public.whatsapp_contacts where phone = ${bad.from}`;
    expect(contact).toHaveLength(0);
  });

  test("is kept again when it is posted again, and the others are not doubled", async () => {
    const good = { from: newPhone(), id: newWamid() };
    const bad = { from: newPhone(), id: unstorableWamid() };
    const body = textWebhook(tenant.phone_number_id, [bad, good]);
    for (const _ of [1, 2]) expect((await post(body)).kept).toEqual({ failed: 1 });
    const rows = (await conversationsOf(sql, tenant)).filter((row) => row.phone === good.from);
    expect(rows).toMatchObject([{ unread_count: 1, messages: 1 }]);
  });
});

test("a NUL and half an emoji, which Postgres cannot hold, do not lose the message", async () => {
  const [phone, wamid] = [newPhone(), newWamid()];
  const body = textWebhook(tenant.phone_number_id, [
    { from: phone, id: wamid, text: "TEXT", name: "NAME" },
  ])
    .replace('"TEXT"', String.raw`"a\u0000b\ud83dc"`)
    .replace('"NAME"', String.raw`"Ma\udc00ra\u0000"`);
  const outcome = await post(body);
  expect(outcome.kept).toEqual({});
  const [row] = await sql`
    select message.body, message.content, contact.profile_name, journal.body as journaled
    from public.whatsapp_messages as message
    join public.whatsapp_conversations as conversation on conversation.id = message.conversation_id
    join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
    join wabase.webhook_journal as journal on journal.id = ${outcome.journal_id}
    where message.wamid = ${wamid}`;
  expect(row).toEqual({
    body: "a\uFFFDb\uFFFDc",
    content: { type: "text", text: { body: "a\uFFFDb\uFFFDc" } },
    profile_name: "Ma\uFFFDra\uFFFD",
    // The journal has the escapes as Meta sent them.
    journaled: body,
  });
});

/** Hands over one event, as a newer parser may do before the database knows of it. */
async function ingest(event: Record<string, string>): Promise<unknown> {
  const whole = { field: "messages", phone_number_id: tenant.phone_number_id, ...event };
  const deliveries = [{ body: JSON.stringify(whole), secret_id: "default", events: [whole] }];
  const { data, error } = await serviceClient().rpc("whatsapp_ingest", { deliveries });
  expect(error).toBeNull();
  const [outcome] = z.array(outcomeSchema).parse(data);
  const [kept] = await keptEvents(sql, outcome?.journal_id ?? 0);
  return kept;
}

describe("an event that nothing here makes a row of", () => {
  test.each([
    ["a kind that is new", { kind: "poll_vote", wamid: "w" }, /^unhandled_item$/],
    [
      "a status that is new",
      { kind: "status", status: "pinned", wamid: "w" },
      /^(failed|unhandled)/,
    ],
    ["no kind at all", {}, /^unhandled_item$/],
  ])("%s, is kept whole", async (_, event, reason) => {
    const before = await conversationsOf(sql, tenant);
    expect(await ingest(event)).toMatchObject({
      reason: expect.stringMatching(reason),
      content: event,
    });
    expect(await conversationsOf(sql, tenant)).toEqual(before);
  });
});

test("however large a batch, it takes few locks: Postgres has room for some thousands in all", async () => {
  const events = Array.from({ length: 2000 }, () => ({
    kind: "status",
    field: "messages",
    phone_number_id: tenant.phone_number_id,
    wamid: newWamid(),
    status: "sent",
  }));
  const deliveries = JSON.stringify([{ body: "{}", secret_id: "default", events }]);
  const locks = await sql.begin(async (transaction) => {
    await transaction`select public.whatsapp_ingest(${deliveries}::text::jsonb)`;
    const [row] = await transaction<{ count: number }[]>`
      select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`;
    return row?.count ?? 0;
  });
  expect(locks).toBeGreaterThan(0);
  expect(locks).toBeLessThan(150);
});
