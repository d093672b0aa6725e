import { z } from "zod";
import { describeIssues } from "../../describe-issues.ts";
import { type ContactBook, isKnown } from "../contact-book.ts";
import type { ItemParser } from "../context.ts";
import type { ContactIdentity, StatusError } from "../events.ts";
import { invalidEvent } from "../other-event.ts";
import {
  anyList,
  optionalPhone,
  optionalText,
  optionalTimestamp,
  optionalUsername,
} from "../scalars.ts";
import { readError } from "./status-error.ts";

const participantSchema = z.object({
  wa_id: optionalPhone,
  user_id: optionalText,
  parent_user_id: optionalText,
  username: optionalUsername,
  errors: anyList,
});

const setting = z
  .object({ text: optionalText, update_successful: z.boolean().catch(true), errors: anyList })
  .nullable()
  .catch(null);

const groupSchema = participantSchema.extend({
  group_id: z.string().min(1),
  type: z.string().min(1),
  timestamp: optionalTimestamp,
  subject: optionalText,
  added_participants: anyList,
  removed_participants: anyList,
  failed_participants: anyList,
  group_subject: setting,
  group_description: setting,
  profile_picture: setting,
});

type Group = z.infer<typeof groupSchema>;

/** One element of `groups[]`: the same shape in all four fields of groups, told apart by its type. */
export const parseGroup: ItemParser = (item, { source, time, contacts, path }) => {
  const parsed = groupSchema.safeParse(item);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const group = parsed.data;
  return {
    kind: "group",
    ...source,
    group_id: group.group_id,
    event: group.type,
    subject: readSubject(group),
    timestamp: group.timestamp ?? time,
    contact: readParticipant(group, contacts),
    error: readFirstError(group),
    content: item,
  };
};

/** The name that the group now has: not one that was refused. */
function readSubject({ subject, group_subject }: Group): string | null {
  return subject ?? (group_subject?.update_successful === true ? group_subject.text : null);
}

/** Who asks to join stands in the item itself, who came or went in its lists. */
function readParticipant(group: Group, contacts: ContactBook): ContactIdentity | null {
  const { added_participants, removed_participants, failed_participants } = group;
  const listed = [...added_participants, ...removed_participants, ...failed_participants];
  const { data: person } = participantSchema.safeParse(listed.length === 0 ? group : listed[0]);
  if (person === undefined || listed.length > 1) return null;
  const { wa_id: phone, user_id: bsuid, parent_user_id: parent_bsuid, username } = person;
  const known = { phone, bsuid, parent_bsuid, username };
  return isKnown(known) ? contacts.identify(known) : null;
}

/** Of the whole first, then of a setting, then of a participant. */
function readFirstError(group: Group): StatusError | null {
  const settings = [group.group_subject, group.group_description, group.profile_picture];
  const failed = group.failed_participants.map((item) => participantSchema.safeParse(item).data);
  const parts = [...settings, ...failed];
  return readError([...group.errors, ...parts.flatMap((part) => part?.errors ?? [])]);
}
