import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Emulator } from "./create-emulator.ts";
import {
  ACCESS_TOKEN,
  MARA,
  NUMBER_ID,
  type Received,
  arrived,
  call,
  createReceiver,
  createTestEmulator,
  send,
  sendOk,
  statusesOf,
  valueOf,
} from "./test-support.ts";

const SHEENA = "16505551234";
const headers = { authorization: `Bearer ${ACCESS_TOKEN}` };
const sale = { type: "template", template: { name: "sale", language: { code: "en_US" } } };

let emulator: Emulator;
let received: Received[];

beforeEach(async () => {
  const receiver = await createReceiver();
  ({ received } = receiver);
  emulator = createTestEmulator({ webhook_url: receiver.url });
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.addCustomer({ phone: SHEENA, name: "Sheena", share_phone: false });
  emulator.addTemplate({
    name: "sale",
    category: "MARKETING",
    components: [{ type: "BODY", text: "Sale!" }],
  });
});

const marketing = (fields: object = {}) =>
  call(emulator, `/v26.0/${NUMBER_ID}/marketing_messages`, {
    body: { messaging_product: "whatsapp", to: MARA, ...sale, ...fields },
    headers,
  });

describe("marketing messages", () => {
  test("go through their own endpoint, at their own price", async () => {
    expect(await marketing()).toMatchObject({
      status: 200,
      body: { messages: [{ message_status: "accepted" }] },
    });
    await arrived(received, 2);
    expect(statusesOf(received)[0]).toMatchObject({ pricing: { category: "marketing_lite" } });
    expect(emulator.accepted()).toMatchObject([{ endpoint: "marketing_messages" }]);
  });

  test.each([
    ["a text", { type: "text", text: { body: "Hi" }, template: undefined }, 131055],
    [
      "a utility template",
      { template: { name: "hello_world", language: { code: "en_US" } } },
      134100,
    ],
  ])("take %s with a refusal", async (_name, fields, code) => {
    emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
    expect(await marketing(fields)).toMatchObject({ status: 400, body: { error: { code } } });
  });

  test("can be the only way for a number", async () => {
    emulator.changeNumber(NUMBER_ID, { marketing_on_messages: false });
    expect(await send(emulator, sale)).toMatchObject({ body: { error: { code: 131063 } } });
    expect((await marketing()).status).toBe(200);
  });

  test("do not reach who has stopped them, until they want them again", async () => {
    emulator.setPreferences(MARA, { marketing: "stop" });
    await arrived(received, 1);
    expect(valueOf(received[0] ?? { bytes: Buffer.from("") })).toMatchObject({
      user_preferences: [{ wa_id: MARA, category: "marketing_messages", value: "stop" }],
    });
    await sendOk(emulator, sale);
    await arrived(received, 2);
    expect(statusesOf(received)).toMatchObject([{ status: "failed", errors: [{ code: 131050 }] }]);
    emulator.setPreferences(MARA, { marketing: "resume" });
    await sendOk(emulator, sale);
    await arrived(received, 5);
    expect(statusesOf(received).map(({ status }) => status)).toContain("delivered");
  });
});

