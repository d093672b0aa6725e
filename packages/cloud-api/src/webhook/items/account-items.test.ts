import { expect, test } from "vitest";
import { eventsOf, eventsOfField, SOURCE } from "../test-bodies.ts";

test("an error beside the messages, in full", () => {
  const error = { code: 131035, title: "Webhook could not be delivered", href: "/errors" };
  expect(eventsOf({ errors: [error] })).toEqual([
    { kind: "account", ...SOURCE, event: "error", severity: null, timestamp: null, content: error },
  ]);
});

test.each([
  "messages",
  "calls",
  "history",
  "standby",
  "smb_message_echoes",
  "smb_app_state_sync",
  "user_preferences",
  "group_settings_update",
])("errors of the field %s are events", (field) => {
  expect(eventsOfField(field, { errors: [{ code: 1 }, 5] })).toMatchObject([
    { kind: "account", field, event: "error", content: { code: 1 } },
    { reason: "invalid", detail: "entry[0].changes[0].value.errors[1]: expected an object" },
  ]);
});

test("a click names itself and no person", () => {
  const click = {
    action_type: "marketing_messages_link_click",
    timestamp: "1790000000",
    marketing_messages_link_click_data: { click_id: "c1", click_component: "cta" },
  };
  expect(eventsOf({ user_actions: [click] })).toMatchObject([
    {
      kind: "account",
      event: "marketing_messages_link_click",
      timestamp: "2026-09-21T14:13:20.000Z",
      content: click,
    },
  ]);
});

test.each([
  [{ type: "poll_vote" }, "poll_vote"],
  [{ click_id: "c1" }, "user_action"],
])("a user action of %j is %s", (action, event) => {
  expect(eventsOf({ user_actions: [action] })).toMatchObject([{ kind: "account", event }]);
});

test("each automatic event is one", () => {
  const lead = { id: "wamid.A", event_name: "LeadSubmitted", timestamp: 1_790_000_000 };
  const purchase = { id: "wamid.B", event_name: "Purchase", custom_data: { currency: "EUR" } };
  const automatic_events = [lead, purchase, {}, "x"];
  expect(eventsOfField("automatic_events", { automatic_events })).toMatchObject([
    {
      kind: "account",
      event: "LeadSubmitted",
      timestamp: "2026-09-21T14:13:20.000Z",
      content: lead,
    },
    { kind: "account", event: "Purchase", timestamp: null, content: purchase },
    { kind: "account", event: "automatic_event" },
    { reason: "invalid", content: "x" },
  ]);
});
