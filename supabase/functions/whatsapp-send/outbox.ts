import type { SentMessage } from "@wabase/cloud-api";
import { type Json, unwrap } from "@wabase/database";
import { z } from "zod";
import type { Client } from "../_shared/clients.ts";
import type { Outgoing } from "./request.ts";

const messageStateSchema = z.object({
  id: z.string(),
  conversation_id: z.string(),
  status: z.string(),
  wamid: z.string().nullable(),
});

/** A message as the caller is told of it. */
export type MessageState = z.infer<typeof messageStateSchema>;

const startedSchema = z
  .object({
    id: z.string(),
    phone_number_id: z.string(),
    to: z.string().nullable(),
    recipient: z.string().nullable(),
    /** The message as it goes to Meta, without whom it goes to. */
    content: z.object({ type: z.string() }).catchall(z.json()),
  })
  .nullable();

export type StartedSend = NonNullable<z.infer<typeof startedSchema>>;

export type SendOutcome =
  | { status: "accepted"; wamid: SentMessage["wamid"] }
  | { status: "failed" | "unknown"; error: Json };

/** Queues the message under the caller's rights: after this it is in the database, sent or not. */
export async function enqueue(caller: Client, message: Outgoing): Promise<MessageState> {
  const json: Json = JSON.parse(JSON.stringify(message));
  return messageStateSchema.parse(
    unwrap(await caller.rpc("whatsapp_enqueue_message", { message: json })),
  );
}

/** Takes the queued message for this sender; null where another one has it. */
export async function startSend(service: Client, message_id: string): Promise<StartedSend | null> {
  return startedSchema.parse(unwrap(await service.rpc("whatsapp_start_send", { message_id })));
}

export async function recordSend(
  service: Client,
  message_id: string,
  outcome: SendOutcome,
): Promise<MessageState> {
  return messageStateSchema.parse(
    unwrap(await service.rpc("whatsapp_record_send", { message_id, outcome })),
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
