import { z } from "zod";
import { optionalPhone, optionalText, optionalTimestamp } from "../scalars.ts";

/** What every message has, whoever wrote it and wherever it stands. Only the id is needed. */
export const messageSchema = z.object({
  id: z.string().min(1),
  timestamp: optionalTimestamp,
  type: z.string().min(1).catch("unknown"),
  from: optionalPhone,
  from_user_id: optionalText,
  from_parent_user_id: optionalText,
  // A phone, but in a message to a group the group's id.
  to: optionalText,
  to_user_id: optionalText,
  to_parent_user_id: optionalText,
  // The Send API's name for to_user_id.
  recipient: optionalText,
  recipient_type: optionalText,
  group_id: optionalText,
  context: z.object({ id: optionalText }).nullable().catch(null),
  history_context: z.object({ status: optionalText }).nullable().catch(null),
  system: z
    .object({
      type: optionalText,
      wa_id: optionalPhone,
      user_id: optionalText,
      parent_user_id: optionalText,
      previous_user_id: optionalText,
      previous_parent_user_id: optionalText,
    })
    .nullable()
    .catch(null),
});

export type Message = z.infer<typeof messageSchema>;
