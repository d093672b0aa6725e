import { expect, test } from "vitest";
import { formatIssues, issuesOf } from "./issues.ts";
import { MAX_TEXT_CHARACTERS } from "./limits.ts";
import { textPartSchema } from "./text.ts";

function refusal(input: unknown): string {
  const parsed = textPartSchema.safeParse(input);
  return parsed.success ? "" : formatIssues(issuesOf(parsed.error));
}

test("takes 1 to 4096 characters and keeps them as written", () => {
  for (const body of ["a", " a\n", "😀".repeat(2048), "x".repeat(MAX_TEXT_CHARACTERS)]) {
    expect(textPartSchema.parse({ body })).toEqual({ body });
  }
  expect(textPartSchema.parse({ body: "a", preview_url: true }).preview_url).toBe(true);
});

test("counts UTF-16 units: an emoji beyond the limit by one unit is too long", () => {
  expect(refusal({ body: `${"x".repeat(4095)}😀` })).toContain("at most 4096 characters");
  expect(refusal({ body: "x".repeat(4097) })).toContain("shorten it");
});

test.each(["", "   ", "\n\t\u00a0"])("nothing to read (%j) is refused", (body) => {
  expect(refusal({ body })).toContain("body: must not be empty");
});

test.each(["a\0b", "half \uD83D emoji"])("what Postgres cannot hold (%j) is refused", (body) => {
  expect(refusal({ body })).toContain("cannot be stored");
});

test("other types, what is missing and misspelt keys are named", () => {
  expect(refusal({ body: 5 })).toContain("body: must be text");
  expect(refusal({})).toBe("body: is missing; add it");
  expect(refusal({ body: "a", preview_url: "yes" })).toContain("preview_url: must be");
  expect(refusal({ body: "a", previewUrl: true })).toContain(
    "previewUrl: is not a field that is known here; remove it (known: body, preview_url)",
  );
});
