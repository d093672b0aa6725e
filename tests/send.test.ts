import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  acceptedByMeta,
  addCustomer,
  customerReads,
  customerWrites,
  openConversation,
  type OpenConversation,
} from "./support/emulator.ts";

import { countRows, readMessage } from "./support/rows.ts";
import { forgeJwt, sendAs, sendWith, text } from "./support/send.ts";
import {
  anonClient,
  connect,
  createTenant,
  headersOf,
  postWebhook,
  serviceClient,
  signUpSomebody,
  type TestTenant,
  textWebhook,
  waitFor,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
let neighbour: TestTenant;
let open: OpenConversation;
beforeAll(async () => {
  [tenant, neighbour] = await Promise.all([createTenant(sql), createTenant(sql)]);
  open = await openConversation(sql, tenant);
});
afterAll(() => sql.end());

const secretKey = () => ({ apikey: inject("workbench").keys.secret_key });

describe("an agent answers a customer with functions.invoke()", () => {
  test("the row is there before Meta is called, and the answer tells its id, wamid and state", async () => {
    const message = text(open.conversation_id, "Yes, until six.", {
      context: { message_id: open.wamid },
    });
    const { data, error } = await tenant.agent.functions.invoke<Record<string, string>>(
      "whatsapp-send",
      { body: message },
    );
    expect(error).toBeNull();
    expect(data).toEqual({
      id: expect.any(String),
      conversation_id: open.conversation_id,
      // Where the machine is slow, Meta's first statuses are here before its answer.
      status: expect.stringMatching(/^(accepted|sent|delivered)$/),
      wamid: expect.stringMatching(/^wamid\./),
    });
    const id = data?.["id"] ?? "";
    const ledger = await acceptedByMeta(id);
    expect(ledger).toMatchObject([
      { id: data?.["wamid"], phone_number_id: tenant.phone_number_id, input: `+${open.phone}` },
    ]);
    expect(ledger[0]?.body).toEqual({
      messaging_product: "whatsapp",
      recipient_type: "individual",
      to: `+${open.phone}`,
      type: "text",
      text: { body: "Yes, until six." },
      context: { message_id: open.wamid },
      biz_opaque_callback_data: id,
    });
    const [row] = await sql`
      select
        direction, type, body, content, reply_to_wamid, sender_id,
        created_at < ${new Date(ledger[0]?.accepted_at ?? 0)} and sending_at < accepted_at as is_there_first
      from public.whatsapp_messages where id = ${id}`;
    expect(row).toEqual({
      direction: "outbound",
      type: "text",
      body: "Yes, until six.",
      content: { type: "text", text: message.text, context: { message_id: open.wamid } },
      reply_to_wamid: open.wamid,
      sender_id: tenant.user_ids.agent,
      is_there_first: true,
    });
  });

  test("the statuses that Meta reports come back to the row, to read", async () => {
    const { id = "" } = await sendAs(tenant.agent, text(open.conversation_id));
    await waitFor("delivered", async () => (await readMessage(sql, id)).status === "delivered");
    await customerReads(open.phone);
    const row = await waitFor("read", async () => {
      const message = await readMessage(sql, id);
      return message.status === "read" ? message : null;
    });
    expect(row).toMatchObject({
      sent_at: expect.any(Date),
      delivered_at: expect.any(Date),
      read_at: expect.any(Date),
      failed_at: null,
      error: null,
    });
  });

  test("to a phone written as people write it, it is the same conversation", async () => {
    const spelled = `+${open.phone.slice(0, 2)} (${open.phone.slice(2, 5)}) ${open.phone.slice(5)}`;
    const answer = await sendAs(tenant.agent, {
      phone_number_id: tenant.phone_number_id,
      to: spelled,
      type: "text",
      text: { body: "a".repeat(4096) },
    });
    expect(answer).toMatchObject({ http_status: 200, conversation_id: open.conversation_id });
  });
});

describe("to a contact", () => {
  test("without a phone, it goes to the user id", async () => {
    const phone = await addCustomer({ share_phone: false });
    const wamid = await customerWrites(phone, tenant.phone_number_id, "Hello");
    const conversation_id = await waitFor("the message", async () => {
      const [row] = await sql<{ conversation_id: string }[]>`
        select conversation_id from public.whatsapp_messages where wamid = ${wamid}`;
      return row?.conversation_id;
    });
    const answer = await sendAs(tenant.agent, text(conversation_id));
    expect(answer).toMatchObject({ http_status: 200, wamid: expect.any(String) });
    const [entry] = await acceptedByMeta(answer.id ?? "");
    expect(entry?.body).toMatchObject({ recipient: expect.stringMatching(/^[A-Z]{2}\./) });
    expect(JSON.stringify(entry?.body)).not.toContain(phone);
  });

  test("whose phone Meta once gave us and does not take: 422, and the row says that it failed", async () => {
    const phone = "12345";
    await postWebhook(textWebhook(tenant.phone_number_id, [{ from: phone }]));
    const [row] = await sql<{ id: string }[]>`
      select conversation.id from public.whatsapp_conversations as conversation
      join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
      where contact.phone = ${phone} and contact.tenant_id = ${tenant.tenant_id}`;
    const answer = await sendAs(tenant.agent, text(row?.id ?? ""));
    expect(answer).toMatchObject({ http_status: 422, status: "failed" });
    expect(await readMessage(sql, answer.id ?? "")).toMatchObject({
      status: "failed",
      failed_at: expect.any(Date),
      error: { code: "invalid_request", title: expect.stringContaining("to: ") },
    });
  });
});

describe("who may send", () => {
  test("an admin, in every conversation of the tenant", async () => {
    const { conversation_id } = await openConversation(sql, tenant);
    await sql`
      update public.whatsapp_conversations set assignee_id = ${tenant.user_ids.agent}
      where id = ${conversation_id}`;
    const answer = await sendAs(tenant.admin, text(conversation_id));
    expect(answer).toMatchObject({ http_status: 200, wamid: expect.any(String) });
  });

  test("the agent whose conversation it is", async () => {
    const { conversation_id } = await openConversation(sql, tenant);
    await sql`
      update public.whatsapp_conversations set assignee_id = ${tenant.user_ids.agent}
      where id = ${conversation_id}`;
    expect(await sendAs(tenant.agent, text(conversation_id))).toMatchObject({ http_status: 200 });
  });

  test("a secret key in `apikey`, and supabase-js with it; no member is noted as sender", async () => {
    const answer = await sendWith(secretKey(), text(open.conversation_id));
    expect(answer).toMatchObject({ http_status: 200, wamid: expect.any(String) });
    const [row] = await sql`
      select sender_id from public.whatsapp_messages where id = ${answer.id ?? ""}`;
    expect(row).toEqual({ sender_id: null });
    const { data, error } = await serviceClient().functions.invoke("whatsapp-send", {
      body: text(open.conversation_id),
    });
    expect([error, data]).toEqual([null, expect.objectContaining({ wamid: expect.any(String) })]);
  });
});

/** Runs what must be refused, and proves that it wrote nothing. */
async function refused(send: () => Promise<unknown>): Promise<void> {
  const before = [await countRows(sql, tenant), await countRows(sql, neighbour)];
  await send();
  expect([await countRows(sql, tenant), await countRows(sql, neighbour)]).toEqual(before);
}

const toNumber = (phone_number_id: string) => ({
  phone_number_id,
  to: `+${open.phone}`,
  type: "text",
  text: { body: "Hello" },
});

const publishable = () => ({ apikey: inject("workbench").keys.publishable_key });
const bearer = (token: string) => ({ ...publishable(), authorization: `Bearer ${token}` });
const agent = () => ({ sub: tenant.user_ids.agent });

describe("who may not send changes nothing", () => {
  test("a viewer: 403", async () => {
    await refused(async () => {
      expect(await sendAs(tenant.viewer, text(open.conversation_id))).toMatchObject({
        http_status: 403,
        error: { code: "forbidden", field: "role", hint: expect.stringContaining("Viewers") },
      });
    });
  });

  test("an agent in another agent's conversation: 403, by its id as by the phone", async () => {
    const { conversation_id, phone } = await openConversation(sql, tenant);
    await sql`
      update public.whatsapp_conversations set assignee_id = ${tenant.user_ids.admin}
      where id = ${conversation_id}`;
    const byPhone = { phone_number_id: tenant.phone_number_id, to: `+${phone}`, type: "text" };
    await refused(async () => {
      for (const body of [text(conversation_id), { ...byPhone, text: { body: "Hello" } }]) {
        expect(await sendAs(tenant.agent, body)).toMatchObject({ http_status: 403 });
      }
    });
  });

  test("an agent in a conversation that nobody has, where the queue is closed to agents: 403", async () => {
    const closed = await createTenant(sql);
    await sql`
      update public.whatsapp_tenants set agents_see_unassigned = false where id = ${closed.tenant_id}`;
    const { conversation_id } = await openConversation(sql, closed);
    expect(await sendAs(closed.agent, text(conversation_id))).toMatchObject({ http_status: 403 });
    expect(await sendAs(closed.admin, text(conversation_id))).toMatchObject({ http_status: 200 });
  });

  test("a stranger: 403, in words that do not tell whether the number or conversation exists", async () => {
    const { client: nobody } = await signUpSomebody();
    await refused(async () => {
      for (const stranger of [neighbour.admin, neighbour.agent, nobody]) {
        const [there, absent] = [
          await sendAs(stranger, toNumber(tenant.phone_number_id)),
          await sendAs(stranger, toNumber("123123123123123")),
        ];
        expect(there).toMatchObject({ http_status: 403, error: { field: "phone_number_id" } });
        expect(there).toEqual(absent);
        const [known, unknown] = [
          await sendAs(stranger, text(open.conversation_id)),
          await sendAs(stranger, text(crypto.randomUUID())),
        ];
        expect(known).toMatchObject({ http_status: 403, error: { field: "conversation_id" } });
        expect(known).toEqual(unknown);
      }
    });
  });

  test.each([
    ["no credentials", () => ({})],
    ["the publishable key alone", publishable],
    ["the publishable key as a token", () => bearer(inject("workbench").keys.publishable_key)],
    ["a token that is none", () => bearer("guessed")],
    ["an expired token", () => bearer(forgeJwt({ ...agent(), exp: 1_700_000_000 }))],
    ["a token signed with another secret", () => bearer(forgeJwt(agent(), "x".repeat(43)))],
    [
      "a forged token of the role service_role",
      () => bearer(forgeJwt({ role: "service_role" }, "x".repeat(43))),
    ],
    ["a token without a signature", () => bearer(forgeJwt(agent()).replace(/[^.]*$/, ""))],
    ["a wrong secret key", () => ({ apikey: "sb_secret_guessed" })],
    ["a secret key that is cut", () => ({ apikey: secretKey().apikey.slice(0, -1) })],
  ])("%s: 401", async (_, headers) => {
    await refused(async () => {
      expect(await sendWith(headers(), text(open.conversation_id))).toMatchObject({
        http_status: 401,
        error: { code: "not_signed_in" },
      });
    });
  });

  test("an anonymous supabase-js: 401", async () => {
    const { error } = await anonClient().functions.invoke("whatsapp-send", {
      body: text(open.conversation_id),
    });
    const context: unknown = error?.context;
    expect(context instanceof Response && context.status).toBe(401);
  });
});

describe("what no member may call", () => {
  test("whatsapp_ingest, whatsapp_lease_sends, whatsapp_record_sends: 42501, for members as for anon", async () => {
    const message_id = crypto.randomUUID();
    for (const client of [tenant.admin, tenant.agent, tenant.viewer, anonClient()]) {
      const answers = [
        await client.rpc("whatsapp_ingest", { deliveries: [] }),
        await client.rpc("whatsapp_lease_sends", { max_sends: 1, lease_id: message_id }),
        await client.rpc("whatsapp_record_sends", {
          outcomes: [{ id: message_id, lease_id: message_id, action: "accepted" }],
        }),
        await client.rpc("whatsapp_wake_dispatcher"),
      ];
      for (const { error } of answers) expect(error?.code).toBe("42501");
    }
  });

  test("whatsapp_enqueue_message with fields that would reach Meta as they are: 22023", async () => {
    for (const more of [
      { recipient: "US.1", text: { body: "a" } },
      { biz_opaque_callback_data: crypto.randomUUID() },
      { text: { body: "a", extra: 1 } },
      { text: "a" },
      { context: "a" },
      { context: { message_id: "wamid.1", from: "1" } },
    ]) {
      const message = { ...text(open.conversation_id), ...more };
      const { error } = await tenant.agent.rpc("whatsapp_enqueue_message", { message });
      expect(error).toMatchObject({ code: "22023", message: expect.stringMatching(/^[a-z_.]+: /) });
    }
  });

  test("anything in the schema wabase, which is not exposed", async () => {
    const headers = await headersOf(tenant.admin);
    const url = `${inject("workbench").url}/rest/v1`;
    for (const profile of ["wabase", "pg_catalog"]) {
      const answer = await fetch(`${url}/webhook_journal?select=*`, {
        headers: { ...headers, "accept-profile": profile },
      });
      expect(answer.ok).toBe(false);
    }
    for (const name of ["enqueue_message", "lock_wamids", "set_config", "wabase.enqueue_message"]) {
      const answer = await fetch(`${url}/rpc/${name}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", "content-profile": "wabase" },
        body: "{}",
      });
      expect(answer.ok).toBe(false);
    }
  });

  test("set_config: nobody moves the time (wabase.now) that opens a window", async () => {
    const settings = { setting_name: "wabase.now", new_value: "2020-01-01", is_local: false };
    const rest = `${inject("workbench").url}/rest/v1`;
    for (const headers of [await headersOf(tenant.admin), secretKey()]) {
      const answer = await fetch(`${rest}/rpc/set_config`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(settings),
      });
      expect(answer.status).toBe(404);
    }
    // Nor do claims, which become settings of the transaction: those of a token are all in one.
    const client = createClient(inject("workbench").url, inject("workbench").keys.publishable_key, {
      auth: { persistSession: false, autoRefreshToken: false },
      global: {
        headers: {
          Authorization: `Bearer ${forgeJwt({ sub: tenant.user_ids.agent, "wabase.now": "2020-01-01" })}`,
          "wabase.now": "2020-01-01",
          "x-wabase-now": "2020-01-01",
        },
      },
    });
    const { conversation_id } = await openConversation(sql, tenant);
    await sql`
      update public.whatsapp_conversations set customer_window_expires_at = now() - interval '1 second'
      where id = ${conversation_id}`;
    const { error } = await client.rpc("whatsapp_enqueue_message", {
      message: text(conversation_id),
    });
    expect(error).toMatchObject({
      code: "22023",
      message: expect.stringContaining("customer_window"),
    });
  });
});
