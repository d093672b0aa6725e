import { expect, test } from "vitest";
import { eventsOfValue, identity, SOURCE } from "../test-bodies.ts";

const ROLES = { previous_owner_role: "ai_agent", new_owner_role: "escalation" };

const RECIPIENT = {
  phone_number_id: SOURCE.phone_number_id,
  display_phone_number: SOURCE.display_phone_number,
};

const PASSED = {
  messaging_product: "whatsapp",
  sender: { phone_number: "4915155501" },
  recipient: RECIPIENT,
  type: "control_passed",
  timestamp: "1790000000",
  control_passed: { ...ROLES, metadata: "wants a person" },
};

test("a conversation that is passed to us, in full", () => {
  expect(eventsOfValue("messaging_handovers", PASSED)).toEqual([
    {
      kind: "handover",
      ...SOURCE,
      field: "messaging_handovers",
      contact: identity({ phone: "4915155501" }),
      event: "control_passed",
      previous_owner: "ai_agent",
      new_owner: "escalation",
      timestamp: "2026-09-21T14:13:20.000Z",
      content: PASSED,
    },
  ]);
});

test.each([
  ["taken", { type: "control_taken", control_passed: null, control_taken: ROLES }],
  ["shared", { type: "control_shared", control_passed: null, control_shared: ROLES }],
  ["taken", { type: null, control_passed: undefined, control_taken: ROLES }],
])("control_%s", (name, parts) => {
  const value = JSON.parse(JSON.stringify({ ...PASSED, ...parts }));
  expect(eventsOfValue("messaging_handovers", value)).toMatchObject([
    {
      kind: "handover",
      event: `control_${name}`,
      previous_owner: "ai_agent",
      new_owner: "escalation",
    },
  ]);
});

test("the roles may stand in the value itself, and may not stand anywhere", () => {
  const { control_passed: _passed, ...value } = PASSED;
  expect(eventsOfValue("messaging_handovers", { ...value, ...ROLES })).toMatchObject([
    { kind: "handover", previous_owner: "ai_agent", new_owner: "escalation" },
  ]);
  expect(eventsOfValue("messaging_handovers", value)).toMatchObject([
    { kind: "handover", previous_owner: null, new_owner: null },
  ]);
});

test.each([{ sender: null }, { sender: {} }, { sender: { phone_number: "" } }])(
  "without a person (%j) it is news about the account",
  (parts) => {
    const value = { ...PASSED, ...parts };
    expect(eventsOfValue("messaging_handovers", value)).toMatchObject([
      {
        kind: "account",
        phone_number_id: SOURCE.phone_number_id,
        event: "control_passed",
        severity: null,
        timestamp: "2026-09-21T14:13:20.000Z",
        content: value,
      },
    ]);
  },
);

test("a value that says nothing is news about the account too", () => {
  expect(eventsOfValue("messaging_handovers", { sender: PASSED.sender })).toMatchObject([
    { kind: "account", event: "messaging_handovers" },
  ]);
});

test.each(["__proto__", "constructor", "toString"])("a type of %s does no harm", (type) => {
  expect(eventsOfValue("messaging_handovers", { ...PASSED, type })).toMatchObject([
    { kind: "handover", event: type, previous_owner: null },
  ]);
});
