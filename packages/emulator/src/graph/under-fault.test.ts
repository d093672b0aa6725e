import { connect } from "node:net";
import { expect, test, vi } from "vitest";
import {
  ACCESS_TOKEN,
  MARA,
  NUMBER_ID,
  arrived,
  call,
  createReceiver,
  createTestEmulator,
  send,
  sendOk,
  statusesOf,
} from "../test-support.ts";

const TEXT = { messaging_product: "whatsapp", to: MARA, type: "text", text: { body: "Hello" } };

function start(options: Parameters<typeof createTestEmulator>[0] = {}) {
  const emulator = createTestEmulator(options);
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  return emulator;
}

const post = (url: string, init: RequestInit = {}) =>
  fetch(`${url}/v26.0/${NUMBER_ID}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${ACCESS_TOKEN}` },
    body: JSON.stringify(TEXT),
    ...init,
  });

/** Codes of Meta's table and the HTTP status of each. */
const CODES: readonly (readonly [code: number, http: number])[] = [
  [0, 401],
  [1, 400],
  [2, 503],
  [3, 500],
  [4, 400],
  [10, 403],
  [190, 401],
  [200, 403],
  [299, 403],
  [368, 403],
  [80007, 400],
  [130403, 400],
  [130429, 400],
  [130472, 400],
  [130497, 403],
  [131000, 500],
  [131005, 403],
  [131016, 500],
  [131020, 400],
  [131026, 400],
  [131031, 403],
  [131037, 400],
  [131042, 400],
  [131045, 500],
  [131047, 400],
  [131048, 400],
  [131049, 400],
  [131050, 400],
  [131053, 400],
  [131055, 400],
  [131056, 400],
  [131057, 500],
  [131062, 400],
  [131063, 400],
  [131064, 400],
  [132000, 400],
  [132001, 404],
  [132005, 400],
  [132007, 400],
  [132012, 400],
  [132015, 400],
  [132016, 400],
  [132018, 400],
  [132068, 400],
  [132069, 400],
  [133004, 503],
  [133010, 400],
  [134011, 400],
  [134100, 400],
  [134101, 500],
  [134102, 400],
  [135000, 400],
  [137000, 400],
  [139200, 400],
  [2494100, 503],
];

test.each(CODES)("code %i can be answered, with HTTP %i, and be reported later", async (...row) => {
  const [code, http] = row;
  const { url, received } = await createReceiver();
  const emulator = start();
  emulator.updateSettings({ fail_next: [{ code }, { code, how: "status" }], webhook_url: url });
  await arrived(received, 1);
  expect(await send(emulator)).toMatchObject({ status: http, body: { error: { code } } });
  await sendOk(emulator);
  await arrived(received, 2);
  expect(statusesOf(received)).toMatchObject([
    { status: "failed", errors: [{ code, title: expect.not.stringContaining("Unknown error") }] },
  ]);
});

test("the answer can be a proxy's page, or empty, under any status", async () => {
  const emulator = start();
  const { url } = await emulator.listen();
  emulator.addFaults([
    { body: "html", http: 502 },
    { body: "empty", http: 503 },
    { code: 2, is_transient: true, details: "Try again.", subcode: 99 },
  ]);
  const page = await post(url);
  expect([page.status, page.headers.get("content-type")]).toEqual([
    502,
    "text/html; charset=utf-8",
  ]);
  expect(await page.text()).toContain("<!DOCTYPE html>");
  const empty = await post(url);
  expect([empty.status, await empty.text()]).toEqual([503, ""]);
  const json: unknown = await (await post(url)).json();
  expect(json).toMatchObject({
    error: {
      code: 2,
      is_transient: true,
      error_subcode: 99,
      error_data: { details: "Try again." },
    },
  });
  expect(emulator.accepted()).toEqual([]);
});

test("a connection that is cut within the answer leaves half of it, and the message sent", async () => {
  const emulator = start();
  const { url } = await emulator.listen();
  emulator.addFaults({ how: "accept_then_cut" });
  const response = await post(url);
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow(TypeError);
  expect(emulator.accepted()).toHaveLength(1);
  emulator.addFaults({ how: "accept_then_cut" });
  await expect(send(emulator)).rejects.toThrow(TypeError);
  expect(emulator.accepted()).toHaveLength(2);
});

test("a reset comes before the body is read, and nothing is sent", async () => {
  const emulator = start();
  const { url } = await emulator.listen();
  emulator.addFaults({ how: "reset", phone_number_id: NUMBER_ID });
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  const code = new Promise((resolve) => {
    socket.on("error", (error) => resolve("code" in error ? error.code : error.name));
  });
  // The head alone: a server that waits for the body would wait for ever.
  socket.write(
    `POST /v26.0/${NUMBER_ID}/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ACCESS_TOKEN}\r\ncontent-length: 9\r\n\r\n`,
  );
  expect(await code).toBe("ECONNRESET");
  expect(emulator.accepted()).toEqual([]);
  expect((await post(url)).status).toBe(200);
});

