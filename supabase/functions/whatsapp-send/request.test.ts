import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseSendRequest } from "./request.ts";

const conversation_id = "0198c5a2-6b1e-7cc3-9a55-0f2d3c4b5a69";
const phone_number_id = "106540352242922";
const text = { type: "text", text: { body: "Hi" } };

/** The fields that are wrong; empty for a request that is taken. */
function fieldsOf(body: unknown): string[] {
  const parsed = parseSendRequest(body);
  return parsed.kind === "invalid" ? parsed.issues.map(({ field }) => field) : [];
}

describe("a message", () => {
  test.each([
    ["to a conversation", { conversation_id }, { conversation_id }],
    [
      "to a phone, as a person writes it",
      { phone_number_id, to: "+49 151 23456789" },
      { phone_number_id, to: "4915123456789" },
    ],
    [
      "to a user id",
      { phone_number_id, recipient: "US.13491208655302741918" },
      { phone_number_id, recipient: "US.13491208655302741918" },
    ],
    [
      "to a group",
      { phone_number_id, to: "Y2FwaV9ncm91cDox", recipient_type: "group" },
      { phone_number_id, group_id: "Y2FwaV9ncm91cDox" },
    ],
    [
      "in Meta's own form",
      {
        phone_number_id,
        messaging_product: "whatsapp",
        recipient_type: "individual",
        to: "+4915123456789",
      },
      { phone_number_id, to: "4915123456789" },
    ],
  ])("%s", (_name, envelope, target) => {
    expect(parseSendRequest({ ...envelope, ...text })).toEqual({
      kind: "message",
      wait: true,
      message: { ...target, body: "Hi", content: text },
    });
  });

  test("of any kind, with what is ours apart from what is Meta's", () => {
    const content = {
      type: "image",
      image: { id: "1", caption: "Look" },
      context: { message_id: "wamid.A" },
    };
    const ours = {
      conversation_id,
      idempotency_key: "order-4711",
      priority: "campaign",
      scheduled_at: "2026-12-01T09:00:00+01:00",
      allow_duplicate: true,
    };
    expect(parseSendRequest({ ...content, ...ours, wait: false })).toEqual({
      kind: "message",
      wait: false,
      message: { ...ours, body: "Look", content },
    });
  });
});

describe("what is wrong is named, all of it", () => {
  test.each<[string, object, string[]]>([
    ["no target", text, ["to"]],
    ["two targets", { ...text, conversation_id, to: "+4915123456789" }, ["to"]],
    ["a phone without a number to send from", { ...text, to: "+49151234567" }, ["phone_number_id"]],
    [
      "a number with a conversation",
      { ...text, conversation_id, phone_number_id },
      ["phone_number_id"],
    ],
    [
      "a kind with a conversation",
      { ...text, conversation_id, recipient_type: "group" },
      ["recipient_type"],
    ],
    ["a phone without country", { ...text, phone_number_id, to: "0151 23456789" }, ["to"]],
    ["a phone that is a number", { ...text, phone_number_id, to: 4915123456789 }, ["to"]],
    ["a user id that is none", { ...text, phone_number_id, recipient: "Ada" }, ["recipient"]],
    [
      "a group as recipient",
      { ...text, phone_number_id, recipient: "US.1", recipient_type: "group" },
      ["recipient"],
    ],
    [
      "a path as number",
      { ...text, phone_number_id: "../me", to: "+4915123456789" },
      ["phone_number_id"],
    ],
    ["no UUID", { ...text, conversation_id: "1; drop table" }, ["conversation_id"]],
    [
      "a key too long",
      { ...text, conversation_id, idempotency_key: "k".repeat(201) },
      ["idempotency_key"],
    ],
    ["a key of nothing", { ...text, conversation_id, idempotency_key: "" }, ["idempotency_key"]],
    [
      "a time without zone",
      { ...text, conversation_id, scheduled_at: "2026-12-01T09:00:00" },
      ["scheduled_at"],
    ],
    [
      "another product",
      { ...text, conversation_id, messaging_product: "sms" },
      ["messaging_product"],
    ],
    [
      "callback data, which is ours",
      { ...text, conversation_id, biz_opaque_callback_data: "a" },
      ["biz_opaque_callback_data"],
    ],
    ["an unknown field", { ...text, conversation_id, Priority: "reply" }, ["Priority"]],
    ["a type that is none", { conversation_id, type: "fax" }, ["type"]],
    [
      "several things",
      { conversation_id: "1", priority: "high", type: "text", text: { body: "", preview: 1 } },
      ["conversation_id", "priority", "text.body", "text.preview"],
    ],
    [
      "a kind that groups do not take",
      {
        phone_number_id,
        to: "Y2FwaV9ncm91cDox",
        recipient_type: "group",
        type: "interactive",
        interactive: {
          type: "location_request_message",
          body: { text: "Where?" },
          action: { name: "send_location" },
        },
      },
      ["type"],
    ],
  ])("%s", (_name, body, fields) => {
    expect(fieldsOf(body)).toEqual(fields);
  });

  test("each with the problem and the fix; the first stands for all", () => {
    expect(parseSendRequest({ conversation_id, type: "text", text: {} })).toEqual({
      kind: "invalid",
      field: "text.body",
      message: "text.body: is missing; add it",
      issues: [{ field: "text.body", problem: "is missing", fix: "add it" }],
    });
  });

  test.each([undefined, null, [], "hello", 5])("a body that is %j", (body) => {
    expect(parseSendRequest(body)).toMatchObject({ kind: "invalid", field: "body" });
  });
});

describe("a read receipt", () => {
  const receipt = { status: "read", message_id: conversation_id };

  test("with and without typing", () => {
    expect(parseSendRequest(receipt)).toEqual({
      kind: "read_receipt",
      receipt: { message_id: conversation_id, typing_indicator: false },
    });
    expect(
      parseSendRequest({
        ...receipt,
        messaging_product: "whatsapp",
        typing_indicator: { type: "text" },
      }),
    ).toMatchObject({ receipt: { typing_indicator: true } });
  });

  test.each<[object, string]>([
    [{ ...receipt, status: "delivered" }, "status"],
    [{ ...receipt, message_id: "wamid.A" }, "message_id"],
    [{ status: "read" }, "message_id"],
    [{ ...receipt, to: "+4915123456789" }, "to"],
    [{ ...receipt, typing_indicator: true }, "typing_indicator"],
  ])("%j is refused", (body, field) => {
    expect(fieldsOf(body)).toEqual([field]);
  });
});

const page = readFileSync(new URL("../../../docs/messages.md", import.meta.url), "utf8");
const requests = [...page.matchAll(/^```json request\n(.*?)^```$/gms)].map(
  ([, json]) => json ?? "",
);

test.each(requests)("a request of docs/messages.md is taken: %s", (request) => {
  expect(requests.length).toBe(6);
  expect(fieldsOf(JSON.parse(request))).toEqual([]);
});
