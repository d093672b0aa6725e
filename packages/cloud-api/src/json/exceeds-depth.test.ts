import * as fc from "fast-check";
import { expect, test } from "vitest";
import { exceedsDepth } from "./exceeds-depth.ts";

test.each([
  ["1", 0, false],
  ["[]", 0, true],
  ["[]", 1, false],
  ['{"a":[{}]}', 2, true],
  ['{"a":[{}]}', 3, false],
  ["[[],[],[]]", 2, false],
])("%s against a limit of %i", (text, limit, expected) => {
  expect(exceedsDepth(text, limit)).toBe(expected);
});

test("brackets in strings do not count, behind escaped quotes and backslashes neither", () => {
  expect(exceedsDepth('["[[[[", "\\"[[[[", "{{\\\\"]', 1)).toBe(false);
  expect(exceedsDepth('["\\\\", [[]]]', 2)).toBe(true);
});

test("text that is not JSON is answered too", () => {
  expect(exceedsDepth('["never closed [[[', 1)).toBe(false);
  expect(exceedsDepth('"\\', 1)).toBe(false);
  expect(exceedsDepth("]]]]", 1)).toBe(false);
  expect(exceedsDepth("", 0)).toBe(false);
});

test("millions of levels cost no stack", () => {
  expect(exceedsDepth("[".repeat(3_000_000), 2_999_999)).toBe(true);
});

test("agrees with the depth of any parsed JSON", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0;
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const depth = depthOf(value);
      expect(exceedsDepth(JSON.stringify(value), depth)).toBe(false);
      expect(depth === 0 || exceedsDepth(JSON.stringify(value), depth - 1)).toBe(true);
    }),
  );
});
