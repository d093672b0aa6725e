import { expect, test } from "vitest";
import type { JsonObject } from "../../json/json.ts";
import type { WebhookEvent } from "../events.ts";
import { BORIS, echoItem, eventsOfField, identity, SOURCE, textMessage } from "../test-bodies.ts";

const METADATA = { phase: 0, chunk_order: 1, progress: 55 };

function historyOf(...threads: JsonObject[]): WebhookEvent[] {
  return eventsOfField("history", { history: [{ metadata: METADATA, threads }] });
}

/** The events of the messages of one thread with Ada. */
function threadOf(messages: JsonObject[], parts: JsonObject = {}): WebhookEvent[] {
  return historyOf({ id: "4915155501", messages, ...parts }).slice(1);
}

test("a chunk is one event, and each message in it another", () => {
  const events = historyOf(
    { id: "4915155501", messages: [textMessage(), echoItem()] },
    { id: "4670111222", messages: [echoItem({ to: null, id: "wamid.3" })] },
  );
  expect(events[0]).toEqual({
    kind: "account",
    ...SOURCE,
    field: "history",
    event: "history_chunk",
    severity: null,
    timestamp: null,
    content: { metadata: METADATA },
  });
  expect(events.slice(1)).toMatchObject([
    { kind: "message", origin: "history", direction: "inbound", contact: { phone: "4915155501" } },
    { kind: "message", origin: "history", direction: "outbound", contact: { phone: "4915155501" } },
    { kind: "message", origin: "history", direction: "outbound", contact: { phone: "4670111222" } },
  ]);
});

test.each([
  ["SENT", "sent"],
  ["DELIVERED", "delivered"],
  ["READ", "read"],
  ["PLAYED", "played"],
  ["ERROR", "failed"],
  ["PENDING", null],
  ["HOLOGRAM", null],
  ["", null],
  [5, null],
])("what the business wrote had come to %j: %j", (status, expected) => {
  expect(threadOf([echoItem({ history_context: { status } })])).toMatchObject([
    { direction: "outbound", status: expected, content: { history_context: { status } } },
  ]);
});

test("what a person wrote has no status, whatever the history says of it", () => {
  const history_context = { status: "READ" };
  expect(threadOf([textMessage({ history_context })])).toMatchObject([
    { direction: "inbound", status: null, content: { history_context } },
  ]);
});

test("media come as placeholders first", () => {
  const message = textMessage({ type: "media_placeholder", history_context: { status: "PLAYED" } });
  expect(threadOf([message])).toMatchObject([
    { kind: "message", type: "media_placeholder", body: null },
  ]);
});

test("the thread's context names the person where the phone is not shared", () => {
  const { from: _from, ...message } = textMessage({ from_user_id: "SE.222" });
  const { to: _to, ...echo } = echoItem();
  const context = { user_id: "SE.222", parent_user_id: "SE.ENT.2", username: "@boris.l" };
  const thread = { context, messages: [message, echo] };
  const boris = identity({ bsuid: "SE.222", parent_bsuid: "SE.ENT.2", username: "boris.l" });
  expect(historyOf(thread).slice(1)).toMatchObject([
    { direction: "inbound", contact: boris },
    { direction: "outbound", contact: boris },
  ]);
});

test("the context's phone stands before the thread's id", () => {
  const [event] = threadOf([echoItem({ to: null })], { context: { wa_id: "4670111222" } });
  expect(event).toMatchObject({ contact: { phone: "4670111222" } });
});

test.each([
  ["493012345678", "493012345678", "outbound"],
  ["493012345678", "+49 30 12345678", "outbound"],
  ["4915155501", "493012345678", "inbound"],
  // Brazil, Mexico: the same line with and without one digit.
  ["551187654321", "+55 11 98765-4321", "outbound"],
  ["5215512345678", "525512345678", "outbound"],
  // Not the same line.
  ["12025551234", "12125551234", "inbound"],
  ["551187654321", "+54 11 98765-4321", "inbound"],
  ["4915155501", null, "inbound"],
])("from %s where the business is %s is %s", (from, display_phone_number, direction) => {
  const metadata = { display_phone_number, phone_number_id: "1" };
  const messages = [textMessage({ from })];
  const history = [{ threads: [{ id: "4670111222", messages }] }];
  expect(eventsOfField("history", { metadata, history })[1]).toMatchObject({ direction });
});

