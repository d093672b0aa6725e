import { z } from "zod";
import { describeIssues } from "../../describe-issues.ts";
import type { JsonObject } from "../../json/json.ts";
import type { ItemContext } from "../context.ts";
import type { EditEvent, MessageBase, OtherEvent, RevokeEvent } from "../events.ts";
import { invalidEvent } from "../other-event.ts";
import { jsonObject } from "../scalars.ts";
import { readMessageBody } from "./message-body.ts";
import { readMessageContent } from "./message-content.ts";

const targetSchema = z.object({ original_message_id: z.string().min(1) });
const editSchema = z.object({ edit: targetSchema.extend({ message: jsonObject }) });
const revokeSchema = z.object({ revoke: targetSchema });
const typeSchema = z.object({ type: z.string().min(1).catch("unknown") });

interface Revision {
  /** As it came, for what is invalid. */
  item: JsonObject;
  /** The message in it: of a standby echo, unwrapped. */
  sent: JsonObject;
}

/** A message of type `edit`, which wraps the message as it now reads. */
export function parseEdit(
  base: MessageBase,
  { item, sent }: Revision,
  { source, path }: ItemContext,
): EditEvent | OtherEvent {
  const parsed = editSchema.safeParse(sent);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  const { original_message_id, message } = parsed.data.edit;
  const { type } = typeSchema.parse(message);
  return {
    kind: "edit",
    ...base,
    target_wamid: original_message_id,
    type,
    body: readMessageBody(type, message),
    content: message,
  };
}

/** A message of type `revoke`. */
export function parseRevoke(
  base: MessageBase,
  { item, sent }: Revision,
  { source, path }: ItemContext,
): RevokeEvent | OtherEvent {
  const parsed = revokeSchema.safeParse(sent);
  if (!parsed.success) return invalidEvent(source, describeIssues(parsed.error, path), item);
  return {
    kind: "revoke",
    ...base,
    target_wamid: parsed.data.revoke.original_message_id,
    content: readMessageContent(sent, base.direction),
  };
}
