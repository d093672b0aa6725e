import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { unescapeName } from "../names.ts";
import type {
  AcquireResult,
  Lease,
  SessionClaim,
  SessionContents,
  SessionLeases,
} from "./types.ts";

/**
 * Leases and pointers as files, for sessions on one machine. Each change is a new file, which only one process
 * can make; the last by name counts, and names sort by epoch: what an earlier opening still writes counts for
 * nothing. The file's time is when the lease was last renewed.
 */
const stateSchema = z.object({
  /** Just claimed: the contents are those of the state before. */
  is_claim: z.boolean(),
  owner: z.string().nullable(),
  lease_ms: z.number(),
  is_clean: z.boolean(),
  is_deleted: z.boolean(),
  snapshot: z
    .object({
      path: z.string(),
      seq: z.number(),
      sha256: z.string(),
      bytes: z.number(),
      key_id: z.string(),
    })
    .nullable(),
});

type State = z.infer<typeof stateSchema>;
/** A state, where it lies in the order of all, and when it was written or renewed. */
type Found = State & { epoch: number; count: number; at: number };

const EMPTY: Found = {
  is_claim: false,
  owner: null,
  lease_ms: 0,
  is_clean: true,
  is_deleted: false,
  snapshot: null,
  epoch: 0,
  count: 0,
  at: 0,
};

/** No escaped name begins with a dot. */
const LEASES = ".leases";

export function createFileLeases(root: string): SessionLeases {
  const folderOf = (folder: string): string => join(root, LEASES, ...folder.split("/"));
  const change = async (lease: Lease, to: Partial<State>): Promise<boolean> => {
    const folder = folderOf(lease.folder);
    const before = await readCurrent(folder);
    if (before.epoch !== lease.epoch) return false;
    await makeState(folder, { ...before, ...to, is_claim: false, count: before.count + 1 });
    // Whoever claims reads the contents after this: then either it sees ours, or we see its claim.
    return (await readStates(folder)).at(-1)?.epoch === lease.epoch;
  };
  return {
    name: "files",
    acquire: async (claim) => await acquire(folderOf(claim.folder), claim),
    renew: async (leases) => {
      const held = new Set<string>();
      for (const lease of leases) {
        const folder = folderOf(lease.folder);
        const found = await readCurrent(folder);
        if (found.epoch !== lease.epoch) continue;
        const now = new Date();
        await utimes(join(folder, nameOf(found)), now, now).catch(() => {});
        held.add(lease.id);
      }
      return held;
    },
    publish: async (lease, snapshot) => await change(lease, { snapshot, is_deleted: false }),
    release: async (lease, is_clean) => await change(lease, { owner: null, is_clean }),
    delete: async (lease) => await change(lease, { snapshot: null, is_deleted: true }),
    read: async ({ folder }) => {
      const found = await readCurrent(folderOf(folder));
      if (found.epoch === 0) return null;
      return { contents: contentsOf(found), owner: ownerOf(found), epoch: found.epoch };
    },
    list: async () => {
      const names = await sessionFolders(join(root, LEASES));
      const states = await Promise.all(
        names.map(async ([tenant, session]) => ({
          tenant: unescapeName(tenant) ?? tenant,
          session: unescapeName(session) ?? session,
          state: await readCurrent(folderOf(`${tenant}/${session}`)),
        })),
      );
      const found = states.filter(({ state }) => state.epoch > 0 && !state.is_deleted);
      return found.map(({ tenant, session, state: { snapshot, epoch, is_clean, ...state } }) => ({
        tenant,
        session,
        epoch,
        owner: ownerOf({ ...state, snapshot, epoch, is_clean }),
        is_clean,
        records: 0,
        record_bytes: 0,
        snapshot_bytes: snapshot?.bytes ?? null,
        key_ids: snapshot === null ? [] : [snapshot.key_id],
      }));
    },
  };
}

async function acquire(folder: string, claim: SessionClaim): Promise<AcquireResult> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const before = await readCurrent(folder);
  const left_ms = before.at + before.lease_ms - Date.now();
  if (before.owner !== null && left_ms > 0 && !claim.force) {
    return { held: { owner: before.owner, left_ms } };
  }
  const epoch = before.epoch + 1;
  const state = { ...EMPTY, owner: claim.owner, lease_ms: claim.lease_ms, epoch };
  if (!(await makeState(folder, { ...state, is_claim: true }))) {
    // Another has made the same file, and has the session.
    return { held: { owner: "another process", left_ms: claim.lease_ms } };
  }
  const { snapshot, is_clean, is_deleted, owner } = await readCurrent(folder, epoch);
  await makeState(folder, { ...state, snapshot, is_clean: false, is_deleted, count: 1 });
  const contents = { snapshot, is_deleted, is_clean: is_clean && owner === null };
  const lease = { id: claim.folder, epoch, folder: claim.folder };
  return { lease, contents: { ...contents, records: [], head: null } };
}

function contentsOf({ snapshot, is_clean, is_deleted }: Found): SessionContents {
  return { snapshot, is_clean, is_deleted, records: [], head: null };
}

function ownerOf({ owner, at, lease_ms }: Found): SessionClaim["owner"] | null {
  return at + lease_ms > Date.now() ? owner : null;
}

function nameOf({ epoch, count }: Pick<Found, "epoch" | "count">): string {
  return `${String(epoch).padStart(8, "0")}-${String(count).padStart(8, "0")}.state`;
}

/** false: it is there already, and another's. */
async function makeState(
  folder: string,
  state: State & { epoch: number; count: number },
): Promise<boolean> {
  const aside = join(folder, `.${randomUUID()}`);
  await writeFile(aside, JSON.stringify(stateSchema.parse(state)), { mode: 0o600, flush: true });
  try {
    await link(aside, join(folder, nameOf(state)));
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
  // The one before stays, for whoever is reading.
  for (const { epoch, count } of (await readStates(folder)).slice(0, -3)) {
    await rm(join(folder, nameOf({ epoch, count })), { force: true });
  }
  return true;
}

async function readStates(folder: string): Promise<{ epoch: number; count: number }[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(".state") && !name.startsWith("."))
    .toSorted()
    .map((name) => ({ epoch: Number(name.slice(0, 8)), count: Number(name.slice(9, 17)) }));
}

/** What counts; before an epoch, if one is given. */
async function readCurrent(folder: string, before = Number.POSITIVE_INFINITY): Promise<Found> {
  for (;;) {
    const states = (await readStates(folder)).filter(({ epoch }) => epoch < before);
    const last = states.at(-1);
    if (last === undefined) return EMPTY;
    const found = await readState(folder, last);
    // Replaced while we looked.
    if (found === null) continue;
    if (!found.is_claim) return found;
    // Claimed and not yet taken over: its contents are the former's.
    const { snapshot, is_deleted } = await readCurrent(folder, last.epoch);
    return { ...found, snapshot, is_deleted, is_clean: false };
  }
}

async function readState(
  folder: string,
  place: { epoch: number; count: number },
): Promise<Found | null> {
  const path = join(folder, nameOf(place));
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    return { ...stateSchema.parse(JSON.parse(text)), ...place, at: mtimeMs };
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
}

async function sessionFolders(root: string): Promise<[string, string][]> {
  const below = async (folder: string): Promise<string[]> =>
    await readdir(folder).catch((error: unknown) => {
      if (isCode(error, "ENOENT")) return [];
      throw error;
    });
  const tenants = await below(root);
  const pairs = await Promise.all(
    tenants.map(async (tenant) =>
      (await below(join(root, tenant))).map((session): [string, string] => [tenant, session]),
    ),
  );
  return pairs.flat();
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
