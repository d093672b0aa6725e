import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { INTERACTIVE_TYPES } from "./interactive/interactive.ts";
import { MESSAGE_TYPES, parseOutboundMessage, type OutboundMessage } from "./message.ts";
import { issuesIn } from "./test-issues.ts";

// Every example of docs/messages.md. Those marked "request" are whole requests: whatsapp-send's test reads them.

const page = readFileSync(new URL("../../../../docs/messages.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, example]) => example ?? "");

test.each(examples)("an example of the page is taken: %s", (example) => {
  expect(issuesIn(JSON.parse(example))).toEqual([]);
});

function messages(): OutboundMessage[] {
  return examples.flatMap((example) => {
    const parsed = parseOutboundMessage(JSON.parse(example));
    return parsed.ok ? [parsed.message] : [];
  });
}

test("the page shows every kind", () => {
  expect(new Set(messages().map(({ type }) => type))).toEqual(new Set(MESSAGE_TYPES));
  const kinds = messages().flatMap((message) =>
    message.type === "interactive" ? [message.interactive.type] : [],
  );
  expect(new Set(kinds)).toEqual(new Set(INTERACTIVE_TYPES));
});
