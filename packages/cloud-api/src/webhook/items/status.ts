import { z } from "zod";
import { describeIssues } from "../../describe-issues.ts";
import { type ContactBook, isKnown } from "../contact-book.ts";
import type { ItemParser } from "../context.ts";
import type { StatusRecipient } from "../events.ts";
import { invalidEvent, otherEvent } from "../other-event.ts";
import {
  anyList,
  optionalObject,
  optionalPhone,
  optionalText,
  optionalTimestamp,
  optionalUuid,
} from "../scalars.ts";
import { isCallStatus, parseCallStatus } from "./call-status.ts";
import { readError } from "./status-error.ts";

/** `played`: a voice message was listened to (since 2025-11-03). */
const knownStatus = z.enum(["sent", "delivered", "read", "played", "failed"]);

const statusSchema = z.object({
  id: z.string().min(1),
  status: z.string().min(1),
  timestamp: optionalTimestamp,
  recipient_id: optionalText,
  recipient_type: optionalText,
  recipient_user_id: optionalText,
  // Meta's pages spell the parent in three ways and the group member in two.
  recipient_parent_user_id: optionalText,
  parent_recipient_user_id: optionalText,
  parent_user_id: optionalText,
  recipient_participant_id: optionalText,
  participant_recipient_id: optionalText,
  recipient_participant_user_id: optionalText,
  recipient_participant_parent_user_id: optionalText,
  biz_opaque_callback_data: optionalUuid,
  errors: anyList,
  pricing: optionalObject,
  conversation: z.object({ pricing: optionalObject }).nullable().catch(null),
});

type Status = z.infer<typeof statusSchema>;

/**
 * One element of `statuses[]`: of a message or, by its type, of a call. A status that we do not know ("deleted",
 * "warning") is kept, not read.
 */
export const parseStatus: ItemParser = (item, context) => {
  const { source, origin, contacts, path } = context;
  if (isCallStatus(item, source.field)) return parseCallStatus(item, context);
  const parsed = statusSchema.safeParse(item);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const data = parsed.data;
  const status = knownStatus.safeParse(data.status);
  if (!status.success) {
    const detail = `${path}.status: not one of ${knownStatus.options.join(", ")}`;
    return otherEvent(source, { reason: "unhandled_item", detail, content: item });
  }
  const place = readPlace(data, contacts);
  if (place === null) {
    const detail = `${path}: no recipient in recipient_id, recipient_user_id or contacts`;
    return invalidEvent(source, detail, item);
  }
  return {
    kind: "status",
    ...source,
    wamid: data.id,
    status: status.data,
    timestamp: data.timestamp,
    origin: origin === "standby" ? "standby" : "live",
    ...place,
    message_id: data.biz_opaque_callback_data,
    error: readError(data.errors),
    pricing: data.pricing ?? data.conversation?.pricing ?? null,
    content: item,
  };
};

/** To whom the message went: a person, or a group and which of its members. */
function readPlace(
  status: Status,
  contacts: ContactBook,
): { recipient: StatusRecipient; group_id: string | null } | null {
  const member_phone = status.recipient_participant_id ?? status.participant_recipient_id;
  // The user id first: Meta always sends it, and the phone only to some, so it stays one key for one member.
  const participant = status.recipient_participant_user_id ?? member_phone;
  const is_group = status.recipient_type === "group" || participant !== null;
  const person = contacts.identify({
    // In a group recipient_id is the group's, which must never be taken for a person's phone.
    phone: optionalPhone.parse(is_group ? member_phone : status.recipient_id),
    bsuid: is_group ? status.recipient_participant_user_id : status.recipient_user_id,
    parent_bsuid:
      status.recipient_participant_parent_user_id ??
      status.recipient_parent_user_id ??
      status.parent_recipient_user_id ??
      status.parent_user_id,
  });
  const is_named = is_group && (participant ?? status.recipient_id) !== null;
  if (!isKnown(person) && !is_named) return null;
  return {
    recipient: { ...person, participant },
    group_id: is_group ? status.recipient_id : null,
  };
}
