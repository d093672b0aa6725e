import { z } from "zod";
import { describeIssues } from "../describe-issues.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import type { KnownIdentity } from "./contact-book.ts";
import type { ItemContext } from "./context.ts";
import type { MessageEvent, OtherEvent } from "./events.ts";
import { readMessageBody } from "./message-body.ts";
import { invalidEvent } from "./other-event.ts";
import { optionalPhone, optionalText, optionalTimestamp } from "./scalars.ts";

const messageSchema = z.object({
  id: z.string().min(1),
  from: optionalPhone,
  from_user_id: optionalText,
  from_parent_user_id: optionalText,
  timestamp: optionalTimestamp,
  type: z.string().min(1).catch("unknown"),
  context: z.object({ id: optionalText }).nullable().catch(null),
  system: z
    .object({ previous_user_id: optionalText, user_id: optionalText, wa_id: optionalPhone })
    .nullable()
    .catch(null),
});

/**
 * One element of `messages[]`. Only an id and a sender are needed; a type that is unknown, or whose own part is
 * not as it should be, is a message all the same, without a body.
 */
export function parseInboundMessage(
  item: JsonValue,
  { source, contacts, path }: ItemContext,
): MessageEvent | OtherEvent {
  if (!isJsonObject(item)) return invalidEvent(source, `${path}: expected an object`, item);
  const parsed = messageSchema.safeParse(item);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const message = parsed.data;
  const contact = contacts.identify(readSender(message));
  if (contact.phone === null && contact.bsuid === null) {
    const detail = `${path}: no sender in from, from_user_id or contacts`;
    return invalidEvent(source, detail, item);
  }
  return {
    kind: "message",
    ...source,
    wamid: message.id,
    timestamp: message.timestamp,
    type: message.type,
    direction: "inbound",
    contact,
    body: readMessageBody(message.type, item),
    reply_to_wamid: message.context?.id ?? null,
    content: readContent(item),
  };
}

function readSender(message: z.infer<typeof messageSchema>): KnownIdentity {
  const { from, from_user_id, from_parent_user_id, system } = message;
  const sender = { phone: from, bsuid: from_user_id, parent_bsuid: from_parent_user_id };
  if (message.type !== "system" || from !== null || from_user_id !== null) return sender;
  // System messages come without contacts, and when a user id has changed without `from` too: the person is
  // named only by the change itself, best by the id that we already know.
  const bsuid = system?.previous_user_id ?? system?.user_id ?? null;
  return { ...sender, phone: bsuid === null ? (system?.wa_id ?? null) : null, bsuid };
}

/** These stand in the event itself, read. */
const LIFTED = new Set(["id", "from", "from_user_id", "from_parent_user_id", "timestamp"]);

function readContent(item: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([key]) => !LIFTED.has(key)));
}
