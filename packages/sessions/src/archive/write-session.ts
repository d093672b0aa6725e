import { hostname } from "node:os";
import type { Entries } from "../auth-state/entries.ts";
import { openSession } from "../auth-state/open-session.ts";
import { readSession } from "../auth-state/read-session.ts";
import type { SessionStore } from "../auth-state/session-store.ts";
import type { SessionBackend } from "../backend.ts";
import { SessionError } from "../errors.ts";
import { ArchiveError } from "./archive-error.ts";
import { sameEntries } from "./multi-file.ts";

export interface Place {
  tenant: string;
  session: string;
}

const OWNER = "wabase sessions";
/** Who is killed in the middle is waited for so long. */
const LEASE_MS = 10_000;

/**
 * Writes a session that is not there yet: one record, so that it is there whole or not at all, then its snapshot;
 * reads it back and compares.
 * @throws ArchiveError with code `exists`, `running` or `differs`
 */
export async function writeSession(
  backend: SessionBackend,
  place: Place,
  entries: Entries,
): Promise<void> {
  const store = await open(backend, place);
  try {
    if (!store.keys()[Symbol.iterator]().next().done) throw existing(place);
    await store.write(new Map(entries), true);
  } finally {
    await store.close();
  }
  const back = await readSession(backend, place);
  if (back === null || !sameEntries(back.entries, entries)) {
    const name = `${place.tenant}/${place.session}`;
    throw new ArchiveError("differs", `Session ${name} reads back otherwise than it was written.`);
  }
}

export function existing({ tenant, session }: Place): ArchiveError {
  const problem = `Session ${tenant}/${session} is there already, with other contents`;
  const fix = `If the files are right: wabase sessions disconnect ${tenant} ${session} --yes, then again`;
  const reason = "It has been used since, or is another; older keys would break it";
  return new ArchiveError("exists", `${problem}. ${reason}. ${fix}.`);
}

export function running({ tenant, session }: Place, owner: string): ArchiveError {
  const problem = `Session ${tenant}/${session} is running in ${owner}`;
  return new ArchiveError("running", `${problem}. Stop it there first.`);
}

/** Who has it open, unless that is a command like this one that was killed. */
export function runsIn(owner: string | null): owner is string {
  return owner !== null && !owner.startsWith(OWNER);
}

async function open(backend: SessionBackend, place: Place): Promise<SessionStore> {
  const options = {
    owner: `${OWNER}, ${hostname()}:${process.pid}`,
    lease_ms: LEASE_MS,
    compaction: { records: 1 },
  };
  try {
    return await openSession(backend, place, options);
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== "held") throw error;
    if (runsIn(error.owner ?? "")) throw running(place, error.owner ?? "another process");
    return await openSession(backend, place, { ...options, wait_ms: 2 * LEASE_MS });
  }
}
