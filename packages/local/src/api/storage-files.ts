import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { App } from "@supabase/lite";
import * as z from "zod";

type StorageAdapter = NonNullable<App["_storageAdapter"]>;
type ObjectMetadata = Awaited<ReturnType<StorageAdapter["headObject"]>>;

const headerSchema = z.object({ mimetype: z.string(), cacheControl: z.string() });
type Header = z.infer<typeof headerSchema>;

interface StoredObject {
  bytes: Buffer;
  metadata: ObjectMetadata;
}

/**
 * Stored objects as files, each under the hash of its bucket and key: a key can then hold anything,
 * `..` included, and never leaves the folder. A file is a line of JSON, the type and the caching that
 * a download answers with, and then the object's bytes. Names and sizes are rows of storage.objects.
 */
export function createFileStorage(folder: string): StorageAdapter {
  const pathOf = (bucket: string, key: string): string => {
    const hash = createHash("sha256").update(`${bucket}\0${key}`).digest("hex");
    return join(folder, hash.slice(0, 2), hash);
  };
  const remove = (bucket: string, key: string): Promise<void> =>
    rm(pathOf(bucket, key), { force: true });
  return {
    driver: null,
    // Ranges and If-None-Match are answered from the whole object: see storage-download.ts.
    getObject: async (bucket, key) => {
      const { bytes, metadata } = await readObject(pathOf(bucket, key));
      return { httpStatusCode: 200, metadata, body: bytes };
    },
    headObject: async (bucket, key) => (await readObject(pathOf(bucket, key))).metadata,
    uploadObject: async (bucket, key, _version, body, mimetype, cacheControl) => {
      const bytes = body instanceof Uint8Array ? Buffer.from(body) : await collect(body);
      await writeWhole(pathOf(bucket, key), { mimetype, cacheControl }, bytes);
      return { ...describe(bytes, { mimetype, cacheControl }), lastModified: new Date() };
    },
    deleteObject: remove,
    deleteObjects: async (bucket, keys) => {
      for (const key of keys) await remove(bucket, key);
    },
    copyObject: async (fromBucket, from, _fromVersion, toBucket, to) => {
      const { bytes, metadata } = await readObject(pathOf(fromBucket, from));
      const { mimetype, cacheControl } = metadata;
      await writeWhole(pathOf(toBucket, to), { mimetype, cacheControl }, bytes);
      return { httpStatusCode: 200, eTag: metadata.eTag, lastModified: new Date() };
    },
    privateAssetUrl: async (bucket, key) => `file://${pathOf(bucket, key)}`,
  };
}

async function readObject(path: string): Promise<StoredObject> {
  const file = await readFile(path);
  const end = file.indexOf("\n");
  const header = headerSchema.parse(JSON.parse(file.subarray(0, end).toString("utf8")));
  const bytes = file.subarray(end + 1);
  return { bytes, metadata: describe(bytes, header) };
}

/** Under another name first: who reads sees the old object or the new one, never half of one. */
async function writeWhole(path: string, header: Header, bytes: Uint8Array): Promise<void> {
  // For this user alone: they are what customers sent.
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const { mimetype, cacheControl } = header;
  const line = `${JSON.stringify({ mimetype, cacheControl })}\n`;
  await writeFile(unfinished, Buffer.concat([Buffer.from(line), bytes]), { mode: 0o600 });
  await rename(unfinished, path);
}

function describe(bytes: Buffer, { mimetype, cacheControl }: Header): ObjectMetadata {
  return {
    cacheControl,
    contentLength: bytes.length,
    size: bytes.length,
    mimetype,
    eTag: `"${createHash("md5").update(bytes).digest("hex")}"`,
  };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
