import { readSession } from "../auth-state/read-session.ts";
import type { SessionBackend } from "../backend.ts";
import { CREDS } from "../auth-state/entries.ts";
import { SessionError } from "../errors.ts";
import { sessionFolder, unescapeName } from "../names.ts";
import type { StoredObject } from "../storage/types.ts";
import type { Place } from "./write-session.ts";

/**
 * `needed`: the session is read from it. `unneeded`: an earlier snapshot, a record that one holds, or what a
 * deletion left. `waiting`: perhaps being published this moment; the next opening decides. `unknown`: the
 * database knows no such session, which a restored database does not either: never removed.
 */
export type ObjectUse = "needed" | "unneeded" | "waiting" | "unknown";

export interface VerifiedSession extends Place {
  /** null: every record and the snapshot are what their hashes, keys and places say, and their lines are JSON. */
  problem: { code: string; message: string } | null;
  keys: number;
  records: number;
  objects: Record<ObjectUse, number>;
  /** Needed by nobody. */
  removable: StoredObject[];
}

/** Reads every session, checks all of it, and says what each object is for. */
export async function* verifySessions(
  backend: SessionBackend,
  only: Partial<Place> = {},
): AsyncGenerator<VerifiedSession> {
  const listed = await backend.logs.list();
  const objects = new Map<string, StoredObject[]>();
  for (const object of await backend.driver.list("")) {
    const folder = object.path.split("/").slice(0, 2).join("/");
    if (object.path.split("/").length === 3) push(objects, folder, object);
  }
  const folders = new Set([
    ...listed.map(({ tenant, session }) => sessionFolder(tenant, session)),
    ...objects.keys(),
  ]);
  for (const folder of [...folders].toSorted()) {
    const place = placeOf(folder);
    if (place === null || !isWanted(place, only)) continue;
    // What has come since the listing is not judged by it.
    yield await verify(backend, { ...place, folder }, objects.get(folder) ?? []);
  }
}

async function verify(
  backend: SessionBackend,
  { tenant, session, folder }: Place & { folder: string },
  objects: StoredObject[],
): Promise<VerifiedSession> {
  const report: VerifiedSession = {
    tenant,
    session,
    problem: null,
    keys: 0,
    records: 0,
    objects: { needed: 0, unneeded: 0, waiting: 0, unknown: 0 },
    removable: [],
  };
  try {
    const found = await backend.logs.read({ tenant, session, folder });
    const state: State = {
      folder,
      is_known: found !== null,
      is_deleted: found?.contents.is_deleted === true,
      is_held: found !== null && found.owner !== null,
      epoch: found?.epoch ?? 0,
      snapshot: found?.contents.snapshot?.path ?? null,
    };
    const read = await readSession(backend, { tenant, session });
    report.keys = read === null ? 0 : read.entries.size;
    report.records = read?.tail_records ?? 0;
    for (const [, value] of read?.entries ?? []) JSON.parse(value);
    if (read !== null && read.entries.size > 0 && !read.entries.has(CREDS)) {
      report.problem = { code: "missing", message: "It has keys and no creds." };
    }
    for (const object of objects) {
      const use = useOf(object.path, state);
      report.objects[use] += 1;
      if (use === "unneeded") report.removable.push(object);
    }
    if (report.objects.unknown > 0 && report.problem === null) {
      const message = "Its objects are there, and the database does not know it. Was it restored?";
      report.problem = { code: "rolled_back", message };
    }
  } catch (error) {
    report.problem = problemOf(error);
    report.objects = { needed: 0, unneeded: 0, waiting: objects.length, unknown: 0 };
    report.removable = [];
  }
  return report;
}

interface State {
  folder: string;
  is_known: boolean;
  is_deleted: boolean;
  is_held: boolean;
  epoch: number;
  snapshot: string | null;
}

function useOf(path: string, state: State): ObjectUse {
  if (!state.is_known) return "unknown";
  if (state.is_deleted) return state.is_held ? "waiting" : "unneeded";
  if (state.snapshot === null) return "waiting";
  if (path === state.snapshot) return "needed";
  // Names sort by opening and number; the snapshot holds all before it.
  if (path < state.snapshot) return "unneeded";
  const epoch = epochOf(path, state.folder);
  if (path.endsWith(".segment") && epoch === epochOf(state.snapshot, state.folder)) return "needed";
  // An opening that has been overtaken never publishes; the last one may yet.
  return epoch !== null && epoch < state.epoch && !state.is_held ? "unneeded" : "waiting";
}

function epochOf(path: string, folder: string): number | null {
  const [, epoch] = /^(\d{8})-/.exec(path.slice(folder.length + 1)) ?? [];
  return epoch === undefined ? null : Number(epoch);
}

/** Removes what verifySessions() found to be for nobody; answers how many. */
export async function pruneObjects(
  { driver }: SessionBackend,
  { removable }: Pick<VerifiedSession, "removable">,
): Promise<number> {
  if (removable.length > 0) await driver.remove(removable.map(({ path }) => path));
  return removable.length;
}

function problemOf(error: unknown): VerifiedSession["problem"] {
  if (error instanceof SessionError) return { code: error.code, message: error.message };
  // JSON.parse() would quote what it could not read.
  if (error instanceof SyntaxError) {
    return { code: "tampered", message: "A value of the session is no JSON." };
  }
  throw error;
}

/** null: not of ours, as the folder of leases beside local files. */
function placeOf(folder: string): Place | null {
  const [tenant, session] = folder.split("/").map(unescapeName);
  if (!tenant || !session) return null;
  try {
    return sessionFolder(tenant, session) === folder ? { tenant, session } : null;
  } catch {
    return null;
  }
}

function isWanted(place: Place, only: Partial<Place>): boolean {
  return (
    (only.tenant === undefined || only.tenant === place.tenant) &&
    (only.session === undefined || only.session === place.session)
  );
}

function push(map: Map<string, StoredObject[]>, key: string, object: StoredObject): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [object]);
  else known.push(object);
}
