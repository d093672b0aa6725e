import { type Json, unwrap } from "@wabase/database";
import { z } from "zod";
import type { Client } from "../_shared/clients.ts";
import { type MessageState, messageStateSchema } from "../_shared/message-state.ts";
import type { EnqueueRequest } from "./request.ts";

/** Queues the message under the caller's rights: after this it is in the database, sent or not. */
export async function enqueue(caller: Client, message: EnqueueRequest): Promise<MessageState> {
  const json: Json = JSON.parse(JSON.stringify(message));
  return messageStateSchema.parse(
    unwrap(await caller.rpc("whatsapp_enqueue_message", { message: json })),
  );
}

/** How it stands with a message now. */
export async function readState(service: Client, message_id: string): Promise<MessageState> {
  const columns = "id, conversation_id, status, wamid, error";
  return messageStateSchema.parse(
    unwrap(await service.from("whatsapp_messages").select(columns).eq("id", message_id).single()),
  );
}

const readMarkSchema = z.object({ phone_number_id: z.string(), wamid: z.string() });

/** Marks a message as read in the inbox; answers what Meta must be told. */
export async function markRead(
  caller: Client,
  message_id: string,
): Promise<z.infer<typeof readMarkSchema>> {
  return readMarkSchema.parse(unwrap(await caller.rpc("whatsapp_mark_read", { message_id })));
}
