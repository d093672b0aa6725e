import { numbered, sessionFolder } from "../names.ts";
import type { StorageDriver } from "../storage/types.ts";
import type { SessionContents, SessionLeases, SessionLogs } from "./types.ts";

const PARALLEL_READS = 8;

/**
 * Design D3: every record an object of its own, in the bucket beside a lease in Postgres, or on disk beside a
 * lease in a file. A flush costs an upload, and an opening a request for each record.
 */
export function createSegmentLogs(leases: SessionLeases, driver: StorageDriver): SessionLogs {
  const withSegments = async (
    folder: string,
    contents: SessionContents,
  ): Promise<SessionContents> =>
    contents.snapshot === null
      ? { ...contents, head: null }
      : { ...contents, head: null, records: await readSegments(driver, folder, contents) };
  return {
    ...leases,
    name: `${leases.name}, segments`,
    // An upload asks nobody whose turn it is.
    fences_appends: false,
    acquire: async (claim) => {
      const answer = await leases.acquire(claim);
      if ("held" in answer) return answer;
      const { lease, contents } = answer;
      return { lease, contents: await withSegments(claim.folder, contents) };
    },
    list: async () => {
      const [sessions, objects] = await Promise.all([leases.list(), driver.list("")]);
      const segments = objects.filter(({ path }) => path.endsWith(".segment"));
      return sessions.map((session) => {
        const folder = `${sessionFolder(session.tenant, session.session)}/`;
        const own = segments.filter(({ path }) => path.startsWith(folder));
        const record_bytes = own.reduce((sum, { bytes }) => sum + bytes, 0);
        return { ...session, records: own.length, record_bytes };
      });
    },
    append: async ({ folder, epoch }, { seq, envelope }) => {
      const path = `${folder}/${segmentName(epoch, seq)}`;
      // There is another of this epoch: somebody writes with our lease.
      return (await driver.put(path, envelope)) === "stored" ? "written" : "fenced";
    },
    read: async (place) => {
      const found = await leases.read(place);
      if (found === null) return null;
      return { ...found, contents: await withSegments(place.folder, found.contents) };
    },
  };
}

/** Sorts before every snapshot of the same number, which holds it. */
function segmentName(epoch: number, seq: number): string {
  return `${numbered(epoch, seq)}-0.segment`;
}

/** Those of the snapshot's own epoch: what an earlier one has written since is nobody's. */
async function readSegments(
  driver: StorageDriver,
  folder: string,
  { snapshot }: SessionContents,
): Promise<Uint8Array[]> {
  if (snapshot === null) return [];
  const epoch = snapshot.path.slice(folder.length + 1).split("-", 1)[0] ?? "";
  const prefix = `${folder}/${epoch}-`;
  const paths = (await driver.list(folder))
    .map(({ path }) => path)
    .filter((path) => path.startsWith(prefix) && path.endsWith(".segment") && path > snapshot.path);
  const segments: Uint8Array[] = [];
  for (let start = 0; start < paths.length; start += PARALLEL_READS) {
    const batch = paths.slice(start, start + PARALLEL_READS);
    const bytes = await Promise.all(batch.map((path) => driver.get(path)));
    // A hole: nothing behind it was ever answered for.
    if (bytes.includes(null)) throw new Error(`${folder}: a segment went while it was read`);
    segments.push(...bytes.filter((one) => one !== null));
  }
  return segments;
}
