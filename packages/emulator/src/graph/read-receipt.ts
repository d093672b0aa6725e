import { z } from "zod";
import type { Core } from "../core.ts";
import type { BusinessNumber } from "../options.ts";
import type { ChatMessage } from "../store/types.ts";
import { GraphFault } from "./errors.ts";

/** Meta: the indicator goes with the next message, "or after 25 seconds". */
export const TYPING_MS = 25_000;

const receiptSchema = z.looseObject({
  messaging_product: z.literal("whatsapp"),
  status: z.literal("read"),
  message_id: z.string(),
  typing_indicator: z.looseObject({ type: z.literal("text") }).optional(),
});

/** Whether a body sent to `/messages` is a read receipt. */
export function isReadReceipt(body: unknown): boolean {
  return typeof body === "object" && body !== null && "status" in body && body.status !== undefined;
}

/** The business marks a customer's message read, and with it all earlier ones of that chat. */
export function markReadByBusiness(core: Core, number: BusinessNumber, body: unknown) {
  const receipt = receiptSchema.safeParse(body);
  if (!receipt.success) {
    const name = receipt.error.issues[0]?.path.join(".") ?? "message_id";
    throw new GraphFault(131009, { details: `Parameter '${name}' is not valid.` });
  }
  const { message_id, typing_indicator } = receipt.data;
  const message = core.store.findMessage(message_id);
  if (message?.author !== "customer" || message.phone_number_id !== number.phone_number_id) {
    throw new GraphFault(131009, { details: "Message with the given message_id was not found." });
  }
  for (const { id } of upTo(core, message)) core.reach(id, "read");
  if (typing_indicator) showTyping(core, message);
  return { success: true };
}

function upTo(core: Core, message: ChatMessage): ChatMessage[] {
  const chat = core.store.messages(message.group_id ?? message.phone, message.phone_number_id);
  const end = chat.findIndex(({ id }) => id === message.id);
  return chat.slice(0, end + 1).filter(({ author }) => author === "customer");
}

function showTyping(core: Core, message: ChatMessage): void {
  const { phone_number_id } = message;
  const phone = message.group_id ?? message.phone;
  const until = core.now() + TYPING_MS;
  core.store.putChat({ ...core.store.chat(phone_number_id, phone), typing_until: until });
  core.events.emit("typing", { phone_number_id, phone, until });
}
