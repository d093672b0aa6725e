import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isJsonObject, type JsonValue } from "../json/json.ts";
import { toStorable } from "../json/to-storable.ts";
import type { WebhookEvent } from "./events.ts";
import { parseWebhook } from "./parse-webhook.ts";
import { SAMPLE_CHANGES, SAMPLE_ITEMS } from "./test-fields.ts";
import { countExpected } from "./test-count.ts";
import { ADA, bodyOf, listChange, messagesChange, textMessage } from "./test-bodies.ts";

const anyJson = fc.jsonValue({ stringUnit: "binary" }).map((value) => toStorable(value));

/** What is done to a value, wherever it stands: undefined takes it away. */
const spoilers = fc.oneof(
  anyJson.map((replacement) => () => replacement),
  fc.constant(() => undefined),
  fc.constantFrom(
    (value: JsonValue) => JSON.stringify(value),
    (value: JsonValue) => Number(value),
    (value: JsonValue) => [value],
    (value: JsonValue) => [value, value],
    (value: JsonValue) => ({ "": value }),
    (value: JsonValue) => (Array.isArray(value) ? (value[0] ?? null) : Object.keys(value ?? {})),
    () => null,
    () => "",
  ),
);

type Spoiler = (value: JsonValue) => JsonValue | undefined;

/** Spoils what stands at the place that `choices` lead to. */
function spoil(value: JsonValue, choices: number[], spoiler: Spoiler): JsonValue | undefined {
  const [choice, ...rest] = choices;
  if (choice === undefined || typeof value !== "object" || value === null) return spoiler(value);
  const keys = Object.keys(value);
  const chosen = keys[choice % Math.max(1, keys.length)];
  if (chosen === undefined) return spoiler(value);
  const entries = Object.entries(value).flatMap(([key, part]): [string, JsonValue][] => {
    const after = key === chosen ? spoil(part, rest, spoiler) : part;
    return after === undefined ? [] : [[key, after]];
  });
  return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
}

/** The events of a body, once what holds for each of them was checked. */
function checkedEventsOf(input: JsonValue): WebhookEvent[] {
  const { events } = parseWebhook(input);
  expect(toStorable(events)).toStrictEqual(events);
  for (const event of events) {
    if (event.kind === "other") continue;
    expect(isJsonObject(event.content)).toBe(true);
    if (!("direction" in event) || event.kind === "call") continue;
    const { contact, direction, group_id } = event;
    const is_to_group = direction === "outbound" && group_id !== null;
    expect(contact.phone ?? contact.bsuid ?? is_to_group).toBeTruthy();
  }
  return events;
}

const places = fc.array(fc.nat({ max: 20 }), { maxLength: 11 });

test("arbitrary JSON never throws and never vanishes", () => {
  fc.assert(
    fc.property(anyJson, (input) => {
      expect(checkedEventsOf(input)).toHaveLength(countExpected(input));
    }),
    { numRuns: 300 },
  );
});

test("the samples are whole: spoiling them is what the next tests are about", () => {
  const others = parseWebhook(bodyOf(...SAMPLE_CHANGES)).events.filter(
    (event) => event.kind === "other",
  );
  expect(others.map(({ field, reason }) => `${field} ${reason}`)).toEqual([
    "messages unhandled_item",
    "messages unhandled_item",
    "tracking_events unhandled_field",
  ]);
});

test("bodies of Meta's shape, spoiled anywhere, never throw and lose no element", () => {
  const changes = fc.subarray(SAMPLE_CHANGES, { maxLength: 4 });
  const spoilings = fc.array(fc.tuple(places, spoilers), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(changes, spoilings, (chosen, list) => {
      const input = list.reduce<JsonValue>(
        (body, [choices, spoiler]) => toStorable(spoil(body, choices, spoiler)),
        bodyOf(...chosen),
      );
      expect(checkedEventsOf(input)).toHaveLength(countExpected(input));
    }),
    { numRuns: 1_500 },
  );
});

test("an item that is spoiled takes none of its siblings with it", () => {
  const sample = fc.constantFrom(...SAMPLE_ITEMS);
  fc.assert(
    fc.property(sample, fc.nat({ max: 2 }), places, spoilers, (...row) => {
      const [{ field, key, item }, at, choices, spoiler] = row;
      const eventsWith = (items: JsonValue[]): WebhookEvent[] =>
        checkedEventsOf(bodyOf(listChange(field, { contacts: [ADA], [key]: items })));
      const spoiled = toStorable(spoil(item, choices, spoiler));
      const items: JsonValue[] = [item, item, item];
      const before = eventsWith(items);
      const after = eventsWith(items.with(at, spoiled));
      expect(after).toHaveLength(3);
      expect(after.toSpliced(at, 1)).toEqual(before.toSpliced(at, 1));
    }),
    { numRuns: 1_000 },
  );
});

const types = ["text", "image", "reaction", "interactive", "contacts", "system", "order"];

const message = fc
  .record({ type: fc.constantFrom(...types), part: anyJson, id: fc.nat() })
  .map(({ type, part, id }) => textMessage({ id: `wamid.${id}`, type, [type]: part }));

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

test("more elements than a call takes arguments, as 3 MB can hold", () => {
  const nothing = Array.from({ length: 300_000 }, () => 0);
  const history = [{ threads: nothing }];
  expect(parseWebhook(bodyOf(listChange("history", { history }))).events).toHaveLength(300_001);
  expect(parseWebhook(bodyOf(messagesChange({ polls: nothing }))).events).toHaveLength(300_000);
});
