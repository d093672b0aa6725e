import { afterAll, beforeAll, expect, test } from "vitest";
import { countRows } from "./support/rows.ts";
import { sendAs, text } from "./support/send.ts";
import {
  connect,
  createTenant,
  newPhone,
  postWebhook,
  type TestTenant,
  textWebhook,
} from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTenant(sql);
});
afterAll(() => sql.end());

const toPhone = (phone: string) => ({
  phone_number_id: tenant.phone_number_id,
  to: `+${phone}`,
  type: "text",
  text: { body: "Hello" },
});

/** The customer writes, so many seconds ago; answers the conversation. */
async function customerWrote(phone: string, seconds_ago: number): Promise<string> {
  const timestamp = Math.floor(Date.now() / 1000) - seconds_ago;
  await postWebhook(textWebhook(tenant.phone_number_id, [{ from: phone, timestamp }]));
  const [row] = await sql<{ id: string }[]>`
    select conversation.id from public.whatsapp_conversations as conversation
    join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
    where contact.tenant_id = ${tenant.tenant_id} and contact.phone = ${phone}`;
  return row?.id ?? "";
}

const DAY_S = 24 * 60 * 60;
const closed = {
  http_status: 400,
  error: { code: "invalid", field: "customer_window", hint: expect.stringContaining("template") },
};

test("to somebody who never wrote: 400 with the fix, and no contact is made", async () => {
  const phone = newPhone();
  const before = await countRows(sql, tenant);
  expect(await sendAs(tenant.agent, toPhone(phone))).toMatchObject(closed);
  expect(await countRows(sql, tenant)).toEqual(before);
});

test("24 hours after the customer's last message: 400, by the phone as by the conversation", async () => {
  const phone = newPhone();
  const conversation_id = await customerWrote(phone, DAY_S);
  const before = await countRows(sql, tenant);
  for (const body of [toPhone(phone), text(conversation_id)]) {
    const answer = await sendAs(tenant.admin, body);
    expect(answer).toMatchObject(closed);
    expect(answer.error?.message).toContain("closed at");
  }
  expect(await countRows(sql, tenant)).toEqual(before);
});

test("a minute before that it is open, and the customer's next message opens it again", async () => {
  const phone = newPhone();
  const conversation_id = await customerWrote(phone, DAY_S - 60);
  expect(await sendAs(tenant.agent, text(conversation_id))).toMatchObject({ http_status: 200 });
  const other = newPhone();
  const reopened = await customerWrote(other, 3 * DAY_S);
  expect(await sendAs(tenant.agent, text(reopened))).toMatchObject(closed);
  await customerWrote(other, 0);
  expect(await sendAs(tenant.agent, text(reopened))).toMatchObject({ http_status: 200 });
});
