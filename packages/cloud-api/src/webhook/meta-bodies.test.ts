import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { toStorable } from "../json/to-storable.ts";
import { parseWebhook } from "./parse-webhook.ts";
import { countExpected } from "./test-count.ts";

// Meta's own examples, where they lie beside the repository: WABASE_PAYLOADS names the folder.
const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = resolve(root, process.env["WABASE_PAYLOADS"] ?? "../shared/payloads");
const files = existsSync(folder)
  ? readdirSync(folder).filter((name) => name.endsWith(".json"))
  : [];

// These hold words where a person's number would be, and name nobody.
const NAMELESS = /^welcome_message_sequences--msg_text_referral/;

test("Meta's examples lie beside the repository", (context) => {
  context.skip(
    files.length === 0,
    `no bodies in ${folder}; WABASE_PAYLOADS names a folder of them`,
  );
  expect(files.length).toBeGreaterThan(0);
});

test.each(files)("%s is understood, with an event for each item that it holds", (name) => {
  const body = toStorable(JSON.parse(readFileSync(join(folder, name), "utf8")));
  const { events } = parseWebhook(body);
  expect(events).toHaveLength(countExpected(body));
  const others = events.flatMap((event) => (event.kind === "other" ? [event.detail] : []));
  const no_sender =
    "entry[0].changes[0].value.messages[0]: no sender in from, from_user_id or contacts";
  expect(others).toEqual(NAMELESS.test(name) ? [no_sender] : []);
});
