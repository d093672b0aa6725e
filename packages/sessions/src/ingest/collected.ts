import type { proto, WAMessageKey } from "baileys";
import type { MessageKey, Pair, WebItem } from "./journal.ts";
import { isGroup, readPerson } from "./people.ts";

/** Something to store, and whoever is mentioned in it. */
export interface Collected {
  item: WebItem;
  jids: string[];
  /** What Baileys itself says of who is who. */
  pairs: Pair[];
}

export function isChat(jid: string): boolean {
  return readPerson(jid) !== null || isGroup(jid);
}

export function keyOf(key: proto.IMessageKey): MessageKey {
  return {
    remoteJid: key.remoteJid ?? "",
    fromMe: key.fromMe === true,
    id: key.id ?? "",
    participant: key.participant ?? null,
  };
}

/** A key may name the same person by lid and by phone. */
export function pairsOf({
  remoteJid,
  remoteJidAlt,
  participant,
  participantAlt,
}: WAMessageKey): Pair[] {
  return [...pair(remoteJid, remoteJidAlt), ...pair(participant, participantAlt)];
}

export function pair(one: string | null | undefined, other: string | null | undefined): Pair[] {
  const first = readPerson(one ?? "");
  const second = readPerson(other ?? "");
  const lid = first?.lid ?? second?.lid;
  const phone = first?.phone ?? second?.phone;
  return lid && phone ? [{ lid, phone }] : [];
}
