import type { EventSource } from "@wabase/cloud-api";
import type { PeopleBook } from "./people.ts";

export interface ReadContext {
  source: EventSource;
  book: PeopleBook;
}

/** 9999-12-31: later years take a form of ISO 8601 that Postgres does not read. */
const LAST_SECOND = 253_402_300_799;

/** Seconds since 1970 to ISO 8601 UTC; null where they are no time. */
export function isoTime(seconds: number | null): string | null {
  if (seconds === null || !Number.isInteger(seconds) || seconds < 1 || seconds > LAST_SECOND) {
    return null;
  }
  return new Date(seconds * 1000).toISOString();
}
