import { escapeName, unescapeName } from "../names.ts";
import { removeFolder, type StorageDriver } from "./types.ts";

/**
 * Files of tenants, in the layout `<tenant>/<file>`: for an application's own use, and for directories of
 * `useMultiFileAuthState`. Sessions themselves do not lie in such files: see `useSupabaseAuthState`.
 */
export interface SessionStorage {
  readonly driver: StorageDriver;
  /** Replaces a file of that name. */
  uploadFile(tenant: string, file: string, content: string | Uint8Array): Promise<void>;
  /** null: there is no such file. @throws when that cannot be told, which is another thing */
  downloadFile(tenant: string, file: string): Promise<string | null>;
  /** The same as bytes. */
  downloadBytes(tenant: string, file: string): Promise<Uint8Array | null>;
  /** The names of all files of the tenant, sorted; its sessions are not among them. */
  listFiles(tenant: string): Promise<string[]>;
  /** Removes all that lies beneath the tenant, its sessions' objects too, and lists again until nothing is left. */
  deleteAllFiles(tenant: string): Promise<number>;
  /** Whether there is a file of exactly this name. */
  fileExists(tenant: string, file: string): Promise<boolean>;
}

export function createSessionStorage(driver: StorageDriver): SessionStorage {
  const pathOf = (tenant: string, file: string): string =>
    `${escapeName("tenant", tenant)}/${escapeName("file", file)}`;
  const downloadBytes = async (tenant: string, file: string): Promise<Uint8Array | null> =>
    await driver.get(pathOf(tenant, file));
  return {
    driver,
    downloadBytes,
    uploadFile: async (tenant, file, content) => {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      const content_type = typeof content === "string" ? "application/json" : undefined;
      await driver.put(pathOf(tenant, file), bytes, {
        overwrite: true,
        ...(content_type === undefined ? {} : { content_type }),
      });
    },
    downloadFile: async (tenant, file) => {
      const bytes = await downloadBytes(tenant, file);
      return bytes === null ? null : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    },
    listFiles: async (tenant) => {
      const folder = escapeName("tenant", tenant);
      const objects = await driver.list(folder);
      return objects
        .map(({ path }) => unescapeName(path.slice(folder.length + 1)))
        .filter((name) => name !== null)
        .toSorted();
    },
    deleteAllFiles: async (tenant) => await removeFolder(driver, escapeName("tenant", tenant)),
    fileExists: async (tenant, file) => await driver.has(pathOf(tenant, file)),
  };
}
