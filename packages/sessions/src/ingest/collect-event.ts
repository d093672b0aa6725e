import type {
  BaileysEventMap,
  MessageUserReceiptUpdate,
  WACallEvent,
  WAMessage,
  WAMessageKey,
  WAMessageUpdate,
} from "baileys";
import { type Collected, isChat, keyOf, pair, pairsOf } from "./collected.ts";
import type { WebItem } from "./journal.ts";
import { isGroup, readPerson } from "./people.ts";

/** Everything that Baileys tells but messages, which come through `collectMessage`. */
export function collectEvents(events: Partial<BaileysEventMap>): Collected[] {
  const history = events["messaging-history.set"];
  const groups = [...(events["groups.upsert"] ?? []), ...(events["groups.update"] ?? [])];
  return [
    ...(events["messages.update"] ?? []).flatMap(statusOfUpdate),
    ...(events["message-receipt.update"] ?? []).flatMap(statusesOfReceipt),
    ...(events["contacts.upsert"] ?? []).flatMap(contact),
    ...groups.flatMap(({ id, subject }) => group(id, subject)),
    ...(events.call ?? []).flatMap(call),
    ...(history?.contacts ?? []).flatMap(contact),
    ...(history?.chats ?? []).flatMap(({ id, name }) => group(id, name)),
  ];
}

/** Receipts alone: edits and revocations are messages themselves, and are read as such. */
function statusOfUpdate({ key, update }: WAMessageUpdate): Collected[] {
  if (update.status === null || update.status === undefined || key.fromMe !== true) return [];
  const error = textOr(update.messageStubParameters?.[0]);
  return status(key, update.status, { at: update.messageTimestamp, error });
}

/** In a group each participant reads for themselves. */
function statusesOfReceipt({ key, receipt }: MessageUserReceiptUpdate): Collected[] {
  const of = { ...key, participant: receipt.userJid ?? null };
  return [
    ...status(of, DELIVERED, { at: receipt.receiptTimestamp, error: null }),
    ...status(of, READ, { at: receipt.readTimestamp, error: null }),
    ...status(of, PLAYED, { at: receipt.playedTimestamp, error: null }),
  ];
}

function call(event: WACallEvent): Collected[] {
  if (event.isGroup === true) return [];
  const jid = event.callerPn ?? event.from;
  const item: WebItem = {
    kind: "call",
    id: event.id,
    jid,
    status: event.status,
    timestamp: Math.floor(event.date.getTime() / 1000),
    is_video: event.isVideo === true,
  };
  return [{ item, jids: [jid], pairs: [] }];
}

const DELIVERED = 3;
const READ = 4;
const PLAYED = 5;

function status(
  key: WAMessageKey,
  value: number,
  { at, error }: { at: WAMessage["messageTimestamp"]; error: string | null },
): Collected[] {
  const chat = key.remoteJid ?? "";
  const is_timed = at !== null && at !== undefined;
  if (!key.id || !isChat(chat) || (!is_timed && error === null)) return [];
  const timestamp = is_timed ? Number(at) : now();
  const item: WebItem = { kind: "status", key: keyOf(key), status: value, timestamp, error };
  return [{ item, jids: [chat, key.participant ?? ""], pairs: pairsOf(key) }];
}

/** Only who is in the phone's address book: what people call themselves comes with their messages. */
function contact({
  id,
  lid,
  phoneNumber,
  name,
}: {
  id: string;
  lid?: string;
  phoneNumber?: string;
  name?: string;
}): Collected[] {
  if (name === undefined || name === "" || readPerson(id) === null) return [];
  const item: WebItem = { kind: "contact", jid: id, name, timestamp: now() };
  return [{ item, jids: [id], pairs: pair(lid ?? id, phoneNumber ?? id) }];
}

function group(jid: string | null | undefined, subject: string | null | undefined): Collected[] {
  if (!jid || !isGroup(jid) || !subject) return [];
  return [{ item: { kind: "group", jid, subject, timestamp: now() }, jids: [], pairs: [] }];
}

function textOr(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
