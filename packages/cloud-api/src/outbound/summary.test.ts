import { expect, test } from "vitest";
import { parseTemplateDefinition } from "../template/definition.ts";
import { parseOutboundMessage } from "./message.ts";
import { summaryOf } from "./summary.ts";
import { SAMPLE_MESSAGES } from "./test-messages.ts";

function messageOf(value: unknown) {
  const parsed = parseOutboundMessage(value);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.message;
}

test.each([
  ["text", "See https://www.example.com/"],
  ["image", "The best succulent?"],
  ["audio", null],
  ["voice", null],
  ["video", "A succulent eclipse!"],
  ["document", "Your order"],
  ["sticker", null],
  ["location", "Philz Coffee"],
  ["contacts", "Barbara J. Johnson"],
  ["reaction", "😀"],
  ["reaction taken back", null],
  ["pin", null],
  ["button", "Your workshop is tomorrow at nine."],
  ["list", "Choose Shipping Option\nWhich shipping option do you prefer?"],
  ["flow", "Delivery\nWhere shall we deliver?"],
  ["product_list", "Our best\nHave a look"],
  ["carousel of links", "Our latest arrivals, each under $25:"],
  ["without parameters", "hello_world"],
])("a list shows of %s: %j", (sample, words) => {
  expect(summaryOf(messageOf(SAMPLE_MESSAGES[sample]))).toBe(words);
});

test("where there is no caption, what there is", () => {
  const document = { type: "document", document: { id: "1", filename: "order.pdf" } };
  expect(summaryOf(messageOf(document))).toBe("order.pdf");
  expect(summaryOf(messageOf({ type: "image", image: { id: "1" } }))).toBeNull();
  const place = { type: "location", location: { latitude: 1, longitude: 1, address: "1 Way" } };
  expect(summaryOf(messageOf(place))).toBe("1 Way");
  const product = {
    type: "interactive",
    interactive: { type: "product", action: { catalog_id: "1", product_retailer_id: "a" } },
  };
  expect(summaryOf(messageOf(product))).toBeNull();
});

test("a template shows its words where its definition is known", () => {
  const message = messageOf(SAMPLE_MESSAGES["a code (OTP)"]);
  const definition = (components: unknown[]) =>
    parseTemplateDefinition({ name: "login_code", language: "en_US", components }) ?? undefined;
  const words = definition([{ type: "BODY", text: "{{1}} is your code." }]);
  expect(summaryOf(message, words)).toBe("J$FpnYnP is your code.");
  expect(summaryOf(message, definition([]))).toBe("login_code");
});
