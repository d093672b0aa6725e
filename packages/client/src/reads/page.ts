import { type Cursor, encodeCursor, type Position } from "./cursor.ts";

export interface PageOptions {
  /** How many rows, 1 to 99. */
  limit?: number;
  /** `next` of the page before; without it, the first page. */
  cursor?: Cursor | null;
}

export interface Page<Row> {
  rows: Row[];
  /** Of the next page; null where this is the last. */
  next: Cursor | null;
}

/** What the functions in SQL answer at most, less the one row that tells whether there are more. */
const MAX_LIMIT = 99;

/** @throws RangeError */
export function checkLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new RangeError(`limit: is ${limit}, must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  return limit;
}

/** Makes a page of rows of which one more than the limit was asked for. */
export function toPage<Row>(
  rows: Row[],
  limit: number,
  positionOf: (row: Row) => Position,
): Page<Row> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { rows: page, next: hasMore ? encodeCursor(positionOf(last)) : null };
}
