import { isJsonObject, type JsonValue } from "../json/json.ts";
import type { ItemContext, ItemParser } from "./context.ts";
import type { WebhookEvent } from "./events.ts";
import { invalidEvent, otherEvent } from "./other-event.ts";

/** The events of each element of what should be an array of objects; what is none is one event itself. */
export function parseEach(
  part: JsonValue,
  context: ItemContext,
  parse: ItemParser,
): WebhookEvent[] {
  const { source } = context;
  if (!Array.isArray(part))
    return [invalidEvent(source, `${context.path}: expected an array`, part)];
  return part.flatMap((item, at) => {
    const path = `${context.path}[${at}]`;
    if (!isJsonObject(item)) return invalidEvent(source, `${path}: expected an object`, item);
    return parse(item, { ...context, path });
  });
}

/** What nothing reads yet: an event for each element of an array, one for anything else. */
export function keepPart(part: JsonValue, context: ItemContext): WebhookEvent[] {
  const { source, path } = context;
  const keep = (content: JsonValue, detail: string): WebhookEvent =>
    otherEvent(source, { reason: "unhandled_item", detail, content });
  if (!Array.isArray(part)) return [keep(part, path)];
  return part.map((item, at) => keep(item, `${path}[${at}]`));
}
