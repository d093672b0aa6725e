import { isJsonObject, type JsonObject, type JsonValue } from "@wabase/cloud-api";
import type { proto, WAMessage } from "baileys";
import type { Baileys } from "../baileys.ts";
import { type Collected, isChat, keyOf, pairsOf } from "./collected.ts";
import type { WebItem, WebMessageItem } from "./journal.ts";
import { objectIn, textIn, unwrap } from "./message-content.ts";
import { readPerson } from "./people.ts";

/**
 * A message as the journal keeps it. Null for what no inbox shows: statuses (stories), channels, and what the
 * programs say to each other, keys above all, which must not be written down.
 */
export function collectMessage(
  baileys: Baileys,
  message: WAMessage,
  origin: WebMessageItem["origin"],
): Collected | null {
  const { key, messageTimestamp, pushName, category } = message;
  const chat = key.remoteJid ?? "";
  if (category === "peer" || !key.id || !isChat(chat) || !message.message) return null;
  const json = toJson(baileys.proto.Message.fromObject(message.message));
  if (!isJsonObject(json)) return null;
  const shown = withoutSecrets(json);
  if (shown === null) return null;
  const item: WebMessageItem = {
    kind: "message",
    origin,
    key: keyOf(key),
    timestamp:
      messageTimestamp === null || messageTimestamp === undefined ? null : Number(messageTimestamp),
    push_name: pushName ?? null,
    status: message.status ?? null,
    message: shown,
    is_admin: false,
  };
  return { item, jids: mentioned(item), pairs: pairsOf(key) };
}

/** A message that could not be decrypted; null where it is none. */
export function collectUndecryptable(baileys: Baileys, message: WAMessage): Collected | null {
  const { key, messageStubType, messageStubParameters, messageTimestamp } = message;
  const chat = key.remoteJid ?? "";
  if (messageStubType !== baileys.WAMessageStubType.CIPHERTEXT || !key.id || !isChat(chat))
    return null;
  const reason = String(messageStubParameters?.[0] ?? "unknown");
  const timestamp = Number(messageTimestamp) || null;
  const item: WebItem = { kind: "undecryptable", key: keyOf(key), timestamp, reason };
  return { item, jids: [chat, key.participant ?? ""], pairs: pairsOf(key) };
}

/** Whoever must be known by lid to say which messages are meant. */
function mentioned({ key, message }: WebMessageItem): string[] {
  const content = unwrap(message);
  const inner = objectIn(
    objectIn(content, "protocolMessage") ?? objectIn(content, "reactionMessage"),
    "key",
  );
  const contexts = Object.values(content).flatMap((part) =>
    isJsonObject(part) && isJsonObject(part["contextInfo"]) ? [part["contextInfo"]] : [],
  );
  return [
    key.remoteJid,
    key.participant ?? "",
    textIn(inner, "participant") ?? "",
    ...contexts.map((context) => textIn(context, "participant") ?? ""),
  ].filter((jid) => readPerson(jid) !== null);
}

/** What only the programs need. The secret of a message decrypts the votes and reactions to it. */
const LEFT_OUT = new Set([
  "senderKeyDistributionMessage",
  "fastRatchetKeySenderKeyDistributionMessage",
  "messageContextInfo",
  // What would be most of the journal: small pictures, and once more what is answered.
  "jpegThumbnail",
  "quotedMessage",
]);
/** Of what programs say to each other: what people see. */
const SHOWN_PROTOCOLS = new Set<JsonValue | undefined>(["REVOKE", "MESSAGE_EDIT"]);

function withoutSecrets(message: JsonObject): JsonObject | null {
  const shown = prune(message);
  const content = unwrap(shown);
  const protocol = objectIn(content, "protocolMessage");
  if (protocol !== undefined && !SHOWN_PROTOCOLS.has(protocol["type"])) return null;
  return Object.keys(content).length === 0 ? null : shown;
}

function prune(value: JsonObject): JsonObject {
  const kept = Object.entries(value).filter(([name]) => !LEFT_OUT.has(name));
  return Object.fromEntries(
    kept.map(([name, part]) => [name, isJsonObject(part) ? prune(part) : part]),
  );
}

/** Bytes as base64, enums by name, 64-bit numbers as text: as protobuf.js writes JSON. */
function toJson(message: proto.Message): JsonValue {
  const json: JsonValue = JSON.parse(JSON.stringify(message));
  return json;
}
