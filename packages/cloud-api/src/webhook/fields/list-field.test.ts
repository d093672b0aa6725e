import { expect, test } from "vitest";
import { parseWebhook } from "../parse-webhook.ts";
import {
  ADA,
  BORIS,
  bodyOf,
  echoItem,
  eventsOf,
  eventsOfField,
  SOURCE,
  statusItem,
  textMessage,
} from "../test-bodies.ts";

test("one bad message among 1,000 is kept with its error, and the 999 others parse", () => {
  const messages = Array.from({ length: 1_000 }, (_, at) => textMessage({ id: `wamid.${at}` }));
  messages[500] = { from: "4915155501", type: "text", text: { body: "no id" } };
  const events = eventsOf({ contacts: [ADA], messages });
  expect(events).toHaveLength(1_000);
  expect(events.filter((event) => event.kind === "message")).toHaveLength(999);
  expect(events[500]).toEqual({
    kind: "other",
    ...SOURCE,
    reason: "invalid",
    detail:
      "entry[0].changes[0].value.messages[500].id: " +
      "Invalid input: expected string, received undefined",
    content: messages[500],
  });
});

test("messages and statuses in one change, each with its own person", () => {
  const events = eventsOf({
    contacts: [BORIS, ADA],
    messages: [textMessage(), textMessage({ from: "4670111222" })],
    statuses: [statusItem()],
  });
  expect(events).toMatchObject([
    { kind: "message", contact: { phone: "4915155501", profile_name: "Ada Brandt" } },
    { kind: "message", contact: { phone: "4670111222", profile_name: "Boris Lund" } },
    { kind: "status", recipient: { phone: "4915155501", profile_name: "Ada Brandt" } },
  ]);
});

test("errors, user actions and arrays that Meta adds later are one event for each element", () => {
  const error = { code: 130429, title: "Rate limit hit" };
  const action = { action_type: "marketing_messages_link_click", click_id: "c1" };
  const events = eventsOf({ errors: [error, error], user_actions: [action], polls: [1, [2]] });
  expect(events[3]).toEqual({
    kind: "other",
    ...SOURCE,
    reason: "unhandled_item",
    detail: "entry[0].changes[0].value.polls[0]",
    content: 1,
  });
  expect(events).toMatchObject([
    { kind: "account", event: "error", content: error },
    { kind: "account", event: "error", content: error },
    { kind: "account", event: "marketing_messages_link_click", content: action },
    { detail: expect.stringContaining("polls[0]"), content: 1 },
    { detail: expect.stringContaining("polls[1]"), content: [2] },
  ]);
});

test("a key that holds no array is one event, beside the messages", () => {
  const conversation_context = { thread_owner: "ai_agent" };
  expect(eventsOf({ conversation_context, messages: [textMessage()] })).toMatchObject([
    { reason: "unhandled_item", content: conversation_context },
    { kind: "message" },
  ]);
});

test.each(["messages", "statuses", "contacts"])("%s that is no array is invalid, whole", (key) => {
  const events = eventsOf({ [key]: { "0": "x" }, errors: ["still here"] });
  expect(events).toMatchObject([
    {
      reason: "invalid",
      detail: `entry[0].changes[0].value.${key}: expected an array`,
      content: { "0": "x" },
    },
    { content: "still here" },
  ]);
});

test("items of another type are invalid, each whole", () => {
  const events = eventsOf({ messages: [null, 1, "x", []], statuses: [false], contacts: [2] });
  expect(events.map((event) => event.kind === "other" && event.reason)).toEqual(
    Array.from({ length: 6 }, () => "invalid"),
  );
  expect(events.map((event) => event.content)).toEqual([null, 1, "x", [], false, 2]);
});

test.each([{}, { messages: [] }, { contacts: [ADA] }, { statuses: null }])(
  "a change with nothing in it is an event itself: %j",
  (parts) => {
    const events = eventsOf(parts);
    expect(events).toMatchObject([
      { reason: "unhandled_item", content: { field: "messages", value: parts } },
    ]);
  },
);

test.each([null, "x", 1, [], undefined])("a value that is no object (%j) is invalid", (value) => {
  const change = value === undefined ? { field: "messages" } : { field: "messages", value };
  expect(parseWebhook(bodyOf(change)).events).toMatchObject([
    { reason: "invalid", field: "messages", content: change },
  ]);
});

test("metadata that is missing or of another type leaves the messages standing", () => {
  for (const metadata of [null, "x", {}, { phone_number_id: 5 }]) {
    expect(eventsOf({ metadata, messages: [textMessage()] })).toMatchObject([
      { kind: "message", phone_number_id: null, display_phone_number: null },
    ]);
  }
});

const TURNS = {
  contacts: [ADA],
  messages: [textMessage()],
  message_echoes: [echoItem()],
  statuses: [statusItem()],
};

test.each([
  ["nested", { standby: TURNS }],
  ["in the value itself", TURNS],
  ["nested, with the people outside", { contacts: [ADA], standby: { ...TURNS, contacts: null } }],
])("standby, %s: all that another app and the person write, and no more than heard", (_, parts) => {
  expect(eventsOfField("standby", parts)).toMatchObject([
    {
      kind: "message",
      direction: "inbound",
      origin: "standby",
      contact: { phone: "4915155501" },
    },
    { kind: "message", direction: "outbound", origin: "standby", status: "sent" },
    { kind: "status", origin: "standby", status: "delivered" },
  ]);
});

test("the people of a nested standby name its messages", () => {
  expect(eventsOfField("standby", { contacts: [BORIS], standby: TURNS })).toMatchObject([
    { contact: { profile_name: "Ada Brandt" } },
    { contact: { profile_name: "Ada Brandt" } },
    { recipient: { profile_name: "Ada Brandt" } },
  ]);
});

test.each([{}, { standby: {} }, { standby: { messages: [] } }, { standby: null }])(
  "a standby with nothing in it (%j) is an event itself",
  (parts) => {
    expect(eventsOfField("standby", parts)).toMatchObject([{ reason: "unhandled_item" }]);
  },
);

test("a standby of another shape is kept, item by item, and unfolds one level only", () => {
  expect(eventsOfField("standby", { standby: [1, 2] })).toMatchObject([
    { reason: "unhandled_item", content: 1 },
    { reason: "unhandled_item", content: 2 },
  ]);
  const standby = { standby: { messages: [textMessage()] }, polls: [3] };
  expect(eventsOfField("standby", { standby })).toMatchObject([
    { reason: "unhandled_item", detail: "entry[0].changes[0].value.standby.standby" },
    { reason: "unhandled_item", detail: "entry[0].changes[0].value.standby.polls[0]", content: 3 },
  ]);
});

test("an array is read in whichever field it comes", () => {
  const items = { message_echoes: [echoItem()], user_actions: [{}], messages: [textMessage()] };
  expect(eventsOf(items)).toMatchObject([
    { kind: "message", origin: "echo", direction: "outbound" },
    { kind: "account" },
    { kind: "message", origin: "live", direction: "inbound" },
  ]);
});

test("the number beside the arrays is read into the source, and is no event", () => {
  const number = { phone_number_id: "7", display_phone_number: "4930" };
  expect(eventsOf({ metadata: null, ...number, messages: [textMessage()] })).toMatchObject([
    { kind: "message", ...number },
  ]);
  expect(eventsOf({ phone_number_id: [7], messages: [textMessage()] })).toMatchObject([
    { reason: "unhandled_item", content: 7 },
    { kind: "message" },
  ]);
});