test("without a sender, what is addressed to somebody is the business's", () => {
  expect(
    threadOf([textMessage({ from: null }), textMessage({ from: null, to_user_id: "DE.1" })]),
  ).toMatchObject([{ direction: "inbound" }, { direction: "outbound" }]);
});

test("a user id as the sender is a person's, whatever it is addressed to", () => {
  const message = textMessage({ from: null, from_user_id: "DE.1", to: "493012345678" });
  expect(threadOf([message])).toMatchObject([{ direction: "inbound", contact: { bsuid: "DE.1" } }]);
});

test("a history is one in whichever field it comes", () => {
  const history = [{ threads: [{ id: "4915155501", messages: [echoItem()] }] }];
  expect(eventsOfField("messages", { history })).toMatchObject([
    { event: "history_chunk" },
    { origin: "history", direction: "outbound", status: null },
  ]);
});

test("edits and revocations are in the history too", () => {
  const revoke = { original_message_id: "wamid.X" };
  expect(threadOf([echoItem({ type: "revoke", revoke })])).toMatchObject([
    { kind: "revoke", origin: "history", direction: "outbound", target_wamid: "wamid.X" },
  ]);
});

test("a history that is not shared is an error beside its chunk", () => {
  const error = { code: 2593109, title: "History sharing is turned off" };
  expect(eventsOfField("history", { history: [{ errors: [error] }] })).toMatchObject([
    { kind: "account", event: "history_chunk", content: {} },
    { kind: "account", event: "error", content: error },
  ]);
});

test("media that come later have the wamid of their placeholder, in both directions", () => {
  const image = { id: "1", caption: "The kiln" };
  const messages = [textMessage({ type: "image", image })];
  const message_echoes = [echoItem({ type: "image", image, to: null, to_user_id: "SE.222" })];
  const events = eventsOfField("history", { contacts: [BORIS], messages, message_echoes });
  expect(events).toMatchObject([
    { kind: "message", origin: "history", direction: "inbound", type: "image", body: "The kiln" },
    {
      kind: "message",
      origin: "history",
      direction: "outbound",
      status: null,
      contact: { phone: "4670111222", bsuid: "SE.222" },
    },
  ]);
});

test("bad parts of a chunk are kept where they stand, and the others parse", () => {
  const history = [
    5,
    { threads: "x" },
    {
      threads: [
        null,
        { id: "4915155501" },
        { id: "4915155501", messages: {} },
        { id: "4915155501", polls: [1, 2], messages: [{ no: "id" }, textMessage()] },
      ],
      errors: [7],
    },
  ];
  const path = "entry[0].changes[0].value.history";
  expect(eventsOfField("history", { history })).toMatchObject([
    { reason: "invalid", detail: `${path}[0]: expected an object`, content: 5 },
    { event: "history_chunk" },
    { reason: "invalid", detail: `${path}[1].threads: expected an array`, content: "x" },
    { event: "history_chunk" },
    { reason: "invalid", detail: `${path}[2].threads[0]: expected an object`, content: null },
    { reason: "unhandled_item", detail: `${path}[2].threads[1]: holds no messages` },
    { reason: "invalid", detail: `${path}[2].threads[2].messages: expected an array` },
    { reason: "unhandled_item", detail: `${path}[2].threads[3].polls[0]`, content: 1 },
    { reason: "unhandled_item", detail: `${path}[2].threads[3].polls[1]`, content: 2 },
    { reason: "invalid", detail: expect.stringContaining(`${path}[2].threads[3].messages[0].id`) },
    { kind: "message" },
    { reason: "invalid", detail: `${path}[2].errors[0]: expected an object`, content: 7 },
  ]);
});

test("thousands of messages in one chunk", () => {
  const messages = Array.from({ length: 5_000 }, (_, at) => textMessage({ id: `wamid.${at}` }));
  const events = threadOf(messages);
  expect(events).toHaveLength(5_000);
  expect(events.at(-1)).toMatchObject({ wamid: "wamid.4999" });
});
