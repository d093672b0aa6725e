import { expect, test } from "vitest";
import { z } from "zod";
import { describeIssues } from "./describe-issues.ts";

const schema = z.object({ a: z.array(z.object({ b: z.string() })), c: z.number() });

function describeParse(input: unknown, prefix?: string): string {
  const parsed = schema.safeParse(input);
  return parsed.success ? "" : describeIssues(parsed.error, prefix);
}

test("names each field by its path, and never the value", () => {
  const text = describeParse({ a: [{ b: "fine" }, { b: 4711 }], c: "secret" });
  expect(text).toBe(
    "a[1].b: Invalid input: expected string, received number; " +
      "c: Invalid input: expected number, received string",
  );
});

test("puts the prefix in front", () => {
  expect(describeParse({ a: [], c: null }, "entry[0]")).toMatch(/^entry\[0\]\.c: /);
});

test("without a path there is the message alone", () => {
  expect(describeParse("text")).toBe("Invalid input: expected object, received string");
});
