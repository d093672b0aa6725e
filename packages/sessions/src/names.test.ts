import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeName, numbered, sessionFolder, unescapeName } from "./names.ts";

describe("names become paths", () => {
  test("any two names become two segments, on disks that take capitals for small letters too", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(name, name, (one, other) => {
        fc.pre(!/\p{Cc}/u.test(one + other) && (one + other).isWellFormed());
        const [first, second] = [escapeName("file", one), escapeName("file", other)];
        expect(first.toLowerCase() === second.toLowerCase()).toBe(one === other);
        expect(unescapeName(first)).toBe(one);
        // Storage's own rule for keys, and no way out of the folder.
        expect(first).toMatch(/^[A-Za-z0-9_!.*'() &$=@;:+,?-]+$/);
        expect(first).not.toMatch(/^\.|\.\.|\//);
      }),
    );
  });

  test.each([
    ["", "is empty"],
    ["a/b", "has a slash"],
    ["a\\b", "has a slash"],
    ["..", "is a path"],
    [".", "is a path"],
    ["a\u0000b", "has control characters"],
    ["a\nb", "has control characters"],
    ["\ud800", "is not well-formed Unicode"],
    ["x".repeat(129), "has more than 128 characters"],
    ["\u20ac".repeat(100), "is too long once escaped"],
  ])("%j is no tenant: %s", (name, problem) => {
    expect(() => sessionFolder(name, "main")).toThrow(`tenant: ${problem}`);
    expect(() => sessionFolder("acme", name)).toThrow(`session: ${problem}`);
  });

  test("the id of a tenant of ours is its folder's name as it is", () => {
    const id = "0193a5b2-7c11-7def-8000-0123456789ab";
    expect(sessionFolder(id, "main")).toBe(`${id}/main`);
  });

  test("what no name becomes is no name", () => {
    for (const escaped of ["A", "a/b", "=zz", "=C3", ""]) expect(unescapeName(escaped)).toBeNull();
  });

  test("objects sort by opening, then by number", () => {
    const names = [numbered(2, 1), numbered(10, 0), numbered(1, 99), numbered(1, 100)];
    expect(names.toSorted()).toEqual([
      numbered(1, 99),
      numbered(1, 100),
      numbered(2, 1),
      numbered(10, 0),
    ]);
  });
});
