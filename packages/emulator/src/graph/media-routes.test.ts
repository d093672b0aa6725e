import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Emulator } from "../create-emulator.ts";
import { ACCESS_TOKEN, MARA, NUMBER_ID, call, createTestEmulator, send } from "../test-support.ts";

const headers = { authorization: `Bearer ${ACCESS_TOKEN}` };
const idSchema = z.object({ id: z.string() });
const BYTES = Buffer.from("a small picture");

async function upload(emulator: Emulator, bytes: Uint8Array, type: string) {
  const form = new FormData();
  form.set("messaging_product", "whatsapp");
  form.set("type", type);
  form.set("file", new Blob([new Uint8Array(bytes)], { type }), "file");
  const url = `http://emulator.test/v26.0/${NUMBER_ID}/media`;
  const response = await emulator.fetch(new Request(url, { method: "POST", headers, body: form }));
  const body: unknown = await response.json();
  return { status: response.status, body };
}

const uploadOk = async (emulator: Emulator) =>
  idSchema.parse((await upload(emulator, BYTES, "image/png")).body).id;

async function linkOf(emulator: Emulator, id: string) {
  const { body } = await call(emulator, `/v26.0/${id}`, { headers });
  return z.object({ url: z.string() }).parse(body).url;
}

const open = (emulator: Emulator, url: string, init: RequestInit = { headers }) =>
  emulator.fetch(new Request(url, init));

test("an upload is described, downloaded byte for byte, sent and deleted", async () => {
  const emulator = createTestEmulator();
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  const id = await uploadOk(emulator);
  const { body } = await call(emulator, `/v26.0/${id}?phone_number_id=${NUMBER_ID}`, { headers });
  expect(body).toEqual({
    url: expect.stringContaining("http://emulator.test/whatsapp_business/attachments/?mid="),
    mime_type: "image/png",
    sha256: createHash("sha256").update(BYTES).digest("hex"),
    file_size: BYTES.length,
    id,
    messaging_product: "whatsapp",
  });
  const file = await open(emulator, await linkOf(emulator, id));
  expect(file.headers.get("content-type")).toBe("image/png");
  expect(Buffer.from(await file.arrayBuffer())).toEqual(BYTES);
  expect((await send(emulator, { type: "image", image: { id } })).status).toBe(200);
  const removed = await call(emulator, `/v26.0/${id}`, { method: "DELETE", headers });
  expect(removed).toEqual({ status: 200, body: { success: true } });
  expect((await call(emulator, `/v26.0/${id}`, { headers })).status).toBe(400);
});

test("a link needs the token, dies after five minutes, and cannot be prolonged or pointed elsewhere", async () => {
  let now = Date.UTC(2026, 9, 1);
  const emulator = createTestEmulator({ now: () => now });
  const url = await linkOf(emulator, await uploadOk(emulator));
  expect((await open(emulator, url, {})).status).toBe(401);
  now += 5 * 60_000 - 1;
  expect((await open(emulator, url)).status).toBe(200);
  now += 1;
  expect((await open(emulator, url)).status).toBe(404);
  const prolonged = url.replace(/ext=\d+/, `ext=${now + 60_000}`);
  expect((await open(emulator, prolonged)).status).toBe(404);
});

test("a new link can be had for 30 days", async () => {
  let now = Date.UTC(2026, 9, 1);
  const emulator = createTestEmulator({ now: () => now });
  const id = await uploadOk(emulator);
  now += 30 * 24 * 60 * 60_000 - 1;
  expect((await open(emulator, await linkOf(emulator, id))).status).toBe(200);
  now += 1;
  expect((await call(emulator, `/v26.0/${id}`, { headers })).status).toBe(400);
});

test("media of another number is unknown to this one", async () => {
  const emulator = createTestEmulator();
  const path = `/v26.0/${await uploadOk(emulator)}?phone_number_id=999`;
  const { body } = await call(emulator, path, { headers });
  expect(body).toMatchObject({ error: { code: 100, error_subcode: 33 } });
});

const KB = 1024;
const MB = KB * KB;
/** The head of an animated WebP: `VP8X` with the animation flag. */
const ANIMATED = Buffer.from("RIFF\0\0\0\0WEBPVP8X\0\0\0\0\u0002", "latin1");
const file = (size: number, head = Buffer.alloc(0)) =>
  Buffer.concat([head, Buffer.alloc(size - head.length)]);

