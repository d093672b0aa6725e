import { randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Callers, createBucket, createCallers, request } from "./test-fixture.ts";

const { url, keys } = inject("workbench");
let callers: Callers;
let bucket: Awaited<ReturnType<typeof createBucket>>;
let limited: Awaited<ReturnType<typeof createBucket>>;

beforeAll(async () => {
  callers = await createCallers();
  bucket = await createBucket(callers);
  limited = await createBucket(callers, {
    file_size_limit: 100,
    allowed_mime_types: ["text/plain", "image/png"],
  });
});
afterAll(async () => {
  await Promise.all([bucket.drop(), limited.drop()]);
});

type Body = Uint8Array<ArrayBuffer> | Blob | ReadableStream | ArrayBuffer | string;

const storage = () => callers.service.storage.from(bucket.name);
const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);

async function read(key: string): Promise<Uint8Array> {
  const { data, error } = await storage().download(key);
  if (error) throw error;
  return new Uint8Array(await data.arrayBuffer());
}

/** The object's row, as role postgres sees it. */
async function rowOf(key: string, { name, sql } = bucket) {
  const [row] = await sql`
    select metadata, user_metadata from storage.objects where bucket_id = ${name} and name = ${key}`;
  return row;
}

async function part(range: string) {
  const path = `/storage/v1/object/${bucket.name}/ranged`;
  const response = await request(path, { apikey: keys.secret_key, range });
  return [response.status, response.headers.get("content-range"), await response.bytes()];
}

