import { expect, test } from "vitest";
import type { JsonValue } from "../json/json.ts";
import { INTERACTIVE_TYPES } from "./interactive/interactive.ts";
import { MESSAGE_TYPES, parseOutboundMessage } from "./message.ts";
import { issuesIn, withValue } from "./test-issues.ts";
import { SAMPLE_INTERACTIVE, SAMPLE_MESSAGES } from "./test-messages.ts";

test.each(Object.entries(SAMPLE_MESSAGES))("%s is taken as it is", (_name, message) => {
  const parsed = parseOutboundMessage(message);
  expect(issuesIn(message)).toEqual([]);
  // An index as text becomes a number; nothing else changes.
  const as_sent = JSON.parse(JSON.stringify(message).replaceAll(/"index":"(\d)"/g, '"index":$1'));
  expect(parsed).toEqual({ ok: true, message: as_sent });
});

test("there is a sample of every type", () => {
  const types = new Set(Object.values(SAMPLE_MESSAGES).map(({ type }) => type));
  expect(types).toEqual(new Set<unknown>(MESSAGE_TYPES));
  const kinds = new Set(Object.keys(SAMPLE_INTERACTIVE).map((name) => name.split(" ")[0]));
  expect(kinds).toEqual(new Set<unknown>(INTERACTIVE_TYPES));
});

test.each(Object.entries(SAMPLE_MESSAGES))("%s: a field too many is refused", (_name, message) => {
  for (const field of ["to", "recipient", "recipient_type", "biz_opaque_callback_data", "x"]) {
    expect(issuesIn({ ...message, [field]: "4915123456789" })).toEqual([
      expect.stringMatching(new RegExp(`^${field}: is not a field that is known here; remove it`)),
    ]);
  }
});

/** Every place of a message where there is an object, as a path. */
function objectsIn(value: JsonValue, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((part, at) => objectsIn(part, `${path}[${at}]`));
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, part]) =>
    objectsIn(part, path === "" ? key : `${path}.${key}`),
  );
  return path === "" ? inner : [path, ...inner];
}

/** Whose content is the caller's own. */
const FREE =
  /flow_action_payload\.data|flow_action_data|payment_settings|values|saved_addresses\[0\]\.value|validation_errors/;

test.each(Object.entries(SAMPLE_MESSAGES))("%s: so is one inside any part", (_name, message) => {
  for (const path of objectsIn(message)) {
    if (FREE.test(path)) continue;
    const issues = issuesIn(withValue(message, `${path}.Stray`, 1));
    expect(issues).toContainEqual(
      expect.stringContaining(`${path}.Stray: is not a field that is known here; remove it`),
    );
  }
});

test.each<[unknown, string]>([
  [undefined, ": is missing"],
  [null, ": must be an object"],
  ["text", ": must be an object"],
  [[], ": must be an object"],
  [{}, 'type: is missing; write "text"'],
  [{ type: "fax" }, 'type: is not known; write "text", "image"'],
  [{ type: ["text"] }, "type: is not known"],
  [{ type: "text" }, "text: is missing; add it"],
  [{ type: "text", text: "Hi" }, "text: must be an object"],
  [{ type: "interactive", interactive: { type: "buttons" } }, "interactive.type: is not known"],
  [{ type: "interactive", interactive: {} }, "interactive.type: is missing"],
  [{ type: "interactive" }, "interactive: is missing"],
])("%j: %s", (message, issue) => {
  expect(issuesIn(message)).toEqual([expect.stringContaining(issue)]);
});

test("all that is wrong is said at once, each with its path", () => {
  const message = {
    type: "interactive",
    interactive: {
      type: "button",
      body: {},
      footer: { text: "x".repeat(61) },
      action: {
        buttons: [
          { type: "reply", reply: { id: "1", title: "x".repeat(21) } },
          { type: "reply", reply: { title: "b" } },
        ],
      },
    },
  };
  expect(issuesIn(message)).toEqual([
    "interactive.body.text: is missing; add it",
    expect.stringMatching(/^interactive\.footer\.text: must have at most 60 characters/),
    expect.stringMatching(/^interactive\.action\.buttons\[0\]\.reply\.title: must have at most 20/),
    "interactive.action.buttons[1].reply.id: is missing; add it",
  ]);
});

test("no issue quotes what was refused", () => {
  const secret = "4111 1111 1111 1111";
  const messages = [
    { type: secret },
    { type: "text", text: { body: `${secret}\0` } },
    { type: "image", image: { link: secret } },
    { type: "reaction", reaction: { message_id: secret, emoji: secret } },
    { type: "interactive", interactive: { type: secret } },
    { type: "template", template: { name: secret, language: { code: secret } } },
  ];
  for (const message of messages) {
    const issues = issuesIn(message);
    expect(issues).not.toEqual([]);
    expect(issues.join(" ")).not.toContain(secret);
  }
});
