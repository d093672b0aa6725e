import { type Database, unwrap } from "@wabase/database";
import type { ReadClient } from "./rows.ts";

/** Conversations: the caller's, their teams', in the queue, all that they see; open, and unread. */
export type Badges =
  Database["public"]["Functions"]["whatsapp_count_conversations"]["Returns"][number];

/**
 * How many conversations there are, for badges: no number is above `up_to`, which reads as «99+».
 *
 * @throws DatabaseError
 */
export async function countBadges(
  client: ReadClient,
  tenant_id: string,
  { up_to = 100 }: { up_to?: number } = {},
): Promise<Badges> {
  return unwrap(await client.rpc("whatsapp_count_conversations", { tenant_id, up_to }).single());
}
