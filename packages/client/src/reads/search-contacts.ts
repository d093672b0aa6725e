import { unwrap } from "@wabase/database";
import { decodeCursor } from "./cursor.ts";
import { checkLimit, type Page, type PageOptions, toPage } from "./page.ts";
import type { ContactRow, ReadClient } from "./rows.ts";

/**
 * A tenant's contacts by name: those in whose names each word of the query begins a word, or whose phone number
 * contains it. With an empty query, all.
 *
 * @throws DatabaseError, RangeError
 */
export async function searchContacts(
  client: ReadClient,
  { tenant_id, query }: { tenant_id: string; query: string },
  { limit = 20, cursor = null }: PageOptions = {},
): Promise<Page<ContactRow>> {
  const from = cursor === null ? null : decodeCursor(cursor);
  const rows = unwrap(
    await client.rpc("whatsapp_search_contacts", {
      tenant_id,
      query,
      ...(from === null ? {} : { after_name: from.key, after_id: from.id }),
      page_size: checkLimit(limit) + 1,
    }),
  );
  return toPage(rows, limit, ({ sort_name, id }) => ({ key: sort_name, id }));
}
