import { expect, test } from "vitest";
import { ADA, eventsOf, eventsOfField, echoItem, SOURCE, textMessage } from "../test-bodies.ts";

const BASE = {
  ...SOURCE,
  wamid: "wamid.QURB",
  timestamp: "2026-09-21T14:13:20.000Z",
  direction: "inbound",
  origin: "live",
  contact: {
    phone: "4915155501",
    bsuid: null,
    parent_bsuid: null,
    username: null,
    profile_name: "Ada Brandt",
  },
  group_id: null,
};

test("an edit, in full: what the message now is", () => {
  const message = { type: "image", image: { id: "1", caption: "new" }, context: { id: "M0" } };
  const edit = textMessage({ type: "edit", edit: { original_message_id: "wamid.X", message } });
  expect(eventsOf({ contacts: [ADA], messages: [edit] })).toEqual([
    {
      kind: "edit",
      ...BASE,
      target_wamid: "wamid.X",
      type: "image",
      body: "new",
      content: message,
    },
  ]);
});

test("a revocation, in full", () => {
  const revoke = { original_message_id: "wamid.X" };
  const { text: _text, ...rest } = textMessage({ type: "revoke", revoke, from_logical_id: "7" });
  expect(eventsOf({ contacts: [ADA], messages: [rest] })).toEqual([
    {
      kind: "revoke",
      ...BASE,
      target_wamid: "wamid.X",
      content: { type: "revoke", revoke, from_logical_id: "7" },
    },
  ]);
});

test("an edit of an unknown type, or of none, is an edit all the same", () => {
  for (const message of [{}, { type: "" }, { type: 5 }, { text: { body: "x" } }]) {
    const edit = textMessage({ type: "edit", edit: { original_message_id: "wamid.X", message } });
    expect(eventsOf({ messages: [edit] })).toMatchObject([
      { kind: "edit", type: "unknown", body: null, content: message },
    ]);
  }
});

test("an edit in an edit has no words, and does not unfold", () => {
  const inner = { original_message_id: "wamid.Y", message: { type: "text", text: { body: "x" } } };
  const message = { type: "edit", edit: inner };
  const edit = textMessage({ type: "edit", edit: { original_message_id: "wamid.X", message } });
  expect(eventsOf({ messages: [edit] })).toMatchObject([
    { kind: "edit", target_wamid: "wamid.X", type: "edit", body: null },
  ]);
});

test.each([
  ["edit", null, "edit"],
  ["edit", {}, "edit.original_message_id"],
  ["edit", { original_message_id: "", message: {} }, "edit.original_message_id"],
  ["edit", { original_message_id: "wamid.X" }, "edit.message"],
  ["edit", { original_message_id: "wamid.X", message: [] }, "edit.message"],
  ["revoke", "wamid.X", "revoke"],
  ["revoke", {}, "revoke.original_message_id"],
  ["revoke", { original_message_id: 5 }, "revoke.original_message_id"],
])("%s with a part of %j names no message: invalid, whole", (type, part, path) => {
  const item = textMessage({ type, [type]: part });
  expect(eventsOf({ messages: [item, textMessage()] })).toMatchObject([
    {
      reason: "invalid",
      detail: expect.stringContaining(`entry[0].changes[0].value.messages[0].${path}: `),
      content: item,
    },
    { kind: "message" },
  ]);
});

test("the business changes and takes back what it wrote on its own phone", () => {
  const message = { type: "text", text: { body: "We open at ten." } };
  const edit = echoItem({ type: "edit", edit: { original_message_id: "wamid.X", message } });
  const revoke = echoItem({ type: "revoke", revoke: { original_message_id: "wamid.X" } });
  const base = {
    wamid: "wamid.RUNITw",
    target_wamid: "wamid.X",
    direction: "outbound",
    origin: "echo",
    contact: { phone: "4915155501" },
  };
  const events = eventsOfField("smb_message_echoes", { message_echoes: [edit, revoke] });
  expect(events).toMatchObject([
    { kind: "edit", ...base, type: "text", body: "We open at ten.", content: message },
    { kind: "revoke", ...base },
  ]);
});
