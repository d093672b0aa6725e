import { expect, test, vi } from "vitest";
import {
  MARA,
  NUMBER_ID,
  WABA_ID,
  arrived,
  createReceiver,
  createTestEmulator,
  send,
  sendOk,
  statusesOf,
  valueOf,
} from "./test-support.ts";

/** A receiver and an emulator in which Mara has written once. */
async function startChat(options: Parameters<typeof createTestEmulator>[0] = {}) {
  const { url, received } = await createReceiver();
  const emulator = createTestEmulator({ webhook_url: url, ...options });
  const mara = emulator.addCustomer({ phone: MARA, name: "Mara", username: "@mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  await arrived(received, 1);
  received.length = 0;
  return { emulator, received, mara };
}

test("sent, delivered and read arrive in order, each after its delay", async () => {
  const { emulator, received } = await startChat({
    delays: { sent_ms: 40, delivered_ms: 60, read_ms: 80 },
  });
  const start = performance.now();
  const id = await sendOk(emulator);
  await arrived(received, 3);
  expect(statusesOf(received).map((status) => [status["id"], status["status"]])).toEqual([
    [id, "sent"],
    [id, "delivered"],
    [id, "read"],
  ]);
  const waits = received.map(({ at }) => at - start);
  expect(waits[0]).toBeGreaterThanOrEqual(38);
  expect(waits[1]).toBeGreaterThanOrEqual(97);
  expect(waits[2]).toBeGreaterThanOrEqual(175);
});

test("each status echoes our id; pricing is on sent and delivered, the username not on sent", async () => {
  const { emulator, received, mara } = await startChat({
    delays: { sent_ms: 0, delivered_ms: 20, read_ms: 20 },
  });
  const id = await sendOk(emulator, { biz_opaque_callback_data: "m-1" });
  await arrived(received, 3);
  const pricing = { billable: true, pricing_model: "PMP", type: "regular", category: "service" };
  const common = {
    id,
    timestamp: expect.stringMatching(/^\d{10}$/),
    recipient_id: MARA,
    recipient_user_id: mara.user_id,
    biz_opaque_callback_data: "m-1",
  };
  expect(statusesOf(received)).toEqual([
    { ...common, status: "sent", pricing },
    { ...common, status: "delivered", pricing },
    { ...common, status: "read" },
  ]);
  const contact = { wa_id: MARA, user_id: mara.user_id };
  expect(received.map((entry) => valueOf(entry)["contacts"])).toEqual([
    [{ profile: { name: "Mara" }, ...contact }],
    [{ profile: { name: "Mara", username: "@mara" }, ...contact }],
    [{ profile: { name: "Mara", username: "@mara" }, ...contact }],
  ]);
});

test("a status stands in Meta's envelope", async () => {
  const { emulator, received } = await startChat();
  await sendOk(emulator);
  await arrived(received, 1);
  expect(JSON.parse(received[0]?.bytes.toString() ?? "")).toEqual({
    object: "whatsapp_business_account",
    entry: [
      {
        id: WABA_ID,
        changes: [
          {
            field: "messages",
            value: {
              messaging_product: "whatsapp",
              metadata: { display_phone_number: "15550783881", phone_number_id: NUMBER_ID },
              contacts: expect.any(Array),
              statuses: expect.any(Array),
            },
          },
        ],
      },
    ],
  });
});

test("a number without WhatsApp is accepted, then reported as 131026", async () => {
  const { emulator, received } = await startChat();
  const id = await sendOk(emulator, { to: "+999000111222", biz_opaque_callback_data: "m-2" });
  await arrived(received, 1);
  expect(valueOf(received[0] ?? { bytes: Buffer.from("") })["contacts"]).toBeUndefined();
  expect(statusesOf(received)).toEqual([
    {
      id,
      status: "failed",
      timestamp: expect.any(String),
      recipient_id: "999000111222",
      biz_opaque_callback_data: "m-2",
      errors: [
        {
          code: 131026,
          title: "Message undeliverable",
          message: "Message undeliverable",
          error_data: { details: "Message Undeliverable." },
          href: expect.stringContaining("error-codes"),
        },
      ],
    },
  ]);
});

test("a failure can be planned for the status, after an answer of 200", async () => {
  const { emulator, received } = await startChat();
  emulator.updateSettings({ fail_next: { how: "status", code: 131049 } });
  expect((await send(emulator)).status).toBe(200);
  await arrived(received, 1);
  expect(statusesOf(received)).toMatchObject([{ status: "failed", errors: [{ code: 131049 }] }]);
  expect(emulator.customerMessages(MARA).at(-1)).toMatchObject({
    status: "failed",
    error: { code: 131049 },
  });
});

test("with read_ms null a message stays delivered until the customer reads, and is read once", async () => {
  const { emulator, received } = await startChat();
  const id = await sendOk(emulator);
  await arrived(received, 2);
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(emulator.customerMessages(MARA).at(-1)).toMatchObject({ id, status: "delivered" });
  expect(emulator.readAsCustomer(MARA)).toEqual({ read: 1 });
  expect(emulator.readAsCustomer(MARA)).toEqual({ read: 0 });
  await arrived(received, 3);
  expect(statusesOf(received).at(-1)).toMatchObject({ id, status: "read" });
});

test("what is sent to a user id names no phone where the customer hides it", async () => {
  const { emulator, received } = await startChat();
  const hidden = emulator.addCustomer({ phone: "16505551234", name: "Sheena", share_phone: false });
  emulator.sendFromCustomer(hidden.user_id, { text: { body: "Hi" } });
  await arrived(received, 1);
  received.length = 0;
  await sendOk(emulator, { to: undefined, recipient: hidden.user_id });
  await arrived(received, 2);
  for (const { bytes } of received) expect(bytes.toString()).not.toContain("16505551234");
  expect(statusesOf(received)[1]).toMatchObject({
    status: "delivered",
    recipient_user_id: hidden.user_id,
  });
});

test("a template is priced as one", async () => {
  const { emulator, received } = await startChat();
  const template = { name: "hello_world", language: { code: "en_US" } };
  await sendOk(emulator, { type: "template", template });
  await arrived(received, 1);
  expect(statusesOf(received)[0]).toMatchObject({ pricing: { category: "utility" } });
});

test("statuses that fail to arrive do not hold up the message itself", async () => {
  const { emulator } = await startChat();
  emulator.updateSettings({ webhook_url: "http://127.0.0.1:9/" });
  const id = await sendOk(emulator);
  await vi.waitFor(() =>
    expect(emulator.customerMessages(MARA).at(-1)).toMatchObject({ id, status: "delivered" }),
  );
});
