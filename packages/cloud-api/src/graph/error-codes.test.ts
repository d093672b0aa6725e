import { expect, test } from "vitest";
import { findGraphErrorCode, graphErrorCodes } from "./error-codes.ts";

test("each code stands in the table once", () => {
  const codes = graphErrorCodes.map((entry) => entry.code);
  expect(new Set(codes).size).toBe(codes.length);
});

test.each([
  [190, "auth", "never"],
  [131056, "rate_limit", "recipient_later"],
  [130429, "rate_limit", "later"],
  [131048, "policy", "never"],
  [132015, "template", "never"],
  [131047, "window", "never"],
  [131050, "recipient", "never"],
  [131057, "service", "later"],
])("%i is %s, %s", (code, category, retry) => {
  expect(findGraphErrorCode(code)).toMatchObject({ code, category, retry });
});

test("what may have gone out is never to be sent again at once", () => {
  const ambiguous = graphErrorCodes.filter((entry) => entry.retry === "ambiguous");
  expect(ambiguous.map((entry) => entry.code).toSorted((a, b) => a - b)).toEqual([
    1, 2, 131000, 131016, 133004, 2494100,
  ]);
  expect(graphErrorCodes.some((entry) => entry.retry === "now")).toBe(false);
});

test("200 to 299 are permissions, their neighbours and fractions are not known", () => {
  for (const code of [200, 250, 299]) {
    expect(findGraphErrorCode(code)).toMatchObject({ code, category: "permission" });
  }
  for (const code of [199, 300, 200.5, -1, 999_999, Number.NaN]) {
    expect(findGraphErrorCode(code)).toBeNull();
  }
});
