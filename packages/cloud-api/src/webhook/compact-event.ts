import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import type { WebhookEvent } from "./events.ts";

/**
 * An event as `whatsapp_ingest` takes it, without what costs its way and tells nothing: members that are null,
 * and of a status without an error Meta's own object, which repeats its fields and stands in the journal's body.
 */
export function compactEvent(event: WebhookEvent): JsonObject {
  const { content, ...fields } = event;
  const compact = withoutNulls(fields);
  const isRepeated = event.kind === "status" && event.error === null;
  return isRepeated || content === null ? compact : { ...compact, content };
}

function withoutNulls(value: { [key: string]: JsonValue }): JsonObject {
  const kept: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== null)
      kept[key] = key === "contact" || key === "recipient" ? person(member) : member;
  }
  return kept;
}

function person(value: JsonValue): JsonValue {
  return isJsonObject(value) ? withoutNulls(value) : value;
}
