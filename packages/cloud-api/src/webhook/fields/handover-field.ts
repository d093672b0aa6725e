import { z } from "zod";
import { createContactBook, isKnown } from "../contact-book.ts";
import type { FieldParser } from "../context.ts";
import { optionalPhone, optionalText, optionalTimestamp } from "../scalars.ts";

const handoverSchema = z
  .object({ previous_owner_role: optionalText, new_owner_role: optionalText })
  .nullable()
  .catch(null);

const valueSchema = z.object({
  type: optionalText,
  timestamp: optionalTimestamp,
  sender: z
    .object({ phone_number: optionalPhone, user_id: optionalText, parent_user_id: optionalText })
    .nullable()
    .catch(null),
});

/**
 * The field `messaging_handovers`: one event. Who answers now stands in the part that is named like the type. Meta
 * leaves the person out where it may not share their phone: then it is news about the account.
 */
export const parseHandoverField: FieldParser = ({ source, time, value }) => {
  const { type, sender, timestamp } = valueSchema.parse(value);
  const event = type ?? ["control_passed", "control_taken"].find((name) => name in value);
  const base = { ...source, event: event ?? source.field, timestamp: timestamp ?? time };
  const contact = createContactBook(value["contacts"]).identify({
    phone: sender?.phone_number ?? null,
    bsuid: sender?.user_id ?? null,
    parent_bsuid: sender?.parent_user_id ?? null,
  });
  if (event === undefined || !isKnown(contact)) {
    return [{ kind: "account", ...base, severity: null, content: value }];
  }
  const handover = handoverSchema.parse(value[event]) ?? handoverSchema.parse(value);
  return [
    {
      kind: "handover",
      ...base,
      contact,
      previous_owner: handover?.previous_owner_role ?? null,
      new_owner: handover?.new_owner_role ?? null,
      content: value,
    },
  ];
};
