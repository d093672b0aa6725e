import { createHash } from "node:crypto";
import type { MessageKey } from "./journal.ts";
import { isGroup, type PeopleBook, type Person } from "./people.ts";

const MAX_ID_CHARACTERS = 128;

/**
 * The id of a message of ours. Nothing of Meta's begins with `web.`.
 */
export function ownWamid(id: string): string {
  return `web.me.${safeId(id)}`;
}

/**
 * The id of a message that somebody wrote. The writer chooses WhatsApp's id, so the writer is part of ours, and so
 * is the group: nobody can pass for, edit or take back another's message, or keep it out, by using its id.
 */
export function wamidOf(author: Person, chat: string, id: string): string {
  const who = author.lid ?? `p${author.phone}`;
  const where = isGroup(chat) ? `.${chat.replace("@g.us", "")}` : "";
  return `web.${who}${where}.${safeId(id)}`;
}

/** The id of the message that a key names; null where its author is nobody we can name. */
export function wamidOfKey(key: MessageKey, book: PeopleBook): string | null {
  const named = book.find(key.participant ?? key.remoteJid);
  if (key.fromMe === true || (named !== null && book.isMe(named))) return ownWamid(key.id);
  return named === null ? null : wamidOf(named, key.remoteJid, key.id);
}

function safeId(id: string): string {
  const safe = encodeURIComponent(id.toWellFormed());
  if (safe.length <= MAX_ID_CHARACTERS) return safe;
  return createHash("sha256").update(id).digest("hex");
}

/** WhatsApp's key of a message that has this id; null where the id is none of WhatsApp Web's. */
export function keyOfWamid(
  wamid: string,
  chat: string,
): { remoteJid: string; fromMe: boolean; id: string; participant?: string } | null {
  const [prefix, who = "", ...rest] = wamid.split(".");
  const id = readId(isGroup(chat) && who !== "me" ? rest.slice(1) : rest);
  if (prefix !== "web" || id === null) return null;
  if (who === "me") return { remoteJid: chat, fromMe: true, id };
  const author = who.startsWith("p") ? `${who.slice(1)}@s.whatsapp.net` : `${who}@lid`;
  const key = { remoteJid: chat, fromMe: false, id };
  return isGroup(chat) ? { ...key, participant: author } : key;
}

function readId(parts: string[]): string | null {
  const text = parts.join(".");
  try {
    return text === "" ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}
