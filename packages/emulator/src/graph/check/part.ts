import { GraphFault } from "../errors.ts";

/** How long a text may be, in characters. */
export interface Length {
  max: number;
  /** Default: 1. */
  min?: number;
}

/**
 * An object of a request, read key by key. What is wrong is thrown as a {@link GraphFault} that names the key as Meta
 * does: `interactive['body']['text']`.
 */
export interface Part {
  readonly path: string;
  has(key: string): boolean;
  /** The value as it came. */
  raw(key: string): unknown;
  text(key: string, length: Length): string;
  textOrNull(key: string, length: Length): string | null;
  oneOf<T extends string>(key: string, values: readonly T[]): T;
  /** A number, also as a string. */
  number(key: string, range: { min: number; max: number }): number;
  bool(key: string): boolean;
  /** An http or https address. */
  url(key: string): string;
  part(key: string): Part;
  partOrNull(key: string): Part | null;
  list(key: string, count: { min: number; max: number }): Part[];
  /** Refuses what must not be there. */
  without(...keys: readonly string[]): void;
}

/** Reads a value that must be an object. */
export function readPart(value: unknown, path: string): Part {
  if (!isObject(value)) throw invalid(path);
  const at = (key: string) => (path === "" ? key : `${path}['${key}']`);
  const raw = (key: string) => value[key];
  const required = (key: string) => {
    const found = raw(key);
    if (found === undefined || found === null) throw missing(at(key));
    return found;
  };
  const text = (key: string, length: Length) => readText(required(key), at(key), length);
  const has = (key: string) => raw(key) !== undefined && raw(key) !== null;
  return {
    path,
    has,
    raw,
    text,
    textOrNull: (key, length) => (has(key) ? text(key, length) : null),
    oneOf(key, values) {
      const given = required(key);
      const found = values.find((one) => one === given);
      if (found !== undefined) return found;
      throw invalid(at(key), `Param ${at(key)} must be one of {${values.join(", ")}}.`);
    },
    number(key, { min, max }) {
      const given = required(key);
      const number = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
      if (typeof number === "number" && number >= min && number <= max) return number;
      throw invalid(at(key), `Param ${at(key)} must be a number from ${min} to ${max}.`);
    },
    bool(key) {
      const given = raw(key) ?? false;
      if (typeof given === "boolean") return given;
      throw invalid(at(key));
    },
    url(key) {
      const given = text(key, { max: 2000 });
      if (URL.canParse(given) && /^https?:/i.test(given)) return given;
      throw invalid(at(key), `Param ${at(key)} is not a valid URI.`);
    },
    part: (key) => readPart(required(key), at(key)),
    partOrNull: (key) => (has(key) ? readPart(raw(key), at(key)) : null),
    list: (key, count) =>
      readList(required(key), at(key), count).map((item, index) =>
        readPart(item, `${at(key)}[${index}]`),
      ),
    without(...keys) {
      for (const key of keys) {
        if (has(key)) throw invalid(at(key), `Param ${at(key)} is not allowed here.`);
      }
    },
  };
}

function readText(value: unknown, path: string, { min = 1, max }: Length): string {
  if (typeof value !== "string") throw invalid(path);
  const length = characters(value, max);
  if (length > max) {
    throw invalid(path, `Param ${path} length invalid. Min length: ${min}, Max length: ${max}.`);
  }
  if (length < min || (min > 0 && value.trim() === "")) throw invalid(path);
  return value;
}

function readList(value: unknown, path: string, { min, max }: { min: number; max: number }) {
  if (!Array.isArray(value)) throw invalid(path);
  if (value.length >= min && value.length <= max) return value;
  throw invalid(
    path,
    `Param ${path}: ${value.length} given, min allowed count: ${min}, max: ${max}.`,
  );
}

/** As a reader counts: an emoji of two units is one. Counted only where it matters. */
export function characters(text: string, max: number): number {
  return text.length <= max ? text.length : Array.from(text).length;
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refuses two of a list that share a name. */
export function refuseTwins(names: readonly string[], what: string): void {
  if (new Set(names).size < names.length) throw invalid(what, `${what} must be unique.`);
}

/** 131008: nothing is there. */
export function missing(path: string): GraphFault {
  return new GraphFault(131008, { details: `Parameter '${path}' is required.` });
}

/** 131009: what is there cannot be. */
export function invalid(path: string, details = `Parameter '${path}' is not valid.`): GraphFault {
  return new GraphFault(131009, { details });
}
