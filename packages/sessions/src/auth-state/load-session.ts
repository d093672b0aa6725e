import type { SessionBackend } from "../backend.ts";
import { openEnvelope, sha256 } from "../crypto/envelope.ts";
import { SessionError } from "../errors.ts";
import type { SessionContents, SnapshotPointer } from "../log/types.ts";
import { applyLine, type Entries, SKIP_LINE } from "./entries.ts";

export interface SessionPlace {
  tenant: string;
  session: string;
  folder: string;
  epoch: number;
}

export interface LoadedSession {
  entries: Entries;
  /** The end of the log: what the next record is written behind. */
  head: { seq: number; hash: string };
  tail: { records: number; bytes: number };
  /** The last thing written was that the chains moved ahead: nothing was sent and written since. */
  has_just_skipped: boolean;
}

/**
 * The session as its last writer left it: the snapshot and every record behind it, each checked by hash, key and
 * place. Whatever is missing or wrong is an error; it never comes out as a session that is empty.
 * @throws SessionError with code `missing`, `tampered`, `rolled_back` or `unknown_key`
 */
export async function loadSession(
  backend: SessionBackend,
  place: SessionPlace,
  contents: SessionContents,
): Promise<LoadedSession> {
  const entries: Entries = new Map();
  let head = { seq: 0, hash: "" };
  let has_just_skipped = false;
  if (contents.snapshot !== null) {
    const { header, lines } = await readSnapshot(backend, place, contents.snapshot);
    for (const line of lines) applyLine(line, entries);
    head = { seq: header.seq, hash: header.prev };
    has_just_skipped = lines.includes(SKIP_LINE);
  } else if (contents.records.length === 0) {
    await refuseForgotten(backend, place, contents);
  }
  let bytes = 0;
  for (const envelope of contents.records) {
    const { tenant, session } = place;
    const expected = {
      kind: "record",
      tenant,
      session,
      seq: head.seq + 1,
      prev: head.hash,
    } as const;
    const { header, lines } = await openEnvelope(envelope, backend.keys, expected);
    if (header.epoch > place.epoch) throw olderThan(place, "A record is of a later opening");
    for (const line of lines) applyLine(line, entries);
    has_just_skipped = lines.includes(SKIP_LINE);
    head = { seq: header.seq, hash: sha256(envelope) };
    bytes += envelope.length;
  }
  if (contents.head !== null && contents.head.hash !== head.hash) {
    const problem = `the log of ${nameOf(place)} ends at ${contents.head.seq}, its records at ${head.seq}`;
    throw new SessionError("missing", `Records are missing: ${problem}. ${RESTORE}`);
  }
  return { entries, head, tail: { records: contents.records.length, bytes }, has_just_skipped };
}

async function readSnapshot(
  { driver, keys }: SessionBackend,
  place: SessionPlace,
  pointer: SnapshotPointer,
): Promise<Awaited<ReturnType<typeof openEnvelope>>> {
  const { tenant, session } = place;
  const bytes = await driver.get(pointer.path);
  if (bytes === null) throw await explainMissing(driver, place, pointer);
  if (sha256(bytes) !== pointer.sha256) {
    throw new SessionError(
      "tampered",
      `${pointer.path} is not the snapshot that was written. ${RESTORE}`,
    );
  }
  const expected = { kind: "snapshot", tenant, session, seq: pointer.seq } as const;
  const opened = await openEnvelope(bytes, keys, expected);
  if (opened.header.epoch > place.epoch)
    throw olderThan(place, "Its snapshot is of a later opening");
  return opened;
}

/** Nothing is known of the session here, but its objects are there: the database forgot it. */
async function refuseForgotten(
  { driver }: SessionBackend,
  place: SessionPlace,
  contents: SessionContents,
): Promise<void> {
  if (contents.is_deleted) return;
  const objects = await driver.list(place.folder);
  if (!objects.every(({ path }) => HOLDS_NOTHING.test(path))) {
    throw olderThan(place, "The database does not know its objects");
  }
}

/** Before record 1: what a first opening leaves that was killed between writing it and letting it count. */
const HOLDS_NOTHING = /-0{12}-[^/]*\.snapshot$/;

async function explainMissing(
  driver: SessionBackend["driver"],
  place: SessionPlace,
  pointer: SnapshotPointer,
): Promise<SessionError> {
  const objects = await driver.list(place.folder);
  const newest = objects.findLast(({ path }) => path > pointer.path);
  if (newest !== undefined) {
    return olderThan(place, `It names ${pointer.path}, and ${newest.path} is newer`);
  }
  return new SessionError("missing", `${pointer.path} is not there. ${RESTORE}`);
}

function olderThan(place: SessionPlace, what: string): SessionError {
  const problem = `The database is older than the bucket for ${nameOf(place)}`;
  return new SessionError("rolled_back", `${problem}. ${what}. ${RESTORE}`);
}

function nameOf({ tenant, session }: SessionPlace): string {
  return `session ${tenant}/${session}`;
}

/** What to do, for whoever reads the error. */
export const RESTORE =
  "Was the database or the bucket restored from a backup? Bring both to the same time; or delete the session and " +
  "pair the phone again. An old state that is used once more makes messages undecryptable.";
