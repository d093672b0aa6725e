import { unwrap } from "@wabase/database";
import { type Cursor, decodeTimeCursor, encodeCursor, type Position } from "./cursor.ts";
import { newerThan, olderThan } from "./keyset.ts";
import { checkLimit } from "./page.ts";
import type { MessageRow, ReadClient } from "./rows.ts";

/** From where a page of a conversation goes, and in which direction; without any, the newest messages. */
export type MessagePosition =
  | { before?: never; after?: never; around?: never }
  | { before: Cursor; after?: never; around?: never }
  | { after: Cursor; before?: never; around?: never }
  /** The id of a message, which is in the middle of the page: to jump to what a search has found. */
  | { around: string; before?: never; after?: never };

export interface MessagePage {
  /** Oldest first, as a chat shows them. */
  rows: MessageRow[];
  /** `before` of the page above; null where there is none. */
  older: Cursor | null;
  /** `after` of the page below; null where there is none yet. */
  newer: Cursor | null;
}

/**
 * A page of a conversation's messages, backwards or forwards from any point.
 *
 * @throws DatabaseError, RangeError
 */
export async function listMessages(
  client: ReadClient,
  conversation_id: string,
  { limit = 50, ...position }: MessagePosition & { limit?: number } = {},
): Promise<MessagePage> {
  checkLimit(limit);
  const select = createSelect(client, conversation_id);
  if (position.around !== undefined)
    return await readAround(select, client, { ...position, limit });
  if (position.after !== undefined) {
    const rows = await select("newer", decodeTimeCursor(position.after), limit + 1);
    const page = rows.slice(0, limit);
    return {
      rows: page,
      older: page.length > 0 ? firstOf(page) : position.after,
      newer: rows.length > limit ? lastOf(page) : null,
    };
  }
  const from = position.before === undefined ? null : decodeTimeCursor(position.before);
  const rows = await select("older", from, limit + 1);
  const page = rows.slice(0, limit).toReversed();
  return {
    rows: page,
    older: rows.length > limit ? firstOf(page) : null,
    // Above the newest page there is nothing yet; above any other, the page that `before` came from.
    newer: from === null ? null : page.length > 0 ? lastOf(page) : null,
  };
}

/** Where a message stands: to go on from one that came by itself, by a broadcast or a search. */
export function cursorOfMessage(message: Pick<MessageRow, "id" | "occurred_at">): Cursor {
  return encodeCursor({ key: message.occurred_at, id: message.id });
}

type Select = (
  direction: "older" | "newer",
  from: Position | null,
  limit: number,
) => Promise<MessageRow[]>;

function createSelect(client: ReadClient, conversation_id: string): Select {
  return async (direction, from, limit) => {
    const all = client.from("whatsapp_messages").select("*").eq("conversation_id", conversation_id);
    const ascending = direction === "newer";
    const beyond = ascending ? newerThan : olderThan;
    const query = from === null ? all : beyond(all, from);
    return unwrap(
      await query.order("occurred_at", { ascending }).order("id", { ascending }).limit(limit),
    );
  };
}

async function readAround(
  select: Select,
  client: ReadClient,
  { around, limit }: { around: string; limit: number },
): Promise<MessagePage> {
  const [message] = unwrap(await client.from("whatsapp_messages").select("*").eq("id", around));
  if (message === undefined) return { rows: [], older: null, newer: null };
  const position = { key: message.occurred_at, id: message.id };
  const above = Math.floor((limit - 1) / 2);
  const below = limit - 1 - above;
  const [older, newer] = await Promise.all([
    select("older", position, above + 1),
    select("newer", position, below + 1),
  ]);
  const rows = [...older.slice(0, above).toReversed(), message, ...newer.slice(0, below)];
  return {
    rows,
    older: older.length > above ? firstOf(rows) : null,
    newer: newer.length > below ? lastOf(rows) : null,
  };
}

function firstOf(rows: MessageRow[]): Cursor | null {
  const [first] = rows;
  return first === undefined ? null : cursorOfMessage(first);
}

function lastOf(rows: MessageRow[]): Cursor | null {
  const last = rows.at(-1);
  return last === undefined ? null : cursorOfMessage(last);
}