test.each([
  ["image/jpeg", file(5 * MB)],
  ["image/webp", file(100 * KB)],
  ["image/webp", file(500 * KB, ANIMATED)],
  ["audio/ogg; codecs=opus", file(16 * MB)],
  ["application/pdf", file(16 * MB + 1)],
])("an upload of %s up to Meta's limit is taken", async (type, bytes) => {
  expect((await upload(createTestEmulator(), bytes, type)).status).toBe(200);
});

test.each([
  ["image/jpeg", file(5 * MB + 1)],
  ["image/webp", file(100 * KB + 1)],
  ["image/webp", file(500 * KB + 1, ANIMATED)],
  ["video/mp4", file(16 * MB + 1)],
  ["image/svg+xml", file(10)],
  ["application/zip", file(10)],
])("an upload of %s that Meta does not take gets 131053", async (type, bytes) => {
  const answer = await upload(createTestEmulator(), bytes, type);
  expect(answer).toMatchObject({ status: 400, body: { error: { code: 131053 } } });
});

test("an upload without its fields is refused", async () => {
  const emulator = createTestEmulator();
  const path = `/v26.0/${NUMBER_ID}/media`;
  const { status, body } = await call(emulator, path, { body: {}, headers });
  expect(status).toBe(400);
  expect(body).toMatchObject({ error: { code: 100 } });
});

test("the number itself can be looked up", async () => {
  const { body } = await call(createTestEmulator(), `/v26.0/${NUMBER_ID}`, { headers });
  expect(body).toMatchObject({ id: NUMBER_ID, verified_name: "Lucky Shrub" });
});

test("what a customer sent is kept seven days", async () => {
  let now = Date.UTC(2026, 9, 1);
  const emulator = createTestEmulator({ now: () => now });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { type: "image", image: {} });
  const [media] = emulator.media();
  if (!media) throw new Error("nothing is stored");
  expect(media).toMatchObject({ source: "inbound", mime_type: "image/png", downloads: 0 });
  const url = await linkOf(emulator, media.id);
  expect((await open(emulator, url)).status).toBe(200);
  expect(emulator.media()).toMatchObject([{ downloads: 1 }]);
  now += 7 * 24 * 60 * 60_000;
  expect((await call(emulator, `/v26.0/${media.id}`, { headers })).status).toBe(400);
  expect((await open(emulator, url)).status).toBe(404);
});

test("media can be let expire, be spoilt, and fail at every step", async () => {
  const emulator = createTestEmulator();
  const id = await uploadOk(emulator);
  const [stored] = emulator.media();
  emulator.changeMedia(id, { corrupt: true });
  const bytes = async () =>
    Buffer.from(await (await open(emulator, await linkOf(emulator, id))).arrayBuffer());
  expect(
    createHash("sha256")
      .update(await bytes())
      .digest("hex"),
  ).not.toBe(stored?.sha256);
  emulator.changeMedia(id, { corrupt: false });
  expect(await bytes()).toEqual(BYTES);

  emulator.addFaults([
    { endpoint: "media_url", how: "corrupt" },
    { endpoint: "media_url", code: 131000 },
    { endpoint: "media_download", code: 131000, http: 503, body: "empty" },
    { endpoint: "media_upload", code: 131053, phone_number_id: NUMBER_ID },
  ]);
  expect((await call(emulator, `/v26.0/${id}`, { headers })).body).toMatchObject({
    sha256: expect.not.stringContaining(stored?.sha256 ?? ""),
  });
  expect((await call(emulator, `/v26.0/${id}`, { headers })).status).toBe(500);
  expect((await open(emulator, await linkOf(emulator, id))).status).toBe(503);
  expect(await upload(emulator, BYTES, "image/png")).toMatchObject({
    status: 400,
    body: { error: { code: 131053 } },
  });
  emulator.changeMedia(id, { expires_at: 0 });
  expect((await call(emulator, `/v26.0/${id}`, { headers })).status).toBe(400);
  expect(emulator.media()).toMatchObject([{ id, expires_at: 0 }]);
});

test.each([
  ["audio", 131053],
  ["document", null],
  ["image", null],
])("an upload of a picture sent as %s ends so", async (type, code) => {
  const emulator = createTestEmulator();
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  const id = await uploadOk(emulator);
  expect((await send(emulator, { type, [type]: { id } })).status).toBe(200);
  const expected = code === null ? { status: "delivered" } : { error: { code: 131053 } };
  await expect.poll(() => emulator.customerMessages(MARA).at(-1)).toMatchObject(expected);
});
