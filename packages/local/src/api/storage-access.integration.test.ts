import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect, waitFor } from "../../../../tests/support/workbench.ts";
import { type Callers, createBucket, createCallers, request, signJwt } from "./test-fixture.ts";

const { url, keys } = inject("workbench");
let callers: Callers;
let bucket: Awaited<ReturnType<typeof createBucket>>;
const superuser = connect();

beforeAll(async () => {
  callers = await createCallers();
  bucket = await createBucket(callers);
  await storage().upload("private.txt", "secret", { contentType: "text/plain" });
  await storage().upload(`${callers.user_id}/own.txt`, "own", { contentType: "text/plain" });
});
afterAll(async () => {
  await bucket.drop();
  await superuser.end();
});

const storage = () => callers.service.storage.from(bucket.name);

describe("a private bucket without a policy", () => {
  test.each(["anon", "user"] as const)("gives %s nothing and takes nothing", async (who) => {
    const theirs = callers[who].storage.from(bucket.name);
    const notFound = { status: 400, statusCode: "404" };
    expect((await theirs.download("private.txt")).error).toMatchObject(notFound);
    expect((await theirs.info("private.txt")).error).toMatchObject(notFound);
    expect((await theirs.createSignedUrl("private.txt", 60)).error).toMatchObject(notFound);
    const signed = await theirs.createSignedUrls(["private.txt"], 60);
    expect(signed.data).toMatchObject([{ path: "private.txt", signedUrl: null }]);
    expect((await theirs.list()).data).toEqual([]);
    expect((await theirs.remove(["private.txt"])).data).toEqual([]);
    const refused = { status: 400, statusCode: "403" };
    expect((await theirs.upload("new.txt", "x")).error).toMatchObject(refused);
    expect((await theirs.upload("private.txt", "x", { upsert: true })).error).toMatchObject(
      refused,
    );
    expect((await theirs.createSignedUploadUrl("new.txt")).error).toMatchObject(refused);
    expect((await callers[who].storage.listBuckets()).data).toEqual([]);
    expect((await callers[who].storage.getBucket(bucket.name)).error).toMatchObject(notFound);
    expect((await callers[who].storage.createBucket("mine")).error).toMatchObject(refused);
    const open = await fetch(theirs.getPublicUrl("private.txt").data.publicUrl);
    expect(open.status).toBe(400);
    expect(await (await storage().download("private.txt")).data?.text()).toBe("secret");
  });
});

test("a policy opens what it names, to whom it names", async () => {
  // As superuser: a plain Postgres has no supautils, which lets role postgres do this on hosted.
  await superuser.unsafe(`
    create policy "${bucket.name}" on storage.objects for select to authenticated
    using (bucket_id = '${bucket.name}' and (storage.foldername(name))[1] = (select auth.uid())::text)`);
  try {
    const theirs = callers.user.storage.from(bucket.name);
    const own = `${callers.user_id}/own.txt`;
    expect(await (await theirs.download(own)).data?.text()).toBe("own");
    expect((await theirs.list()).data).toMatchObject([{ name: callers.user_id, id: null }]);
    expect((await theirs.list(callers.user_id)).data).toMatchObject([{ name: "own.txt" }]);
    const signed = await theirs.createSignedUrl(own, 60);
    expect(await (await fetch(signed.data?.signedUrl ?? "")).text()).toBe("own");
    expect((await theirs.download("private.txt")).error).toMatchObject({ statusCode: "404" });
    expect((await callers.anon.storage.from(bucket.name).download(own)).error).not.toBeNull();
    expect((await theirs.remove([own])).data).toEqual([]);
  } finally {
    await superuser.unsafe(`drop policy "${bucket.name}" on storage.objects`);
  }
});

test("a bucket made public serves its objects to everybody, and lists them to nobody", async () => {
  const open = await createBucket(callers);
  await callers.service.storage.updateBucket(open.name, { public: true });
  await callers.service.storage
    .from(open.name)
    .upload("a b.txt", "open", { contentType: "text/plain" });
  const theirs = callers.anon.storage.from(open.name);
  const response = await fetch(theirs.getPublicUrl("a b.txt").data.publicUrl);
  expect([response.status, await response.text()]).toEqual([200, "open"]);
  expect(response.headers.get("content-type")).toBe("text/plain");
  expect((await theirs.list()).data).toEqual([]);
  await open.drop();
});

async function sign(key: string, expires_s: number): Promise<string> {
  const { data, error } = await storage().createSignedUrl(key, expires_s);
  if (error) throw error;
  return data.signedUrl;
}

