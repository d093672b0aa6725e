import type { Position } from "./cursor.ts";

/** What is used of supabase-js's filters. */
interface Filters {
  lte(column: "occurred_at", value: string): this;
  gte(column: "occurred_at", value: string): this;
  or(filters: string): this;
}

// PostgREST has no comparison of rows, `(occurred_at, id) < (…)`. The first filter is where the index begins to read,
// the second leaves out what stands before the position at the very same time.

/** Of messages: only those before the position. */
export function olderThan<Query extends Filters>(query: Query, { key, id }: Position): Query {
  return query.lte("occurred_at", key).or(`occurred_at.lt."${key}",id.lt.${id}`);
}

/** Of messages: only those after the position. */
export function newerThan<Query extends Filters>(query: Query, { key, id }: Position): Query {
  return query.gte("occurred_at", key).or(`occurred_at.gt."${key}",id.gt.${id}`);
}
