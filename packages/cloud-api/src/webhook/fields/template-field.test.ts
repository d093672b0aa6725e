import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import type { TemplateEvent } from "../events.ts";
import { ENTRY_TIME_ISO, eventsOfValue, WABA_ID } from "../test-bodies.ts";

const TEMPLATE = {
  message_template_id: 1_689_556_908_129_832,
  message_template_name: "kiln_is_ready",
  message_template_language: "de",
};

function onlyTemplate(parts: JsonObject, field = "message_template_status_update"): TemplateEvent {
  const [event] = eventsOfValue(field, { ...TEMPLATE, ...parts });
  if (event?.kind !== "template") throw new Error(`not a template: ${JSON.stringify(event)}`);
  return event;
}

test("a rejected template, in full", () => {
  const parts = {
    event: "REJECTED",
    reason: "INVALID_FORMAT",
    message_template_category: "MARKETING",
    rejection_info: { reason: "Parameters stand side by side." },
  };
  expect(onlyTemplate(parts)).toEqual({
    kind: "template",
    field: "message_template_status_update",
    waba_id: WABA_ID,
    phone_number_id: null,
    display_phone_number: null,
    template_id: "1689556908129832",
    name: "kiln_is_ready",
    language: "de",
    status: "REJECTED",
    reason: "INVALID_FORMAT",
    quality: null,
    category: "MARKETING",
    timestamp: ENTRY_TIME_ISO,
    content: { ...TEMPLATE, ...parts },
  });
});

test.each([
  "APPROVED",
  "ARCHIVED",
  "DELETED",
  "DISABLED",
  "FLAGGED",
  "IN_APPEAL",
  "LIMIT_EXCEEDED",
  "LOCKED",
  "PAUSED",
  "PENDING",
  "REINSTATED",
  "PENDING_DELETION",
  "SOMETHING_NEW",
])("%s is a status, with and without a reason", (event) => {
  expect(onlyTemplate({ event, reason: "NONE" })).toMatchObject({ status: event, reason: "NONE" });
  expect(onlyTemplate({ event, reason: null })).toMatchObject({ status: event, reason: null });
});

test.each(["message_template_quality_update", "message_template_status_update"])(
  "a quality score is one under %s too",
  (field) => {
    const parts = { previous_quality_score: "GREEN", new_quality_score: "YELLOW" };
    expect(onlyTemplate(parts, field)).toMatchObject({ quality: "YELLOW", status: null });
  },
);

test("new components are in the content", () => {
  const parts = { message_template_element: "Your kiln is ready, {{1}}." };
  const event = onlyTemplate(parts, "message_template_components_update");
  expect(event).toMatchObject({ status: null, quality: null, category: null, content: parts });
});

test("a category counts once it has changed, not when the change is announced", () => {
  const completed = { previous_category: "UTILITY", new_category: "MARKETING" };
  const impending = { new_category: "UTILITY", correct_category: "MARKETING" };
  expect(onlyTemplate(completed, "template_category_update").category).toBe("MARKETING");
  expect(onlyTemplate(impending, "template_category_update").category).toBeNull();
});

test("a category that Meta holds for wrong changes nothing", () => {
  const parts = { category: "UTILITY", correct_category: "MARKETING" };
  expect(onlyTemplate(parts, "template_correct_category_detection")).toMatchObject({
    category: null,
    content: parts,
  });
});

test("an id may come as text", () => {
  expect(onlyTemplate({ message_template_id: "9161243510617341" }).template_id).toBe(
    "9161243510617341",
  );
});

test.each([
  // JSON.parse has rounded it already: it is another template's.
  [2 ** 53],
  [1e21],
  [0],
  [-1],
  [1.5],
  ["<TEMPLATE_ID>"],
  [""],
  [null],
])("an id of %j is none: invalid, whole", (message_template_id) => {
  const value = { ...TEMPLATE, message_template_id, event: "APPROVED" };
  expect(eventsOfValue("message_template_status_update", value)).toMatchObject([
    {
      reason: "invalid",
      detail:
        "entry[0].changes[0].value.message_template_id: " +
        "expected digits, or a number that can be read exactly",
      content: { field: "message_template_status_update", value },
    },
  ]);
});
