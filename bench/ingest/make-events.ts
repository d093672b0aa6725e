import { randomUUID } from "node:crypto";
import { compactEvent, type JsonValue, parseWebhook } from "@wabase/cloud-api";

export const PHONE_NUMBER_ID = "1000000000001";
/** Contacts among whom the messages are spread. */
export const CONTACTS = 1_000;

/** A webhook body of Meta's with this many text messages, from contacts who are known already. */
export function messageBody(count: number): string {
  const messages = Array.from({ length: count }, () => ({
    from: phoneOf(Math.floor(Math.random() * CONTACTS)),
    id: `wamid.${randomUUID()}`,
    timestamp: String(Math.floor(Date.now() / 1000)),
    type: "text",
    text: {
      body: "Hello, is my order on its way? I would like to change the address, if that is possible.",
    },
  }));
  const contacts = messages.map(({ from }) => ({ wa_id: from, profile: { name: nameOf(from) } }));
  return envelope({ contacts, messages });
}

/** A webhook body with one status for each of these messages. */
export function statusBody(status: string, wamids: string[]): string {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const statuses = wamids.map((id) => ({ id, status, timestamp, recipient_id: phoneOf(0) }));
  return envelope({ statuses });
}

/** The delivery that whatsapp-webhook makes of a body. */
export function deliveryOf(body: string): { body: string; secret_id: string; events: JsonValue } {
  const { events } = parseWebhook(JSON.parse(body));
  return { body, secret_id: "bench", events: events.map(compactEvent) };
}

export function phoneOf(index: number): string {
  return String(491_700_000_000 + index);
}

export function nameOf(phone: string): string {
  return `Customer ${phone}`;
}

function envelope(content: object): string {
  const metadata = { display_phone_number: "15550100000", phone_number_id: PHONE_NUMBER_ID };
  const value = { messaging_product: "whatsapp", metadata, ...content };
  const changes = [{ field: "messages", value }];
  return JSON.stringify({ object: "whatsapp_business_account", entry: [{ id: "1", changes }] });
}
