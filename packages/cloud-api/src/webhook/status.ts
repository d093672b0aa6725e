import { z } from "zod";
import { describeIssues } from "../describe-issues.ts";
import { isJsonObject, type JsonValue } from "../json/json.ts";
import type { ContactBook } from "./contact-book.ts";
import type { ItemContext } from "./context.ts";
import type { OtherEvent, StatusError, StatusEvent, StatusRecipient } from "./events.ts";
import { invalidEvent, otherEvent } from "./other-event.ts";
import {
  anyJson,
  optionalObject,
  optionalPhone,
  optionalText,
  optionalTimestamp,
} from "./scalars.ts";

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
  biz_opaque_callback_data: z.guid().toLowerCase().nullable().catch(null),
  errors: z.array(anyJson).catch([]),
  pricing: optionalObject,
  conversation: z.object({ pricing: optionalObject }).nullable().catch(null),
});

type Status = z.infer<typeof statusSchema>;

const errorSchema = z.object({
  code: z.int32(),
  title: optionalText,
  message: optionalText,
  error_data: z.object({ details: optionalText }).nullable().catch(null),
  href: optionalText,
});

/** One element of `statuses[]`. A status that we do not know ("deleted", "warning") is kept, not read. */
export function parseStatus(
  item: JsonValue,
  { source, contacts, path }: ItemContext,
): StatusEvent | OtherEvent {
  if (!isJsonObject(item)) return invalidEvent(source, `${path}: expected an object`, item);
  const parsed = statusSchema.safeParse(item);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const data = parsed.data;
  const status = knownStatus.safeParse(data.status);
  if (!status.success) {
    const detail = `${path}.status: not one of ${knownStatus.options.join(", ")}`;
    return otherEvent(source, { reason: "unhandled_item", detail, content: item });
  }
  const recipient = readRecipient(data, contacts);
  if (recipient === null) {
    const detail = `${path}: no recipient in recipient_id, recipient_user_id or contacts`;
    return invalidEvent(source, detail, item);
  }
  return {
    kind: "status",
    ...source,
    wamid: data.id,
    status: status.data,
    timestamp: data.timestamp,
    recipient,
    message_id: data.biz_opaque_callback_data,
    error: readError(data.errors),
    pricing: data.pricing ?? data.conversation?.pricing ?? null,
    content: item,
  };
}

function readRecipient(status: Status, contacts: ContactBook): StatusRecipient | null {
  const member_phone = status.recipient_participant_id ?? status.participant_recipient_id;
  // The user id first: Meta always sends it, and the phone only to some, so it stays one key for one member.
  const participant = status.recipient_participant_user_id ?? member_phone;
  const is_group = status.recipient_type === "group" || participant !== null;
  const person = contacts.identify({
    // In a group recipient_id is the group's, which must never be taken for a person's phone.
    phone: optionalPhone.parse(is_group ? member_phone : status.recipient_id),
    bsuid: is_group ? status.recipient_participant_user_id : status.recipient_user_id,
    parent_bsuid:
      status.recipient_parent_user_id ?? status.parent_recipient_user_id ?? status.parent_user_id,
  });
  const is_known = person.phone !== null || person.bsuid !== null;
  if (is_known || (is_group && (participant ?? status.recipient_id) !== null)) {
    return { ...person, participant };
  }
  return null;
}

function readError(errors: readonly JsonValue[]): StatusError | null {
  for (const item of errors) {
    const { data: error } = errorSchema.safeParse(item);
    if (error !== undefined) {
      const { code, title, message, href } = error;
      return { code, title, message, details: error.error_data?.details ?? null, href };
    }
  }
  return null;
}
