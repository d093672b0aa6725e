import { z } from "zod";
import type { JsonObject, JsonValue } from "../../json/json.ts";
import { type ContactBook, createContactBook } from "../contact-book.ts";
import type { ItemContext, ItemParser } from "../context.ts";
import type { WebhookEvent } from "../events.ts";
import { otherEvent } from "../other-event.ts";
import { keepPart, parseEach } from "../parse-each.ts";
import { optionalText } from "../scalars.ts";
import { parseErrorItem } from "./account-items.ts";
import { parseMessage } from "./message.ts";

/**
 * One element of `history[]`: a part of the chats on the business's phone. One event for the chunk (phase,
 * chunk_order and progress are in its content; progress 100 is the end), then one for each message in it, or
 * for each error, where the business does not share its history.
 */
export const parseHistoryChunk: ItemParser = (item, context) => {
  const { source, time, path } = context;
  const { threads = null, errors = null, ...content } = item;
  const chunk: WebhookEvent = {
    kind: "account",
    ...source,
    event: "history_chunk",
    severity: null,
    timestamp: time,
    content,
  };
  return [
    chunk,
    ...parseList(threads, { ...context, path: `${path}.threads` }, parseThread),
    ...parseList(errors, { ...context, path: `${path}.errors` }, parseErrorItem),
  ];
};

/** An array that need not be there. */
function parseList(part: JsonValue, context: ItemContext, parse: ItemParser): WebhookEvent[] {
  return part === null ? [] : parseEach(part, context, parse);
}

/** One chat with one person. */
const parseThread: ItemParser = (item, context) => {
  const { source, path } = context;
  const { id: _id, context: _context, messages = null, ...rest } = item;
  const thread: ItemContext = { ...context, origin: "history", contacts: readThreadPerson(item) };
  const events = [
    ...Object.entries(rest).flatMap(([key, part]) =>
      part === null ? [] : keepPart(part, { ...thread, path: `${path}.${key}` }),
    ),
    ...parseList(messages, { ...thread, path: `${path}.messages` }, parseMessage),
  ];
  if (events.length > 0) return events;
  const detail = `${path}: holds no messages`;
  return otherEvent(source, { reason: "unhandled_item", detail, content: item });
};

const threadSchema = z.object({
  id: optionalText,
  context: z
    .object({
      wa_id: optionalText,
      user_id: optionalText,
      parent_user_id: optionalText,
      username: optionalText,
    })
    .nullable()
    .catch(null),
});

/** The person that a thread is with; its id is their phone. */
function readThreadPerson(thread: JsonObject): ContactBook {
  const { id, context } = threadSchema.parse(thread);
  const { wa_id = null, user_id = null, parent_user_id = null } = context ?? {};
  const profile = { username: context?.username ?? null };
  return createContactBook([{ wa_id: wa_id ?? id, user_id, parent_user_id, profile }]);
}
