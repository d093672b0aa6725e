import { expect, test } from "vitest";
import type { JsonValue } from "../json/json.ts";
import { issuesIn } from "./test-issues.ts";
import { SAMPLE_MESSAGES } from "./test-messages.ts";

const button = (index: number): JsonValue => ({
  type: "reply",
  reply: { id: `b${index}`, title: `B${index}` },
});
const buttons = (count: number): JsonValue[] =>
  Array.from({ length: count }, (_, at) => button(at));

test("only Direct Send takes ten buttons, two of them links, which come first", () => {
  const link = (at: number): JsonValue => ({
    type: "cta_url",
    cta_url: { display_text: `L${at}`, url: "https://example.com/" },
  });
  const send = (given: JsonValue[], more: object = { category: "utility" }) =>
    issuesIn({
      type: "interactive",
      interactive: { type: "button", body: { text: "a" }, action: { buttons: given } },
      ...more,
    }).join("\n");
  expect(send([link(0), link(1), ...buttons(8)])).toBe("");
  expect(send([link(0), link(1), ...buttons(9)])).toContain("1 to 10 are allowed");
  expect(send([link(0), link(1), link(2)])).toContain("have more than 2 links");
  expect(send([button(0), link(0)])).toContain("have a link behind a reply");
  expect(send([link(0)], {})).toContain("links among replies belong to Direct Send");
  expect(send([button(0)], { category: "authentication" })).toContain("goes with text alone");
  const list = { ...SAMPLE_MESSAGES["list"], category: "utility" };
  expect(issuesIn(list).join()).toContain("goes with buttons and links alone");
});
