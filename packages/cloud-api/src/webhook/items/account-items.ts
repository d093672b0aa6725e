import type { ItemParser } from "../context.ts";
import { optionalText, optionalTimestamp } from "../scalars.ts";

/** A parser of items that are one AccountEvent each, named by the first of `keys` that says something. */
function accountItemParser(keys: readonly string[], fallback: string): ItemParser {
  return (item, { source, time }) => {
    const names = keys.map((key) => optionalText.parse(item[key]));
    return {
      kind: "account",
      ...source,
      event: names.find((name) => name !== null) ?? fallback,
      severity: null,
      timestamp: optionalTimestamp.parse(item["timestamp"]) ?? time,
      content: item,
    };
  };
}

/** One element of an `errors[]` beside the items: about the account or the app, not about a message. */
export const parseErrorItem = accountItemParser([], "error");

/** One element of `user_actions[]`: a click on a marketing message; it names no person and no message. */
export const parseUserAction = accountItemParser(["action_type", "type"], "user_action");

/** One element of `automatic_events[]`: a lead or a purchase that Meta recognised in a conversation. */
export const parseAutomaticEvent = accountItemParser(["event_name"], "automatic_event");
