import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  connect,
  createTenant,
  newPhone,
  newWamid,
  postWebhook,
  type TestTenant,
  textWebhook,
} from "./support/workbench.ts";

const sql = connect();
let bakery: TestTenant;
let florist: TestTenant;
const wamid = newWamid();

beforeAll(async () => {
  [bakery, florist] = await Promise.all([createTenant(sql), createTenant(sql)]);
  await postWebhook(
    textWebhook(bakery.phone_number_id, [
      { from: newPhone(), id: wamid, text: "Two loaves, please" },
    ]),
  );
});
afterAll(() => sql.end());

const TABLES = [
  "whatsapp_tenants",
  "whatsapp_members",
  "whatsapp_numbers",
  "whatsapp_contacts",
  "whatsapp_conversations",
  "whatsapp_messages",
] as const;

describe("who reads a customer's message", () => {
  test("admin, agent and viewer of the tenant do, with the conversation and the contact", async () => {
    for (const member of [bakery.admin, bakery.agent, bakery.viewer]) {
      const { data, error } = await member
        .from("whatsapp_messages")
        .select(
          "body, conversation:whatsapp_conversations(unread_count, contact:whatsapp_contacts!contact_is_of_the_same_tenant(phone))",
        )
        .eq("wamid", wamid)
        .single();
      expect(error).toBeNull();
      expect(data).toMatchObject({ body: "Two loaves, please", conversation: { unread_count: 1 } });
    }
  });

  test.each(TABLES)("nobody of another tenant sees a row of %s", async (table) => {
    for (const stranger of [florist.admin, florist.agent, florist.viewer]) {
      const { data, error } = await stranger.from(table).select("*");
      expect(error).toBeNull();
      expect(JSON.stringify(data)).not.toContain(bakery.tenant_id);
    }
  });

  test("an agent does not see what another agent has, nor its messages, nor its contact", async () => {
    const phone = newPhone();
    const hidden = newWamid();
    await postWebhook(textWebhook(bakery.phone_number_id, [{ from: phone, id: hidden }]));
    const [conversation] = await sql<{ id: string }[]>`
      update public.whatsapp_conversations set assignee_id = ${bakery.user_ids.admin}
      where id = (select conversation_id from public.whatsapp_messages where wamid = ${hidden})
      returning id`;
    const seen = await Promise.all([
      bakery.agent
        .from("whatsapp_conversations")
        .select("id")
        .eq("id", conversation?.id ?? ""),
      bakery.agent.from("whatsapp_messages").select("id").eq("wamid", hidden),
      bakery.agent.from("whatsapp_contacts").select("id").eq("phone", phone),
    ]);
    for (const { data } of seen) expect(data).toEqual([]);
    const viewer = await bakery.viewer.from("whatsapp_messages").select("id").eq("wamid", hidden);
    expect(viewer.data).toHaveLength(1);
  });

  test("the queue is closed to agents where the tenant says so", async () => {
    await sql`update public.whatsapp_tenants set agents_see_unassigned = false where id = ${florist.tenant_id}`;
    const queued = newWamid();
    await postWebhook(textWebhook(florist.phone_number_id, [{ from: newPhone(), id: queued }]));
    const agent = await florist.agent.from("whatsapp_messages").select("id").eq("wamid", queued);
    const admin = await florist.admin.from("whatsapp_messages").select("id").eq("wamid", queued);
    expect([agent.data, admin.data?.length]).toEqual([[], 1]);
  });
});