describe("what the secret key uploads it downloads again", () => {
  const bodies: [string, () => Body][] = [
    ["bytes", () => bytes],
    ["a Blob", () => new Blob([bytes])],
    ["a File", () => new File([bytes], "other.bin")],
    ["a stream", () => new Blob([bytes]).stream()],
    ["an ArrayBuffer", () => bytes.buffer.slice(0)],
  ];
  test.each(bodies)("%s, byte for byte, with its type and size", async (name, body) => {
    const key = `bodies/${name}.bin`;
    const options = { contentType: "image/png", cacheControl: "60", duplex: "half" };
    // A Blob's type is the one that its upload has.
    const isBlob = body() instanceof Blob;
    const { data, error } = await storage().upload(key, body(), options);
    expect([data?.path, data?.fullPath, error]).toEqual([key, `${bucket.name}/${key}`, null]);
    expect(await read(key)).toEqual(bytes);
    const mimetype = isBlob ? "application/octet-stream" : "image/png";
    const cacheControl = "max-age=60";
    expect((await rowOf(key))?.metadata).toMatchObject({ size: 1000, mimetype, cacheControl });
    const info = await storage().info(key);
    expect(info.data).toMatchObject({ size: 1000, contentType: mimetype, cacheControl });
    expect(info.data?.createdAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  test("a download says the type and the ETag, and answers 304 to who has it", async () => {
    await storage().upload("page.txt", "hello", { contentType: "text/plain" });
    const { data } = await storage().download("page.txt");
    expect(data?.type).toBe("text/plain");
    const path = `/storage/v1/object/${bucket.name}/page.txt`;
    const first = await request(path, { apikey: keys.secret_key });
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toBe('"5d41402abc4b2a76b9719d911017c592"');
    const second = await request(path, { apikey: keys.secret_key, "if-none-match": etag });
    expect([second.status, await second.text()]).toEqual([304, ""]);
  });

  test("what the client keeps with an object is there again", async () => {
    const metadata = { wamid: "wamid.x", größe: 1 };
    await storage().upload("noted", new Blob(["x"]), { metadata });
    await storage().upload("noted-too", bytes, { metadata });
    for (const key of ["noted", "noted-too"]) {
      expect((await storage().info(key)).data?.metadata).toEqual(metadata);
    }
  });

  test("ranges: the part alone, with 206", async () => {
    await storage().upload("ranged", bytes);
    expect(await part("bytes=10-19")).toEqual([206, "bytes 10-19/1000", bytes.slice(10, 20)]);
    expect(await part("bytes=-5")).toEqual([206, "bytes 995-999/1000", bytes.slice(995)]);
    expect(await part("bytes=1000-")).toEqual([416, "bytes */1000", new Uint8Array()]);
  });
});

describe("an object that is there already", () => {
  test("is kept: 400 with statusCode 409, unless upsert is said", async () => {
    await storage().upload("once", "first");
    const again = await storage().upload("once", "second");
    expect(again.error).toMatchObject({ status: 400, statusCode: "409", code: "KeyAlreadyExists" });
    expect(Buffer.from(await read("once")).toString()).toBe("first");
    const upsert = await storage().upload("once", "third, longer", {
      upsert: true,
      contentType: "text/css",
    });
    expect(upsert.error).toBeNull();
    expect(Buffer.from(await read("once")).toString()).toBe("third, longer");
    expect((await rowOf("once"))?.metadata).toMatchObject({ size: 13, mimetype: "text/css" });
    await storage().update("once", "fourth");
    expect(Buffer.from(await read("once")).toString()).toBe("fourth");
  });

  test("is copied and moved, and the copy is an object of its own", async () => {
    await storage().upload("from", "text", { contentType: "text/plain" });
    const copy = await storage().copy("from", "folder/copy");
    expect(copy.data).toEqual({ path: `${bucket.name}/folder/copy` });
    await storage().update("from", "changed");
    expect(Buffer.from(await read("folder/copy")).toString()).toBe("text");
    expect((await storage().download("folder/copy")).data?.type).toBe("text/plain");
    await storage().move("folder/copy", "moved");
    expect(Buffer.from(await read("moved")).toString()).toBe("text");
    expect((await storage().exists("folder/copy")).data).toBe(false);
  });
});

test("an object that is not there is HTTP 400 with statusCode 404 and code NoSuchKey", async () => {
  const expected = { status: 400, statusCode: "404", code: "NoSuchKey" };
  expect((await storage().download("nowhere")).error).toMatchObject(expected);
  expect((await storage().info("nowhere")).error).toMatchObject(expected);
  expect((await storage().createSignedUrl("nowhere", 60)).error).toMatchObject(expected);
  expect((await storage().exists("nowhere")).data).toBe(false);
  const elsewhere = await callers.service.storage.from("no-such-bucket").download("x");
  expect(elsewhere.error).toMatchObject({ ...expected, code: "NoSuchBucket" });
});

async function upload(body: Body, contentType: string) {
  const place = callers.service.storage.from(limited.name);
  return await place.upload(randomUUID(), body, { contentType, duplex: "half" });
}

describe("a bucket's limits", () => {
  const large = { status: 400, statusCode: "413", code: "EntityTooLarge" };

  test("of size hold to the byte, however the body comes", async () => {
    expect((await upload("x".repeat(100), "text/plain")).error).toBeNull();
    const text = "x".repeat(101);
    const blob = new Blob([text], { type: "text/plain" });
    for (const body of [text, blob, blob.stream()]) {
      expect((await upload(body, "text/plain")).error).toMatchObject(large);
    }
  });

  test("of type hold to the letter: with a parameter it is another", async () => {
    for (const type of ["application/json", "text/plain; charset=utf-8", "text/html"]) {
      const { error } = await upload("x", type);
      expect([type, error]).toMatchObject([type, { status: 400, statusCode: "415" }]);
    }
    const { error } = await upload(new Blob(["x"], { type: "text/html" }), "text/plain");
    expect(error).toMatchObject({ code: "InvalidMimeType" });
  });

  test("what was refused left nothing", async () => {
    const { data } = await callers.service.storage.from(limited.name).list();
    expect(data).toHaveLength(1);
  });
});

describe("remove()", () => {
  test("takes row and bytes, and says nothing of keys that are not there", async () => {
    await storage().upload("gone/a", "x");
    const { data, error } = await storage().remove(["gone/a", "gone/never"]);
    expect([data?.map(({ name }) => name), error]).toEqual([["gone/a"], null]);
    expect((await storage().exists("gone/a")).data).toBe(false);
    expect((await storage().upload("gone/a", "anew")).error).toBeNull();
    expect(Buffer.from(await read("gone/a")).toString()).toBe("anew");
  });

  test("is the only way: SQL is refused with 42501, also in a transaction and for a bucket", async () => {
    await storage().upload("kept", "x");
    const { sql, name } = bucket;
    const refused = { code: "42501" };
    await expect(sql`delete from storage.objects where bucket_id = ${name}`).rejects.toMatchObject(
      refused,
    );
    await expect(sql`delete from storage.buckets where id = ${name}`).rejects.toMatchObject(
      refused,
    );
    await sql
      .begin(async (transaction) => {
        await transaction`set local role service_role`;
        await transaction`delete from storage.objects where bucket_id = ${name}`;
      })
      .then(
        () => expect.unreachable(),
        (error: unknown) => expect(error).toMatchObject(refused),
      );
    expect(Buffer.from(await read("kept")).toString()).toBe("x");
  });

  test("takes 1,000 keys at most", async () => {
    const tooMany = Array.from({ length: 1001 }, (_, index) => `many/${index}`);
    const { error } = await storage().remove(tooMany);
    expect(error?.message).toBe("Bulk object requests are limited to 1000 objects per request");
    expect(await storage().remove(tooMany.slice(1))).toEqual({ data: [], error: null });
  });
});

describe("keys", () => {
  test("with every character that Storage allows are stored under that very name", async () => {
    for (const key of ["it's (1) & co/a", "a b!-_.*'()&$@=;:+,c.txt"]) {
      expect((await storage().upload(key, key)).error).toBeNull();
      expect(Buffer.from(await read(key)).toString()).toBe(key);
      expect(await rowOf(key)).toBeDefined();
      const signed = await storage().createSignedUrl(key, 60);
      expect(await (await fetch(signed.data?.signedUrl ?? "")).text()).toBe(key);
    }
  });

  test.each(["ü.txt", "😀", "100%", "a[1]", "a~b", "a|b"])("like %j are refused", async (key) => {
    const expected = { status: 400, statusCode: "400", code: "InvalidKey" };
    expect((await storage().upload(key, "x")).error).toMatchObject(expected);
    await storage().upload("valid", "x", { upsert: true });
    expect((await storage().copy("valid", key)).error).toMatchObject(expected);
    expect((await storage().createSignedUploadUrl(key)).error).toMatchObject(expected);
  });

  test.each([
    "../../escape",
    "a/../../../escape",
    "%2e%2e/%2e%2e/escape",
    "..%2f..%2f..%2fescape",
    "..%2f..%2f..%2f..%2frest%2fv1%2fwhatsapp_tenants",
    "a/..%2f..%2fescape",
    "..",
    "%2Fetc%2Fescape",
  ])("that climb, sent raw as %s, are refused or stay in their bucket", async (path) => {
    const status = await sendRaw(`/storage/v1/object/${bucket.name}/${path}`);
    expect([400, 404]).toContain(status);
    const rows = await bucket.sql`select name from storage.objects where name like '%escape%'`;
    expect([...rows]).toEqual([]);
  });
});

/** POST without the client's own tidying of the path. */
function sendRaw(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(url);
    const headers = { apikey: keys.secret_key, "content-type": "text/plain" };
    const sent = httpRequest({ host, port, path, method: "POST", headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once("error", reject);
    sent.end("escaped");
  });
}