function forgedToken(): string {
  const claims = { sub: "private.txt", bucket: bucket.name, intent: "download" };
  return signJwt({ ...claims, exp: 9_999_999_999 }, { secret: "another secret" });
}

describe("a signed URL", () => {
  test("gives the object to who has no key, with its type, and parts of it", async () => {
    const signedUrl = await sign("private.txt", 60);
    expect(signedUrl.startsWith(`${url}/storage/v1/object/sign/`)).toBe(true);
    const whole = await fetch(signedUrl);
    expect([whole.status, await whole.text()]).toEqual([200, "secret"]);
    expect(whole.headers.get("content-type")).toBe("text/plain");
    const part = await fetch(signedUrl, { headers: { range: "bytes=0-1" } });
    expect([part.status, await part.text()]).toEqual([206, "se"]);
    expect((await fetch(signedUrl, { method: "HEAD" })).status).toBe(200);
  });

  test("may name the file to save it as", async () => {
    const options = { download: "bill.pdf" };
    const { data } = await storage().createSignedUrl("private.txt", 60, options);
    const response = await fetch(data?.signedUrl ?? "");
    expect(response.headers.get("content-disposition")).toContain("attachment; filename=bill.pdf;");
  });

  test("is for that object alone", async () => {
    const signedUrl = await sign("private.txt", 60);
    const other = await fetch(signedUrl.replace("private.txt", `${callers.user_id}/own.txt`));
    expect(other.status).toBe(400);
    expect(await other.json()).toMatchObject({ code: "InvalidSignature" });
  });

  test("ends when its time is over", async () => {
    const signedUrl = await sign("private.txt", 1);
    expect((await fetch(signedUrl)).status).toBe(200);
    const body = await waitFor("the end of the URL's second", async () => {
      const response = await fetch(signedUrl);
      const answer: unknown = await response.json().catch(() => null);
      return response.status === 400 && answer;
    });
    expect(body).toMatchObject({ statusCode: "400", code: "InvalidJWT" });
  });

  test.each([
    ["no token", () => ""],
    ["rubbish", () => "?token=abc"],
    ["a user's JWT", () => `?token=${callers.token}`],
    ["a token of another secret", () => `?token=${forgedToken()}`],
  ])("with %s gives nothing", async (_, query) => {
    const response = await request(
      `/storage/v1/object/sign/${bucket.name}/private.txt${query()}`,
      {},
    );
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain("secret");
  });

  test("is no user's JWT: the API takes it for nobody", async () => {
    const token = new URL(await sign("private.txt", 60)).searchParams.get("token") ?? "";
    const list = await request(
      `/storage/v1/object/list/${bucket.name}`,
      { apikey: keys.publishable_key, authorization: `Bearer ${token}` },
      { method: "POST", body: "{}" },
    );
    expect(list.status).toBe(401);
  });

  test("for several at once, in their order, each for itself", async () => {
    const paths = ["private.txt", "nowhere", `${callers.user_id}/own.txt`];
    const { data, error } = await storage().createSignedUrls(paths, 60);
    expect([error, data?.map(({ path }) => path)]).toEqual([null, paths]);
    const answers = await Promise.all(
      (data ?? []).map(async ({ signedUrl }) =>
        signedUrl === null ? null : await (await fetch(signedUrl)).text(),
      ),
    );
    expect(answers).toEqual(["secret", null, "own"]);
    expect(data?.[1]?.error).toBe(
      "Either the object does not exist or you do not have access to it",
    );
  });

  test("for an upload takes one object from who has no key", async () => {
    const { data } = await storage().createSignedUploadUrl("from-outside.txt");
    const theirs = callers.anon.storage.from(bucket.name);
    const body = new Blob(["uploaded"], { type: "text/plain" });
    const upload = await theirs.uploadToSignedUrl("from-outside.txt", data?.token ?? "", body);
    expect(upload.error).toBeNull();
    const download = await storage().download("from-outside.txt");
    expect([await download.data?.text(), download.data?.type]).toEqual(["uploaded", "text/plain"]);
    const again = await theirs.uploadToSignedUrl("from-outside.txt", data?.token ?? "", body);
    expect(again.error).toMatchObject({ statusCode: "409" });
    const elsewhere = await theirs.uploadToSignedUrl("elsewhere.txt", data?.token ?? "", body);
    expect(elsewhere.error).toMatchObject({ code: "InvalidSignature" });
  });
});
