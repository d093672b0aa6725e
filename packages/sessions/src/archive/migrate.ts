import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { deleteSession } from "../auth-state/open-session.ts";
import { readSession } from "../auth-state/read-session.ts";
import type { SessionBackend } from "../backend.ts";
import { sessionFolder } from "../names.ts";
import { ArchiveError } from "./archive-error.ts";
import { readMultiFile, sameEntries } from "./multi-file.ts";
import { existing, type Place, running, runsIn, writeSession } from "./write-session.ts";

export interface SessionDirectory extends Place {
  directory: string;
}

export interface FindOptions {
  /** Of all sessions; by default the directory's name. */
  tenant?: string | undefined;
  /** Where a tenant has one directory alone; by default «main». */
  session?: string | undefined;
}

/**
 * The directories of `useMultiFileAuthState` at a path: itself, `<tenant>`, or `<tenant>/<session>`.
 * @throws ArchiveError with code `no_session`
 */
export async function findSessionDirectories(
  path: string,
  { tenant, session = "main" }: FindOptions = {},
): Promise<SessionDirectory[]> {
  if (await hasCreds(path)) {
    return [{ directory: path, tenant: tenant ?? basename(resolve(path)), session }];
  }
  const found: SessionDirectory[] = [];
  for (const name of await foldersIn(path)) {
    const directory = join(path, name);
    if (await hasCreds(directory)) {
      const place = tenant === undefined ? { tenant: name, session } : { tenant, session: name };
      found.push({ directory, ...place });
    } else if (tenant === undefined) {
      for (const below of await foldersIn(directory)) {
        const nested = join(directory, below);
        if (await hasCreds(nested)) found.push({ directory: nested, tenant: name, session: below });
      }
    }
  }
  if (found.length > 0) return found;
  const problem = "neither it nor a directory in it holds a creds.json";
  throw new ArchiveError("no_session", `${path}: ${problem}.`);
}

export interface MigrateOptions {
  is_dry_run?: boolean;
  /** Leave out files that are cut or empty, as Baileys does when it reads them. */
  skip_broken?: boolean;
}

export interface Migrated {
  /** `there`: an earlier run has written it, or somebody else the same. */
  outcome: "migrated" | "there" | "would_migrate";
  files: number;
  bytes: number;
  ignored: number;
  broken: number;
}

/**
 * Brings one directory into the store, whole or not at all, and compares what reads back with the files, which
 * it leaves alone. May be killed and run again at any point.
 * @throws ArchiveError, SessionError
 */
export async function migrateSession(
  backend: SessionBackend,
  { directory, ...place }: SessionDirectory,
  { is_dry_run = false, skip_broken = false }: MigrateOptions = {},
): Promise<Migrated> {
  sessionFolder(place.tenant, place.session);
  const { entries, ...counts } = await readMultiFile(directory, { skip_broken });
  const current = await readSession(backend, place);
  if (current !== null && runsIn(current.owner)) throw running(place, current.owner);
  if (current !== null && current.entries.size > 0) {
    if (!sameEntries(current.entries, entries)) throw existing(place);
    return { outcome: "there", ...counts };
  }
  if (is_dry_run) return { outcome: "would_migrate", ...counts };
  await writeSession(backend, place, entries);
  // A file that cannot be read now could be before.
  const after = await readMultiFile(directory, { skip_broken }).catch(() => null);
  if (after === null || !sameEntries(after.entries, entries)) {
    await deleteSession(backend, place);
    const problem = "its files changed while they were read; what was written is removed again";
    throw new ArchiveError("changed", `${directory}: ${problem}. Stop the server that uses it.`);
  }
  return { outcome: "migrated", ...counts };
}

async function hasCreds(directory: string): Promise<boolean> {
  return await stat(join(directory, "creds.json")).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ArchiveError("no_session", `${path}: cannot be read as a directory.`, cause);
  });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  return folders.map(({ name }) => name).toSorted();
}
