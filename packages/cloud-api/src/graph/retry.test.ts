import { expect, test } from "vitest";
import { resolveHttpRetry, resolveRetry } from "./retry.ts";

const refusal = { graph_code: 131009, http_status: 400, is_transient: false };

test("the table decides before the HTTP status does", () => {
  expect(resolveRetry({ ...refusal, graph_code: 130429 })).toBe("later");
  expect(resolveRetry({ ...refusal, graph_code: 3, http_status: 500 })).toBe("never");
  expect(resolveRetry({ ...refusal, graph_code: 131000, http_status: 400 })).toBe("ambiguous");
});

test("is_transient turns never into later, and leaves what may have been sent ambiguous", () => {
  expect(resolveRetry({ ...refusal, is_transient: true })).toBe("later");
  expect(resolveRetry({ ...refusal, graph_code: 424242, is_transient: true })).toBe("later");
  expect(resolveRetry({ ...refusal, graph_code: 131000, is_transient: true })).toBe("ambiguous");
  expect(resolveRetry({ ...refusal, graph_code: 131056, is_transient: true })).toBe(
    "recipient_later",
  );
});

test.each([
  [200, "ambiguous"],
  [302, "never"],
  [400, "never"],
  [404, "never"],
  [408, "ambiguous"],
  [429, "later"],
  [500, "ambiguous"],
  [502, "ambiguous"],
  [504, "ambiguous"],
])("HTTP %i alone is %s, with a code that is not known too", (http_status, hint) => {
  expect(resolveHttpRetry(http_status)).toBe(hint);
  expect(resolveRetry({ graph_code: 424242, http_status, is_transient: false })).toBe(hint);
});
