import type { JsonObject, JsonValue } from "../json/json.ts";

/** What a webhook body holds, in the order in which it holds it. At least one event for any body. */
export interface ParsedWebhook {
  events: WebhookEvent[];
}

// Type aliases, not interfaces: these are JSON, and only an alias is assignable to an index signature.
export type WebhookEvent = MessageEvent | StatusEvent | OtherEvent;

/** Where an event came from. */
export type EventSource = {
  /** The webhook field, "messages" and so on; "" where the body did not say. */
  field: string;
  /** The WhatsApp Business Account; null where the entry names a business portfolio instead. */
  waba_id: string | null;
  phone_number_id: string | null;
  /** The business number as Meta writes it, for people to read. */
  display_phone_number: string | null;
};

/** A person on WhatsApp. Any part may be unknown; in a message, phone or bsuid is known. */
export type ContactIdentity = {
  /** Digits as in Meta's wa_id, no plus. */
  phone: string | null;
  /** The business-scoped user id, for example `US.13491208655302741918`. */
  bsuid: string | null;
  parent_bsuid: string | null;
  /** Without the leading @ that Meta writes at some places and not at others. */
  username: string | null;
  profile_name: string | null;
};

/** An inbound message. */
export type MessageEvent = EventSource & {
  kind: "message";
  /** Starts `wamid.`; a voicemail's starts `wacid.`. */
  wamid: string;
  /** ISO 8601 UTC; null where Meta's is unusable. */
  timestamp: string | null;
  /** Meta's type, known to us or not; "unknown" where there is none. */
  type: string;
  direction: "inbound";
  contact: ContactIdentity;
  /** What a person would read in a list: text, caption, button text, list title, reaction emoji. */
  body: string | null;
  /** `context.id`: the message that this one answers. */
  reply_to_wamid: string | null;
  /** The message as sent, without id, from, from_user_id, from_parent_user_id and timestamp. */
  content: JsonObject;
};

/** A person, and for a message to a group, which of its members. */
export type StatusRecipient = ContactIdentity & {
  /** For a group: the member's bsuid, else phone. Part of what makes a status unique. Null for one person. */
  participant: string | null;
};

export type StatusError = {
  code: number;
  title: string | null;
  message: string | null;
  details: string | null;
  href: string | null;
};

/** What became of a message that the business sent. */
export type StatusEvent = EventSource & {
  kind: "status";
  wamid: string;
  status: "sent" | "delivered" | "read" | "played" | "failed";
  /** ISO 8601 UTC; null where Meta's is unusable. */
  timestamp: string | null;
  recipient: StatusRecipient;
  /** `biz_opaque_callback_data` in lower case where it is a UUID: our own message id. */
  message_id: string | null;
  /** The first of Meta's errors; the others are in `content`. */
  error: StatusError | null;
  pricing: JsonObject | null;
  /** The whole status as sent. */
  content: JsonObject;
};

/** Whatever is not a message or a status, kept whole so that later code can read it. */
export type OtherEvent = EventSource & {
  kind: "other";
  reason: "unhandled_field" | "unhandled_item" | "invalid";
  /** Path and what is wrong there or, for an unhandled item, its path. Names, never values. */
  detail: string | null;
  /** unhandled_field: the change. unhandled_item, invalid: the item, or the nearest whole around it. */
  content: JsonValue;
};