test("who gives up on a slow answer has sent all the same; who gives up early enough, too", async () => {
  const emulator = start();
  const { url } = await emulator.listen();
  emulator.addFaults([
    { how: "pass", answer_delay_ms: 400 },
    { how: "pass", accept_delay_ms: 400 },
  ]);
  await expect(post(url, { signal: AbortSignal.timeout(150) })).rejects.toThrow("timeout");
  expect(emulator.accepted()).toHaveLength(1);
  await expect(post(url, { signal: AbortSignal.timeout(150) })).rejects.toThrow("timeout");
  expect(emulator.accepted()).toHaveLength(1);
  await vi.waitFor(() => expect(emulator.accepted()).toHaveLength(2), 5000);
});

test("the network can be gone for a while, and is back at the same address", async () => {
  const emulator = start();
  const { url } = await emulator.listen();
  const answer = await fetch(`${url}/emulator/network`, {
    method: "POST",
    body: JSON.stringify({ down_ms: 300 }),
  });
  expect(answer.status).toBe(202);
  await vi.waitFor(async () => {
    const error: unknown = await post(url).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ cause: { code: "ECONNREFUSED" } });
  }, 5000);
  await vi.waitFor(async () => expect((await post(url)).status).toBe(200), 5000);
});

test("a silent message gets no status, the others do", async () => {
  const { url, received } = await createReceiver();
  const emulator = start();
  emulator.addFaults({ how: "silent" });
  const silent = await sendOk(emulator);
  const loud = await sendOk(emulator);
  emulator.updateSettings({ webhook_url: url });
  await arrived(received, 3);
  await vi.waitFor(() => expect(emulator.state().counts.pending_deliveries).toBe(0));
  const ids = statusesOf(received).map(({ id }) => id);
  expect(ids).toEqual([loud, loud]);
  expect(emulator.accepted().map(({ id }) => id)).toEqual([silent, loud]);
});

test("held messages say so, wait, and are sent or dropped", async () => {
  const { url, received } = await createReceiver();
  const emulator = start();
  emulator.updateSettings({ webhook_url: url });
  await arrived(received, 1);
  received.length = 0;
  emulator.addFaults([{ how: "held", times: 2 }, { how: "paused" }]);
  const template = { name: "hello_world", language: { code: "en_US" } };
  const answers = [];
  for (let n = 0; n < 3; n++) {
    answers.push((await send(emulator, { type: "template", template })).body);
  }
  expect(answers).toMatchObject(
    ["held_for_quality_assessment", "held_for_quality_assessment", "paused"].map(
      (message_status) => ({ messages: [{ message_status }] }),
    ),
  );
  expect(emulator.releaseHeld({ template: "another" })).toEqual({ released: 0 });
  expect(emulator.releaseHeld({ outcome: "drop" })).toEqual({ released: 3 });
  await arrived(received, 3);
  expect(statusesOf(received)).toMatchObject(
    [1, 2, 3].map(() => ({ status: "failed", errors: [{ code: 132015 }] })),
  );
  emulator.addFaults({ how: "held" });
  const id = await sendOk(emulator, { type: "template", template });
  emulator.releaseHeld();
  await arrived(received, 5);
  expect(statusesOf(received).slice(3)).toMatchObject([
    { id, status: "sent" },
    { id, status: "delivered" },
  ]);
});

test("faults strike one number, recipient or callback id, and leave the others alone", async () => {
  const emulator = start();
  emulator.addCustomer({ phone: "16505551234", name: "Sheena" });
  emulator.sendFromCustomer("16505551234", { text: { body: "Hi" } });
  emulator.addFaults([
    { code: 131026, recipient: "+1 650 555 1234", times: null },
    { code: 131056, biz_opaque_callback_data: "m-2" },
  ]);
  const answers = [];
  for (const [to, data] of [
    [MARA, "m-1"],
    ["16505551234", "m-1"],
    [MARA, "m-2"],
    [MARA, "m-2"],
  ]) {
    answers.push(await send(emulator, { to, biz_opaque_callback_data: data }));
  }
  expect(answers).toMatchObject([
    { status: 200 },
    { body: { error: { code: 131026 } } },
    { body: { error: { code: 131056 } } },
    { status: 200 },
  ]);
});

test("faults are planned, seen and taken back over HTTP", async () => {
  const emulator = createTestEmulator();
  const added = await call(emulator, "/emulator/faults", { body: [{ code: 4 }, 190] });
  expect(added).toMatchObject({
    status: 201,
    body: [
      { id: 1, code: 4 },
      { id: 2, code: 190 },
    ],
  });
  expect((await call(emulator, "/emulator/faults/1", { method: "DELETE" })).body).toEqual({
    removed: true,
  });
  expect((await call(emulator, "/emulator/faults")).body).toMatchObject([{ id: 2, fired: 0 }]);
  await call(emulator, "/emulator/faults", { method: "DELETE" });
  expect((await call(emulator, "/emulator/faults")).body).toEqual([]);
  const wrong = await call(emulator, "/emulator/faults", { body: { how: "explode" } });
  expect(wrong).toMatchObject({ status: 400, body: { error: { code: "invalid_input" } } });
});
