import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonValue } from "../json/json.ts";
import { findUnstorable } from "../json/find-unstorable.ts";
import { MESSAGE_TYPES, parseOutboundMessage } from "./message.ts";
import { summaryOf } from "./summary.ts";
import { SAMPLE_MESSAGES } from "./test-messages.ts";

const anyJson = fc.jsonValue({ stringUnit: "binary" });

/** What zod says where a schema says nothing. */
const ZOD_WORDS = /^(Invalid|Too |Unrecognized|Required)/;

/** What does not hold: all that is taken is storable, is taken again and comes out the same; all else is explained. */
function problemsOf(value: unknown): unknown[] {
  const parsed = parseOutboundMessage(value);
  if (!parsed.ok) {
    const unexplained = parsed.issues.filter(
      ({ problem, fix }) => fix === "" || !/\S/.test(problem) || ZOD_WORDS.test(problem),
    );
    return parsed.issues.length === 0 ? ["refused without a word"] : unexplained;
  }
  summaryOf(parsed.message);
  const again = parseOutboundMessage(parsed.message);
  const is_same = JSON.stringify(again) === JSON.stringify(parsed);
  return findUnstorable(parsed.message) === null && is_same ? [] : [parsed.message];
}

test("any JSON at all is taken or refused, and nothing is thrown", () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      expect(problemsOf(value)).toEqual([]);
    }),
  );
});

test("so is any JSON in the part that a type names", () => {
  fc.assert(
    fc.property(fc.constantFrom(...MESSAGE_TYPES), anyJson, (type, part) => {
      expect(problemsOf({ type, [type]: part })).toEqual([]);
    }),
  );
});

/** Puts `replacement` at the place that `choices` lead to. */
function spoil(value: JsonValue, choices: number[], replacement: JsonValue): JsonValue {
  const [choice, ...rest] = choices;
  if (choice === undefined || typeof value !== "object" || value === null) return replacement;
  const keys = Object.keys(value);
  const chosen = keys[choice % Math.max(1, keys.length)];
  if (chosen === undefined) return replacement;
  const entries = Object.entries(value).map(([key, part]): [string, JsonValue] => [
    key,
    key === chosen ? spoil(part, rest, replacement) : part,
  ]);
  return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
}

test("so is a good message in which one thing, anywhere, was replaced", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(SAMPLE_MESSAGES)),
      fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 10 }),
      anyJson.map((value): JsonValue => JSON.parse(JSON.stringify(value))),
      (message, choices, replacement) => {
        expect(problemsOf(spoil(message, choices, replacement))).toEqual([]);
      },
    ),
    { numRuns: 1000 },
  );
});

test("nesting without end is refused, wherever content is free", () => {
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
  const parameters = {
    flow_message_version: "3",
    flow_id: "1",
    flow_cta: "Go",
    flow_action_payload: { screen: "A", data: deep },
  };
  const message = {
    type: "interactive",
    interactive: { type: "flow", body: { text: "a" }, action: { name: "flow", parameters } },
  };
  expect(parseOutboundMessage(message)).toMatchObject({
    ok: false,
    issues: [{ field: "interactive.action.parameters.flow_action_payload.data" }],
  });
  expect(parseOutboundMessage(deep).ok).toBe(false);
});

test("a key __proto__ is refused and reaches no prototype", () => {
  const message: unknown = JSON.parse('{"type":"text","text":{"body":"a","__proto__":{"x":1}}}');
  expect(parseOutboundMessage(message)).toMatchObject({ ok: false });
  const top: unknown = JSON.parse('{"type":"text","text":{"body":"a"},"__proto__":{"to":"1"}}');
  expect(parseOutboundMessage(top)).toMatchObject({ ok: false });
});
