import { beforeEach, describe, expect, test } from "vitest";
import {
  ACCESS_TOKEN,
  MARA,
  NUMBER_ID,
  call,
  createTestEmulator,
  send,
  sendOk,
} from "../test-support.ts";
import type { Emulator } from "../create-emulator.ts";

let emulator: Emulator;

beforeEach(() => {
  emulator = createTestEmulator();
  emulator.addCustomer({ phone: MARA, name: "Mara" });
  emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
});

const withToken = { authorization: `Bearer ${ACCESS_TOKEN}` };
const text = { messaging_product: "whatsapp", to: MARA, type: "text", text: { body: "Hello" } };

/** Meta's error body for a WhatsApp code. */
const error = (code: number, details?: unknown) => ({
  error: {
    code,
    type: "OAuthException",
    message: expect.stringMatching(new RegExp(`^\\(#${code}\\) .+`)),
    error_data: { messaging_product: "whatsapp", details: details ?? expect.any(String) },
    fbtrace_id: expect.any(String),
  },
});

describe("a send that Graph takes", () => {
  test("is answered with the contact and a unique wamid", async () => {
    const first = await send(emulator);
    expect(first).toEqual({
      status: 200,
      body: {
        messaging_product: "whatsapp",
        contacts: [{ input: MARA, wa_id: MARA }],
        messages: [{ id: expect.stringMatching(/^wamid\.[A-Za-z0-9+/]{40,}={0,2}$/) }],
      },
    });
    expect((await send(emulator)).body).not.toEqual(first.body);
  });

  test.each([`+${MARA}`, "+49 170 1234567"])(
    "finds the customer as %s and echoes that input",
    async (to) => {
      const { body } = await send(emulator, { to });
      expect(body).toMatchObject({ contacts: [{ input: to, wa_id: MARA }] });
    },
  );

  test.each(["v23.0", "v26.0", "v99.1"])("may name version %s", async (version) => {
    const path = `/${version}/${NUMBER_ID}/messages`;
    expect((await call(emulator, path, { body: text, headers: withToken })).status).toBe(200);
  });

  test("stands in the ledger once, as it came", async () => {
    const id = await sendOk(emulator, { biz_opaque_callback_data: "m-1" });
    expect(emulator.accepted()).toEqual([
      {
        id,
        phone_number_id: NUMBER_ID,
        endpoint: "messages",
        recipient_type: "individual",
        input: MARA,
        phone: MARA,
        type: "text",
        template: null,
        message_status: "accepted",
        biz_opaque_callback_data: "m-1",
        accepted_at: expect.any(Number),
        body: { ...text, biz_opaque_callback_data: "m-1" },
      },
    ]);
  });

  test("goes to a user id, and to the phone where both are given", async () => {
    const { user_id } = emulator.addCustomer({ phone: "16505551234", name: "Sheena" });
    emulator.sendFromCustomer(user_id, { text: { body: "Hi" } });
    const by_id = await send(emulator, { to: undefined, recipient: user_id });
    expect(by_id.body).toMatchObject({ contacts: [{ input: user_id, user_id }] });
    await send(emulator, { recipient: user_id });
    expect(emulator.accepted().map(({ phone }) => phone)).toEqual(["16505551234", MARA]);
  });
});

describe("a send that Graph refuses", () => {
  test.each([
    ["no token", {}],
    ["another token", { authorization: "Bearer nonsense" }],
  ])("with %s gets 401 and code 190", async (_name, headers: { [name: string]: string }) => {
    const answer = await call(emulator, `/v26.0/${NUMBER_ID}/messages`, { body: text, headers });
    expect(answer).toMatchObject({
      status: 401,
      body: { error: { code: 190, type: "OAuthException", fbtrace_id: expect.any(String) } },
    });
  });

  test("from an unknown number gets 100/33", async () => {
    const answer = await call(emulator, "/v26.0/999/messages", { body: text, headers: withToken });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 100, error_subcode: 33, type: "GraphMethodException" } },
    });
  });

  test("without a version in the path gets code 2500", async () => {
    const answer = await call(emulator, `/${NUMBER_ID}/messages`, {
      body: text,
      headers: withToken,
    });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 2500 } } });
  });

  test.each([
    ["no recipient", { to: undefined }, 131008, "Parameter 'to' or 'recipient' is required."],
    ["no text", { text: undefined }, 131008, "Parameter 'text' is required."],
    ["no text body", { text: {} }, 131008, "Parameter 'text['body']' is required."],
    ["an empty text", { text: { body: "" } }, 131009, "Parameter 'text['body']' is not valid."],
    ["an unknown type", { type: "telepathy" }, 131009, expect.stringContaining('got "telepathy"')],
    ["a recipient that is no phone", { to: "nobody" }, 131009, "Parameter 'to' is not valid."],
    ["a media message without media", { type: "image", image: {} }, 131008, undefined],
    ["a template without a name", { type: "template", template: {} }, 131008, undefined],
    ["itself as recipient", { to: "+15550783881" }, 131021, undefined],
  ])("with %s says so in Meta's words", async (...row) => {
    const [, fields, code, details] = row;
    expect(await send(emulator, fields)).toEqual({ status: 400, body: error(code, details) });
    expect(emulator.accepted()).toEqual([]);
  });

  test("with more than 4,096 characters gets code 100", async () => {
    const { status, body } = await send(emulator, { text: { body: "x".repeat(4097) } });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: {
        code: 100,
        message: "(#100) Param text['body'] must be at most 4096 characters long.",
      },
    });
    expect((await send(emulator, { text: { body: "x".repeat(4096) } })).status).toBe(200);
  });

  test.each([null, [], "text", { to: MARA }])(
    "with the body %j misses messaging_product",
    async (body) => {
      const path = `/v26.0/${NUMBER_ID}/messages`;
      const answer = await call(emulator, path, { body, headers: withToken });
      expect(answer).toMatchObject({
        status: 400,
        body: {
          error: { code: 100, message: "(#100) The parameter messaging_product is required." },
        },
      });
    },
  );

  test("with media that was never uploaded gets code 100", async () => {
    const { body } = await send(emulator, { type: "image", image: { id: "123" } });
    expect(body).toMatchObject({
      error: { code: 100, message: expect.stringContaining("image['id']") },
    });
  });
});

