import type { JsonObject, JsonValue } from "../json/json.ts";

/** What a webhook body holds, in the order in which it holds it. At least one event for any body. */
export interface ParsedWebhook {
  events: WebhookEvent[];
}

// Type aliases, not interfaces: these are JSON, and only an alias is assignable to an index signature.
export type WebhookEvent =
  | MessageEvent
  | StatusEvent
  | EditEvent
  | RevokeEvent
  | PreferenceEvent
  | ContactSyncEvent
  | CallEvent
  | GroupEvent
  | TemplateEvent
  | HandoverEvent
  | AccountEvent
  | OtherEvent;

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

/** A person on WhatsApp. Any part may be unknown. */
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

/** Who wrote: a person, or the business, from its own phone or through another app. */
export type Direction = "inbound" | "outbound";

/**
 * How we learned of it. live: it has just come. echo: the business wrote it from its own phone. history: it was
 * on that phone before the number was connected. standby: another app (Meta Business Agent) holds the
 * conversation, and we only listen.
 */
export type Origin = "live" | "echo" | "history" | "standby";

export type DeliveryStatus = "sent" | "delivered" | "read" | "played" | "failed";

/** What a message, its edit and its revocation have in common. */
export type MessageBase = EventSource & {
  /** Starts `wamid.`; a voicemail's starts `wacid.`. */
  wamid: string;
  /** ISO 8601 UTC; null where Meta's is unusable. */
  timestamp: string | null;
  direction: Direction;
  origin: Origin;
  /**
   * Inbound: who wrote, in a group too. Outbound: who was written to. Phone or bsuid is known; neither is where
   * the business wrote to a group.
   */
  contact: ContactIdentity;
  group_id: string | null;
};

export type MessageEvent = MessageBase & {
  kind: "message";
  /** Meta's type, known to us or not; "unknown" where there is none. */
  type: string;
  /**
   * How far an outbound message had come when Meta told us of it; null where Meta does not say, or it had not
   * left the phone. Inbound: null.
   */
  status: DeliveryStatus | null;
  /** What a person would read in a list: text, caption, button text, list title, reaction emoji. */
  body: string | null;
  /** `context.id`: the message that this one answers. */
  reply_to_wamid: string | null;
  /** For a reaction: to which message. An emoji of null takes the earlier reaction back. */
  reaction: { wamid: string; emoji: string | null } | null;
  /**
   * For a changed number or user id: who `contact` is from now on. A null in it is not said, not gone. Where Meta does
   * not say who it was, `contact` is the new identity too.
   */
  contact_change: Pick<ContactIdentity, "phone" | "bsuid" | "parent_bsuid"> | null;
  /**
   * The message as sent, without id, timestamp and the keys that say who wrote to whom. Of a standby echo: what
   * was sent to the Send API; the rest of the echo (template, flow) lies under `echo`.
   */
  content: JsonObject;
};

/** A message was changed: a message like any other, in place of an earlier one. */
export type EditEvent = MessageBase & {
  kind: "edit";
  /** The message that is changed; `wamid` is the edit's own. */
  target_wamid: string;
  /** Of the message as it now is, as is `body`. */
  type: string;
  body: string | null;
  /** The message as it now is: `{type, image: …, context: …}`. */
  content: JsonObject;
};

/** A message was taken back. */
export type RevokeEvent = MessageBase & {
  kind: "revoke";
  /** The message that is taken back; `wamid` is the revocation's own. */
  target_wamid: string;
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
  status: DeliveryStatus;
  /** ISO 8601 UTC; null where Meta's is unusable. */
  timestamp: string | null;
  /** standby: of a message that another app sent. */
  origin: "live" | "standby";
  recipient: StatusRecipient;
  group_id: string | null;
  /** `biz_opaque_callback_data` in lower case where it is a UUID: our own message id. */
  message_id: string | null;
  /** The first of Meta's errors; the others are in `content`. */
  error: StatusError | null;
  pricing: JsonObject | null;
  /** The whole status as sent. */
  content: JsonObject;
};

