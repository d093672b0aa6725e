import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { App } from "@supabase/lite";

type StorageAdapter = NonNullable<App["_storageAdapter"]>;
type ObjectMetadata = Awaited<ReturnType<StorageAdapter["headObject"]>>;

/**
 * Stored objects as files, each under the hash of its bucket and key: a key can then hold anything,
 * `..` included, and never leaves the folder. Names, sizes and types are rows of storage.objects.
 */
export function createFileStorage(folder: string): StorageAdapter {
  const pathOf = (bucket: string, key: string): string => {
    const hash = createHash("sha256").update(`${bucket}\0${key}`).digest("hex");
    return join(folder, hash.slice(0, 2), hash);
  };
  const read: StorageAdapter["getObject"] = async (bucket, key, _version, headers) => {
    const bytes = await readFile(pathOf(bucket, key));
    const metadata = describe(bytes);
    if (headers?.ifNoneMatch === metadata.eTag) return { httpStatusCode: 304, metadata };
    const range = parseRange(headers?.range, bytes.length);
    if (range === null) return { httpStatusCode: 200, metadata, body: bytes };
    const part = bytes.subarray(range.from, range.to + 1);
    const contentRange = `bytes ${range.from}-${range.to}/${bytes.length}`;
    return {
      httpStatusCode: 206,
      metadata: { ...metadata, contentLength: part.length, contentRange },
      body: part,
    };
  };
  return {
    driver: null,
    getObject: read,
    headObject: async (bucket, key) => describe(await readFile(pathOf(bucket, key))),
    uploadObject: async (bucket, key, _version, body, mimetype, cacheControl) => {
      const bytes = body instanceof Uint8Array ? Buffer.from(body) : await collect(body);
      await writeWhole(pathOf(bucket, key), bytes);
      return { ...describe(bytes), mimetype, cacheControl, lastModified: new Date() };
    },
    deleteObject: (bucket, key) => rm(pathOf(bucket, key), { force: true }),
    deleteObjects: async (bucket, keys) => {
      for (const key of keys) await rm(pathOf(bucket, key), { force: true });
    },
    copyObject: async (fromBucket, from, _fromVersion, toBucket, to) => {
      const bytes = await readFile(pathOf(fromBucket, from));
      await writeWhole(pathOf(toBucket, to), bytes);
      const path = await stat(pathOf(toBucket, to));
      return { httpStatusCode: 200, eTag: describe(bytes).eTag, lastModified: path.mtime };
    },
    privateAssetUrl: async (bucket, key) => `file://${pathOf(bucket, key)}`,
  };
}

/** Under another name first: who reads sees the old object or the new one, never half of one. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  const unfinished = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(unfinished, bytes);
  await rename(unfinished, path);
}

function describe(bytes: Buffer): ObjectMetadata {
  return {
    cacheControl: "no-cache",
    contentLength: bytes.length,
    size: bytes.length,
    mimetype: "application/octet-stream",
    eTag: `"${createHash("md5").update(bytes).digest("hex")}"`,
  };
}

function parseRange(header: string | undefined, size: number): { from: number; to: number } | null {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? "");
  if (match === null) return null;
  const from = Number(match[1]);
  const to = match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
  return from <= to ? { from, to } : null;
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
