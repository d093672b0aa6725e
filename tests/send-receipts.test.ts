import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { customerWrites, openConversation, statusOnPhone } from "./support/emulator.ts";
import { conversationHere, startSending } from "./support/outbox.ts";
import { sendAs } from "./support/send.ts";
import {
  connect,
  createTenant,
  newWamid,
  postWebhook,
  type TestTenant,
  textWebhook,
  waitFor,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
let neighbour: TestTenant;
beforeAll(async () => {
  [tenant, neighbour] = await Promise.all([createTenant(sql), createTenant(sql)]);
});
afterAll(() => sql.end());

const receipt = (message_id: string) => ({ status: "read", message_id });

async function unreadCount(conversation_id: string): Promise<number> {
  const [row] = await sql<{ unread_count: number }[]>`
    select unread_count from public.whatsapp_conversations where id = ${conversation_id}`;
  return row?.unread_count ?? -1;
}

async function idOf(wamid: string): Promise<string> {
  return await waitFor(`the message ${wamid}`, async () => {
    const [row] = await sql<{ id: string }[]>`
      select id from public.whatsapp_messages where wamid = ${wamid}`;
    return row?.id;
  });
}

/** Three messages of one customer, a second apart, in a conversation here. */
async function threeMessages(): Promise<{
  conversation_id: string;
  ids: [string, string, string];
}> {
  const { conversation_id, phone } = await conversationHere(sql, tenant);
  await sql`delete from public.whatsapp_messages where conversation_id = ${conversation_id}`;
  await sql`
    update public.whatsapp_conversations set unread_count = 0 where id = ${conversation_id}`;
  const now = Math.floor(Date.now() / 1000);
  const wamids = [newWamid(), newWamid(), newWamid()] as const;
  await postWebhook(
    textWebhook(
      tenant.phone_number_id,
      wamids.map((id, at) => ({ from: phone, id, timestamp: now - 10 + at })),
    ),
  );
  const [first, second, third] = wamids;
  return { conversation_id, ids: [await idOf(first), await idOf(second), await idOf(third)] };
}

describe("a read receipt", () => {
  test("turns the customer's ticks blue and leaves unread what came later", async () => {
    const open = await openConversation(sql, tenant);
    // The times of Meta's webhooks are whole seconds: what comes later is later by its time or by its id.
    const later = await customerWrites(open.phone, tenant.phone_number_id, "And tomorrow?");
    await idOf(later);
    expect(await unreadCount(open.conversation_id)).toBe(2);
    const answer = await sendAs(tenant.agent, receipt(open.message_id));
    expect(answer).toEqual({ http_status: 200, message_id: open.message_id, status: "read" });
    expect(await statusOnPhone(open.phone, open.wamid)).toBe("read");
    expect(await statusOnPhone(open.phone, later)).toBe("delivered");
    expect(await unreadCount(open.conversation_id)).toBe(1);
  });

  test("for an earlier message makes nothing unread again", async () => {
    const { conversation_id, ids } = await threeMessages();
    const mark = async (id: string) => {
      const { error } = await tenant.agent.rpc("whatsapp_mark_read", { message_id: id });
      expect(error).toBeNull();
      return await unreadCount(conversation_id);
    };
    expect(await unreadCount(conversation_id)).toBe(3);
    expect(await mark(ids[1])).toBe(1);
    expect(await mark(ids[0])).toBe(1);
    expect(await mark(ids[2])).toBe(0);
    expect(await mark(ids[0])).toBe(0);
  });

  test.each([
    ["a viewer", () => tenant.viewer],
    ["an admin of another tenant", () => neighbour.admin],
  ])("of %s: 403, and it stays unread", async (_, client) => {
    const { conversation_id, ids } = await threeMessages();
    const answer = await sendAs(client(), receipt(ids[2]));
    expect(answer).toMatchObject({ http_status: 403, error: { field: "message_id" } });
    expect(await sendAs(client(), receipt(crypto.randomUUID()))).toEqual(answer);
    expect(await unreadCount(conversation_id)).toBe(3);
  });

  test("of an agent for another agent's conversation: 403", async () => {
    const { conversation_id, ids } = await threeMessages();
    await sql`
      update public.whatsapp_conversations set assignee_id = ${tenant.user_ids.admin}
      where id = ${conversation_id}`;
    expect(await sendAs(tenant.agent, receipt(ids[2]))).toMatchObject({ http_status: 403 });
    expect(await sendAs(tenant.admin, receipt(ids[2]))).toMatchObject({ message_id: ids[2] });
    expect(await unreadCount(conversation_id)).toBe(0);
  });

  test("for a message of our own, or for none: 403", async () => {
    const { conversation_id } = await threeMessages();
    for (const id of [await startSending(conversation_id), crypto.randomUUID()]) {
      expect(await sendAs(tenant.admin, receipt(id))).toMatchObject({ http_status: 403 });
    }
  });

  test.each([
    ["no UUID", { status: "read", message_id: "1" }, "message_id"],
    ["a state that is none", { status: "seen", message_id: crypto.randomUUID() }, "status"],
    ["no message", { status: "read" }, "message_id"],
  ])("with %s: 400", async (_, body, field) => {
    expect(await sendAs(tenant.agent, body)).toMatchObject({ http_status: 400, error: { field } });
  });

  test("that Meta does not take is 502, and the message is read here all the same", async () => {
    // Meta's side knows nothing of this message.
    const { conversation_id, ids } = await threeMessages();
    expect(await sendAs(tenant.agent, receipt(ids[2]))).toMatchObject({
      http_status: 502,
      message_id: ids[2],
      error: { code: "receipt_not_sent" },
    });
    expect(await unreadCount(conversation_id)).toBe(0);
  });
});
