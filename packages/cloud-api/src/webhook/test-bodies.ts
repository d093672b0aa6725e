import type { JsonObject, JsonValue } from "../json/json.ts";
import type { WebhookEvent } from "./events.ts";
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

/** A change of the field `messages` with the given parts beside its metadata. */
export function messagesChange(parts: JsonObject): JsonObject {
  return {
    field: "messages",
    value: { messaging_product: "whatsapp", metadata: METADATA, ...parts },
  };
}

/** The events of one change of the field `messages`. */
export function eventsOf(parts: JsonObject): WebhookEvent[] {
  return parseWebhook(bodyOf(messagesChange(parts))).events;
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

export const ADA = { profile: { name: "Ada Brandt" }, wa_id: "4915155501" };
export const BORIS = {
  profile: { name: "Boris Lund", username: "@boris.l" },
  wa_id: "4670111222",
  user_id: "SE.222",
  parent_user_id: "SE.ENT.2",
};
