import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import type { WebhookEvent } from "../events.ts";
import { ADA, BORIS, eventsOfField, identity, SOURCE } from "../test-bodies.ts";

function preference(parts: JsonObject = {}): JsonObject {
  return {
    wa_id: "4915155501",
    detail: "User requested to stop marketing messages",
    category: "marketing_messages",
    value: "stop",
    timestamp: 1_790_000_000,
    ...parts,
  };
}

function preferences(items: JsonObject[], contacts: JsonObject[] = [ADA, BORIS]): WebhookEvent[] {
  return eventsOfField("user_preferences", { contacts, user_preferences: items });
}

test("a person stops marketing messages, in full", () => {
  const item = preference();
  expect(preferences([item])).toEqual([
    {
      kind: "preference",
      ...SOURCE,
      field: "user_preferences",
      contact: identity({ phone: "4915155501", profile_name: "Ada Brandt" }),
      category: "marketing_messages",
      value: "stop",
      timestamp: "2026-09-21T14:13:20.000Z",
      content: item,
    },
  ]);
});

test("and resumes them, known by user id alone", () => {
  const item = preference({ wa_id: null, user_id: "SE.222", value: "resume" });
  expect(preferences([item])).toMatchObject([
    { value: "resume", contact: { phone: "4670111222", bsuid: "SE.222", username: "boris.l" } },
  ]);
});

test("another value is kept, not read", () => {
  const item = preference({ value: "pause" });
  expect(preferences([item, preference()])).toMatchObject([
    {
      reason: "unhandled_item",
      detail: "entry[0].changes[0].value.user_preferences[0].value: not one of stop, resume",
      content: item,
    },
    { kind: "preference" },
  ]);
});

test.each([
  ["no person", { wa_id: null }],
  ["a placeholder for a person", { wa_id: "<WA_ID>" }],
  ["no category", { category: null }],
  ["no value", { value: null }],
])("%s: invalid, whole", (_name, parts) => {
  const item = preference(parts);
  expect(preferences([item])).toMatchObject([{ reason: "invalid", content: item }]);
});
