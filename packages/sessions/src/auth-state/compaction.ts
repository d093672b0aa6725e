import { randomBytes } from "node:crypto";
import type { SessionBackend } from "../backend.ts";
import { sealEnvelope, sha256 } from "../crypto/envelope.ts";
import { SessionError } from "../errors.ts";
import type { Lease, SnapshotPointer } from "../log/types.ts";
import { numbered } from "../names.ts";
import { type Entries, writeLine } from "./entries.ts";

export interface SnapshotSource {
  backend: SessionBackend;
  lease: Lease;
  tenant: string;
  session: string;
  /** Aborted when the session is no longer ours: nothing is published then, and nothing left behind. */
  signal: AbortSignal;
  /** Lines that say something of the snapshot itself. */
  remarks: readonly string[];
}

/**
 * Writes a snapshot, reads it back, and lets it count. Only then does the one before go: there is no moment at
 * which a session has none that can be read.
 * @throws SessionError with code `lease_lost` when a later opening has the session
 */
export async function writeSnapshot(
  { backend, lease, tenant, session, signal, remarks }: SnapshotSource,
  entries: Entries,
  head: { seq: number; hash: string },
): Promise<SnapshotPointer> {
  const { driver, keys, logs } = backend;
  const place = { kind: "snapshot", tenant, session, epoch: lease.epoch } as const;
  const lines = [...remarks, ...Array.from(entries, ([key, value]) => writeLine(key, value))];
  const bytes = await sealEnvelope({ ...place, seq: head.seq, prev: head.hash }, lines, keys);
  const path = `${lease.folder}/${snapshotName(lease.epoch, head.seq)}`;
  const pointer = { path, seq: head.seq, sha256: sha256(bytes), bytes: bytes.length };
  if ((await driver.put(path, bytes)) !== "stored") {
    throw new Error(`${path}: is already there, with other bytes`);
  }
  const back = await driver.get(path);
  if (back === null || sha256(back) !== pointer.sha256) {
    throw new Error(`${path}: reads back otherwise than it was written`);
  }
  const published = { ...pointer, key_id: keys.current };
  // Records that lie elsewhere have not told where the log ends.
  const publish = async (): Promise<boolean> =>
    await logs.publish(lease, published, logs.fences_appends ? undefined : { hash: head.hash });
  if (signal.aborted || !(await publish())) {
    await driver.remove([path]);
    throw new SessionError("lease_lost", `Another process has taken session ${tenant}/${session}.`);
  }
  return published;
}

/** Removes what the snapshot has replaced. Names sort by epoch and number. */
export async function removeOlder(
  { driver }: SessionBackend,
  lease: Lease,
  pointer: SnapshotPointer,
): Promise<void> {
  const objects = await driver.list(lease.folder);
  const older = objects.filter(({ path }) => path < pointer.path);
  if (older.length > 0) await driver.remove(older.map(({ path }) => path));
}

/** Sorts by epoch, then number; its random end keeps a second try from meeting what the first has left. */
function snapshotName(epoch: number, seq: number): string {
  return `${numbered(epoch, seq)}-${randomBytes(4).toString("hex")}.snapshot`;
}
