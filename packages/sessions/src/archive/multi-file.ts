import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { CREDS, type Entries } from "../auth-state/entries.ts";
import { ArchiveError } from "./archive-error.ts";
import { fileNameOf, keyOfFile } from "./file-names.ts";

export interface MultiFileDirectory {
  entries: Entries;
  files: number;
  bytes: number;
  /** Files that are no JSON by name («.DS_Store»), and directories: not the session's. */
  ignored: number;
  /** Files that Baileys too would read as absent, left out because the caller said so. */
  broken: number;
}

const PARALLEL = 32;

/**
 * A directory of `useMultiFileAuthState`. Values are the files' text as it is, so that they come back byte for
 * byte; text with line breaks (indented by hand or by another tool) is written compactly.
 * @throws ArchiveError with code `no_session` or `broken_file`
 */
export async function readMultiFile(
  directory: string,
  { skip_broken = false } = {},
): Promise<MultiFileDirectory> {
  const { names, files } = await namesIn(directory);
  if (!files.includes("creds.json")) {
    throw new ArchiveError("no_session", `${directory}: has no creds.json, so it is no session.`);
  }
  const found: MultiFileDirectory = {
    entries: new Map(),
    files: 0,
    bytes: 0,
    ignored: names.length - files.length,
    broken: 0,
  };
  for (let start = 0; start < files.length; start += PARALLEL) {
    const batch = files.slice(start, start + PARALLEL);
    const contents = await Promise.all(batch.map((name) => readFile(join(directory, name))));
    for (const [index, name] of batch.entries()) {
      const bytes = contents[index] ?? new Uint8Array();
      const key = keyOfFile(name);
      const text = key === null ? null : readText(bytes, key);
      if (key !== null && text !== null) {
        found.entries.set(key, text);
        found.files += 1;
        found.bytes += bytes.length;
      } else if (skip_broken && key !== null && key !== CREDS) {
        found.broken += 1;
      } else {
        throw brokenFile(directory, names.indexOf(name), key);
      }
    }
  }
  return found;
}

/**
 * Writes a session as `useMultiFileAuthState` does, beside its place, reads it back, and moves it there whole.
 * @throws ArchiveError with code `exists`, `collision` or `differs`
 */
export async function writeMultiFile(directory: string, entries: Entries): Promise<number> {
  const target = resolve(directory);
  const existing = await readdir(target).catch((error: unknown) => absent(error));
  if (existing.length > 0) {
    throw new ArchiveError("exists", `${directory}: is not empty. Name a directory that is new.`);
  }
  const names = Array.from(entries.keys(), fileNameOf);
  if (new Set(names.map((name) => name.toLowerCase())).size !== names.length) {
    const problem = "two ids of this session differ only in what a file name cannot hold";
    throw new ArchiveError("collision", `${directory}: ${problem}. Use backup and restore.`);
  }
  await mkdir(dirname(target), { recursive: true });
  const aside = join(
    dirname(target),
    `.${basename(target)}.${randomBytes(4).toString("hex")}.partial`,
  );
  try {
    await mkdir(aside, { mode: 0o700 });
    for (const [key, value] of entries) {
      await writeWhole(join(aside, fileNameOf(key)), new TextEncoder().encode(value));
    }
    const back = await readMultiFile(aside);
    if (!sameEntries(back.entries, entries)) {
      throw new ArchiveError("differs", `${directory}: the files read back otherwise. Is it full?`);
    }
    // Replaces an empty directory, and nothing else.
    await rename(aside, target);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return entries.size;
}

export function sameEntries(one: Entries, other: Entries): boolean {
  if (one.size !== other.size) return false;
  for (const [key, value] of one) if (other.get(key) !== value) return false;
  return true;
}

/** For its owner alone, and on the disk when it resolves. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}

async function namesIn(directory: string): Promise<{ names: string[]; files: string[] }> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ArchiveError("no_session", `${directory}: cannot be read as a directory.`, cause);
  });
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  return {
    names: entries.map(({ name }) => name).toSorted(),
    files: files.filter((name) => name.endsWith(".json") && !name.startsWith(".")).toSorted(),
  };
}

/** One line of JSON; null: it is none, or none that a session can hold. */
function readText(bytes: Uint8Array, key: string): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
    const value: unknown = JSON.parse(text);
    if (!value || (key === CREDS && !isCreds(value))) return null;
    return /[\n\r\t]/.test(text) ? JSON.stringify(value) : text;
  } catch {
    return null;
  }
}

function isCreds(value: unknown): boolean {
  return typeof value === "object" && value !== null && "signedIdentityKey" in value;
}

/** By its place, since its name may hold a phone number. */
function brokenFile(directory: string, index: number, key: string | null): ArchiveError {
  const find = `ls -A ${directory} | LC_ALL=C sort | sed -n ${index + 1}p`;
  if (key === null) {
    const problem = "a .json file has a name that Baileys 6 or 7 gives none";
    return new ArchiveError("broken_file", `${directory}: ${problem}. Move it away: ${find}`);
  }
  if (key === CREDS) {
    const problem = "creds.json is no creds of Baileys: cut or empty";
    return new ArchiveError("broken_file", `${directory}: ${problem}. Only a backup of it helps.`);
  }
  const problem = "a file is no JSON (cut or empty); Baileys reads it as absent";
  const fix = `Leave such files out (--skip-broken), or look at it: ${find}`;
  return new ArchiveError("broken_file", `${directory}: ${problem}. ${fix}`);
}

function absent(error: unknown): string[] {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
  throw error;
}
