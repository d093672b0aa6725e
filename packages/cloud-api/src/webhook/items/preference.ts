import { z } from "zod";
import { describeIssues } from "../../describe-issues.ts";
import { isKnown } from "../contact-book.ts";
import type { ItemParser } from "../context.ts";
import { invalidEvent, otherEvent } from "../other-event.ts";
import { optionalPhone, optionalText, optionalTimestamp } from "../scalars.ts";

const knownValue = z.enum(["stop", "resume"]);

const preferenceSchema = z.object({
  wa_id: optionalPhone,
  user_id: optionalText,
  parent_user_id: optionalText,
  category: z.string().min(1),
  value: z.string().min(1),
  timestamp: optionalTimestamp,
});

/** One element of `user_preferences[]`. A value other than stop and resume is kept, not read. */
export const parsePreference: ItemParser = (item, { source, time, contacts, path }) => {
  const parsed = preferenceSchema.safeParse(item);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const { wa_id, user_id, parent_user_id, category, timestamp } = parsed.data;
  const value = knownValue.safeParse(parsed.data.value);
  if (!value.success) {
    const detail = `${path}.value: not one of ${knownValue.options.join(", ")}`;
    return otherEvent(source, { reason: "unhandled_item", detail, content: item });
  }
  const contact = contacts.identify({
    phone: wa_id,
    bsuid: user_id,
    parent_bsuid: parent_user_id,
  });
  if (!isKnown(contact)) {
    return invalidEvent(source, `${path}: no person in wa_id, user_id or contacts`, item);
  }
  const event = { contact, category, value: value.data, timestamp: timestamp ?? time };
  return { kind: "preference", ...source, ...event, content: item };
};
