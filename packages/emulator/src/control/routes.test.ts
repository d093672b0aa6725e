import { expect, test, vi } from "vitest";
import { createCore } from "../core.ts";
import { optionsSchema } from "../options.ts";
import {
  ACCESS_TOKEN,
  APP_SECRET,
  MARA,
  NUMBER_ID,
  arrived,
  call,
  createReceiver,
  createTestEmulator,
  expectedSignature,
  sendOk,
  valueOf,
} from "../test-support.ts";
import { eventStream } from "./event-stream.ts";

test("everything the methods do can be done over HTTP", async () => {
  const { url: webhook_url, received } = await createReceiver();
  const emulator = createTestEmulator();
  await call(emulator, "/emulator/settings", { method: "PUT", body: { webhook_url } });
  const added = await call(emulator, "/emulator/customers", {
    body: { phone: "+49 170 1234567", name: "Mara", bsuid: "DE.1", username: "@mara" },
  });
  expect(added).toEqual({
    status: 201,
    body: { phone: MARA, name: "Mara", user_id: "DE.1", username: "@mara", share_phone: true },
  });
  const wrote = await call(emulator, `/emulator/customers/+${MARA}/messages`, {
    body: { text: { body: "Hi" } },
  });
  expect(wrote).toEqual({ status: 201, body: { id: expect.stringMatching(/^wamid\./) } });
  const id = await sendOk(emulator);
  await arrived(received, 3);
  const read = await call(emulator, `/emulator/customers/${MARA}/read`, { method: "POST" });
  expect(read).toEqual({ status: 200, body: { read: 1 } });
  await arrived(received, 4);

  const path = `/emulator/customers/DE.1/messages?phone_number_id=${NUMBER_ID}`;
  expect((await call(emulator, path)).body).toMatchObject([
    { author: "customer", type: "text", content: { body: "Hi" } },
    { author: "business", id, status: "read" },
  ]);
  expect((await call(emulator, "/emulator/accepted")).body).toMatchObject([{ id, phone: MARA }]);
  await vi.waitFor(() => expect(emulator.state().counts.pending_deliveries).toBe(0));
  expect((await call(emulator, "/emulator/deliveries")).body).toHaveLength(4);
  expect((await call(emulator, "/emulator/deliveries/1")).body).toMatchObject({
    state: "delivered",
    body: received[0]?.bytes.toString(),
    signature: expectedSignature(received[0]?.bytes ?? Buffer.from("")),
  });
  expect((await call(emulator, "/emulator/state")).body).toMatchObject({
    graph_version: "v26.0",
    counts: { accepted: 1, deliveries: 4, pending_deliveries: 0 },
    customers: [{ phone: MARA }],
    chats: [{ phone: MARA, phone_number_id: NUMBER_ID, window_until: expect.any(Number) }],
  });
});

test("the state holds no secret", async () => {
  const text = JSON.stringify((await call(createTestEmulator(), "/emulator/state")).body);
  for (const secret of [APP_SECRET, ACCESS_TOKEN, "verify-token"])
    expect(text).not.toContain(secret);
});

test("a handmade webhook is signed and sent, as a value or as a whole body", async () => {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator({ webhook_url: url });
  const value = { event: "APPROVED", message_template_id: 1 };
  const field = "message_template_status_update";
  expect((await call(emulator, "/emulator/webhooks", { body: { value, field } })).status).toBe(202);
  await arrived(received, 1);
  await call(emulator, "/emulator/webhooks", {
    body: { body: { object: "whatsapp_business_account", entry: [] } },
  });
  await arrived(received, 2);
  const [first, second] = received;
  if (!first || !second) throw new Error("nothing arrived");
  expect(valueOf(first)).toEqual(value);
  expect(first.bytes.toString()).toContain(field);
  expect(second.bytes.toString()).toBe('{"object":"whatsapp_business_account","entry":[]}');
  expect(second.headers["x-hub-signature-256"]).toBe(expectedSignature(second.bytes));
});

test("the handshake asks with the verify token and wants the challenge back", async () => {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator({ webhook_url: `${url}?tenant=1` });
  const verified = await call(emulator, "/emulator/webhooks/verify", { method: "POST" });
  expect(verified.body).toEqual({ ok: true, status: 200, reason: null });
  const query = new URL(received[0]?.url ?? "", url).searchParams;
  expect([...query.keys()]).toEqual(["tenant", "hub.mode", "hub.challenge", "hub.verify_token"]);
  expect(query.get("hub.verify_token")).toBe("verify-token");
  expect(query.get("hub.mode")).toBe("subscribe");

  const refusing = await createReceiver(() => 403);
  emulator.updateSettings({ webhook_url: refusing.url });
  expect(await emulator.verifyWebhook()).toMatchObject({ ok: false, status: 403 });
  await refusing.close();
  expect(await emulator.verifyWebhook()).toMatchObject({ ok: false, status: null });
});