describe("a group", () => {
  const write = (group_id: string, from = MARA) =>
    emulator.sendFromCustomer(from, { group_id, text: { body: "Hi all" } });
  const toGroup = (to: string, fields: object = {}) => ({ to, recipient_type: "group", ...fields });

  test("gets a message once, and each member's status in one webhook", async () => {
    const { id } = emulator.addGroup({ subject: "Team", participants: [MARA, SHEENA] });
    write(id);
    await arrived(received, 1);
    expect(valueOf(received[0] ?? { bytes: Buffer.from("") })).toMatchObject({
      messages: [{ group_id: id, from: MARA, text: { body: "Hi all" } }],
    });
    const answer = await send(emulator, toGroup(id, { biz_opaque_callback_data: "m-1" }));
    expect(answer).toMatchObject({ status: 200, body: { messages: [{ group_id: id }] } });
    await arrived(received, 3);
    const statuses = received.slice(1).map((entry) => valueOf(entry)["statuses"]);
    const common = { recipient_id: id, recipient_type: "group", biz_opaque_callback_data: "m-1" };
    expect(statuses).toMatchObject([
      [{ ...common, status: "sent" }],
      [
        { ...common, status: "delivered", recipient_participant_id: MARA },
        { ...common, status: "delivered", recipient_participant_user_id: expect.any(String) },
      ],
    ]);
    expect(JSON.stringify(statuses)).not.toContain(SHEENA);
    expect(emulator.accepted()).toMatchObject([
      { recipient_type: "group", input: id, phone: null },
    ]);
  });

  test("is read by each member for themselves", async () => {
    const { id } = emulator.addGroup({ subject: "Team", participants: [MARA, SHEENA] });
    write(id);
    await sendOk(emulator, toGroup(id));
    await arrived(received, 3);
    expect(emulator.readAsCustomer(MARA)).toEqual({ read: 1 });
    expect(emulator.readAsCustomer(MARA)).toEqual({ read: 0 });
    expect(emulator.readAsCustomer(SHEENA)).toEqual({ read: 1 });
    await arrived(received, 5);
    expect(statusesOf(received.slice(3))).toMatchObject([
      { status: "read", recipient_participant_id: MARA },
      { status: "read" },
    ]);
  });

  test("has one window, which any member opens", async () => {
    const { id } = emulator.addGroup({ subject: "Team", participants: [MARA, SHEENA] });
    expect(await send(emulator, toGroup(id))).toMatchObject({ body: { error: { code: 131047 } } });
    write(id, SHEENA);
    expect((await send(emulator, toGroup(id))).status).toBe(200);
    expect(await send(emulator)).toMatchObject({ body: { error: { code: 131047 } } });
  });

  test("takes no interactive message; one that nobody knows takes none at all", async () => {
    const { id } = emulator.addGroup({ subject: "Team", participants: [MARA] });
    write(id);
    const interactive = {
      type: "button",
      body: { text: "x" },
      action: { buttons: [{ type: "reply", reply: { id: "1", title: "A" } }] },
    };
    expect(await send(emulator, toGroup(id, { type: "interactive", interactive }))).toMatchObject({
      body: { error: { code: 131051 } },
    });
    expect(await send(emulator, toGroup("nobody"))).toMatchObject({
      body: { error: { code: 131009 } },
    });
    expect(() => write(id, SHEENA)).toThrow("is in no group");
  });
});

test("a voice message that is played says so once", async () => {
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  const audio = { link: "https://example.com/a.ogg", voice: true };
  const message_id = await sendOk(emulator, { type: "audio", audio });
  await arrived(received, 3);
  expect(emulator.playAsCustomer(MARA, { message_id })).toEqual({ played: true });
  emulator.playAsCustomer(MARA, { message_id });
  await arrived(received, 4);
  expect(statusesOf(received).map(({ status }) => status)).toEqual(["sent", "delivered", "played"]);
});

test("a free-form message outside the window can be reported instead of refused, or taken", async () => {
  emulator.updateSettings({ closed_window: "status" });
  await sendOk(emulator);
  await arrived(received, 1);
  expect(statusesOf(received)).toMatchObject([{ status: "failed", errors: [{ code: 131047 }] }]);
  emulator.updateSettings({ closed_window: "take" });
  await sendOk(emulator);
  await arrived(received, 3);
  expect(statusesOf(received).at(-1)).toMatchObject({ status: "delivered" });
});

test("everybody can have WhatsApp: who is unknown becomes a customer", async () => {
  emulator.updateSettings({ unknown_recipients: "add", closed_window: "take" });
  await sendOk(emulator, { to: "+49 151 1111111" });
  expect(emulator.customerMessages("491511111111")).toHaveLength(1);
});

test("a number can be added while the emulator runs, and be unregistered", async () => {
  const number = {
    phone_number_id: "200",
    display_phone_number: "+49 30 1",
    waba_id: "7",
    verified_name: "B",
  };
  emulator.addNumber(number);
  emulator.sendFromCustomer(MARA, { phone_number_id: "200", text: { body: "Hi" } });
  const body = { messaging_product: "whatsapp", to: MARA, text: { body: "Hello" } };
  const path = "/v26.0/200/messages";
  expect((await call(emulator, path, { body, headers })).status).toBe(200);
  emulator.changeNumber("200", { registered: false, throughput: 1000 });
  expect(await call(emulator, path, { body, headers })).toMatchObject({
    body: { error: { code: 133010 } },
  });
  expect((await call(emulator, "/v26.0/7/phone_numbers", { headers })).body).toMatchObject({
    data: [{ id: "200", throughput: { level: "HIGH" } }],
  });
});

test("the clock can be stopped, and runs again", async () => {
  emulator.updateSettings({ clock_ms: 1_790_000_000_000 });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
  await sendOk(emulator);
  await vi.waitFor(() => expect(emulator.accepted()[0]?.accepted_at).toBe(1_790_000_000_000));
  emulator.updateSettings({ clock_ms: 1_790_000_000_000 + 24 * 60 * 60 * 1000 });
  expect((await send(emulator)).status).toBe(400);
  emulator.updateSettings({ clock_ms: null });
  expect(emulator.state().now).toBeGreaterThan(Date.now() - 60_000);
});
