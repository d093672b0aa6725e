import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { acceptedByMeta, openConversation, type OpenConversation } from "./support/emulator.ts";
import { conversationHere } from "./support/outbox.ts";
import { countRows } from "./support/rows.ts";
import { sendAs, text } from "./support/send.ts";
import { connect, createTenant, type TestTenant } from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
let open: OpenConversation;
beforeAll(async () => {
  tenant = await createTenant(sql);
  open = await openConversation(sql, tenant);
});
afterAll(() => sql.end());

const withKey = (idempotency_key: string, body?: string) =>
  text(open.conversation_id, body, { idempotency_key });

describe("the same key", () => {
  test("with the same message, later: the first row again, and Meta is not called again", async () => {
    const message = withKey(randomUUID());
    const first = await sendAs(tenant.agent, message);
    const again = await sendAs(tenant.agent, message);
    expect(first).toMatchObject({ http_status: 200 });
    expect(again).toMatchObject({ http_status: 200, id: first.id, wamid: first.wamid });
    expect(await acceptedByMeta(first.id ?? "")).toHaveLength(1);
  });

  test("with the same message, 10 at once: one row, and Meta is called once", async () => {
    const message = withKey(randomUUID());
    const before = await countRows(sql, tenant);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => sendAs(tenant.agent, message)),
    );
    const ids = new Set(answers.map(({ id }) => id));
    expect(ids.size).toBe(1);
    for (const { http_status } of answers) expect([200, 202]).toContain(http_status);
    expect(answers.some(({ wamid }) => typeof wamid === "string")).toBe(true);
    const [id = ""] = ids;
    expect(await acceptedByMeta(id)).toHaveLength(1);
    expect(await countRows(sql, tenant)).toEqual({ ...before, messages: before.messages + 1 });
  });

  test("by the phone and by the conversation, is the same message", async () => {
    const idempotency_key = randomUUID();
    const first = await sendAs(tenant.agent, withKey(idempotency_key));
    const byPhone = await sendAs(tenant.agent, {
      phone_number_id: tenant.phone_number_id,
      to: `+${open.phone}`,
      type: "text",
      text: { body: "Yes, until six." },
      idempotency_key,
    });
    expect(byPhone).toMatchObject({ http_status: 200, id: first.id });
  });

  test("with another text, or in another conversation: 409, and nothing is written", async () => {
    const key = randomUUID();
    await sendAs(tenant.agent, withKey(key));
    const other = await conversationHere(sql, tenant);
    const before = await countRows(sql, tenant);
    for (const message of [
      withKey(key, "No, closed."),
      text(other.conversation_id, undefined, { idempotency_key: key }),
    ]) {
      expect(await sendAs(tenant.agent, message)).toMatchObject({
        http_status: 409,
        error: { code: "conflict", field: "idempotency_key", hint: expect.any(String) },
      });
    }
    expect(await countRows(sql, tenant)).toEqual(before);
  });

  test("with two texts at once: one is sent, the other is a conflict", async () => {
    const key = randomUUID();
    const answers = await Promise.all(
      ["Yes.", "No."].map((body) => sendAs(tenant.agent, withKey(key, body))),
    );
    const statuses = answers.map(({ http_status }) => http_status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  test("after the window has closed still finds what was sent in time", async () => {
    const { conversation_id } = await openConversation(sql, tenant);
    const message = text(conversation_id, undefined, { idempotency_key: randomUUID() });
    const first = await sendAs(tenant.agent, message);
    await sql`
      update public.whatsapp_conversations set customer_window_expires_at = now() - interval '1 hour'
      where id = ${conversation_id}`;
    expect(await sendAs(tenant.agent, message)).toMatchObject({ http_status: 200, id: first.id });
  });

  test("tells nobody of a message in a conversation that they may not send in", async () => {
    const message = withKey(randomUUID());
    await sendAs(tenant.agent, message);
    expect(await sendAs(tenant.viewer, message)).toMatchObject({ http_status: 403 });
  });

  test("in two tenants is two messages", async () => {
    const neighbour = await createTenant(sql);
    const { conversation_id } = await openConversation(sql, neighbour);
    const idempotency_key = randomUUID();
    const [ours, theirs] = [
      await sendAs(tenant.agent, withKey(idempotency_key)),
      await sendAs(neighbour.agent, text(conversation_id, undefined, { idempotency_key })),
    ];
    expect([ours.http_status, theirs.http_status]).toEqual([200, 200]);
    expect(theirs.id).not.toBe(ours.id);
  });
});

test("without a key the same message twice is two messages", async () => {
  const message = text(open.conversation_id);
  const [first, second] = [
    await sendAs(tenant.agent, message),
    await sendAs(tenant.agent, message),
  ];
  expect([first.http_status, second.http_status]).toEqual([200, 200]);
  expect(second.id).not.toBe(first.id);
});
