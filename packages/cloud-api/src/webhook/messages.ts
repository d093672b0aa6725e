import { isJsonObject, type JsonValue } from "../json/json.ts";
import { createContactBook } from "./contact-book.ts";
import type { Change, ItemContext } from "./context.ts";
import type { WebhookEvent } from "./events.ts";
import { parseInboundMessage } from "./inbound-message.ts";
import { invalidEvent, otherEvent } from "./other-event.ts";
import { parseStatus } from "./status.ts";

/**
 * The field `messages`: one event for each element of `messages`, `statuses`, `errors`, `user_actions` and any
 * array that Meta adds later, and one for each other value. `contacts` and `metadata` are read into these
 * events and are none of their own. A change that holds nothing of all this is one event itself.
 */
export function parseMessagesField({ source, content, path }: Change): WebhookEvent[] {
  const value = content["value"];
  if (!isJsonObject(value)) {
    return [invalidEvent(source, `${path}.value: expected an object`, content)];
  }
  const contacts = createContactBook(value["contacts"]);
  const events = Object.entries(value).flatMap(([key, part]) =>
    parsePart(key, part, { source, contacts, path: `${path}.value.${key}` }),
  );
  if (events.length > 0) return events;
  return [
    otherEvent(source, {
      reason: "unhandled_item",
      detail: `${path}.value: holds no messages, no statuses and nothing else`,
      content,
    }),
  ];
}

function parsePart(key: string, part: JsonValue, context: ItemContext): WebhookEvent[] {
  if (part === null || key === "messaging_product" || key === "metadata") return [];
  switch (key) {
    case "messages":
      return parseEach(part, context, parseInboundMessage);
    case "statuses":
      return parseEach(part, context, parseStatus);
    case "contacts":
      return parseEach(part, context, unusableContact);
    default:
      return Array.isArray(part) ? parseEach(part, context, keepItem) : [keepItem(part, context)];
  }
}

type ItemParser = (item: JsonValue, context: ItemContext) => WebhookEvent | null;

function parseEach(part: JsonValue, context: ItemContext, parse: ItemParser): WebhookEvent[] {
  if (!Array.isArray(part)) {
    return [invalidEvent(context.source, `${context.path}: expected an array`, part)];
  }
  return part.flatMap((item, at) => {
    const event = parse(item, { ...context, path: `${context.path}[${at}]` });
    return event === null ? [] : [event];
  });
}

function keepItem(content: JsonValue, { source, path }: ItemContext): WebhookEvent {
  return otherEvent(source, { reason: "unhandled_item", detail: path, content });
}

function unusableContact(item: JsonValue, { source, path }: ItemContext): WebhookEvent | null {
  return isJsonObject(item) ? null : invalidEvent(source, `${path}: expected an object`, item);
}
