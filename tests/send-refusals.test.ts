import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { conversationHere } from "./support/outbox.ts";
import { countRows, type RowCounts } from "./support/rows.ts";
import { sendAs, text } from "./support/send.ts";
import { connect, createTenant, headersOf, type TestTenant } from "./support/workbench.ts";

const sql = connect();
let tenant: TestTenant;
let conversation_id: string;
beforeAll(async () => {
  tenant = await createTenant(sql);
  ({ conversation_id } = await conversationHere(sql, tenant));
});
afterAll(() => sql.end());

let before: RowCounts;
beforeEach(async () => {
  before = await countRows(sql, tenant);
});
/** Every test of this file is a refusal, and a refusal writes nothing. */
afterEach(async () => {
  const after = await countRows(sql, tenant);
  assert.deepEqual(after, before, "a refusal has written rows");
});

const url = `${inject("workbench").url}/functions/v1/whatsapp-send`;
const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

const toPhone = (to: unknown) => ({
  phone_number_id: tenant.phone_number_id,
  to,
  type: "text",
  text: { body: "Hello" },
});

describe("a recipient that is no phone number", () => {
  test.each([
    ["letters", "+49 CALL ME"],
    ["no country code", "0151 23456789"],
    ["no plus", "4915123456789"],
    ["too short", "+49123"],
    ["too long", "+4915123456789012"],
    ["script", "<script>alert(1)</script>"],
    ["SQL", "+49'; drop table whatsapp_messages; --"],
    ["nothing", ""],
    ["a number", 4915123456789],
    ["null", null],
    ["a list", ["+4915123456789"]],
  ])("%s: 400, and the field is `to`", async (_, to) => {
    expect(await sendAs(tenant.agent, toPhone(to))).toMatchObject({
      http_status: 400,
      error: { code: "invalid", field: "to", message: expect.stringContaining("to") },
    });
  });
});

describe("a message that is not as it must be: 400, and the field is named", () => {
  test.each<[string, () => unknown, string]>([
    ["5,000 characters", () => text(conversation_id, "x".repeat(5000)), "text.body"],
    ["4,097 characters", () => text(conversation_id, "x".repeat(4097)), "text.body"],
    ["no characters", () => text(conversation_id, ""), "text.body"],
    ["only white space", () => text(conversation_id, " \n\t"), "text.body"],
    ["a NUL", () => text(conversation_id, "a\u0000b"), "text.body"],
    ["half an emoji", () => text(conversation_id, "a\ud83d"), "text.body"],
    ["a body that is no text", () => text(conversation_id, "", { text: { body: 5 } }), "text.body"],
    ["no text", () => ({ conversation_id, type: "text" }), "text"],
    ["a type that is none", () => ({ conversation_id, type: "fax", fax: { id: "1" } }), "type"],
    ["a conversation that is no UUID", () => text("1; drop table"), "conversation_id"],
    [
      "an idempotency key too long",
      () => text(conversation_id, "a", { idempotency_key: "k".repeat(201) }),
      "idempotency_key",
    ],
    [
      "an empty idempotency key",
      () => text(conversation_id, "a", { idempotency_key: "" }),
      "idempotency_key",
    ],
    [
      "an answer to nothing",
      () => text(conversation_id, "a", { context: { message_id: "" } }),
      "context.message_id",
    ],
    [
      "a number that is no id",
      () => ({ ...toPhone("+4915123456789"), phone_number_id: "../me" }),
      "phone_number_id",
    ],
    [
      "no recipient",
      () => ({ phone_number_id: tenant.phone_number_id, type: "text", text: { body: "a" } }),
      "to",
    ],
  ])("%s", async (_, make, field) => {
    expect(await sendAs(tenant.agent, make())).toMatchObject({
      http_status: 400,
      error: { code: "invalid", field, message: expect.stringMatching(/\S/) },
    });
  });

  test.each<[string, () => unknown]>([
    ["beside the others", () => text(conversation_id, "a", { biz_opaque_callback_data: "mine" })],
    ["in the text", () => text(conversation_id, "", { text: { body: "a", previewUrl: true } })],
    ["both a phone and a conversation", () => text(conversation_id, "a", { to: "+4915123456789" })],
  ])("a field that is not known, %s", async (_, make) => {
    const { http_status, error } = await sendAs(tenant.agent, make());
    expect(http_status).toBe(400);
    expect(error?.message).toMatch(/biz_opaque_callback_data|previewUrl|to/);
  });

  test.each<[string, unknown]>([
    ["a list", []],
    ["a text", "hello"],
    ["null", null],
  ])("a body that is %s", async (_, body) => {
    expect(await sendAs(tenant.agent, body)).toMatchObject({
      http_status: 400,
      error: { code: "invalid", field: "body" },
    });
  });
});

async function request(method: string, body?: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  const headers = { ...(await headersOf(tenant.agent)), "content-type": "application/json" };
  return await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
}

describe("a request that is not as it must be", () => {
  test.each<[string, () => string | Uint8Array<ArrayBuffer>, number]>([
    ["an empty body", () => "", 400],
    ["a body that is not JSON", () => "{conversation_id", 400],
    ["bytes that are not UTF-8", () => new Uint8Array([0x22, 0xff, 0x22]), 400],
    ["30,000 levels of nesting", () => `{"text":${"[".repeat(30_000)}${"]".repeat(30_000)}}`, 400],
    ["more than 64 kB", () => JSON.stringify(text(conversation_id, "x".repeat(70_000))), 413],
  ])("%s", async (_, make, status) => {
    const answer = await request("POST", make());
    expect(answer.status).toBe(status);
    expect(errorSchema.parse(await answer.json()).error.message).toMatch(/^(body|text|to): /);
  });

  test.each(["GET", "PUT", "DELETE"])("%s: 405", async (method) => {
    const answer = await request(method);
    expect(answer.status).toBe(405);
    expect(errorSchema.parse(await answer.json()).error.message).toBe("Use POST");
  });

  test("a browser's preflight is answered, and every answer may be read by any page", async () => {
    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: {
        origin: "https://inbox.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,apikey,content-type,x-client-info",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
    const allowed = preflight.headers.get("access-control-allow-headers") ?? "";
    for (const name of ["authorization", "apikey", "content-type", "x-client-info"]) {
      expect(allowed).toContain(name);
    }
    const refusal = await request("POST", "{}");
    expect(refusal.headers.get("access-control-allow-origin")).toBe("*");
  });
});
