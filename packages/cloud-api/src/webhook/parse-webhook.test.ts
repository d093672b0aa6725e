import { expect, test } from "vitest";
import { parseWebhook } from "./parse-webhook.ts";
import { bodyOf, messagesChange, SOURCE, statusItem, textMessage, WABA_ID } from "./test-bodies.ts";

const NOWHERE = {
  field: "",
  waba_id: null,
  phone_number_id: null,
  display_phone_number: null,
};

test("several entries, changes and items in one POST are all parsed, in order", () => {
  const { events } = parseWebhook({
    object: "whatsapp_business_account",
    entry: [
      {
        id: "1",
        changes: [
          messagesChange({ messages: [textMessage({ id: "a" }), textMessage({ id: "b" })] }),
          messagesChange({ statuses: [statusItem({ id: "c" })] }),
        ],
      },
      { id: "2", changes: [messagesChange({ messages: [textMessage({ id: "d" })] })] },
    ],
  });
  const seen = events.map((event) => [event.waba_id, "wamid" in event && event.wamid]);
  expect(seen).toEqual([
    ["1", "a"],
    ["1", "b"],
    ["1", "c"],
    ["2", "d"],
  ]);
});

test("the keys of a change may come in either order", () => {
  const { field, value } = messagesChange({ messages: [textMessage()] });
  const { events } = parseWebhook(bodyOf({ value: value ?? null, field: field ?? null }));
  expect(events).toMatchObject([{ kind: "message", ...SOURCE }]);
});

test.each([
  ["null", null],
  ["text", "hello"],
  ["an array", [1, 2]],
  ["another object", { object: "page", entry: [{ id: "1", changes: [{ field: "feed" }] }] }],
  ["no object", { entry: [{ id: "1", changes: [{ field: "messages" }] }] }],
  ["no entries", { object: "whatsapp_business_account", entry: [] }],
  ["entry not an array", { object: "whatsapp_business_account", entry: {} }],
])("a body that is no envelope is kept whole in one event: %s", (_name, body) => {
  expect(parseWebhook(body).events).toEqual([
    { kind: "other", reason: "invalid", ...NOWHERE, detail: expect.any(String), content: body },
  ]);
});

test("undefined, as from a body that was never parsed, is invalid too", () => {
  expect(parseWebhook(undefined).events).toMatchObject([{ reason: "invalid", content: null }]);
});

test("a bad entry or change does not hold up the others", () => {
  const { events } = parseWebhook({
    object: "whatsapp_business_account",
    entry: [
      "not an entry",
      { id: WABA_ID, changes: [] },
      { id: WABA_ID, changes: [null, { value: 1 }, messagesChange({ messages: [textMessage()] })] },
    ],
  });
  expect(events).toMatchObject([
    { reason: "invalid", detail: expect.stringMatching(/^entry\[0\]: /), content: "not an entry" },
    { reason: "invalid", detail: expect.stringMatching(/^entry\[1\]\.changes: /) },
    { reason: "invalid", detail: expect.stringMatching(/^entry\[2\]\.changes\[0\]: /) },
    {
      reason: "invalid",
      waba_id: WABA_ID,
      detail: expect.stringMatching(/^entry\[2\]\.changes\[1\]\.field: /),
      content: { value: 1 },
    },
    { kind: "message" },
  ]);
});

test("another field is one event with its change whole", () => {
  const change = {
    field: "tracking_events",
    value: { event: "APPROVED", id: 12345678, reason: null },
    sibling: "stays",
  };
  expect(parseWebhook(bodyOf(change)).events).toEqual([
    {
      kind: "other",
      reason: "unhandled_field",
      ...NOWHERE,
      field: "tracking_events",
      waba_id: WABA_ID,
      detail: null,
      content: change,
    },
  ]);
});

test.each(["__proto__", "constructor", "toString"])("a field named %s is just another", (field) => {
  expect(parseWebhook(bodyOf({ field, value: {} })).events).toMatchObject([
    { reason: "unhandled_field", field },
  ]);
});

test("__proto__ keys anywhere in the body change no other object", () => {
  const body: unknown = JSON.parse(
    `{"__proto__":{"entry":[]},"object":"whatsapp_business_account","entry":[{"id":"1","changes":[
      {"field":"messages","__proto__":{"field":"x"},"value":{"__proto__":{"messages":[]},"messages":[
        {"id":"wamid.P","from":"4915155501","type":"text","text":{"body":"hi","__proto__":{"x":1}},
         "__proto__":{"from_user_id":"DE.1"}}]}}]}]}`,
  );
  const { events } = parseWebhook(body);
  expect(events).toMatchObject([
    { kind: "other", reason: "unhandled_item" },
    { kind: "message", body: "hi", contact: { bsuid: null } },
  ]);
  expect(JSON.stringify(events[1]?.content)).toContain('"__proto__":{"from_user_id":"DE.1"}');
  expect({}).not.toHaveProperty("from_user_id");
});

test("NUL and lone surrogates are replaced in every string and key of every event", () => {
  const body: unknown = JSON.parse(
    JSON.stringify(
      bodyOf(
        messagesChange({
          contacts: [{ wa_id: "4915155501", profile: { name: "Ada\0" } }],
          messages: [
            textMessage({ id: "wamid.\0", text: { body: "\uD83D\0" }, "ke\0y": ["\uDE00"] }),
            { "no id\0": 1 },
          ],
        }),
        { field: "new\0field", value: "\0" },
      ),
    ),
  );
  const { events } = parseWebhook(body);
  expect(events).toHaveLength(3);
  expect(events).toMatchObject([
    {
      wamid: "wamid.\uFFFD",
      body: "\uFFFD\uFFFD",
      contact: { profile_name: "Ada\uFFFD" },
      content: { "ke\uFFFDy": ["\uFFFD"] },
    },
    { reason: "invalid", content: { "no id\uFFFD": 1 } },
    { field: "new\uFFFDfield", content: { value: "\uFFFD" } },
  ]);
});

test("5,000 levels of nesting cost no stack, wherever they stand", () => {
  const deep = `${'{"message":{"type":"edit","edit":'.repeat(5_000)}1${"}}".repeat(5_000)}`;
  const at = (text: string) => text.replace('"DEEP"', deep);
  const message = JSON.stringify(
    bodyOf(
      messagesChange({
        messages: [
          textMessage({ text: "DEEP" }),
          textMessage({ type: "edit", edit: "DEEP" }),
          textMessage({ system: "DEEP", context: {} }),
        ],
      }),
    ),
  );
  const bodies = [
    deep,
    at(JSON.stringify(bodyOf("DEEP"))),
    at(JSON.stringify(bodyOf(messagesChange({ later_key: "DEEP" })))),
    message.replaceAll('"DEEP"', deep),
  ];
  expect(bodies.map((body) => parseWebhook(JSON.parse(body)).events.length)).toEqual([1, 1, 1, 3]);
});
