import type { JsonObject } from "../json/json.ts";
import {
  ADA,
  BORIS,
  change,
  echoItem,
  listChange,
  statusItem,
  textMessage,
} from "./test-bodies.ts";

// One item of each kind and one value of each field, as they come, for tests that spoil them.

const revoke = { original_message_id: "wamid.X" };
const edit = { ...revoke, message: { type: "text", text: { body: "Tuesday" }, context: {} } };
const call = { id: "wacid.1", event: "connect", from: "4915155501", direction: "USER_INITIATED" };
const error = { code: 131000, title: "Something went wrong", error_data: { details: "x" } };

/** The elements of arrays: each is one event. */
export const SAMPLE_ITEMS: { field: string; key: string; item: JsonObject }[] = [
  { field: "messages", key: "messages", item: textMessage({ group_id: "g" }) },
  { field: "messages", key: "messages", item: textMessage({ type: "edit", edit }) },
  { field: "messages", key: "messages", item: textMessage({ type: "revoke", revoke }) },
  {
    field: "messages",
    key: "messages",
    item: textMessage({ type: "reaction", reaction: { message_id: "wamid.X", emoji: "👍" } }),
  },
  {
    field: "messages",
    key: "messages",
    item: textMessage({ type: "system", system: { type: "user_changed_number", wa_id: "1" } }),
  },
  {
    field: "messages",
    key: "statuses",
    item: statusItem({ status: "failed", errors: [error], pricing: { billable: true } }),
  },
  { field: "messages", key: "errors", item: error },
  { field: "messages", key: "user_actions", item: { action_type: "click" } },
  { field: "smb_message_echoes", key: "message_echoes", item: echoItem() },
  { field: "message_echoes", key: "message_echoes", item: echoItem({ type: "edit", edit }) },
  {
    field: "standby",
    key: "message_echoes",
    item: { id: "wamid.S", message: { to: "1", type: "template", template: {} }, template: {} },
  },
  { field: "history", key: "messages", item: echoItem({ history_context: { status: "READ" } }) },
  {
    field: "smb_app_state_sync",
    key: "state_sync",
    item: {
      type: "contact",
      action: "add",
      contact: { full_name: "Ada", phone_number: "4915155501" },
      metadata: { timestamp: "1790000000" },
    },
  },
  { field: "calls", key: "calls", item: { ...call, session: { sdp_type: "offer" }, duration: 1 } },
  { field: "calls", key: "statuses", item: statusItem({ type: "call", status: "RINGING" }) },
  {
    field: "user_preferences",
    key: "user_preferences",
    item: { wa_id: "4915155501", category: "marketing_messages", value: "stop", timestamp: 1 },
  },
  {
    field: "group_participants_update",
    key: "groups",
    item: {
      group_id: "g",
      type: "group_participants_add",
      added_participants: [{ wa_id: "1", errors: [error] }],
      group_subject: { text: "Kiln", update_successful: true, errors: [] },
      errors: [error],
    },
  },
  { field: "automatic_events", key: "automatic_events", item: { event_name: "Purchase" } },
  { field: "messages", key: "polls", item: { question: "?" } },
];

/** The changes that are one event each. */
const SAMPLE_VALUES: JsonObject[] = [
  change("message_template_status_update", {
    message_template_id: 1_689_556_908_129_832,
    event: "APPROVED",
  }),
  change("account_update", { event: "PARTNER_ADDED", waba_info: { waba_id: "1" } }),
  change("account_alerts", { alert_info: { alert_type: "OBA_APPROVED" } }),
  change("messaging_handovers", {
    sender: { phone_number: "4915155501" },
    recipient: { phone_number_id: "1" },
    type: "control_passed",
    control_passed: { previous_owner_role: "ai_agent", new_owner_role: "escalation" },
  }),
  change("tracking_events", { a: [1, 2] }),
];

const THREADS = [
  { id: "4915155501", messages: [textMessage(), echoItem()] },
  { context: { user_id: "SE.222" }, messages: [echoItem({ type: "revoke", revoke })] },
];

/** Changes of every kind of field, each valid. */
export const SAMPLE_CHANGES: JsonObject[] = [
  ...SAMPLE_ITEMS.map(({ field, key, item }) =>
    listChange(field, { contacts: [ADA, BORIS], [key]: [item, item] }),
  ),
  ...SAMPLE_VALUES,
  listChange("history", { history: [{ metadata: { phase: 0 }, threads: THREADS }] }),
  listChange("history", { history: [{ errors: [error] }] }),
  listChange("standby", {
    standby: { contacts: [ADA], messages: [textMessage()], statuses: [statusItem()] },
  }),
];
