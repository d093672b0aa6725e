import type { AccountEvent, CallEvent, ContactSyncEvent, GroupEvent } from "@wabase/cloud-api";
import { isoTime, type ReadContext } from "./context.ts";
import type { WebItemOf } from "./journal.ts";
import { identityOf, isGroup } from "./people.ts";
import { wamidOfKey } from "./wamid.ts";

/** An entry of the phone's address book. */
export function readContact(
  item: WebItemOf<"contact">,
  { source, book }: ReadContext,
): ContactSyncEvent[] {
  const person = book.find(item.jid);
  if (person === null || book.isMe(person)) return [];
  return [
    {
      kind: "contact_sync",
      ...source,
      contact: identityOf(person, null),
      action: "add",
      name: item.name,
      timestamp: isoTime(item.timestamp),
      content: { full_name: item.name },
    },
  ];
}

/** A group's name. The ingest takes it from Meta's field of settings. */
export function readGroup(item: WebItemOf<"group">, { source }: ReadContext): GroupEvent[] {
  if (!isGroup(item.jid)) return [];
  return [
    {
      kind: "group",
      ...source,
      field: "group_settings_update",
      group_id: item.jid,
      event: "group_settings_update",
      subject: item.subject,
      timestamp: isoTime(item.timestamp),
      contact: null,
      error: null,
      content: { subject: item.subject },
    },
  ];
}

const CALL_EVENTS = new Map(
  Object.entries({
    offer: "call_created",
    ringing: "ringing",
    accept: "accepted",
    reject: "rejected",
    timeout: "terminate",
    terminate: "terminate",
  }),
);

export function readCall(item: WebItemOf<"call">, { source, book }: ReadContext): CallEvent[] {
  const event = CALL_EVENTS.get(item.status);
  const person = book.find(item.jid);
  if (event === undefined || person === null || book.isMe(person)) return [];
  const timestamp = isoTime(item.timestamp);
  return [
    {
      kind: "call",
      ...source,
      call_id: `web.${encodeURIComponent(item.id.toWellFormed())}`,
      event,
      direction: "inbound",
      contact: identityOf(person, null),
      timestamp,
      duration_s: null,
      started_at: null,
      ended_at: event === "terminate" ? timestamp : null,
      message_id: null,
      content: { id: item.id, event: item.status, is_video: item.is_video },
    },
  ];
}

/** A message that could not be decrypted. The sender is asked for another copy, which mostly comes. */
export function readUndecryptable(
  item: WebItemOf<"undecryptable">,
  { source, book }: ReadContext,
): AccountEvent[] {
  return [
    {
      kind: "account",
      ...source,
      event: "undecryptable",
      severity: "WARNING",
      timestamp: isoTime(item.timestamp),
      content: { wamid: wamidOfKey(item.key, book), reason: item.reason },
    },
  ];
}
