import type { JsonObject } from "../json/json.ts";
import type { ContactBook } from "./contact-book.ts";
import type { EventSource } from "./events.ts";

/** One element of `entry[].changes[]`: what the parser of a field is given. */
export interface Change {
  source: EventSource;
  /** The whole element, with `field` and `value`. */
  content: JsonObject;
  /** Where it stands in the body, for details: `entry[0].changes[0]`. */
  path: string;
}

/** What the parser of one item in a change is given beside the item. */
export interface ItemContext {
  source: EventSource;
  contacts: ContactBook;
  /** Where the item stands in the body, for details. */
  path: string;
}
