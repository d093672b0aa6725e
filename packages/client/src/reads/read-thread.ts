import { unwrap } from "@wabase/database";
import { checkLimit } from "./page.ts";
import type { MessageRow, ReadClient } from "./rows.ts";

/**
 * The thread that a message belongs to, oldest first: the message at its head, the replies to it, the replies to those.
 *
 * @throws DatabaseError, RangeError
 */
export async function readThread(
  client: ReadClient,
  message_id: string,
  { limit = 99 }: { limit?: number } = {},
): Promise<MessageRow[]> {
  return unwrap(await client.rpc("whatsapp_read_thread", { message_id, most: checkLimit(limit) }));
}
