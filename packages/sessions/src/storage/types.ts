export interface StoredObject {
  path: string;
  bytes: number;
}

/**
 * A place for objects, by paths of escaped names («acme/main/3-17.snapshot»). Every driver passes one contract
 * suite (driver-contract.ts). What cannot be read is an error, and never absent.
 */
export interface StorageDriver {
  readonly name: string;
  /** Durable when it resolves. `exists`: there is one with other bytes, which stays; the same bytes are `stored`. */
  put(path: string, bytes: Uint8Array, options?: PutOptions): Promise<"stored" | "exists">;
  /** null: there is none. @throws when that cannot be told */
  get(path: string): Promise<Uint8Array | null>;
  /** Exactly this path. */
  has(path: string): Promise<boolean>;
  /** All objects beneath a folder («» for all), at any depth and however many, by path. */
  list(folder: string): Promise<StoredObject[]>;
  /** Those that are not there are no error. */
  remove(paths: readonly string[]): Promise<void>;
}

export interface PutOptions {
  /** Default false: nothing of ours is ever overwritten, since a CDN may serve the old bytes. */
  overwrite?: boolean;
  /** Default application/octet-stream. */
  content_type?: string;
}

/** The storage did not do what it was asked, or was not reached; the message names the object and the reason. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/** Removes everything beneath a folder, and looks until nothing is left. */
export async function removeFolder(driver: StorageDriver, folder: string): Promise<number> {
  let removed = 0;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const objects = await driver.list(folder);
    if (objects.length === 0) return removed;
    await driver.remove(objects.map(({ path }) => path));
    removed += objects.length;
  }
  throw new Error(
    `${folder}: objects appear as fast as they are removed. Is something still writing?`,
  );
}

const MAX_ROUNDS = 10;
