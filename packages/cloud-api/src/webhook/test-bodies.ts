import type { JsonObject, JsonValue } from "../json/json.ts";
import { NOBODY } from "./contact-book.ts";
import type { ContactIdentity, WebhookEvent } from "./events.ts";
import { parseWebhook } from "./parse-webhook.ts";

// Bodies for the tests beside this file, in Meta's shape.

export const WABA_ID = "330044005500660";
const METADATA = {
  display_phone_number: "493012345678",
  phone_number_id: "770088009900110",
};

/** What every event of the field `messages` in these bodies carries. */
export const SOURCE = {
  field: "messages",
  waba_id: WABA_ID,
  phone_number_id: METADATA.phone_number_id,
  display_phone_number: METADATA.display_phone_number,
};

/** A whole body with the given changes in one entry. */
export function bodyOf(...changes: JsonValue[]): JsonObject {
  return { object: "whatsapp_business_account", entry: [{ id: WABA_ID, changes }] };
}

/** A change of any field, with the value as it is. */
export function change(field: string, value: JsonValue): JsonObject {
  return { field, value };
}

/** A change of a field whose value names the number, with the given parts beside its metadata. */
export function listChange(field: string, parts: JsonObject): JsonObject {
  return change(field, { messaging_product: "whatsapp", metadata: METADATA, ...parts });
}

/** A change of the field `messages` with the given parts beside its metadata. */
export function messagesChange(parts: JsonObject): JsonObject {
  return listChange("messages", parts);
}

/** The events of one change of the field `messages`. */
export function eventsOf(parts: JsonObject): WebhookEvent[] {
  return parseWebhook(bodyOf(messagesChange(parts))).events;
}

/** `entry.time` of the bodies of `eventsOfField` and `eventsOfValue`. */
const ENTRY_TIME = 1_790_000_500;
export const ENTRY_TIME_ISO = "2026-09-21T14:21:40.000Z";

/** The events of one change of any field whose value names the number. */
export function eventsOfField(field: string, parts: JsonObject): WebhookEvent[] {
  return parseWebhook(bodyOf(listChange(field, parts))).events;
}

/** The events of one change of a field whose entry has a time, as those of accounts and templates have. */
export function eventsOfValue(field: string, value: JsonValue): WebhookEvent[] {
  const entry = { id: WABA_ID, time: ENTRY_TIME, changes: [change(field, value)] };
  return parseWebhook({ object: "whatsapp_business_account", entry: [entry] }).events;
}

/** A text message of Ada; `parts` replace or add. */
export function textMessage(parts: JsonObject = {}): JsonObject {
  return {
    from: "4915155501",
    id: "wamid.QURB",
    timestamp: "1790000000",
    type: "text",
    text: { body: "Is the workshop open on Monday?" },
    ...parts,
  };
}

/** A status of a message to Ada; `parts` replace or add. */
export function statusItem(parts: JsonObject = {}): JsonObject {
  return {
    id: "wamid.T1VU",
    status: "delivered",
    timestamp: "1790000100",
    recipient_id: "4915155501",
    ...parts,
  };
}

/** A text that the business sent to Ada from its own phone; `parts` replace or add. */
export function echoItem(parts: JsonObject = {}): JsonObject {
  return {
    from: METADATA.display_phone_number,
    to: "4915155501",
    id: "wamid.RUNITw",
    timestamp: "1790000200",
    type: "text",
    text: { body: "We open at nine." },
    ...parts,
  };
}

export const ADA = { profile: { name: "Ada Brandt" }, wa_id: "4915155501" };
export const BORIS = {
  profile: { name: "Boris Lund", username: "@boris.l" },
  wa_id: "4670111222",
  user_id: "SE.222",
  parent_user_id: "SE.ENT.2",
};

/** A person of whom nothing but the given parts is known. */
export function identity(parts: Partial<ContactIdentity>): ContactIdentity {
  return { ...NOBODY, ...parts };
}
