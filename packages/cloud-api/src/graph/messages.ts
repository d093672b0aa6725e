import { z } from "zod";
import { describeIssues } from "../describe-issues.ts";
import type { JsonValue } from "../json/json.ts";
import type { OutboundMessage } from "../outbound/message.ts";
import { InvalidRequestError } from "./errors.ts";

/** To whom: a phone number (+E.164, or wa_id digits as we keep them), or a business-scoped user id. */
export type Recipient = { to: string; recipient?: never } | { to?: never; recipient: string };

/** Meta's body of a message, whose part named by `type` nobody has checked. */
interface UncheckedMessage {
  type: string;
  context?: { message_id: string };
  [part: string]: JsonValue | undefined;
}

/**
 * A message as POST /{phone_number_id}/messages takes it, without `messaging_product`: as parseOutboundMessage gives
 * it, or as it is. With `recipient_type: "group"`, `to` is a group id; with `product_policy` the message goes to
 * /marketing_messages.
 */
export type SendRequest = (OutboundMessage | UncheckedMessage) &
  Recipient & {
    recipient_type?: "individual" | "group";
    biz_opaque_callback_data?: string;
  };

/** Meta has taken the message; whether it arrives, the status webhooks tell. */
export interface SentMessage {
  wamid: string;
  /** Digits; not always those that were sent to (Brazil, Mexico). Null when sent to a user id. */
  wa_id: string | null;
  user_id: string | null;
  /** When sent to a group. */
  group_id: string | null;
  /** "accepted", or "held_for_quality_assessment" in a paced campaign; mostly absent. */
  message_status: string | null;
}

/** Meta: "Maximum 512 characters"; echoed in every status of the message. */
export const MAX_CALLBACK_DATA_CHARACTERS = 512;

const optionalText = z.string().min(1).nullable().catch(null);

const sentSchema = z.object({
  contacts: z.array(z.object({ wa_id: optionalText, user_id: optionalText })).catch([]),
  messages: z
    .array(
      z.object({ id: z.string().min(1), group_id: optionalText, message_status: optionalText }),
    )
    .min(1),
});

/** The JSON to send. Throws InvalidRequestError where the recipient or the callback data cannot be right. */
export function buildMessage(message: SendRequest): object {
  const data = message.biz_opaque_callback_data;
  if (data !== undefined && data.length > MAX_CALLBACK_DATA_CHARACTERS) {
    throw new InvalidRequestError(
      `biz_opaque_callback_data: must have at most ${MAX_CALLBACK_DATA_CHARACTERS} characters; shorten it`,
    );
  }
  return {
    ...message,
    messaging_product: "whatsapp",
    recipient_type: message.recipient_type ?? "individual",
    ...formatRecipient(message),
  };
}

/** Which endpoint takes a message: `product_policy` belongs to the Marketing Messages API alone. */
export function endpointOf(message: SendRequest): "messages" | "marketing_messages" {
  const is_marketing = "product_policy" in message && message.product_policy !== undefined;
  return is_marketing ? "marketing_messages" : "messages";
}

function formatRecipient(message: SendRequest): { to: string } | { recipient: string } {
  const { to, recipient, recipient_type } = message;
  // Meta lets `to` win over `recipient` in silence: a message could go to another person than was meant.
  if ((to === undefined) === (recipient === undefined)) {
    throw new InvalidRequestError("to, recipient: give one of the two");
  }
  if (to === undefined) {
    if (recipient === "" || recipient === undefined) {
      throw new InvalidRequestError("recipient: is empty; give a business-scoped user id");
    }
    return { recipient };
  }
  if (recipient_type === "group") return { to };
  // Without the plus, Meta puts the business number's own country code in front.
  const digits = /^\+?([1-9]\d{6,14})$/.exec(to)?.[1];
  if (digits === undefined) {
    throw new InvalidRequestError(
      "to: must be a phone number with country code, digits only, as in +4915123456789",
    );
  }
  return { to: `+${digits}` };
}

/** Reads the answer to a message; a string says what is wrong with it. */
export function readSentMessage(body: unknown): SentMessage | string {
  const parsed = sentSchema.safeParse(body);
  if (!parsed.success) return describeIssues(parsed.error);
  const { contacts, messages } = parsed.data;
  const [contact] = contacts;
  const [message] = messages;
  if (message === undefined) return "messages: is empty";
  return {
    wamid: message.id,
    wa_id: contact?.wa_id ?? null,
    user_id: contact?.user_id ?? null,
    group_id: message.group_id,
    message_status: message.message_status,
  };
}
