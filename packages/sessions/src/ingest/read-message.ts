import {
  type DeliveryStatus,
  type EditEvent,
  type JsonObject,
  type MessageEvent,
  readMessageBody,
  type RevokeEvent,
  type WebhookEvent,
} from "@wabase/cloud-api";
import { isoTime, type ReadContext } from "./context.ts";
import { keySchema, type MessageKey, type WebMessageItem } from "./journal.ts";
import { contextOf, objectIn, readContent, textIn, unwrap } from "./message-content.ts";
import { identityOf, isGroup, type Person } from "./people.ts";
import { readStatus } from "./read-status.ts";
import { ownWamid, wamidOf, wamidOfKey } from "./wamid.ts";

/** What an item is about, and who has to do with it. */
interface Reading extends ReadContext {
  item: WebMessageItem;
  message: JsonObject;
  /** Null: we wrote it. */
  author: Person | null;
  base: MessageEvent;
}

/** A message, an edit, a revocation or a reaction; none for what WhatsApp's programs say to each other. */
export function readMessage(item: WebMessageItem, context: ReadContext): WebhookEvent[] {
  const author = context.book.author(item.key);
  const is_ours = author === null && isOurs(item.key, context);
  if (author === null && !is_ours) return [];
  const message = unwrap(item.message);
  const wamid =
    author === null ? ownWamid(item.key.id) : wamidOf(author, item.key.remoteJid, item.key.id);
  const base = baseEvent(item, author, { ...context, wamid });
  const reading: Reading = { ...context, item, message, author, base };
  const protocol = objectIn(message, "protocolMessage");
  if (protocol !== undefined) return readProtocol(protocol, reading);
  const reaction = objectIn(message, "reactionMessage");
  if (reaction !== undefined) return readReaction(reaction, reading);
  const { type, content } = readContent(message);
  const words = type === "unsupported" ? titleOf(message) : readMessageBody(type, content);
  return [{ ...base, type, body: words, content, reply_to_wamid: repliedTo(reading) }];
}

function isOurs(key: MessageKey, { book }: ReadContext): boolean {
  if (key.fromMe === true) return true;
  const person = book.find(key.participant ?? key.remoteJid);
  return person !== null && book.isMe(person);
}

function baseEvent(
  item: WebMessageItem,
  author: Person | null,
  { source, book, wamid }: ReadContext & { wamid: string },
): MessageEvent {
  const { remoteJid } = item.key;
  const group_id = isGroup(remoteJid) ? remoteJid : null;
  const partner = author ?? (group_id === null ? book.find(remoteJid) : null);
  const status = author === null ? statusName(item.status) : null;
  return {
    kind: "message",
    ...source,
    wamid,
    timestamp: isoTime(item.timestamp),
    direction: author === null ? "outbound" : "inbound",
    origin: item.origin,
    contact: identityOf(partner, author === null ? null : item.push_name),
    group_id,
    type: "unknown",
    status,
    body: null,
    reply_to_wamid: null,
    reaction: null,
    contact_change: null,
    content: {},
  };
}

function readProtocol(protocol: JsonObject, reading: Reading): WebhookEvent[] {
  const { item, author, base } = reading;
  const key = keySchema.safeParse({ remoteJid: item.key.remoteJid, ...objectIn(protocol, "key") });
  if (!key.success) return [];
  const own_target =
    author === null ? ownWamid(key.data.id) : wamidOf(author, item.key.remoteJid, key.data.id);
  const shared = sharedPart(base);
  if (protocol["type"] === "MESSAGE_EDIT") {
    const edited = objectIn(protocol, "editedMessage");
    if (edited === undefined) return [];
    const { type, content } = readContent(unwrap(edited));
    const body = readMessageBody(type, content);
    // Nobody edits what another wrote: the target is the writer's own, whatever the key claims.
    const event: EditEvent = {
      ...shared,
      kind: "edit",
      target_wamid: own_target,
      type,
      body,
      content,
    };
    return [event];
  }
  if (protocol["type"] !== "REVOKE") return [];
  const target_wamid = revokedWamid(key.data, own_target, reading);
  const revoke = { original_message_id: target_wamid };
  const content: JsonObject = { type: "revoke", revoke };
  const event: RevokeEvent = { ...shared, kind: "revoke", target_wamid, content };
  return [event];
}

/** One's own message; an admin of a group may take back anybody's. */
function revokedWamid(key: MessageKey, own_target: string, { item, book }: Reading): string {
  const may_name_another = item.is_admin && isGroup(item.key.remoteJid) && key.participant !== null;
  if (!may_name_another) return own_target;
  return wamidOfKey({ ...key, remoteJid: item.key.remoteJid, fromMe: false }, book) ?? own_target;
}

function sharedPart(base: MessageEvent): Omit<RevokeEvent, "kind" | "target_wamid" | "content"> {
  const { field, waba_id, phone_number_id, display_phone_number } = base;
  const { wamid, timestamp, direction, origin, contact, group_id } = base;
  return {
    field,
    waba_id,
    phone_number_id,
    display_phone_number,
    wamid,
    timestamp,
    direction,
    origin,
    contact,
    group_id,
  };
}

function readReaction(reaction: JsonObject, { item, base, book }: Reading): WebhookEvent[] {
  const key = keySchema.safeParse({ ...objectIn(reaction, "key"), remoteJid: item.key.remoteJid });
  const target = key.success ? wamidOfKey(key.data, book) : null;
  if (target === null) return [];
  const emoji = textIn(reaction, "text");
  const part: JsonObject = { message_id: target, ...(emoji === null ? {} : { emoji }) };
  const content: JsonObject = { type: "reaction", reaction: part };
  return [{ ...base, type: "reaction", body: emoji, content, reaction: { wamid: target, emoji } }];
}

function repliedTo({ message, item, book }: Reading): string | null {
  const context = contextOf(message);
  const id = textIn(context, "stanzaId");
  const participant = textIn(context, "participant");
  if (id === null || participant === null) return null;
  const { remoteJid } = item.key;
  return wamidOfKey({ remoteJid, id, participant, fromMe: null }, book);
}

function statusName(status: number | null): DeliveryStatus | null {
  return status === null ? null : readStatus(status);
}

/** The words of what Meta has no type for: the question of a poll, the name of an event. */
function titleOf(message: JsonObject): string | null {
  for (const part of Object.values(message)) {
    if (typeof part !== "object" || part === null || Array.isArray(part)) continue;
    const title = textIn(part, "name") ?? textIn(part, "title") ?? textIn(part, "text");
    if (title !== null) return title;
  }
  return null;
}