test.each([
  ["GET", "/emulator/nothing", undefined, 404, "not_found"],
  ["GET", "/emulator/customers/4900/messages", undefined, 404, "customer_not_found"],
  ["POST", "/emulator/customers", { phone: "1", name: "X" }, 400, "invalid_input"],
  ["POST", "/emulator/customers", { phone: MARA, name: "X", age: 1 }, 400, "invalid_input"],
  [
    "POST",
    "/emulator/customers",
    { phone: "16505551234", name: "X", bsuid: "DE.1" },
    409,
    "user_id_taken",
  ],
  ["POST", `/emulator/customers/${MARA}/messages`, { text: {} }, 400, "invalid_input"],
  [
    "POST",
    `/emulator/customers/${MARA}/messages`,
    { phone_number_id: "9", text: { body: "x" } },
    404,
    "number_not_found",
  ],
  ["PUT", "/emulator/settings", { webhook_url: "ftp://x" }, 400, "invalid_input"],
  ["PUT", "/emulator/settings", { delays: { sent_ms: -1 } }, 400, "invalid_input"],
  ["GET", "/emulator/deliveries/9", undefined, 404, "delivery_not_found"],
  ["POST", "/emulator/webhooks/verify", undefined, 409, "webhook_url_missing"],
])("%s %s with %j is a caller's mistake", async (...row) => {
  const [method, path, body, status, code] = row;
  const emulator = createTestEmulator();
  emulator.addCustomer({ phone: MARA, name: "Mara", bsuid: "DE.1" });
  const answer = await call(emulator, path, { method, body });
  expect(answer).toMatchObject({ status, body: { error: { code, message: expect.any(String) } } });
});

test("a customer who is added again is changed, and keeps the user id", () => {
  const emulator = createTestEmulator();
  const before = emulator.addCustomer({ phone: MARA, name: "Mara", bsuid: "DE.1" });
  const after = emulator.addCustomer({ phone: MARA, name: "Mara Ö.", share_phone: false });
  expect(after).toEqual({ ...before, name: "Mara Ö.", share_phone: false });
  expect(emulator.state().customers).toEqual([after]);
});

test.each([
  ["http://localhost:5173", undefined, 200],
  ["http://127.0.0.1:5173", undefined, 200],
  ["https://evil.example", undefined, 403],
  ["http://localhost.evil.example", undefined, 403],
  ["null", undefined, 403],
  [undefined, "evil.example:4010", 403],
  [undefined, "localhost:4010", 200],
  [undefined, "[::1]:4010", 200],
])("a request with Origin %s and Host %s gets %i", async (origin, host, status) => {
  const headers = { ...(origin && { origin }), ...(host && { host }) };
  const emulator = createTestEmulator();
  const url = "http://emulator.test/emulator/state";
  const response = await emulator.fetch(new Request(url, { headers }));
  expect(response.status).toBe(status);
  const allowed = status === 200 ? (origin ?? null) : null;
  expect(response.headers.get("access-control-allow-origin")).toBe(allowed);
});

test("events are streamed as they happen", async () => {
  const emulator = createTestEmulator();
  const { url } = await emulator.listen();
  const stop = new AbortController();
  const response = await fetch(`${url}/emulator/events`, { signal: stop.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = (await reader?.read())?.value ?? "";
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  const { id } = emulator.sendFromCustomer(MARA, { text: { body: "line\nbreak" } });
  while (!seen.includes(`"id":"${id}"`)) seen += (await reader?.read())?.value ?? "";
  expect(seen).toMatch(/event: customer\ndata: \{"phone":"491701234567"/);
  expect(seen).toMatch(/event: message\ndata: .*line\\nbreak/);
  stop.abort();
});

test("a reader who goes leaves no listener behind", async () => {
  const numbers = [
    { phone_number_id: "1", display_phone_number: "1", waba_id: "1", verified_name: "A" },
  ];
  const core = createCore(
    optionsSchema.parse({ app_secret: "a", access_token: "a", verify_token: "a", numbers }),
  );
  const response = eventStream(core);
  expect(core.events.listeners()).toBe(1);
  await response.body?.cancel();
  expect(core.events.listeners()).toBe(0);
  const ended = eventStream(core).text();
  await core.close();
  expect(await ended).toContain("listening");
  expect(core.events.listeners()).toBe(0);
});
