import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { StorageDriver, StoredObject } from "./types.ts";

/** A folder on this machine's disk. A write is there whole and synced to the disk, or not at all. */
export function createLocalStorage(folder: string): StorageDriver {
  const at = (path: string): string => join(folder, ...path.split("/"));
  return {
    name: "local",
    put: async (path, bytes, { overwrite = false } = {}) => {
      const target = at(path);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const written = await writeAside(target, bytes);
      try {
        if (overwrite) {
          await rename(written, target);
        } else if (!(await linkAs(written, target))) {
          const there = await readFile(target);
          return Buffer.compare(there, bytes) === 0 ? "stored" : "exists";
        }
        await syncFolder(dirname(target));
        return "stored";
      } finally {
        await rm(written, { force: true });
      }
    },
    get: async (path) =>
      await readFile(at(path)).then(
        (bytes) => new Uint8Array(bytes),
        (error: unknown) => absent(error, null),
      ),
    has: async (path) =>
      await stat(at(path)).then(
        (found) => found.isFile(),
        (error: unknown) => absent(error, false),
      ),
    list: async (below) => await listFiles(folder, below),
    remove: async (paths) => {
      for (const path of paths) {
        await unlink(at(path)).catch((error: unknown) => absent(error, undefined));
      }
    },
  };
}

async function writeAside(target: string, bytes: Uint8Array): Promise<string> {
  // Begins with a dot, which no escaped name does.
  const aside = join(dirname(target), `.${randomUUID()}`);
  const file = await open(aside, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  return aside;
}

/** Gives the file its name unless another has it: a rename would replace that one. */
async function linkAs(written: string, target: string): Promise<boolean> {
  try {
    await link(written, target);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function listFiles(root: string, below: string): Promise<StoredObject[]> {
  const start = join(root, ...below.split("/"));
  const entries = await readdir(start, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => absent(error, []),
  );
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith("."));
  const objects: StoredObject[] = [];
  for (const entry of files) {
    const full = join(entry.parentPath, entry.name);
    const size = await stat(full).then(
      (found) => found.size,
      (error: unknown) => absent(error, null),
    );
    const path = full.slice(root.length + 1).replaceAll(sep, "/");
    if (size !== null) objects.push({ path, bytes: size });
  }
  return objects.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** What is not there, or is a folder, is no object; everything else is an error (no right to read, a disk that fails). */
function absent<Value>(error: unknown, value: Value): Value {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR") return value;
  throw error;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
