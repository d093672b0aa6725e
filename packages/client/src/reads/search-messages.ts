import { unwrap } from "@wabase/database";
import { decodeTimeCursor } from "./cursor.ts";
import { checkLimit, type Page, type PageOptions, toPage } from "./page.ts";
import type { MessageRow, ReadClient } from "./rows.ts";

export interface MessageSearch {
  tenant_id: string;
  /** Words; each must begin a word of the message. Case and accents do not count. */
  query: string;
  /** Only in this conversation. */
  conversation_id?: string;
}

/**
 * The newest messages that hold all of the words, in any language.
 *
 * @throws DatabaseError, RangeError
 */
export async function searchMessages(
  client: ReadClient,
  { tenant_id, query, conversation_id }: MessageSearch,
  { limit = 20, cursor = null }: PageOptions = {},
): Promise<Page<MessageRow>> {
  const from = cursor === null ? null : decodeTimeCursor(cursor);
  const rows = unwrap(
    await client.rpc("whatsapp_search_messages", {
      tenant_id,
      query,
      ...(conversation_id === undefined ? {} : { conversation_id }),
      ...(from === null ? {} : { before_at: from.key, before_id: from.id }),
      page_size: checkLimit(limit) + 1,
    }),
  );
  return toPage(rows, limit, ({ occurred_at, id }) => ({ key: occurred_at, id }));
}
