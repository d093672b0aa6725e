import { deleteSession } from "../auth-state/open-session.ts";
import { type ReadSession, readSession } from "../auth-state/read-session.ts";
import { skipAhead } from "../auth-state/skip-ahead.ts";
import type { SessionBackend } from "../backend.ts";
import { SessionError } from "../errors.ts";
import { sessionFolder } from "../names.ts";
import { ArchiveError } from "./archive-error.ts";
import type { ArchivedSession } from "./backup-file.ts";
import { sameEntries } from "./multi-file.ts";
import { running, runsIn, writeSession } from "./write-session.ts";

/** Nobody knows what was sent since; a peer follows 2,000 numbers at most, of which later leaps need some. */
const RESTORE_SKIP = 500;

export interface RestoreOptions {
  force?: boolean;
  is_dry_run?: boolean;
}

/** `there`: the session holds this already. */
export type Restored = "restored" | "there" | "would_restore";

/**
 * Brings a session back from a backup, its sending chains moved ahead.
 * @throws ArchiveError with code `running`, or, unless forced, `stale` or `unreadable`
 */
export async function restoreSession(
  backend: SessionBackend,
  archived: ArchivedSession,
  { force = false, is_dry_run = false }: RestoreOptions = {},
): Promise<Restored> {
  const entries = new Map(archived.entries);
  for (const [key, value] of skipAhead(entries, RESTORE_SKIP)) {
    if (value !== null) entries.set(key, value);
  }
  const { tenant, session } = archived;
  const found = await backend.logs.read({ ...archived, folder: sessionFolder(tenant, session) });
  if (found !== null && runsIn(found.owner)) throw running(archived, found.owner);
  const current = await readOr(backend, archived, force);
  if (current !== null && current !== "unreadable" && current.entries.size > 0) {
    const is_same = sameEntries(current.entries, archived.entries);
    if (is_same || sameEntries(current.entries, entries)) return "there";
    if (!force) throw stale(archived, "it holds something else now");
  } else if (found?.contents.is_deleted && found.epoch > archived.epoch + 1 && !force) {
    throw stale(archived, "it was opened again after this backup, and then deleted");
  }
  if (is_dry_run) return "would_restore";
  if (current !== null) await deleteSession(backend, archived);
  await writeSession(backend, archived, entries);
  return "restored";
}

async function readOr(
  backend: SessionBackend,
  archived: ArchivedSession,
  force: boolean,
): Promise<ReadSession | "unreadable" | null> {
  try {
    return await readSession(backend, archived);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    if (force) return "unreadable";
    const what = `What is there of session ${archived.tenant}/${archived.session} cannot be read`;
    const fix = `Mend it, or replace it (--force). ${costOf(archived)}`;
    throw new ArchiveError("unreadable", `${what}: ${error.message} ${fix}`, error);
  }
}

function stale(archived: ArchivedSession, why: string): ArchiveError {
  const { tenant, session, taken_at } = archived;
  const problem = `Session ${tenant}/${session} is newer than its backup of ${taken_at}: ${why}`;
  return new ArchiveError("stale", `${problem}. ${costOf(archived)} If you want that: --force.`);
}

/** What an old state costs that is used once more. */
export function costOf({ taken_at }: Pick<ArchivedSession, "taken_at">): string {
  return (
    `Restoring it goes back to ${taken_at}: contacts whose ratchet has moved since cannot be read until they are ` +
    "asked to send again (a message may be lost each), keys made since are gone, and beyond " +
    `${RESTORE_SKIP} messages to one contact or group since then new ones vanish at the other end.`
  );
}
