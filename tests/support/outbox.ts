import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { inject } from "vitest";
import { z } from "zod";
import {
  newPhone,
  postWebhook,
  serviceClient,
  type TestTenant,
  textWebhook,
  withConnection,
} from "./workbench.ts";

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

/** The leases that startSending() has got. */
const leases = new Map<string, string>();

/**
 * What a sender does before it calls Meta, and no more: a row in state `sending`, for which Meta has not
 * answered yet. In one transaction, so that the stack's own dispatcher does not take it; and whatever was sent
 * before, which would make it wait.
 */
export async function startSending(conversation_id: string): Promise<string> {
  const message = { conversation_id, type: "text", text: { body: "We are open until six." } };
  const lease_id = randomUUID();
  return await withConnection(inject("workbench").superuser_url, async (sql) =>
    sql.begin(async (transaction) => {
      await transaction`select set_config('request.jwt.claims', '{"role": "service_role"}', true)`;
      await transaction`
        update public.whatsapp_numbers set sends_per_second = 1000
        where id = (select number_id from public.whatsapp_conversations where id = ${conversation_id})`;
      await transaction`select from public.whatsapp_conversations where id = ${conversation_id} for no key update`;
      await transaction`delete from wabase.lanes where conversation_id = ${conversation_id}`;
      await transaction`delete from wabase.outbox where conversation_id = ${conversation_id}`;
      const [queued] = await transaction<{ id: string }[]>`
        select whatsapp_enqueue_message(${transaction.json(message)}) ->> 'id' as id`;
      const [leased] = await transaction<{ id: string | null }[]>`
        select whatsapp_lease_sends(1, ${lease_id}, null, ${conversation_id}) -> 'sends' -> 0 ->> 'id' as id`;
      if (queued === undefined || leased?.id !== queued.id) throw new Error("nothing was leased");
      leases.set(queued.id, lease_id);
      return queued.id;
    }),
  );
}

/** Records what Meta answered to the send; the answer is the row's state after it. */
export async function recordSend(
  message_id: string,
  outcome: { status: string; wamid?: string; error?: Record<string, string | number | null> },
): Promise<z.infer<typeof messageSchema>> {
  const { status: action, ...rest } = outcome;
  const lease_id = leases.get(message_id) ?? "";
  const { data, error } = await serviceClient().rpc("whatsapp_record_sends", {
    outcomes: [{ id: message_id, lease_id, action, ...rest }],
  });
  if (error) throw new Error(error.message);
  const [state] = z.array(messageSchema).parse(data);
  if (state === undefined) throw new Error(`no message ${message_id}`);
  return state;
}
