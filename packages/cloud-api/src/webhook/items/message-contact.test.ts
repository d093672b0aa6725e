import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import type { MessageEvent } from "../events.ts";
import { ADA, BORIS, eventsOf, identity, textMessage } from "../test-bodies.ts";

function systemMessage(parts: JsonObject, contacts?: JsonObject[]): MessageEvent {
  const messages = [textMessage({ type: "system", ...parts })];
  const [event] = eventsOf({ messages, ...(contacts && { contacts }) });
  if (event?.kind !== "message") throw new Error(`not a message: ${JSON.stringify(event)}`);
  return event;
}

test("a changed number: the person is who had the old one, the change is the new one", () => {
  const system = { type: "user_changed_number", body: "Ada changed", wa_id: "4915155502" };
  expect(systemMessage({ system })).toMatchObject({
    contact: identity({ phone: "4915155501" }),
    contact_change: { phone: "4915155502", bsuid: null, parent_bsuid: null },
    body: "Ada changed",
    content: { system },
  });
});

test("with the number changes the user id, and Meta names both (since August 2026)", () => {
  const system = {
    type: "user_changed_number",
    wa_id: "4915155502",
    user_id: "DE.2",
    parent_user_id: "DE.ENT.2",
    previous_user_id: "DE.1",
    previous_parent_user_id: "DE.ENT.1",
  };
  expect(systemMessage({ system })).toMatchObject({
    contact: identity({ phone: "4915155501", bsuid: "DE.1", parent_bsuid: "DE.ENT.1" }),
    contact_change: { phone: "4915155502", bsuid: "DE.2", parent_bsuid: "DE.ENT.2" },
  });
});

test("a from_user_id that is already the new one does not become the old person's", () => {
  const system = { type: "user_changed_user_id", user_id: "DE.2" };
  expect(systemMessage({ from_user_id: "DE.2", system })).toMatchObject({
    contact: identity({ phone: "4915155501" }),
    contact_change: { phone: null, bsuid: "DE.2" },
  });
});

test("contacts, where there are any, are not mixed into who it was", () => {
  const system = { type: "user_changed_number", wa_id: "4670111222", user_id: "SE.222" };
  const { wa_id, ...boris } = BORIS;
  expect(wa_id).toBe("4670111222");
  expect(systemMessage({ system }, [boris]).contact).toEqual(identity({ phone: "4915155501" }));
});

test.each([
  [
    { previous_user_id: "DE.1", user_id: "DE.2" },
    { phone: null, bsuid: "DE.1" },
  ],
  [
    { user_id: "DE.2", wa_id: "4915155502" },
    { phone: null, bsuid: "DE.2" },
  ],
  [{ wa_id: "4915155502" }, { phone: "4915155502", bsuid: null }],
])("a system message without from is its change's person: %j", (system, contact) => {
  expect(systemMessage({ from: null, system }).contact).toMatchObject(contact);
});

test.each([
  { type: "customer_identity_changed", wa_id: "4915155502" },
  { type: "user_changed_number" },
  { type: "user_changed_number", wa_id: "" },
  { wa_id: "4915155502" },
  null,
  "x",
])("a system part of %j changes nobody, and the message lives", (system) => {
  expect(systemMessage({ system })).toMatchObject({
    contact: { phone: "4915155501" },
    contact_change: null,
  });
});

test("a system message that names nobody at all is its only contact's, or nobody's", () => {
  expect(systemMessage({ from: null, system: null }, [ADA]).contact.phone).toBe("4915155501");
  const messages = [textMessage({ type: "system", from: null })];
  expect(eventsOf({ messages })).toMatchObject([{ reason: "invalid" }]);
});

test("the system part of another type of message names nobody", () => {
  const system = { type: "user_changed_number", user_id: "DE.2", wa_id: "4915155502" };
  expect(eventsOf({ messages: [textMessage({ from: null, system })] })).toMatchObject([
    { reason: "invalid" },
  ]);
  expect(eventsOf({ messages: [textMessage({ system })] })).toMatchObject([
    { contact_change: null },
  ]);
});
