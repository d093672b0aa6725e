import type { ContactIdentity } from "@wabase/cloud-api";
import type { MessageKey, WebJournal } from "./journal.ts";

/** Somebody on WhatsApp, known by the number of a hidden identity (…@lid), a phone, or both. */
export interface Person {
  lid: string | null;
  phone: string | null;
}

const PERSON_JID = /^(\d+)(?:_\d+)?(?::\d+)?@(s\.whatsapp\.net|lid|hosted|hosted\.lid|c\.us)$/;

/** Who is meant by a jid; null for a group, a channel or a broadcast. */
export function readPerson(jid: string): Person | null {
  const [, user, server] = PERSON_JID.exec(jid) ?? [];
  if (user === undefined || server === undefined) return null;
  return server.endsWith("lid") ? { lid: user, phone: null } : { lid: null, phone: user };
}

export function isGroup(jid: string): boolean {
  return jid.endsWith("@g.us");
}

/** Who is who in one piece of the journal. */
export class PeopleBook {
  private readonly by_lid = new Map<string, string>();
  private readonly by_phone = new Map<string, string>();
  private readonly me: Person;

  constructor({ people, me }: Pick<WebJournal, "people" | "me">) {
    this.me = me;
    const own = me.lid === null ? [] : [{ lid: me.lid, phone: me.phone }];
    for (const { lid, phone } of [...people, ...own]) {
      this.by_lid.set(lid, phone);
      this.by_phone.set(phone, lid);
    }
  }

  /** With both halves, as far as they are known. */
  find(jid: string): Person | null {
    const person = readPerson(jid);
    if (person === null) return null;
    const phone =
      person.phone ?? (person.lid === null ? null : this.by_lid.get(person.lid)) ?? null;
    const lid = person.lid ?? (phone === null ? null : this.by_phone.get(phone)) ?? null;
    return { lid, phone };
  }

  isMe({ lid, phone }: Person): boolean {
    return (lid !== null && lid === this.me.lid) || (phone !== null && phone === this.me.phone);
  }

  /** Who wrote a message; null where it is us. */
  author({ remoteJid, participant, fromMe }: MessageKey): Person | null {
    if (fromMe === true) return null;
    const person = this.find(participant ?? remoteJid);
    return person === null || this.isMe(person) ? null : person;
  }
}

/**
 * As the ingest knows people. While the phone is hidden, the number of the hidden identity stands in the place of
 * Meta's business-scoped user id, from which its prefix tells it.
 */
export function identityOf(person: Person | null, profile_name: string | null): ContactIdentity {
  const phone = person?.phone ?? null;
  const lid = person?.lid ?? null;
  return {
    phone,
    bsuid: phone === null && lid !== null ? `lid.${lid}` : null,
    parent_bsuid: null,
    username: null,
    profile_name,
  };
}
