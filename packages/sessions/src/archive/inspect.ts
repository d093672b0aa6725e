import { CREDS, type Entries, splitKey } from "../auth-state/entries.ts";
import { readSession } from "../auth-state/read-session.ts";
import type { SessionBackend } from "../backend.ts";
import { sessionFolder } from "../names.ts";
import { ArchiveError } from "./archive-error.ts";
import type { Place } from "./write-session.ts";

export interface TypeSummary {
  type: string;
  count: number;
  bytes: number;
  largest_bytes: number;
}

/** What a session is made of, in counts and sizes: no key, no phone number, no contact. */
export interface SessionInspection extends Place {
  epoch: number;
  owner: string | null;
  is_clean: boolean;
  seq: number;
  tail_records: number;
  tail_bytes: number;
  snapshot_bytes: number;
  /** Whether a phone has linked it. */
  is_paired: boolean;
  keys: number;
  key_bytes: number;
  types: TypeSummary[];
}

/** @throws ArchiveError with code `no_session`; SessionError where it cannot be read */
export async function inspectSession(
  backend: SessionBackend,
  { tenant, session }: Place,
): Promise<SessionInspection> {
  const found = await readSession(backend, { tenant, session });
  if (found === null) throw noSession({ tenant, session });
  const { entries, hash: _, ...rest } = found;
  const types = summarize(entries);
  return {
    tenant,
    session,
    ...rest,
    is_paired: isPaired(entries),
    keys: entries.size - (entries.has(CREDS) ? 1 : 0),
    key_bytes: types.reduce((sum, { bytes }) => sum + bytes, 0),
    types,
  };
}

/** Who has a session open; it need not be readable. @throws ArchiveError with code `no_session` */
export async function readOwner(
  { logs }: SessionBackend,
  { tenant, session }: Place,
): Promise<string | null> {
  const found = await logs.read({ tenant, session, folder: sessionFolder(tenant, session) });
  if (found === null || found.contents.is_deleted) throw noSession({ tenant, session });
  return found.owner;
}

export function noSession({ tenant, session }: Place): ArchiveError {
  const fix = "wabase sessions list shows which there are";
  return new ArchiveError("no_session", `There is no session ${tenant}/${session}. ${fix}.`);
}

function summarize(entries: Entries): TypeSummary[] {
  const types = new Map<string, TypeSummary>();
  for (const [key, value] of entries) {
    const [type] = splitKey(key);
    const summary = types.get(type) ?? { type, count: 0, bytes: 0, largest_bytes: 0 };
    const bytes = Buffer.byteLength(value);
    summary.count += 1;
    summary.bytes += bytes;
    summary.largest_bytes = Math.max(summary.largest_bytes, bytes);
    types.set(type, summary);
  }
  return [...types.values()].toSorted((a, b) => b.bytes - a.bytes);
}

function isPaired(entries: Entries): boolean {
  const creds: unknown = JSON.parse(entries.get(CREDS) ?? "null");
  return typeof creds === "object" && creds !== null && "me" in creds && Boolean(creds.me);
}
