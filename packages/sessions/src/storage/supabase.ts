import type { ServiceClient } from "../supabase/service-client.ts";
import { type StorageDriver, StorageError, type StoredObject } from "./types.ts";

export const SESSION_BUCKET = "whatsapp-sessions";

/** What `list()` answers at most, and `remove()` takes. */
const PAGE = 1000;

/** A private bucket of Supabase Storage; limits and interruptions are waited out by the client's fetch. */
export function createSupabaseStorage(
  client: ServiceClient,
  bucket: string = SESSION_BUCKET,
): StorageDriver {
  const files = client.storage.from(bucket);
  let is_bucket_seen = false;
  /** «Not found» may mean the bucket, or a key that may not see it: asked once, before it is believed. */
  const seeBucket = async (): Promise<void> => {
    if (is_bucket_seen) return;
    const { error } = await client.storage.getBucket(bucket);
    if (error)
      throw failure(`bucket ${bucket}`, error, "Is it there, and is the key the secret one?");
    is_bucket_seen = true;
  };
  const get = async (path: string): Promise<Uint8Array | null> => {
    const { data, error } = await files.download(path);
    if (error === null) return new Uint8Array(await data.arrayBuffer());
    if (!isNotFound(error)) throw failure(path, error);
    await seeBucket();
    return null;
  };
  return {
    name: "supabase",
    get,
    put: async (
      path,
      bytes,
      { overwrite = false, content_type = "application/octet-stream" } = {},
    ) => {
      const { error } = await files.upload(path, bytes, {
        contentType: content_type,
        upsert: overwrite,
      });
      if (error === null) return "stored";
      if (!isDuplicate(error)) throw failure(path, error);
      // Perhaps our own upload, whose answer was lost.
      const there = await get(path);
      return there !== null && Buffer.compare(there, bytes) === 0 ? "stored" : "exists";
    },
    has: async (path) => {
      const cut = path.lastIndexOf("/");
      const name = path.slice(cut + 1);
      // `search` is a prefix, and takes capitals for small letters.
      for await (const entry of entriesOf(files, path.slice(0, Math.max(cut, 0)), name)) {
        if (entry.name === name && entry.id !== null) return true;
      }
      await seeBucket();
      return false;
    },
    list: async (folder) => {
      const objects = await listBelow(files, folder);
      if (objects.length === 0) await seeBucket();
      return objects.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    },
    remove: async (paths) => {
      for (let start = 0; start < paths.length; start += PAGE) {
        const { error } = await files.remove(paths.slice(start, start + PAGE));
        if (error) throw failure(`${paths.length} objects`, error);
      }
    },
  };
}

type Files = ReturnType<ServiceClient["storage"]["from"]>;

async function* entriesOf(files: Files, folder: string, search?: string) {
  for (let offset = 0; ; offset += PAGE) {
    const { data, error } = await files.list(folder, {
      limit: PAGE,
      offset,
      sortBy: { column: "name", order: "asc" },
      ...(search === undefined ? {} : { search }),
    });
    if (error) throw failure(folder, error);
    yield* data;
    if (data.length < PAGE) return;
  }
}

async function listBelow(files: Files, folder: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  const folders: string[] = [];
  for await (const entry of entriesOf(files, folder)) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    // A folder has no id.
    if (entry.id === null) folders.push(path);
    else objects.push({ path, bytes: sizeOf(entry.metadata) });
  }
  for (const path of folders) objects.push(...(await listBelow(files, path)));
  return objects;
}

function sizeOf(metadata: unknown): number {
  const size: unknown = Object.entries(metadata ?? {}).find(([name]) => name === "size")?.[1];
  return typeof size === "number" ? size : 0;
}

interface StorageFailure {
  message: string;
  statusCode?: string | undefined;
  status?: number | undefined;
  code?: string | undefined;
}

/** By its code and not by its words; Storage answers HTTP 400 whatever it is. */
function isNotFound({ status, statusCode, code, message }: StorageFailure): boolean {
  if (code !== undefined) return code === "NoSuchKey";
  return (statusCode === "404" || status === 404) && !/bucket/i.test(message);
}

function isDuplicate({ status, statusCode, code }: StorageFailure): boolean {
  const is_coded = code === "KeyAlreadyExists" || code === "ResourceAlreadyExists";
  return is_coded || statusCode === "409" || status === 409;
}

function failure(what: string, cause: StorageFailure, hint = ""): Error {
  const code = cause.code ?? cause.statusCode ?? cause.status ?? "no answer";
  const message = `Storage, ${what}: ${cause.message} (${code}). ${hint}`.trimEnd();
  return new StorageError(message, { cause });
}
