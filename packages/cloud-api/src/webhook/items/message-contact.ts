import { isKnown, type KnownIdentity, NOBODY } from "../contact-book.ts";
import type { ItemContext } from "../context.ts";
import type { ContactIdentity, Direction, MessageEvent } from "../events.ts";
import { optionalWrittenPhone } from "../scalars.ts";
import type { Message } from "./message-schema.ts";

/** The group that a message was sent in. */
export function readGroup(message: Message, direction: Direction): string | null {
  const is_to_group = direction === "outbound" && message.recipient_type === "group";
  return message.group_id ?? (is_to_group ? message.to : null);
}

/** Who wrote an inbound message. */
export function readSender(message: Message, { contacts }: ItemContext): ContactIdentity {
  if (message.type === "system") {
    const person = readSystemSender(message);
    // Nothing in contacts may be mixed into it: what stands there may already be the new identity.
    if (isKnown(person)) return { ...NOBODY, ...person };
  }
  return contacts.identify({
    phone: message.from,
    bsuid: message.from_user_id,
    parent_bsuid: message.from_parent_user_id,
  });
}

/**
 * System messages come without contacts and, when only a user id has changed, without `from` too. The person is
 * who it was before the change, where that is said; else who it is now.
 */
function readSystemSender({ from, system, ...message }: Message): KnownIdentity {
  const is_new = message.from_user_id === system?.user_id;
  const before: KnownIdentity = {
    phone: from,
    bsuid: system?.previous_user_id ?? (is_new ? null : message.from_user_id),
    parent_bsuid: system?.previous_parent_user_id ?? message.from_parent_user_id,
  };
  if (isKnown(before)) return before;
  const bsuid = system?.user_id ?? null;
  return { ...before, phone: bsuid === null ? (system?.wa_id ?? null) : null, bsuid };
}

const CHANGES = new Set<string | null>(["user_changed_number", "user_changed_user_id"]);

/** The new identity of a person whose number or user id has changed. */
export function readContactChange({ type, system }: Message): MessageEvent["contact_change"] {
  if (type !== "system" || system === null || !CHANGES.has(system.type)) return null;
  const { wa_id: phone, user_id: bsuid, parent_user_id: parent_bsuid } = system;
  return isKnown({ phone, bsuid, parent_bsuid }) ? { phone, bsuid, parent_bsuid } : null;
}

/** Whom the business wrote to; nobody where it was a group. */
export function readRecipient(message: Message, { contacts }: ItemContext): ContactIdentity {
  if (readGroup(message, "outbound") !== null) return { ...NOBODY };
  return contacts.identify({
    phone: optionalWrittenPhone.parse(message.to),
    bsuid: message.to_user_id ?? message.recipient,
    parent_bsuid: message.to_parent_user_id,
  });
}
