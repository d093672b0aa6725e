import { z } from "zod";
import type { JsonValue } from "../json/json.ts";
import type { ContactIdentity } from "./events.ts";
import { optionalPhone, optionalText, optionalUsername } from "./scalars.ts";

/** What a message, status or other item itself says of a person. */
export type KnownIdentity = Pick<ContactIdentity, "phone" | "bsuid" | "parent_bsuid"> &
  Partial<Pick<ContactIdentity, "username">>;

/** The people in `contacts[]` of one change. */
export interface ContactBook {
  /** All that is known of a person: what the item said itself, filled up from their entry in `contacts[]`. */
  identify(known: KnownIdentity): ContactIdentity;
}

export const NOBODY: ContactIdentity = {
  phone: null,
  bsuid: null,
  parent_bsuid: null,
  username: null,
  profile_name: null,
};

/** Whether a person can be told from others. */
export function isKnown(person: KnownIdentity): boolean {
  return person.phone !== null || person.bsuid !== null;
}

const contactSchema = z
  .object({
    wa_id: optionalPhone,
    user_id: optionalText,
    parent_user_id: optionalText,
    profile: z.object({ name: optionalText, username: optionalUsername }).nullable().catch(null),
  })
  .transform(({ wa_id, user_id, parent_user_id, profile }): ContactIdentity => ({
    phone: wa_id,
    bsuid: user_id,
    parent_bsuid: parent_user_id,
    username: profile?.username ?? null,
    profile_name: profile?.name ?? null,
  }));

/** Reads `contacts[]`, which may be absent, and may hold several people in an order of its own. */
export function createContactBook(contacts: JsonValue | undefined): ContactBook {
  const entries = Array.isArray(contacts) ? contacts : [];
  const by_bsuid = new Map<string, ContactIdentity>();
  const by_phone = new Map<string, ContactIdentity>();
  const people = entries.flatMap((entry) => contactSchema.safeParse(entry).data ?? []);
  for (const person of people) {
    if (person.bsuid !== null) by_bsuid.set(person.bsuid, person);
    if (person.phone !== null) by_phone.set(person.phone, person);
  }
  const sole = entries.length === 1 ? people[0] : undefined;

  return {
    identify(known) {
      const found =
        by_bsuid.get(known.bsuid ?? "") ?? by_phone.get(known.phone ?? "") ?? sole ?? null;
      const entry = found !== null && canBeSame(known, found) ? found : null;
      return {
        phone: known.phone ?? entry?.phone ?? null,
        bsuid: known.bsuid ?? entry?.bsuid ?? null,
        parent_bsuid: known.parent_bsuid ?? entry?.parent_bsuid ?? null,
        username: known.username ?? entry?.username ?? null,
        profile_name: entry?.profile_name ?? null,
      };
    },
  };
}

/** The user id decides; a phone alone may be one that has passed to another person. */
function canBeSame(known: KnownIdentity, entry: ContactIdentity): boolean {
  if (known.bsuid !== null && entry.bsuid !== null) return known.bsuid === entry.bsuid;
  if (known.phone !== null && entry.phone !== null) return known.phone === entry.phone;
  return true;
}
