import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toStorable, toStorableText } from "./to-storable.ts";

test("replaces NUL and lone surrogates, and leaves whole emoji alone", () => {
  expect(toStorableText("a\0b")).toBe("a\uFFFDb");
  expect(toStorableText("\uD83D half \uDE00")).toBe("\uFFFD half \uFFFD");
  expect(toStorableText("😀 grüß dich")).toBe("😀 grüß dich");
});

test("whatever the JSON, no string or key is left that Postgres refuses, and all else is as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const stored = toStorable(value);
      JSON.stringify(stored, (key, part: unknown) => {
        expect(isStorable(key) && (typeof part !== "string" || isStorable(part))).toBe(true);
        return part;
      });
      expect(toStorable(stored)).toStrictEqual(stored);
      expect(shapeOf(stored)).toBe(shapeOf(value));
    }),
  );
});

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** The JSON text with every string and key made "s": what must not change. */
function shapeOf(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"(?:[^"\\]|\\.)*"/g, "s");
}

test("clean JSON comes back as it was, -0 and numbers beyond a double's range included", () => {
  const text = '{"a":[1,-0,1e400,-1e400,true,null,{"b":"c"},[]],"d":{}}';
  expect(toStorable(JSON.parse(text))).toStrictEqual(JSON.parse(text));
});

test("the input is copied, never changed", () => {
  const input = { text: "a\0", list: [{ x: "\uD800" }] };
  toStorable(input);
  expect(input).toEqual({ text: "a\0", list: [{ x: "\uD800" }] });
});

test("keys that become the same keep both values", () => {
  const stored = toStorable(JSON.parse('{"\\u0000":1,"\\ud800":2,"\\ufffd":3,"\\ufffd2":4}'));
  expect(new Set(Object.values(stored ?? {}))).toEqual(new Set([1, 2, 3, 4]));
});

test("a __proto__ key is an ordinary key and reaches no prototype", () => {
  const stored = toStorable(JSON.parse('{"__proto__":{"polluted":"yes"},"a":1}'));
  expect(JSON.stringify(stored)).toBe('{"__proto__":{"polluted":"yes"},"a":1}');
  expect(Object.getPrototypeOf(stored)).toBe(Object.prototype);
  expect(stored).not.toHaveProperty("polluted");
});

test("200,000 levels deep costs no stack", () => {
  const depth = 200_000;
  const deep: unknown = JSON.parse(`${"[".repeat(depth)}"\\u0000"${"]".repeat(depth)}`);
  let level = toStorable(deep);
  let count = 0;
  while (Array.isArray(level)) {
    level = level[0] ?? null;
    count += 1;
  }
  expect(count).toBe(depth);
  expect(level).toBe("\uFFFD");
});

test("what JSON cannot hold becomes null", () => {
  expect(toStorable(undefined)).toBeNull();
  expect(toStorable([undefined, 1n, () => 1, Symbol("s")])).toEqual([null, null, null, null]);
});
