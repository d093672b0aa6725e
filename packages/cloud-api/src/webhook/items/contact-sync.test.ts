import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import type { WebhookEvent } from "../events.ts";
import { eventsOfField, identity, SOURCE } from "../test-bodies.ts";

const ADA_IN_PHONE = {
  full_name: "Ada B. (workshop)",
  first_name: "Ada",
  phone_number: "4915155501",
};

function sync(parts: JsonObject = {}): JsonObject {
  return {
    type: "contact",
    contact: ADA_IN_PHONE,
    action: "add",
    metadata: { timestamp: "1790000000" },
    ...parts,
  };
}

function synced(...items: JsonObject[]): WebhookEvent[] {
  return eventsOfField("smb_app_state_sync", { state_sync: items });
}

test("an entry of the address book, in full", () => {
  const item = sync();
  expect(synced(item)).toEqual([
    {
      kind: "contact_sync",
      ...SOURCE,
      field: "smb_app_state_sync",
      contact: identity({ phone: "4915155501" }),
      action: "add",
      name: "Ada B. (workshop)",
      timestamp: "2026-09-21T14:13:20.000Z",
      content: item,
    },
  ]);
});

test("a removed entry has no name", () => {
  const contact = { phone_number: "4915155501" };
  expect(synced(sync({ action: "remove", contact }))).toMatchObject([
    { action: "remove", name: null, contact: { phone: "4915155501" } },
  ]);
});

test("without a full name the first name counts", () => {
  const contact = { ...ADA_IN_PHONE, full_name: "" };
  expect(synced(sync({ contact }))).toMatchObject([{ name: "Ada" }]);
});

test("a person without a phone is known by user id", () => {
  const contact = { user_id: "SE.222", parent_user_id: "SE.ENT.2", username: "@boris.l" };
  expect(synced(sync({ contact }))).toMatchObject([
    { contact: identity({ bsuid: "SE.222", parent_bsuid: "SE.ENT.2", username: "boris.l" }) },
  ]);
});

test("a number as people write it is a phone", () => {
  const contact = { ...ADA_IN_PHONE, phone_number: "+49 151 555-01" };
  expect(synced(sync({ contact }))).toMatchObject([{ contact: { phone: "4915155501" } }]);
});

test.each([{ metadata: null }, { metadata: {} }, { metadata: { timestamp: "soon" } }])(
  "%j: no time, and the entry lives",
  (parts) => {
    expect(synced(sync(parts))).toMatchObject([{ kind: "contact_sync", timestamp: null }]);
  },
);

test.each([{ type: "label" }, { type: null }, { action: "merge" }, { action: null }])(
  "%j is kept, not read",
  (parts) => {
    const item = sync(parts);
    expect(synced(item, sync())).toMatchObject([
      { reason: "unhandled_item", content: item },
      { kind: "contact_sync" },
    ]);
  },
);

test.each([
  ["no contact", { contact: null }],
  ["nobody in it", { contact: { full_name: "Ada" } }],
  ["a placeholder for a person", { contact: { phone_number: "<PHONE>" } }],
])("%s: invalid, whole", (_name, parts) => {
  const item = sync(parts);
  expect(synced(item)).toMatchObject([{ reason: "invalid", content: item }]);
});
