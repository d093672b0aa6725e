import { z } from "zod";
import { describeIssues } from "../../describe-issues.ts";
import { isKnown } from "../contact-book.ts";
import type { ItemParser } from "../context.ts";
import { invalidEvent, otherEvent } from "../other-event.ts";
import {
  optionalText,
  optionalTimestamp,
  optionalUsername,
  optionalWrittenPhone,
} from "../scalars.ts";

const knownSync = z.object({ type: z.literal("contact"), action: z.enum(["add", "remove"]) });

const syncSchema = z.object({
  contact: z.object({
    full_name: optionalText,
    first_name: optionalText,
    phone_number: optionalWrittenPhone,
    user_id: optionalText,
    parent_user_id: optionalText,
    username: optionalUsername,
  }),
  metadata: z.object({ timestamp: optionalTimestamp }).nullable().catch(null),
});

/** One element of `state_sync[]`. What is not about a contact, or another action, is kept, not read. */
export const parseContactSync: ItemParser = (item, { source, time, contacts, path }) => {
  const sync = knownSync.safeParse(item);
  if (!sync.success) {
    const detail = describeIssues(sync.error, path);
    return otherEvent(source, { reason: "unhandled_item", detail, content: item });
  }
  const parsed = syncSchema.safeParse(item);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const { phone_number, user_id, parent_user_id, username, ...names } = parsed.data.contact;
  const contact = contacts.identify({
    phone: phone_number,
    bsuid: user_id,
    parent_bsuid: parent_user_id,
    username,
  });
  if (!isKnown(contact)) {
    return invalidEvent(source, `${path}.contact: no person in phone_number or user_id`, item);
  }
  return {
    kind: "contact_sync",
    ...source,
    contact,
    action: sync.data.action,
    name: names.full_name ?? names.first_name,
    timestamp: parsed.data.metadata?.timestamp ?? time,
    content: item,
  };
};
