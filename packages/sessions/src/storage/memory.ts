import type { StorageDriver } from "./types.ts";

/** In this process and gone with it: for tests, and to try things out. */
export function createMemoryStorage(objects = new Map<string, Uint8Array>()): StorageDriver {
  return {
    name: "memory",
    put: async (path, bytes, { overwrite = false } = {}) => {
      const there = objects.get(path);
      if (there !== undefined && !overwrite) {
        return Buffer.compare(there, bytes) === 0 ? "stored" : "exists";
      }
      objects.set(path, new Uint8Array(bytes));
      return "stored";
    },
    get: async (path) => {
      const bytes = objects.get(path);
      return bytes === undefined ? null : new Uint8Array(bytes);
    },
    has: async (path) => objects.has(path),
    list: async (folder) =>
      [...objects]
        .filter(([path]) => folder === "" || path.startsWith(`${folder}/`))
        .map(([path, bytes]) => ({ path, bytes: bytes.length }))
        .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    remove: async (paths) => {
      for (const path of paths) objects.delete(path);
    },
  };
}
