import { expect, test } from "vitest";
import type { JsonValue } from "../../json/json.ts";
import { readMessageBody } from "./message-body.ts";

test.each<[string, JsonValue, string]>([
  ["text", { body: "Hello" }, "Hello"],
  ["image", { id: "1", mime_type: "image/jpeg", caption: "Our stall" }, "Our stall"],
  ["video", { id: "1", caption: "The kiln" }, "The kiln"],
  ["document", { caption: "The bill", filename: "bill.pdf" }, "The bill"],
  ["document", { filename: "bill.pdf" }, "bill.pdf"],
  ["reaction", { message_id: "wamid.X", emoji: "👍🏽" }, "👍🏽"],
  ["button", { text: "Stop", payload: "STOP-1" }, "Stop"],
  ["button", { payload: "STOP-1" }, "STOP-1"],
  ["interactive", { type: "button_reply", button_reply: { id: "b", title: "Yes" } }, "Yes"],
  ["interactive", { type: "list_reply", list_reply: { id: "l", title: "Tue" } }, "Tue"],
  ["interactive", { type: "nfm_reply", nfm_reply: { body: "Sent", response_json: "{}" } }, "Sent"],
  ["interactive", { type: "button", body: { text: "Which day?" }, action: {} }, "Which day?"],
  ["location", { latitude: 1, longitude: 2, name: "Pier 4", address: "Quay 1" }, "Pier 4"],
  ["location", { latitude: 1, longitude: 2, address: "Quay 1" }, "Quay 1"],
  [
    "contacts",
    [{ name: { formatted_name: "Cem Arslan" } }, { name: { formatted_name: "Dita" } }],
    "Cem Arslan, Dita",
  ],
  ["order", { catalog_id: "1", text: "By noon?", product_items: [] }, "By noon?"],
  ["system", { type: "user_changed_number", body: "Ada changed" }, "Ada changed"],
])("%s %j reads as %j", (type, part, expected) => {
  expect(readMessageBody(type, { type, [type]: part })).toBe(expected);
});

test.each<[string, JsonValue]>([
  ["audio", { id: "1", voice: true }],
  ["sticker", { id: "1", animated: false }],
  ["reaction", { message_id: "wamid.X" }],
  ["interactive", { type: "call_permission_reply", call_permission_reply: {} }],
  ["location", { latitude: 1, longitude: 2 }],
  ["contacts", []],
  ["contacts", [{ origin: "contact_request" }]],
  ["order", { product_items: [] }],
  ["request_welcome", {}],
  ["revoke", { original_message_id: "wamid.X" }],
  ["unsupported", { type: "poll" }],
  ["media_placeholder", null],
  ["edit", { original_message_id: "wamid.X", message: { type: "text", text: { body: "x" } } }],
  ["text", { body: "" }],
])("%s %j has no words", (type, part) => {
  expect(readMessageBody(type, { type, [type]: part })).toBeNull();
});

const types =
  "text image video document reaction button interactive location contacts order system edit " +
  "unknown __proto__ constructor";

test.each(types.split(" "))(
  "%s with a part of the wrong shape has no body, and does not throw",
  (type) => {
    const wrong: JsonValue[] = [null, 5, "x", [], [1], {}, { body: 5 }, { caption: {}, title: [] }];
    for (const part of wrong) expect(readMessageBody(type, { type, [type]: part })).toBeNull();
    expect(readMessageBody(type, { type })).toBeNull();
  },
);
