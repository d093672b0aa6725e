import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { SAMPLE_ITEMS } from "./test-fields.ts";

/** How many events a body must give: counted from the promise, not from the code. */
export function countExpected(input: JsonValue): number {
  if (!isJsonObject(input) || input["object"] !== "whatsapp_business_account") return 1;
  if (!Array.isArray(input["entry"]) || input["entry"].length === 0) return 1;
  return sum(input["entry"], (entry) => {
    if (!isJsonObject(entry) || !Array.isArray(entry["changes"])) return 1;
    return Math.max(1, sum(entry["changes"], countInChange));
  });
}

/** Fields whose value holds items; every other change is one event. */
const LIST_FIELDS = new Set([
  ...SAMPLE_ITEMS.map(({ field }) => field),
  "group_lifecycle_update",
  "group_settings_update",
  "group_status_update",
]);

function countInChange(change: JsonValue): number {
  if (!isJsonObject(change) || !isJsonObject(change["value"])) return 1;
  const { field, value } = change;
  if (typeof field !== "string" || !LIST_FIELDS.has(field)) return 1;
  const parts = Object.entries(value).map(([key, part]) =>
    key === "standby" && isJsonObject(part)
      ? sum(Object.entries(part), ([inner, item]) => countInPart(inner, item))
      : countInPart(key, part),
  );
  return Math.max(
    1,
    sum(parts, (count) => count),
  );
}

function countInPart(key: string, part: JsonValue): number {
  if (key === "messaging_product" || key === "metadata") return 0;
  if (/^(display_phone_number|phone_number_id)$/.test(key) && typeof part === "string") return 0;
  const countItem = key === "contacts" ? () => 0 : key === "history" ? countInChunk : () => 1;
  return countInList(part, countItem);
}

function countInChunk({ threads = null, errors = null }: JsonObject): number {
  return 1 + countInList(threads, countInThread) + countInList(errors, () => 1);
}

function countInThread(thread: JsonObject): number {
  const parts = Object.entries(thread).filter(([key]) => key !== "id" && key !== "context");
  return Math.max(
    1,
    sum(parts, ([, part]) => countInList(part, () => 1)),
  );
}

/** An element that is no object, and anything that is no array, is one event. */
function countInList(part: JsonValue, countItem: (item: JsonObject) => number): number {
  if (part === null) return 0;
  if (!Array.isArray(part)) return 1;
  return sum(part, (item) => (isJsonObject(item) ? countItem(item) : 1));
}

function sum<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}