/** A person stopped or resumed a kind of message (marketing) from the business. */
export type PreferenceEvent = EventSource & {
  kind: "preference";
  contact: ContactIdentity;
  /** "marketing_messages". */
  category: string;
  value: "stop" | "resume";
  timestamp: string | null;
  content: JsonObject;
};

/** The address book on the business's own phone changed. */
export type ContactSyncEvent = EventSource & {
  kind: "contact_sync";
  contact: ContactIdentity;
  /** add: also where an entry was changed. */
  action: "add" | "remove";
  /** As the business calls the person, which may be another name than the profile's. Null when removed. */
  name: string | null;
  timestamp: string | null;
  content: JsonObject;
};

export type CallEvent = EventSource & {
  kind: "call";
  /** Starts `wacid.`. */
  call_id: string;
  /** connect, terminate, call_created, call_recording_available, …; ringing, accepted, rejected. */
  event: string;
  /** inbound: the person called. */
  direction: Direction;
  /** The person at the other end; where Meta names nobody, every part is null. */
  contact: ContactIdentity;
  timestamp: string | null;
  /** Whole seconds; null while it lasts and where nobody answered. */
  duration_s: number | null;
  started_at: string | null;
  ended_at: string | null;
  /** `biz_opaque_callback_data` in lower case where it is a UUID. */
  message_id: string | null;
  content: JsonObject;
};

/** Something happened to a group, or to what was asked for it: then `error` says why it did not. */
export type GroupEvent = EventSource & {
  kind: "group";
  group_id: string;
  /** group_create, group_delete, group_participants_add, … */
  event: string;
  /** The group's name where this sets it; of a creation that failed, the one that was asked for. */
  subject: string | null;
  timestamp: string | null;
  /** The participant, where it is exactly one; several are in `content`. */
  contact: ContactIdentity | null;
  /** The first of Meta's errors, of the whole or of one of its parts. */
  error: StatusError | null;
  content: JsonObject;
};

/** A template's status, quality, category or text changed; what did not is null. */
export type TemplateEvent = EventSource & {
  kind: "template";
  /** Decimal digits. */
  template_id: string;
  name: string | null;
  language: string | null;
  /** APPROVED, REJECTED, PAUSED, … */
  status: string | null;
  /** NONE, INVALID_FORMAT, …; Meta writes null or NONE where there is none. */
  reason: string | null;
  /** GREEN, YELLOW, RED, UNKNOWN. */
  quality: string | null;
  /** The category that it now has. A change that is only announced is in `content`. */
  category: string | null;
  timestamp: string | null;
  content: JsonObject;
};

/** Another responder answers this person from now on. */
export type HandoverEvent = EventSource & {
  kind: "handover";
  contact: ContactIdentity;
  /** control_passed (we were given the conversation), control_taken (it was taken from us). */
  event: string;
  /** Roles: ai_agent, escalation, customer_service, … */
  previous_owner: string | null;
  new_owner: string | null;
  timestamp: string | null;
  content: JsonObject;
};

/** Something about the account, a number of it, or its traffic: for the operator to see. */
export type AccountEvent = EventSource & {
  kind: "account";
  /** Meta's event, decision or alert type; "error", "history_chunk"; else the field's name. */
  event: string;
  /** CRITICAL, WARNING, INFORMATIONAL. */
  severity: string | null;
  timestamp: string | null;
  /** The value of the change, or the item. */
  content: JsonObject;
};

/** Whatever is none of these, kept whole so that later code can read it. */
export type OtherEvent = EventSource & {
  kind: "other";
  reason: "unhandled_field" | "unhandled_item" | "invalid";
  /** Path and what is wrong there or, for an unhandled item, its path. Names, never values. */
  detail: string | null;
  /** unhandled_field: the change. unhandled_item, invalid: the item, or the nearest whole around it. */
  content: JsonValue;
};
