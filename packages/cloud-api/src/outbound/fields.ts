import { z } from "zod";
import type { JsonObject } from "../json/json.ts";
import { findUnstorable } from "../json/find-unstorable.ts";
import { say } from "./issues.ts";

// The parts that the schemas of this folder are made of. Each says what is wrong and how to mend it, and none
// lets through what Postgres cannot hold (U+0000, half an emoji).

/** How deep JSON of the caller's own (data of a flow) may nest: far above any use, far below any stack. */
const MAX_JSON_DEPTH = 32;

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

function missingOr(problem: string, fix: string): (issue: RawIssue) => string {
  return (issue) => (issue.input === undefined ? say("is missing", "add it") : say(problem, fix));
}

/** An object with these keys and no other. */
export function object<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") {
        return say("is not a field that is known here", `remove it (known: ${known})`);
      }
      return missingOr("must be an object", "write {…}")(issue);
    },
  });
}

export interface TextLimits {
  max?: number;
  /** 0 allows "", else there must be something to read. */
  min?: 0 | 1;
}

/**
 * Text of at most `max` characters. Counts UTF-16 units, as String.length does: Meta does not say what its
 * "characters" are, and this is the count that is never the smaller one.
 */
export function text({ max = Infinity, min = 1 }: TextLimits = {}) {
  return (
    z
      .string({ error: missingOr("must be text", 'write it in quotes: "…"') })
      // Not .max(): zod 4.6 counts code points.
      .refine((value) => value.length <= max, {
        error: say(
          `must have at most ${max} characters (an emoji counts as two or more)`,
          "shorten it",
        ),
      })
      .refine((value) => min === 0 || value.trim() !== "", {
        error: say("must not be empty", "write at least one character"),
      })
      .refine((value) => findUnstorable(value) === null, {
        error: say("holds U+0000 or half an emoji, which cannot be stored", "remove it"),
      })
  );
}

/** A line of text, as for a label. */
export function line(max: number) {
  return text({ max }).refine((value) => !/[\r\n]/.test(value), {
    error: say("must be one line", "remove the line break"),
  });
}

export function matching(pattern: RegExp, shape: string, example: string) {
  return text().refine((value) => pattern.test(value), {
    error: say(`must be ${shape}`, `write it as ${example}`),
  });
}

/** An id that Meta gave: digits, as text. */
export function metaId() {
  return matching(/^\d{1,32}$/, "an id from Meta, digits only", '"1013859600285441"');
}

/** The id of a message, from Meta. */
export function wamid() {
  return matching(/^\S{1,512}$/, "a message id from Meta", '"wamid.HBgL…"');
}

/** A public web address. */
export function url(max = 2000) {
  return text({ max }).refine(isWebAddress, {
    error: say("must be a web address", "write it as https://example.com/path"),
  });
}

function isWebAddress(value: string): boolean {
  if (!URL.canParse(value)) return false;
  return /^https?:$/.test(new URL(value).protocol) && !/\s/.test(value);
}

export function integer(min: number, max: number) {
  const error = missingOr(`must be a whole number from ${min} to ${max}`, "correct it");
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function boolean() {
  return z.boolean({ error: missingOr("must be true or false", "write it without quotes") });
}

/** One of these words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  const all = words.map((word) => `"${word}"`).join(", ");
  return z.enum(words, {
    error: missingOr(words.length === 1 ? `must be ${all}` : "is not known", `write ${all}`),
  });
}

export function list<Item extends z.core.$ZodType>(item: Item, min: number, max: number) {
  const size = min === max ? `exactly ${min}` : `${min} to ${max}`;
  const error = missingOr(`must be a list of ${size}`, "correct the list");
  return z
    .array(item, { error })
    .min(min, { error: say(`has too few entries: ${size} are allowed`, "add what is missing") })
    .max(max, { error: say(`has too many entries: ${size} are allowed`, "take some out") });
}

/** An object whose content is the caller's own, such as data for a flow. */
export function freeObject() {
  return z
    .custom<JsonObject>(
      (value) => typeof value === "object" && value !== null && !Array.isArray(value),
      { error: missingOr("must be an object", "write {…}") },
    )
    .refine((value) => findUnstorable(value, MAX_JSON_DEPTH) === null, {
      error: say(
        `holds U+0000, half an emoji, a number too large or more than ${MAX_JSON_DEPTH} levels`,
        "remove it",
      ),
    });
}

/** Reports each entry of a list whose value has been there before. */
export function checkUnique(
  context: z.RefinementCtx,
  entries: readonly { path: PropertyKey[]; value: string }[],
  what: string,
): void {
  const seen = new Set<string>();
  for (const { path, value } of entries) {
    if (seen.has(value)) {
      context.addIssue({
        code: "custom",
        path,
        message: say(`is the same ${what} as an earlier one`, `give each its own ${what}`),
      });
    }
    seen.add(value);
  }
}
