import type { MessageView } from "../view/message-view.ts";

/** A person with a phone. */
export interface Customer {
  /** Digits, without `+`: the key of the control API, also where the business does not see it. */
  phone: string;
  name: string;
  /** Business-scoped user id. */
  user_id: string;
  username: string | null;
  /** `false`: the business learns the user id only. */
  share_phone: boolean;
}

/** Several customers and one business number. */
export interface Group {
  id: string;
  phone_number_id: string;
  subject: string;
  /** Phones of customers, in digits. */
  participants: readonly string[];
}

/**
 * How far a message got. From the business: accepted by Graph, then as in the status webhooks. From the customer:
 * `sent` until the webhook was answered with 200, then `delivered`, and `read` once the business marks it read.
 */
export type MessageStatus = "accepted" | "sent" | "delivered" | "read" | "played" | "failed";

/** What Graph says of a message that it takes: on its way, or held back until its template's quality is known. */
export type AcceptedAs = "accepted" | "held_for_quality_assessment" | "paused";

/** One message between a business number and a customer or group, in either direction. */
export interface ChatMessage {
  /** Meta's message id. */
  id: string;
  phone_number_id: string;
  /** The customer's phone in digits; of a message of the business to a group, the group's id. */
  phone: string;
  /** `null`: between two. */
  group_id: string | null;
  author: "customer" | "business";
  type: string;
  /** What stands under the key named by `type` on the wire. */
  content: unknown;
  /** What the phone shows of a message of the business: templates filled in, choices to press. */
  view: MessageView | null;
  /** The message that this one answers. */
  context_id: string | null;
  status: MessageStatus;
  /** When each status was reached, in milliseconds since 1970. */
  times: { readonly [S in MessageStatus]?: number };
  error: { code: number; title: string } | null;
}

/** A message that Graph accepted: the proof of what was sent, and how often. Never changed. */
export interface LedgerEntry {
  id: string;
  phone_number_id: string;
  endpoint: "messages" | "marketing_messages";
  recipient_type: "individual" | "group";
  /** As in the request: `to`, else `recipient`. */
  input: string;
  /** The customer who gets it; `null`: nobody known to the emulator, or a group. */
  phone: string | null;
  type: string;
  /** The template's name, if it is one. */
  template: string | null;
  message_status: AcceptedAs;
  biz_opaque_callback_data: string | null;
  /** Milliseconds since 1970. */
  accepted_at: number;
  /** The request as it came. */
  body: unknown;
}
