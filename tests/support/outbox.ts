import type postgres from "postgres";
import { z } from "zod";
import { newPhone, postWebhook, serviceClient, type TestTenant, textWebhook } from "./workbench.ts";

const messageSchema = z.object({
  id: z.string(),
  status: z.string(),
  wamid: z.string().nullable(),
});

/** A conversation in this database alone, whose window is open; Meta's side knows nothing of it. */
export async function conversationHere(
  sql: postgres.Sql,
  tenant: TestTenant,
): Promise<{ conversation_id: string; phone: string }> {
  const phone = newPhone();
  await postWebhook(textWebhook(tenant.phone_number_id, [{ from: phone }]));
  const [row] = await sql<{ id: string }[]>`
    select conversation.id from public.whatsapp_conversations as conversation
    join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
    where conversation.number_id = ${tenant.number_id} and contact.phone = ${phone}`;
  return { conversation_id: row?.id ?? "", phone };
}

/** The steps of whatsapp-send, one by one: a row in state `sending`, for which Meta has not answered yet. */
export async function startSending(conversation_id: string): Promise<string> {
  const service = serviceClient();
  const message = { conversation_id, type: "text", text: { body: "We are open until six." } };
  const { data, error } = await service.rpc("whatsapp_enqueue_message", { message });
  if (error) throw new Error(error.message);
  const { id } = messageSchema.parse(data);
  const started = await service.rpc("whatsapp_start_send", { message_id: id });
  if (started.error) throw new Error(started.error.message);
  return id;
}

/** Records what Meta answered to the send; the answer is the row's state after it. */
export async function recordSend(
  message_id: string,
  outcome: { status: string; wamid?: string; error?: Record<string, string | number | null> },
): Promise<z.infer<typeof messageSchema>> {
  const { data, error } = await serviceClient().rpc("whatsapp_record_send", {
    message_id,
    outcome,
  });
  if (error) throw new Error(error.message);
  return messageSchema.parse(data);
}
