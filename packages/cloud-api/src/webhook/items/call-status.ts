import { z } from "zod";
import { describeIssues } from "../../describe-issues.ts";
import type { JsonObject } from "../../json/json.ts";
import type { ItemContext } from "../context.ts";
import type { WebhookEvent } from "../events.ts";
import { invalidEvent } from "../other-event.ts";
import { optionalPhone, optionalText, optionalTimestamp, optionalUuid } from "../scalars.ts";

const callStatusSchema = z.object({
  id: z.string().min(1),
  status: z.string().min(1).toLowerCase(),
  timestamp: optionalTimestamp,
  recipient_id: optionalPhone,
  recipient_user_id: optionalText,
  recipient_parent_user_id: optionalText,
  biz_opaque_callback_data: optionalUuid,
});

/** Whether an element of `statuses[]` is a call's: its type says so, or there is none in the field of calls. */
export function isCallStatus(item: JsonObject, field: string): boolean {
  const { type } = item;
  return type === "call" || (type === undefined && field === "calls");
}

/** RINGING, ACCEPTED, REJECTED: only calls that the business makes have these. */
export function parseCallStatus(
  item: JsonObject,
  { source, contacts, path }: ItemContext,
): WebhookEvent {
  const parsed = callStatusSchema.safeParse(item);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const data = parsed.data;
  return {
    kind: "call",
    ...source,
    call_id: data.id,
    event: data.status,
    direction: "outbound",
    contact: contacts.identify({
      phone: data.recipient_id,
      bsuid: data.recipient_user_id,
      parent_bsuid: data.recipient_parent_user_id,
    }),
    timestamp: data.timestamp,
    duration_s: null,
    started_at: null,
    ended_at: null,
    message_id: data.biz_opaque_callback_data,
    content: item,
  };
}
