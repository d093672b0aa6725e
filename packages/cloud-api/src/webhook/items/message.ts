import { describeIssues } from "../../describe-issues.ts";
import type { JsonObject } from "../../json/json.ts";
import { isKnown } from "../contact-book.ts";
import type { ItemContext, ItemParser } from "../context.ts";
import type { Direction, MessageBase, MessageEvent, WebhookEvent } from "../events.ts";
import { invalidEvent } from "../other-event.ts";
import { readMessageBody } from "./message-body.ts";
import { readContactChange, readGroup, readRecipient, readSender } from "./message-contact.ts";
import { readMessageContent, unwrapEcho } from "./message-content.ts";
import { readDeliveryStatus, readDirection } from "./message-direction.ts";
import { parseEdit, parseRevoke } from "./message-revision.ts";
import { type Message, messageSchema } from "./message-schema.ts";
import { readReaction } from "./reaction.ts";

/**
 * One element of `messages[]`. Only an id and the other person are needed; a type that is unknown, or whose own
 * part is not as it should be, is a message all the same, without a body.
 */
export const parseMessage: ItemParser = (item, context) =>
  parseItem(item, context, {
    unwrap: (message) => message,
    directionOf: (message) => readDirection(message, context),
  });

/**
 * One element of `message_echoes[]`: what the business sent from its own phone, or another app sent for it
 * through the Send API.
 */
export const parseEcho: ItemParser = (item, context) => {
  const origin = context.origin === "live" ? "echo" : context.origin;
  return parseItem(
    item,
    { ...context, origin },
    { unwrap: unwrapEcho, directionOf: () => "outbound" },
  );
};

interface Shape {
  /** The message in an item. */
  unwrap(this: void, item: JsonObject): JsonObject;
  directionOf(this: void, message: Message): Direction;
}

function parseItem(
  item: JsonObject,
  context: ItemContext,
  { unwrap, directionOf }: Shape,
): WebhookEvent {
  const { source, path } = context;
  const sent = unwrap(item);
  const parsed = messageSchema.safeParse(sent);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const message = parsed.data;
  const direction = directionOf(message);
  const group_id = readGroup(message, direction);
  const is_inbound = direction === "inbound";
  const contact = is_inbound ? readSender(message, context) : readRecipient(message, context);
  if (!isKnown(contact) && (is_inbound || group_id === null)) {
    const keys = is_inbound ? "sender in from, from_user_id" : "recipient in to, to_user_id";
    return invalidEvent(source, `${path}: no ${keys} or contacts`, item);
  }
  const base: MessageBase = {
    ...source,
    wamid: message.id,
    timestamp: message.timestamp,
    direction,
    origin: context.origin,
    contact,
    group_id,
  };
  if (message.type === "edit") return parseEdit(base, { item, sent }, context);
  if (message.type === "revoke") return parseRevoke(base, { item, sent }, context);
  return toMessageEvent(base, message, sent);
}

function toMessageEvent(base: MessageBase, message: Message, item: JsonObject): MessageEvent {
  return {
    kind: "message",
    ...base,
    type: message.type,
    status: readDeliveryStatus(message, base),
    body: readMessageBody(message.type, item),
    reply_to_wamid: message.context?.id ?? null,
    reaction: readReaction(message.type, item),
    contact_change: readContactChange(message),
    content: readMessageContent(item, base.direction),
  };
}
