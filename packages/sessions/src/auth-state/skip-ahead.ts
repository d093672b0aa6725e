import { skipSenderKey } from "../signal/sender-key.ts";
import { skipSendingChains } from "../signal/session-record.ts";
import { type Changes, type Entries, splitKey } from "./entries.ts";

/**
 * What an opening after a crash does first. Baileys sends before it saves: the last messages may have gone out
 * with numbers that were never written, and a number that is used twice makes messages vanish at the peer.
 */
export function skipAhead(entries: Entries, by: number): Changes {
  const changes: Changes = new Map();
  if (by <= 0) return changes;
  for (const [key, value] of entries) {
    const [type] = splitKey(key);
    const moved =
      type === "session"
        ? skipSendingChains(value, by)
        : type === "sender-key"
          ? skipSenderKey(value, by)
          : null;
    if (moved !== null) changes.set(key, moved);
  }
  return changes;
}
