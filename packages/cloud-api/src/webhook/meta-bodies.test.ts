import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isJsonObject, type JsonValue } from "../json/json.ts";
import { toStorable } from "../json/to-storable.ts";
import { parseWebhook } from "./parse-webhook.ts";

// Meta's own examples, where they lie beside the repository: WABASE_PAYLOADS names the folder.
const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = resolve(root, process.env["WABASE_PAYLOADS"] ?? "../shared/payloads");
const files = existsSync(folder)
  ? readdirSync(folder).filter((name) => name.endsWith(".json"))
  : [];

test("Meta's examples lie beside the repository", (context) => {
  context.skip(
    files.length === 0,
    `no bodies in ${folder}; WABASE_PAYLOADS names a folder of them`,
  );
  expect(files.length).toBeGreaterThan(0);
});

test.each(files)("%s is parsed, with an event for each item that it holds", (name) => {
  const body = toStorable(JSON.parse(readFileSync(join(folder, name), "utf8")));
  const { events } = parseWebhook(body);
  expect(events).toHaveLength(countItems(body));
  // Some hold words in place of numbers: these, and nothing else, may be invalid.
  const has_placeholders = /"(from|recipient_id)":"[A-Z_<>]+"/.test(JSON.stringify(body));
  const invalid = events.filter((event) => event.kind === "other" && event.reason === "invalid");
  expect(has_placeholders ? [] : invalid).toEqual([]);
});

function countItems(value: JsonValue): number {
  const changes = listAt(value, "entry").flatMap((entry) => listAt(entry, "changes"));
  return changes.reduce<number>((total, change) => {
    if (!isJsonObject(change) || change["field"] !== "messages") return total + 1;
    const items = ["messages", "statuses", "errors", "user_actions"].flatMap((key) =>
      listAt(change["value"], key),
    );
    return total + items.length;
  }, 0);
}

function listAt(value: JsonValue | undefined, key: string): JsonValue[] {
  const list = isJsonObject(value) ? value[key] : undefined;
  return Array.isArray(list) ? list : [];
}
