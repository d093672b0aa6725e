import type postgres from "postgres";
import { inject } from "vitest";
import { z } from "zod";
import { newPhone, type TestTenant, waitFor } from "./workbench.ts";

const ledgerSchema = z.array(
  z.object({
    id: z.string(),
    phone_number_id: z.string(),
    input: z.string(),
    type: z.string(),
    biz_opaque_callback_data: z.string().nullable(),
    accepted_at: z.number(),
    body: z.unknown(),
  }),
);

const sentSchema = z.object({ id: z.string() });

const messagesSchema = z.array(z.object({ id: z.string(), status: z.string() }));

/** Every message that Meta's side accepted with this id of ours: how often it was really sent. */
export async function acceptedByMeta(message_id: string): Promise<z.infer<typeof ledgerSchema>> {
  const ledger = ledgerSchema.parse(await callEmulator("GET", "/accepted"));
  return ledger.filter(({ biz_opaque_callback_data }) => biz_opaque_callback_data === message_id);
}

/** A person with a phone on the shared emulator. Answers the digits of the phone. */
export async function addCustomer(more: { share_phone?: boolean } = {}): Promise<string> {
  const phone = newPhone();
  await callEmulator("POST", "/customers", { phone: `+${phone}`, name: "Mara Lindt", ...more });
  return phone;
}

/** The customer writes; Meta's side delivers the webhook. Answers the wamid. */
export async function customerWrites(
  phone: string,
  phone_number_id: string,
  body: string,
): Promise<string> {
  const message = { phone_number_id, text: { body } };
  return sentSchema.parse(await callEmulator("POST", `/customers/${phone}/messages`, message)).id;
}

/** How a message looks on the customer's phone: `read` shows the business has seen it. */
export async function statusOnPhone(phone: string, wamid: string): Promise<string | undefined> {
  const messages = messagesSchema.parse(await callEmulator("GET", `/customers/${phone}/messages`));
  return messages.find(({ id }) => id === wamid)?.status;
}

export async function customerReads(phone: string): Promise<void> {
  await callEmulator("POST", `/customers/${phone}/read`, {});
}

export interface OpenConversation {
  phone: string;
  conversation_id: string;
  /** The customer's message that opened it: our id and Meta's. */
  message_id: string;
  wamid: string;
}

/** A conversation whose customer has just written, on Meta's side as well as here. */
export async function openConversation(
  sql: postgres.Sql,
  tenant: TestTenant,
): Promise<OpenConversation> {
  const phone = await addCustomer();
  const wamid = await customerWrites(phone, tenant.phone_number_id, "Are you open today?");
  return await waitFor("the customer's message", async () => {
    const [row] = await sql<{ id: string; conversation_id: string }[]>`
      select id, conversation_id from public.whatsapp_messages where wamid = ${wamid}`;
    return row && { phone, wamid, message_id: row.id, conversation_id: row.conversation_id };
  });
}

/** The emulator's control API. */
export async function callEmulator(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${inject("workbench").emulator_url}/emulator${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`emulator ${method} ${path}: ${await response.text()}`);
  return await response.json();
}
