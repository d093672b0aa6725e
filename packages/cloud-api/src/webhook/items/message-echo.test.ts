import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import type { MessageEvent } from "../events.ts";
import { ADA, BORIS, echoItem, eventsOfField, identity, SOURCE } from "../test-bodies.ts";

function onlyEcho(echo: JsonObject, parts: JsonObject = {}): MessageEvent {
  const [event] = eventsOfField("smb_message_echoes", { message_echoes: [echo], ...parts });
  if (event?.kind !== "message") throw new Error(`not a message: ${JSON.stringify(event)}`);
  return event;
}

test("a message from the business's own phone, in full", () => {
  expect(onlyEcho(echoItem({ context: { id: "wamid.QURB" } }), { contacts: [ADA] })).toEqual({
    kind: "message",
    ...SOURCE,
    field: "smb_message_echoes",
    wamid: "wamid.RUNITw",
    timestamp: "2026-09-21T14:16:40.000Z",
    type: "text",
    direction: "outbound",
    origin: "echo",
    contact: identity({ phone: "4915155501", profile_name: "Ada Brandt" }),
    group_id: null,
    status: "sent",
    body: "We open at nine.",
    reply_to_wamid: "wamid.QURB",
    reaction: null,
    contact_change: null,
    content: {
      type: "text",
      text: { body: "We open at nine." },
      context: { id: "wamid.QURB" },
    },
  });
});

test("without a phone the person is who to_user_id names; nothing of it is left in the content", () => {
  const echo = echoItem({ to: null, to_user_id: "SE.222", to_parent_user_id: "SE.ENT.9" });
  const { wa_id, ...boris } = BORIS;
  expect(wa_id).toBe("4670111222");
  const event = onlyEcho(echo, { contacts: [ADA, boris] });
  expect(event.contact).toEqual(
    identity({
      bsuid: "SE.222",
      parent_bsuid: "SE.ENT.9",
      username: "boris.l",
      profile_name: "Boris Lund",
    }),
  );
  expect(Object.keys(event.content)).toEqual(["type", "text"]);
});

test("an echo that names nobody is its only contact's", () => {
  expect(onlyEcho(echoItem({ to: null }), { contacts: [BORIS] }).contact.bsuid).toBe("SE.222");
});

test.each(["+49 151 555-01", "+49 (151) 55501", "4915155501"])("%s is a phone", (to) => {
  expect(onlyEcho(echoItem({ to })).contact.phone).toBe("4915155501");
});

test.each([
  ["nobody", { to: null }],
  ["an empty recipient", { to: "" }],
  ["a placeholder", { to: "<WHATSAPP_USER_PHONE_NUMBER>" }],
  ["a sender alone", { to: null, from: "493012345678" }],
])("%s: invalid, whole", (_name, parts) => {
  const echo = echoItem(parts);
  const detail =
    "entry[0].changes[0].value.message_echoes[0]: no recipient in to, to_user_id or contacts";
  expect(eventsOfField("smb_message_echoes", { message_echoes: [echo] })).toMatchObject([
    { reason: "invalid", detail, content: echo },
  ]);
});

test("a message that another app sent through the Send API (message_echoes)", () => {
  const events = eventsOfField("message_echoes", { message_echoes: [echoItem()] });
  expect(events).toMatchObject([{ direction: "outbound", origin: "echo", status: "sent" }]);
});

function standbyEcho(message: JsonObject, envelope: JsonObject = {}): JsonObject {
  return {
    id: "wamid.U1RCWQ",
    timestamp: "1790000300",
    message: { messaging_product: "whatsapp", to: "4915155501", ...message },
    ...envelope,
  };
}

function onlyStandby(echo: JsonObject): MessageEvent {
  const [event] = eventsOfField("standby", { standby: { message_echoes: [echo] } });
  if (event?.kind !== "message") throw new Error(`not a message: ${JSON.stringify(event)}`);
  return event;
}

test("what Meta Business Agent sends comes wrapped, and is a message like any other", () => {
  const text = { body: "Your order has left." };
  expect(onlyStandby(standbyEcho({ type: "text", text }))).toMatchObject({
    wamid: "wamid.U1RCWQ",
    timestamp: "2026-09-21T14:18:20.000Z",
    type: "text",
    direction: "outbound",
    origin: "standby",
    status: "sent",
    contact: { phone: "4915155501" },
    body: "Your order has left.",
    content: { messaging_product: "whatsapp", type: "text", text },
  });
});

test("the definitions beside a wrapped message do not cover its parts", () => {
  const template = { name: "summer_sale", language: { code: "en" } };
  const definition = { status: "APPROVED", components: [] };
  const echo = standbyEcho({ type: "template", template }, { template: definition });
  expect(onlyStandby(echo)).toMatchObject({
    type: "template",
    body: null,
    content: { template, echo: { template: definition } },
  });
});

test("a wrapped message may be addressed to a user id, or outside the wrapping", () => {
  const by_id = standbyEcho({ to: null, recipient: "SE.222", type: "text" });
  expect(onlyStandby(by_id)).toMatchObject({ contact: { bsuid: "SE.222" } });
  expect(onlyStandby(by_id).content).not.toHaveProperty("recipient");
  const outside = standbyEcho({ to: null, type: "text" }, { to: "4670111222" });
  expect(onlyStandby(outside)).toMatchObject({ contact: { phone: "4670111222" } });
});

test("a message to a group is to nobody in particular: its id is no phone", () => {
  const echo = standbyEcho({ recipient_type: "group", to: "1203630555", type: "text" });
  const [event] = eventsOfField("standby", {
    standby: { contacts: [ADA], message_echoes: [echo] },
  });
  expect(event).toMatchObject({ kind: "message", group_id: "1203630555", contact: identity({}) });
});

test("an invalid one is kept as it came, wrapped", () => {
  const { id: _id, ...nameless } = standbyEcho({ type: "text" }, { template: {} });
  const aimless = standbyEcho({ type: "edit", edit: {} }, { template: {} });
  const message_echoes = [nameless, aimless];
  const path = "entry[0].changes[0].value.standby.message_echoes";
  expect(eventsOfField("standby", { standby: { message_echoes } })).toMatchObject([
    { detail: expect.stringContaining(`${path}[0].id: `), content: nameless },
    { detail: expect.stringContaining(`${path}[1].edit.original_`), content: aimless },
  ]);
});
