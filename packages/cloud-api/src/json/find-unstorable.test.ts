import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findUnstorable } from "./find-unstorable.ts";
import { toStorable } from "./to-storable.ts";

test.each<[unknown, string | null]>([
  ["grüß dich 😀", null],
  ["a\0", "text"],
  [{ list: ["\uD83D"] }, "text"],
  [{ "a\0": 1 }, "text"],
  [[1, -0, 1.5], null],
  [JSON.parse("[1e400]"), "number"],
  [null, null],
])("%j: %s", (value, problem) => {
  expect(findUnstorable(value)).toBe(problem);
});

test("counts levels, and millions of them cost no stack", () => {
  expect(findUnstorable([[1]], 2)).toBeNull();
  expect(findUnstorable([[[]]], 2)).toBe("depth");
  const deep: unknown = JSON.parse("[".repeat(1_000_000) + "]".repeat(1_000_000));
  expect(findUnstorable(deep, 32)).toBe("depth");
  expect(findUnstorable(deep)).toBeNull();
});

test("finds nothing in what was made storable", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      expect(findUnstorable(toStorable(value))).toBeNull();
    }),
  );
});
