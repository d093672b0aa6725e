import { expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../json/json.ts";
import type { MessageEvent } from "../events.ts";
import { ADA, BORIS, eventsOf, SOURCE, textMessage } from "../test-bodies.ts";

function onlyMessage(message: JsonObject, contacts?: JsonObject[]): MessageEvent {
  const [event] = eventsOf({ messages: [message], ...(contacts && { contacts }) });
  if (event?.kind !== "message") throw new Error(`not a message: ${JSON.stringify(event)}`);
  return event;
}

test("a text message, in full", () => {
  const context = { from: "493012345678", id: "wamid.VEhBVA" };
  const message = textMessage({ context, referral: { source_type: "ad" } });
  expect(onlyMessage(message, [ADA])).toEqual({
    kind: "message",
    ...SOURCE,
    wamid: "wamid.QURB",
    timestamp: "2026-09-21T14:13:20.000Z",
    type: "text",
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
    status: null,
    body: "Is the workshop open on Monday?",
    reply_to_wamid: "wamid.VEhBVA",
    reaction: null,
    contact_change: null,
    content: {
      type: "text",
      text: { body: "Is the workshop open on Monday?" },
      context,
      referral: { source_type: "ad" },
    },
  });
});

test("without a phone anywhere the user id is the person", () => {
  const { from, ...rest } = textMessage({
    from_user_id: "SE.222",
    from_parent_user_id: "SE.ENT.9",
  });
  expect(from).toBe("4915155501");
  const { wa_id, ...boris } = BORIS;
  expect(wa_id).toBe("4670111222");
  const message = onlyMessage(rest, [boris]);
  expect(message.contact).toEqual({
    phone: null,
    bsuid: "SE.222",
    parent_bsuid: "SE.ENT.9",
    username: "boris.l",
    profile_name: "Boris Lund",
  });
  expect(message.content).toEqual({ type: "text", text: rest["text"] });
});

test('"" counts as absent: Meta writes it where it does not know', () => {
  const message = textMessage({ from: "", from_user_id: "SE.222" });
  expect(onlyMessage(message, [{ ...BORIS, wa_id: "" }]).contact).toMatchObject({
    phone: null,
    bsuid: "SE.222",
  });
});

test("a plus in front of the number is dropped", () => {
  expect(onlyMessage(textMessage({ from: "+4915155501" })).contact.phone).toBe("4915155501");
});

test("no contacts at all: from is enough", () => {
  expect(onlyMessage(textMessage()).contact).toMatchObject({
    phone: "4915155501",
    profile_name: null,
  });
});

test.each([
  ["<TIMESTAMP>", null],
  ["", null],
  ["0", null],
  ["-5", null],
  ["1790000000.5", null],
  [1.5, null],
  ["1790000000000", null],
  ["9".repeat(400), null],
  [null, null],
  ["1790000000", "2026-09-21T14:13:20.000Z"],
  [1790000000, "2026-09-21T14:13:20.000Z"],
  ["253402300799", "9999-12-31T23:59:59.000Z"],
])("timestamp %j reads as %j, and the message lives", (timestamp, expected) => {
  expect(onlyMessage(textMessage({ timestamp })).timestamp).toBe(expected);
});

test.each([
  ["no id", { id: null }],
  ["an empty id", { id: "" }],
  ["an id that is no text", { id: 5 }],
  ["no sender", { from: null }],
  ["a sender that is a placeholder", { from: "<WHATSAPP_USER_PHONE_NUMBER>" }],
])("%s: invalid, and kept whole", (_name, parts) => {
  const message = textMessage(parts);
  expect(eventsOf({ messages: [message] })).toMatchObject([
    { kind: "other", reason: "invalid", content: message },
  ]);
});

test("with two contacts and no sender it is nobody's", () => {
  const message = textMessage({ from: null });
  const detail =
    "entry[0].changes[0].value.messages[0]: no sender in from, from_user_id or contacts";
  expect(eventsOf({ messages: [message], contacts: [ADA, BORIS] })).toMatchObject([
    { reason: "invalid", detail },
  ]);
});

test.each([undefined, "", 7, null])("a type of %j reads as unknown", (type) => {
  const { type: _text, ...rest } = textMessage();
  const message = onlyMessage(type === undefined ? rest : { ...rest, type });
  expect(message).toMatchObject({ type: "unknown", body: null });
});

test("a type that Meta adds later is a message, whole", () => {
  const message = onlyMessage(textMessage({ type: "hologram", hologram: { id: "h1" } }));
  expect(message).toMatchObject({
    type: "hologram",
    body: null,
    content: { hologram: { id: "h1" } },
  });
});

test.each([null, "x", [], {}, { id: "" }, { message_id: "wamid.X" }, { forwarded: true }])(
  "a context of %j is no reply",
  (context) => {
    expect(onlyMessage(textMessage({ context })).reply_to_wamid).toBeNull();
  },
);

test("a voicemail, whose id starts otherwise, is a message", () => {
  const voicemail = textMessage({ id: "wacid.Vk0", type: "audio", audio: { id: "1" } });
  expect(onlyMessage(voicemail)).toMatchObject({ wamid: "wacid.Vk0", type: "audio", body: null });
});

test("a message to a group: the person is who wrote it", () => {
  const message = onlyMessage(textMessage({ group_id: "Y2FwaV9ncm91cDox" }), [ADA]);
  expect(message).toMatchObject({
    group_id: "Y2FwaV9ncm91cDox",
    contact: { phone: "4915155501", profile_name: "Ada Brandt" },
    content: { group_id: "Y2FwaV9ncm91cDox" },
  });
});

test.each<[JsonValue, MessageEvent["reaction"]]>([
  [
    { message_id: "wamid.X", emoji: "👍🏽" },
    { wamid: "wamid.X", emoji: "👍🏽" },
  ],
  [
    { message_id: "wamid.X", emoji: "" },
    { wamid: "wamid.X", emoji: null },
  ],
  [{ message_id: "wamid.X" }, { wamid: "wamid.X", emoji: null }],
  [{ emoji: "👍🏽" }, null],
  [{ message_id: "" }, null],
  [null, null],
  ["👍🏽", null],
])("a reaction of %j is %j", (part, reaction) => {
  const message = onlyMessage(textMessage({ type: "reaction", reaction: part }));
  expect(message).toMatchObject({ type: "reaction", reaction });
});

test("the reaction part of another type of message is none", () => {
  const reaction = { message_id: "wamid.X", emoji: "👍" };
  expect(onlyMessage(textMessage({ reaction })).reaction).toBeNull();
});

test.each(["request_welcome", "media_placeholder", "unsupported", "customer_wave"])(
  "%s, which has no words, is a message",
  (type) => {
    expect(onlyMessage(textMessage({ type, [type]: { type: "poll" } }))).toMatchObject({
      type,
      body: null,
      content: { [type]: { type: "poll" } },
    });
  },
);

test("errors of a message stay in it", () => {
  const errors = [{ code: 131051, title: "Message type unknown" }];
  const message = textMessage({ type: "unsupported", unsupported: { type: "edit" }, errors });
  expect(eventsOf({ messages: [message] })).toMatchObject([
    { kind: "message", type: "unsupported", content: { errors } },
  ]);
});

test("inbound, nothing of `to` is taken away or taken for the person", () => {
  const message = onlyMessage(textMessage({ to: "493012345678" }));
  expect(message).toMatchObject({
    contact: { phone: "4915155501" },
    content: { to: "493012345678" },
  });
});