describe("the customer service window", () => {
  const DAY_MS = 24 * 60 * 60 * 1000;

  test("closes 24 hours after the customer's last message, and templates pass", async () => {
    let now = Date.UTC(2026, 9, 1);
    emulator = createTestEmulator({ now: () => now });
    emulator.addCustomer({ phone: MARA, name: "Mara" });
    expect(await send(emulator)).toEqual({ status: 400, body: error(131047) });
    emulator.sendFromCustomer(MARA, { text: { body: "Hi" } });
    now += DAY_MS - 1;
    expect((await send(emulator)).status).toBe(200);
    now += 1;
    expect(await send(emulator)).toEqual({ status: 400, body: error(131047) });
    const template = { name: "hello_world", language: { code: "en_US" } };
    expect((await send(emulator, { type: "template", template })).status).toBe(200);
  });

  test("of another number stays closed", async () => {
    const number = {
      phone_number_id: "200",
      display_phone_number: "+49 30 1",
      waba_id: "1",
      verified_name: "B",
    };
    const first = { ...number, phone_number_id: NUMBER_ID, display_phone_number: "+1 555" };
    emulator = createTestEmulator({ numbers: [first, number] });
    emulator.addCustomer({ phone: MARA, name: "Mara" });
    emulator.sendFromCustomer(MARA, { phone_number_id: "200", text: { body: "Hi" } });
    expect(await send(emulator)).toEqual({ status: 400, body: error(131047) });
  });

  test("can be closed over HTTP by moving the clock", async () => {
    const body = { clock_offset_ms: DAY_MS };
    expect((await call(emulator, "/emulator/settings", { method: "PUT", body })).status).toBe(200);
    expect((await send(emulator)).status).toBe(400);
  });
});

describe("a planned failure", () => {
  test("refuses the next sends, then passes", async () => {
    emulator.updateSettings({ fail_next: [130429, { code: 131056, times: 2 }] });
    expect(await send(emulator)).toEqual({ status: 400, body: error(130429) });
    expect(await send(emulator)).toEqual({ status: 400, body: error(131056) });
    expect(await send(emulator)).toEqual({ status: 400, body: error(131056) });
    expect(emulator.accepted()).toEqual([]);
    expect((await send(emulator)).status).toBe(200);
  });

  test("can lose the answer of a message that went out", async () => {
    emulator.updateSettings({ fail_next: { how: "accept_then_error", code: 131000 } });
    expect(await send(emulator)).toEqual({ status: 500, body: error(131000) });
    expect(emulator.accepted()).toHaveLength(1);
    emulator.updateSettings({ fail_next: { how: "accept_then_drop" } });
    await expect(send(emulator)).rejects.toThrow(new TypeError("fetch failed"));
    expect(emulator.accepted()).toHaveLength(2);
  });

  test("can break the connection over HTTP before anything is sent", async () => {
    const { url } = await emulator.listen();
    emulator.updateSettings({ fail_next: { how: "drop" } });
    const path = `${url}/v26.0/${NUMBER_ID}/messages`;
    const init = { method: "POST", headers: withToken, body: JSON.stringify(text) };
    await expect(fetch(path, init)).rejects.toThrow(TypeError);
    expect(emulator.accepted()).toEqual([]);
    expect((await fetch(path, init)).status).toBe(200);
  });
});
