import { unwrap } from "@wabase/database";
import { decodeTimeCursor } from "./cursor.ts";
import { olderThan } from "./keyset.ts";
import { checkLimit, type Page, type PageOptions, toPage } from "./page.ts";
import type { MessageRow, ReadClient } from "./rows.ts";

/** The types of messages that carry a file. The index of media names the same. */
export const MEDIA_TYPES = ["image", "video", "audio", "document", "sticker"] as const;

/**
 * The media of a conversation, or of a tenant; newest first. Of a tenant as an agent, those that the agent may see
 * are looked for among all.
 *
 * @throws DatabaseError, RangeError
 */
export async function listMedia(
  client: ReadClient,
  where: { conversation_id: string } | { tenant_id: string },
  { limit = 50, cursor = null }: PageOptions = {},
): Promise<Page<MessageRow>> {
  checkLimit(limit);
  const media = client.from("whatsapp_messages").select("*").in("type", MEDIA_TYPES);
  const some =
    "conversation_id" in where
      ? media.eq("conversation_id", where.conversation_id)
      : media.eq("tenant_id", where.tenant_id);
  const query = cursor === null ? some : olderThan(some, decodeTimeCursor(cursor));
  const rows = unwrap(
    await query
      .order("occurred_at", { ascending: false })
      .order("id", { ascending: false })
      .limit(limit + 1),
  );
  return toPage(rows, limit, ({ occurred_at, id }) => ({ key: occurred_at, id }));
}
