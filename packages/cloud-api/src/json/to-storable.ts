import type { JsonObject, JsonValue } from "./json.ts";

const REPLACEMENT = "\uFFFD";

/** Text that Postgres can hold: U+0000 and lone surrogates become U+FFFD, all else stays as it is. */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", REPLACEMENT);
}

/**
 * A copy of a JSON value that Postgres `jsonb` can hold: every string and key goes through
 * `toStorableText`; numbers, booleans and null stay. Never throws on a value from JSON.parse, however deep:
 * the walk keeps its own stack. What JSON cannot hold (undefined, functions) becomes null.
 */
export function toStorable(input: unknown): JsonValue {
  const pending: Copy[] = [];
  const root = copyOf(input, pending);
  for (let copy = pending.pop(); copy !== undefined; copy = pending.pop()) {
    if ("items" in copy) {
      for (const item of copy.items) copy.into.push(copyOf(item, pending));
    } else {
      for (const [at, [key, value]] of Object.entries(copy.object).entries()) {
        setOwn(copy.into, freeKey(copy.into, key, at), copyOf(value, pending));
      }
    }
  }
  return root;
}

/** A container whose children are still to be copied. */
type Copy = { items: readonly unknown[]; into: JsonValue[] } | { object: object; into: JsonObject };

function copyOf(value: unknown, pending: Copy[]): JsonValue {
  if (typeof value === "string") return toStorableText(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) {
    const into: JsonValue[] = [];
    pending.push({ items: value, into });
    return into;
  }
  const into: JsonObject = {};
  pending.push({ object: value, into });
  return into;
}

/** Keys that differ only in what is replaced would fall together and lose a value: number the later ones. */
function freeKey(target: JsonObject, key: string, position: number): string {
  const clean = toStorableText(key);
  if (!Object.hasOwn(target, clean)) return clean;
  let count = position + 1;
  while (Object.hasOwn(target, `${clean}${count}`)) count += 1;
  return `${clean}${count}`;
}

function setOwn(target: JsonObject, key: string, value: JsonValue): void {
  if (key !== "__proto__") {
    target[key] = value;
    return;
  }
  // Plain assignment would set the prototype of an object that we hand on.
  Object.defineProperty(target, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}
