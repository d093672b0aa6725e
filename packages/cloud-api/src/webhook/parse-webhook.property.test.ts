import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isJsonObject, type JsonValue } from "../json/json.ts";
import { toStorable } from "../json/to-storable.ts";
import type { WebhookEvent } from "./events.ts";
import { parseWebhook } from "./parse-webhook.ts";
import { ADA, BORIS, bodyOf, messagesChange, statusItem, textMessage } from "./test-bodies.ts";

const anyJson = fc.jsonValue({ stringUnit: "binary" }).map((value) => toStorable(value));

const types = ["text", "image", "reaction", "interactive", "contacts", "system", "edit", "order"];

const message = fc
  .record({ type: fc.constantFrom(...types), part: anyJson, id: fc.nat() })
  .map(({ type, part, id }) => textMessage({ id: `wamid.${id}`, type, [type]: part }));

const body = fc
  .record({
    messages: fc.array(message, { maxLength: 3 }),
    statuses: fc.array(fc.constant(statusItem()), { maxLength: 3 }),
    errors: fc.array(anyJson, { maxLength: 2 }),
  })
  .map((parts) =>
    bodyOf(messagesChange({ contacts: [ADA, BORIS], ...parts }), { field: "calls", value: {} }),
  );

/** Puts `replacement` at the place that `choices` lead to, wherever in the body that is. */
function mutate(value: JsonValue, choices: number[], replacement: JsonValue): JsonValue {
  const [choice, ...rest] = choices;
  if (choice === undefined || typeof value !== "object" || value === null) return replacement;
  const keys = Object.keys(value);
  const key = keys[choice % Math.max(1, keys.length)];
  if (key === undefined) return replacement;
  if (Array.isArray(value)) {
    return value.map((item, at) => (String(at) === key ? mutate(item, rest, replacement) : item));
  }
  return { ...value, [key]: mutate(value[key] ?? null, rest, replacement) };
}

/** How many events a body must give: counted here from the promise, not from the code. */
function countExpected(input: JsonValue): number {
  if (!isJsonObject(input) || input["object"] !== "whatsapp_business_account") return 1;
  if (!Array.isArray(input["entry"]) || input["entry"].length === 0) return 1;
  return sum(input["entry"], (entry) => {
    if (!isJsonObject(entry) || !Array.isArray(entry["changes"])) return 1;
    return Math.max(1, sum(entry["changes"], countInChange));
  });
}

function countInChange(change: JsonValue): number {
  if (!isJsonObject(change) || change["field"] !== "messages") return 1;
  if (!isJsonObject(change["value"])) return 1;
  const parts = Object.entries(change["value"]);
  return Math.max(
    1,
    sum(parts, ([key, part]) => {
      if (key === "messaging_product" || key === "metadata" || part === null) return 0;
      if (!Array.isArray(part)) return 1;
      return key === "contacts" ? part.filter((item) => !isJsonObject(item)).length : part.length;
    }),
  );
}

function sum<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

/** The events of a body, once what holds for each of them was checked. */
function checkedEventsOf(input: JsonValue): WebhookEvent[] {
  const { events } = parseWebhook(input);
  expect(toStorable(events)).toStrictEqual(events);
  for (const event of events) {
    if (event.kind !== "message") continue;
    expect(event.contact.phone ?? event.contact.bsuid).not.toBeNull();
  }
  return events;
}

test("arbitrary JSON never throws and never vanishes", () => {
  fc.assert(
    fc.property(anyJson, (input) => {
      expect(checkedEventsOf(input)).toHaveLength(countExpected(input));
    }),
    { numRuns: 300 },
  );
});

test("bodies of Meta's shape with anything at any place never throw and lose no element", () => {
  const places = fc.array(fc.nat({ max: 20 }), { maxLength: 9 });
  fc.assert(
    fc.property(body, places, anyJson, (valid, choices, replacement) => {
      const input = mutate(valid, choices, replacement);
      expect(checkedEventsOf(input)).toHaveLength(countExpected(input));
    }),
    { numRuns: 500 },
  );
});

test("each message of a body that is whole gives an event with its id, in order", () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
      const { events } = parseWebhook(bodyOf(messagesChange({ messages })));
      const wamids = events.map((event) => event.kind === "message" && event.wamid);
      expect(wamids).toEqual(messages.map((item) => item["id"]));
    }),
    { numRuns: 50 },
  );
});
