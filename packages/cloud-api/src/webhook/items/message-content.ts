import { isJsonObject, type JsonObject } from "../../json/json.ts";
import type { Direction } from "../events.ts";

// These stand in the event itself, read.
const LIFTED = ["id", "timestamp", "from", "from_user_id", "from_parent_user_id"];
const LIFTED_IN = new Set(LIFTED);
const LIFTED_OUT = new Set([...LIFTED, "to", "to_user_id", "to_parent_user_id", "recipient"]);

/** A message as sent, without what the event says already. */
export function readMessageContent(item: JsonObject, direction: Direction): JsonObject {
  const lifted = direction === "inbound" ? LIFTED_IN : LIFTED_OUT;
  return Object.fromEntries(Object.entries(item).filter(([key]) => !lifted.has(key)));
}

/**
 * A standby echo wraps what was sent to the Send API: `{id, timestamp, message: {to, type, …}, template, flow}`,
 * where template and flow are definitions. Makes of it a message like that of other echoes, with those under
 * `echo`: `template` is also a part of the message.
 */
export function unwrapEcho(item: JsonObject): JsonObject {
  const { message, ...envelope } = item;
  if (!isJsonObject(message)) return item;
  const entries = Object.entries(envelope);
  const around = entries.filter(([key]) => !LIFTED_OUT.has(key));
  return {
    ...(around.length > 0 && { echo: Object.fromEntries(around) }),
    ...message,
    ...Object.fromEntries(entries.filter(([key]) => LIFTED_OUT.has(key))),
  };
}
