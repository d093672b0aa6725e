import {
  describeIssues,
  type EventSource,
  type OtherEvent,
  type ParsedWebhook,
  toStorable,
  type WebhookEvent,
} from "@wabase/cloud-api";
import type { ReadContext } from "./context.ts";
import { itemSchema, journalSchema, WEB_OBJECT, type WebItem } from "./journal.ts";
import { PeopleBook } from "./people.ts";
import { readMessage } from "./read-message.ts";
import { readCall, readContact, readGroup, readUndecryptable } from "./read-others.ts";
import { readStatusItem } from "./read-status.ts";

/**
 * What a session heard, as the events that Meta's webhooks become: the same rows follow from both.
 * Never throws: what cannot be read is an event of kind `other`, and is kept whole.
 */
export function translateWebJournal(body: unknown): ParsedWebhook {
  const json = toStorable(body);
  const journal = journalSchema.safeParse(json);
  if (!journal.success) {
    const source = { field: "", waba_id: null, phone_number_id: null, display_phone_number: null };
    const detail = describeIssues(journal.error);
    return { events: [{ kind: "other", ...source, reason: "invalid", detail, content: json }] };
  }
  const { phone_number_id, display_phone_number, items } = journal.data;
  const context: ReadContext = {
    source: { field: "web", waba_id: null, phone_number_id, display_phone_number },
    book: new PeopleBook(journal.data),
  };
  return { events: items.flatMap((item, index) => readItem(item, index, context)) };
}

/** Whether a body of the journal is a session's, and not a webhook of Meta's. */
export function isWebJournal(body: unknown): boolean {
  return (
    typeof body === "object" && body !== null && "object" in body && body.object === WEB_OBJECT
  );
}

function readItem(json: unknown, index: number, context: ReadContext): WebhookEvent[] {
  const item = itemSchema.safeParse(json);
  if (item.success) return dispatch(item.data, context);
  return [invalid(context.source, describeIssues(item.error, `items[${index}]`), json)];
}

function dispatch(item: WebItem, context: ReadContext): WebhookEvent[] {
  switch (item.kind) {
    case "message":
      return readMessage(item, context);
    case "status":
      return readStatusItem(item, context);
    case "contact":
      return readContact(item, context);
    case "group":
      return readGroup(item, context);
    case "call":
      return readCall(item, context);
    case "undecryptable":
      return readUndecryptable(item, context);
    default:
      return item satisfies never;
  }
}

function invalid(source: EventSource, detail: string, content: unknown): OtherEvent {
  return { kind: "other", ...source, reason: "invalid", detail, content: toStorable(content) };
}
