import { describe, expect, test } from "vitest";
import { readWebhookJson } from "./read-json.ts";

describe("readWebhookJson", () => {
  test("a template id above 2^53 keeps every digit", () => {
    const text = '{"message_template_id": 9007199254740993, "other": 12}';
    expect(readWebhookJson(text)).toEqual({ message_template_id: "9007199254740993", other: 12 });
  });

  test("a message that quotes the key is not touched", () => {
    const body = '"message_template_id": 9007199254740993';
    expect(readWebhookJson(JSON.stringify({ body }))).toEqual({ body });
  });

  test("what is no JSON is undefined, which JSON cannot say", () => {
    for (const text of ["", "{", "undefined", "{'a': 1}"]) {
      expect(readWebhookJson(text)).toBeUndefined();
    }
    expect(readWebhookJson("null")).toBeNull();
  });
});
