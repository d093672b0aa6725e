/** Reads what has been checked before; what is absent is an empty value. */
export interface Loose {
  at(key: string): Loose;
  list(key: string): Loose[];
  /** A string or number as a string; `null`: neither. */
  text(key: string): string | null;
  readonly value: unknown;
}

/** See {@link Loose}. */
export function loose(value: unknown): Loose {
  const get = (key: string): unknown =>
    typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  return {
    value,
    at: (key) => loose(get(key)),
    list(key) {
      const found = get(key);
      return Array.isArray(found) ? found.map((item: unknown) => loose(item)) : [];
    },
    text(key) {
      const found = get(key);
      if (typeof found === "number") return String(found);
      return typeof found === "string" ? found : null;
    },
  };
}
