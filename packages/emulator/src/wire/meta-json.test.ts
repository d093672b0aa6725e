import { expect, test } from "vitest";
import { metaJson } from "./meta-json.ts";

test("slashes, umlauts and emoji are escaped as Meta escapes them", () => {
  expect(metaJson({ a: "ü/é 👍" })).toBe(String.raw`{"a":"\u00fc\/\u00e9 \ud83d\udc4d"}`);
});

test("nothing but ASCII leaves, and it parses back to the same value", () => {
  const value = { text: '日本語 \u2028 </script> \\ " 🧑‍💻', list: [1, null, true] };
  const text = metaJson(value);
  // oxlint-disable-next-line no-control-regex
  expect(text).toMatch(/^[\u0020-\u007e]*$/);
  expect(JSON.parse(text)).toEqual(value);
});
