import type { DeliveryStatus, JsonObject, StatusEvent } from "@wabase/cloud-api";
import { isoTime, type ReadContext } from "./context.ts";
import type { WebItemOf } from "./journal.ts";
import { identityOf, isGroup } from "./people.ts";
import { ownWamid } from "./wamid.ts";

/** Baileys' WebMessageInfo.Status. 1 is pending: it has not left yet. */
const STATUSES: Record<number, DeliveryStatus> = {
  0: "failed",
  2: "sent",
  3: "delivered",
  4: "read",
  5: "played",
};

export function readStatus(status: number): DeliveryStatus | null {
  return STATUSES[status] ?? null;
}

/** What became of a message of ours. In a group each participant has a status of their own. */
export function readStatusItem(
  item: WebItemOf<"status">,
  { source, book }: ReadContext,
): StatusEvent[] {
  const status = readStatus(item.status);
  const { remoteJid, participant, id } = item.key;
  const group_id = isGroup(remoteJid) ? remoteJid : null;
  if (status === null) return [];
  const person = book.find(group_id === null ? remoteJid : (participant ?? ""));
  const identity = identityOf(person, null);
  const error =
    item.error === null
      ? null
      : { code: Number(item.error) || 0, title: null, message: null, details: null, href: null };
  const content: JsonObject = { id, status, timestamp: item.timestamp };
  return [
    {
      kind: "status",
      ...source,
      wamid: ownWamid(id),
      status,
      timestamp: isoTime(item.timestamp),
      origin: "live",
      recipient: {
        ...identity,
        participant: group_id === null ? null : (identity.bsuid ?? identity.phone),
      },
      group_id,
      message_id: null,
      error,
      pricing: null,
      content,
    },
  ];
}
