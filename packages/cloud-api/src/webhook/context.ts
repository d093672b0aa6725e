import type { JsonObject } from "../json/json.ts";
import type { ContactBook } from "./contact-book.ts";
import type { EventSource, Origin, WebhookEvent } from "./events.ts";

/** One element of `entry[].changes[]`: what the parser of a field is given. */
export interface Change {
  source: EventSource;
  /** `entry[].time` as ISO 8601 UTC; the fields of messages come without. */
  time: string | null;
  value: JsonObject;
  /** The whole element, with `field` and `value`. */
  content: JsonObject;
  /** Where it stands in the body, for details: `entry[0].changes[0]`. */
  path: string;
}

export type FieldParser = (change: Change) => WebhookEvent[];

/** What the parser of one item in a change is given beside the item. */
export interface ItemContext {
  source: EventSource;
  time: string | null;
  origin: Origin;
  contacts: ContactBook;
  /** Where the item stands in the body, for details. */
  path: string;
}

/** Never throws: what it cannot read is an `other` event. Several events where the item holds items itself. */
export type ItemParser = (item: JsonObject, context: ItemContext) => WebhookEvent | WebhookEvent[];
