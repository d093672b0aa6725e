import { z } from "zod";
import { describeIssues } from "../describe-issues.ts";
import { isJsonObject, type JsonValue } from "../json/json.ts";
import { toStorable } from "../json/to-storable.ts";
import type { ParsedWebhook, WebhookEvent } from "./events.ts";
import { fieldParsers } from "./field-parsers.ts";
import { invalidEvent, NO_SOURCE, otherEvent } from "./other-event.ts";
import { anyJson, optionalText, optionalTimestamp } from "./scalars.ts";
import { readSource } from "./source.ts";

const envelopeSchema = z.object({
  object: z.literal("whatsapp_business_account"),
  entry: z.array(anyJson).min(1),
});
const entrySchema = z.object({
  id: optionalText,
  time: optionalTimestamp,
  changes: z.array(anyJson).min(1),
});
const changeSchema = z.object({ field: z.string().min(1) });

/**
 * Turns a webhook body, as JSON.parse returned it, into events. Never throws and never drops: what it cannot
 * read becomes an `other` event that holds it whole, and the rest of the batch parses on. Every string that it
 * returns can be stored in Postgres (U+0000 and lone surrogates become U+FFFD).
 *
 * Nesting costs it no stack, but whatever serialises the result may recurse: refuse what `exceedsDepth` first.
 */
export function parseWebhook(input: unknown): ParsedWebhook {
  const body = toStorable(input);
  const envelope = envelopeSchema.safeParse(body);
  if (!envelope.success) {
    return { events: [invalidEvent(NO_SOURCE, describeIssues(envelope.error), body)] };
  }
  return {
    events: envelope.data.entry.flatMap((entry, at) => parseEntry(entry, `entry[${at}]`)),
  };
}

function parseEntry(content: JsonValue, path: string): WebhookEvent[] {
  const entry = entrySchema.safeParse(content);
  if (!entry.success) return [invalidEvent(NO_SOURCE, describeIssues(entry.error, path), content)];
  const { changes } = entry.data;
  return changes.flatMap((change, at) => parseChange(change, entry.data, `${path}.changes[${at}]`));
}

function parseChange(
  content: JsonValue,
  { id, time }: { id: string | null; time: string | null },
  path: string,
): WebhookEvent[] {
  const unknown_source = { ...NO_SOURCE, waba_id: id };
  if (!isJsonObject(content)) {
    return [invalidEvent(unknown_source, `${path}: expected an object`, content)];
  }
  const change = changeSchema.safeParse(content);
  if (!change.success) {
    return [invalidEvent(unknown_source, describeIssues(change.error, path), content)];
  }
  const source = readSource(id, change.data.field, content);
  const parse = fieldParsers.get(source.field);
  if (parse === undefined) {
    return [otherEvent(source, { reason: "unhandled_field", detail: null, content })];
  }
  const value = content["value"];
  if (!isJsonObject(value)) {
    return [invalidEvent(source, `${path}.value: expected an object`, content)];
  }
  return parse({ source, time, value, content, path });
}
