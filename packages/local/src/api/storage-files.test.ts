import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createFileStorage } from "./storage-files.ts";

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "wabase-files-"));
  folder = join(parent, "storage");
  const path = parent;
  onTestFinished(() => rmSync(path, { recursive: true }));
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function put(bucket: string, key: string, body: Uint8Array): Promise<void> {
  await createFileStorage(folder).uploadObject(bucket, key, "1", body, "text/plain", "max-age=60");
}

async function get(bucket: string, key: string): Promise<Buffer> {
  const { body } = await createFileStorage(folder).getObject(bucket, key, "1");
  if (!(body instanceof Uint8Array)) throw new Error("no bytes");
  return Buffer.from(body);
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("what is stored comes back", () => {
  test.each([
    ["text", bytes("hello")],
    ["nothing", bytes("")],
    ["every byte there is", Uint8Array.from({ length: 256 }, (_, index) => index)],
    ["line feeds at both ends", bytes("\n\n{}\n")],
  ])("byte for byte: %s", async (_, body) => {
    await put("media", "a", body);
    expect(await get("media", "a")).toEqual(Buffer.from(body));
  });

  test("a stream as well", async () => {
    const storage = createFileStorage(folder);
    const stream = new Blob(["one ", "two"]).stream();
    await storage.uploadObject("media", "a", "1", stream, "text/plain", "no-cache");
    expect((await get("media", "a")).toString()).toBe("one two");
  });

  test("with its type, its caching, its size and the MD5 that is its ETag", async () => {
    await put("media", "a", bytes("hello"));
    expect(await createFileStorage(folder).headObject("media", "a", "1")).toMatchObject({
      mimetype: "text/plain",
      cacheControl: "max-age=60",
      size: 5,
      contentLength: 5,
      eTag: '"5d41402abc4b2a76b9719d911017c592"',
    });
  });

  test("a copy is the object's own, type and all", async () => {
    const storage = createFileStorage(folder);
    await put("media", "a", bytes("first"));
    await storage.copyObject("media", "a", "1", "other", "b", "2");
    await put("media", "a", bytes("second"));
    expect((await get("other", "b")).toString()).toBe("first");
    expect((await storage.headObject("other", "b", "1")).mimetype).toBe("text/plain");
  });

  test("a deleted object is gone, and deleting it again is no error", async () => {
    const storage = createFileStorage(folder);
    await put("media", "a", bytes("x"));
    await storage.deleteObject("media", "a", "1");
    await storage.deleteObjects("media", ["a", "b"]);
    await expect(get("media", "a")).rejects.toThrow("ENOENT");
    expect(filesBelow(folder)).toEqual([]);
  });
});

describe("nothing lies outside of the folder", () => {
  test.each([
    "../outside",
    "../../../../../../tmp/outside",
    "/etc/outside",
    "..",
    "a/../../outside",
    "nul\0byte",
    "ünïcode/😀",
    "x".repeat(5_000),
  ])("whatever the key: %j", async (key) => {
    writeFileSync(join(parent, "outside"), "untouched");
    await put("media", key, bytes("hello"));
    await put("../media", key, bytes("other"));
    expect((await get("media", key)).toString()).toBe("hello");
    expect(readdirSync(parent).toSorted()).toEqual(["outside", "storage"]);
    expect(filesBelow(folder)).toHaveLength(2);
  });

  test("two keys never share a file: a bucket's end and a key's beginning do not run together", async () => {
    await put("a", "b/c", bytes("one"));
    await put("a/b", "c", bytes("two"));
    expect((await get("a", "b/c")).toString()).toBe("one");
    expect((await get("a/b", "c")).toString()).toBe("two");
  });
});

test("nobody else on the machine reads what customers sent", async () => {
  await put("media", "a", bytes("hello"));
  const [file = ""] = filesBelow(folder);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(statSync(folder).mode & 0o077).toBe(0);
});

test("who reads during an overwrite gets the old object or the new one, never half of one", async () => {
  const [old, next] = [Buffer.alloc(300_000, "a"), Buffer.alloc(300_000, "b")];
  await put("media", "a", old);
  const reads: Promise<Buffer>[] = [];
  for (const body of [next, old, next]) {
    const write = put("media", "a", body);
    reads.push(...Array.from({ length: 10 }, () => get("media", "a")));
    await write;
  }
  for (const read of await Promise.all(reads)) {
    expect(read.equals(old) || read.equals(next)).toBe(true);
  }
  expect(filesBelow(folder)).toHaveLength(1);
});
