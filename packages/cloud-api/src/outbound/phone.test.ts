import { expect, test } from "vitest";
import { z } from "zod";
import { describeIssues } from "../describe-issues.ts";
import { phoneSchema } from "./phone.ts";

test.each([
  ["+49 151 23456789", "4915123456789"],
  ["+49-151-2345-6789", "4915123456789"],
  ["+1 (650) 555-0100", "16505550100"],
  ["+55\u00a011\u201191234\u20115678", "5511912345678"],
  ["\u202a+44 20 7946 0018\u202c", "442079460018"],
  ["+2901234", "2901234"],
  ["+123456789012345", "123456789012345"],
])("%j is %s", (input, digits) => {
  expect(phoneSchema.parse(input)).toBe(digits);
});

test.each([
  ["0151 23456789", "must start with + and the country code"],
  ["4915123456789", "must start with + and the country code"],
  ["0049 151 23456789", "must start with + and the country code"],
  ["+49 (0)151 23456789", "must not contain (0)"],
  ["+0 151 23456789", "never starts with 0"],
  ["+123456", "7 to 15 digits"],
  ["+1234567890123456", "7 to 15 digits"],
  ["+", "7 to 15 digits"],
  ["", "is empty"],
  [" - ", "is empty"],
  ["+49 151 CALL ME", "only digits"],
  ["+49 151 ٢٣٤٥٦٧٨", "only digits"],
  ["+49+151234567", "only digits"],
  ["+49 151 1234567 ext. 5", "only digits"],
  [4915123456789, "must be text"],
  [null, "must be text"],
])("%j is refused, with the reason and the fix", (input, reason) => {
  const parsed = z.object({ to: phoneSchema }).safeParse({ to: input });
  expect(parsed.success).toBe(false);
  const text = parsed.error === undefined ? "" : describeIssues(parsed.error);
  expect(text).toContain("to: ");
  expect(text).toContain(reason);
  expect(text).toContain("write it as +49 151 23456789");
});
