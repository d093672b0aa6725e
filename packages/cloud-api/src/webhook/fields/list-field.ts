import { isJsonObject, type JsonObject, type JsonValue } from "../../json/json.ts";
import { createContactBook } from "../contact-book.ts";
import type { Change, FieldParser, ItemContext, ItemParser } from "../context.ts";
import type { Origin, WebhookEvent } from "../events.ts";
import { parseAutomaticEvent, parseErrorItem, parseUserAction } from "../items/account-items.ts";
import { parseCall } from "../items/call.ts";
import { parseContactSync } from "../items/contact-sync.ts";
import { parseGroup } from "../items/group.ts";
import { parseHistoryChunk } from "../items/history-chunk.ts";
import { parseEcho, parseMessage } from "../items/message.ts";
import { parsePreference } from "../items/preference.ts";
import { parseStatus } from "../items/status.ts";
import { otherEvent } from "../other-event.ts";
import { keepPart, parseEach } from "../parse-each.ts";

/** One parser per array, whichever field it comes in: Meta mixes them. */
const itemParsers: ReadonlyMap<string, ItemParser> = new Map([
  ["messages", parseMessage],
  ["message_echoes", parseEcho],
  ["statuses", parseStatus],
  ["errors", parseErrorItem],
  ["user_actions", parseUserAction],
  ["automatic_events", parseAutomaticEvent],
  ["history", parseHistoryChunk],
  ["state_sync", parseContactSync],
  ["calls", parseCall],
  ["groups", parseGroup],
  ["user_preferences", parsePreference],
  // The people are read into the other events.
  ["contacts", () => []],
]);

/**
 * A field whose value holds arrays: one event for each element of each, known or added by Meta later, and one for
 * each other value. `contacts` and `metadata` are read into these events and are none of their own. A change
 * that holds nothing of all this is one event itself.
 */
export function listField(origin: Origin): FieldParser {
  return (change) => parseListField(change, origin);
}

function parseListField(
  { source, time, value, content, path }: Change,
  origin: Origin,
): WebhookEvent[] {
  const contacts = createContactBook(value["contacts"]);
  const context = { source, time, origin, contacts, path: `${path}.value` };
  const events = parseParts(value, context);
  if (events.length > 0) return events;
  return [
    otherEvent(source, {
      reason: "unhandled_item",
      detail: `${path}.value: holds no item`,
      content,
    }),
  ];
}

function parseParts(value: JsonObject, context: ItemContext): WebhookEvent[] {
  return Object.entries(value).flatMap(([key, part]) => {
    const at = { ...context, path: `${context.path}.${key}` };
    return key === "standby" && isJsonObject(part)
      ? parseStandby(part, at)
      : parsePart(key, part, at);
  });
}

/** In `standby` stands what else stands in the value itself, with contacts of its own. One level, no deeper. */
function parseStandby(nested: JsonObject, context: ItemContext): WebhookEvent[] {
  const own = nested["contacts"];
  const contacts = own === undefined ? context.contacts : createContactBook(own);
  return Object.entries(nested).flatMap(([key, part]) =>
    parsePart(key, part, { ...context, contacts, path: `${context.path}.${key}` }),
  );
}

function parsePart(key: string, part: JsonValue, context: ItemContext): WebhookEvent[] {
  if (part === null || isReadInSource(key, part)) return [];
  const parse = itemParsers.get(key);
  return parse === undefined ? keepPart(part, context) : parseEach(part, context, parse);
}

/** These are in the source of every event, and no event of their own. */
function isReadInSource(key: string, part: JsonValue): boolean {
  if (key === "messaging_product" || key === "metadata") return true;
  const is_number = key === "phone_number_id" || key === "display_phone_number";
  return is_number && typeof part === "string";
}
