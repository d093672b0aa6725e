import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { isRoot, makeFolder, resolveHome } from "./home.ts";

let folder: string;

beforeEach(() => {
  // mkdtemp's folders are 0700.
  folder = mkdtempSync(join(tmpdir(), "wabase-home-"));
  const path = folder;
  onTestFinished(() => rmSync(path, { recursive: true }));
});

function withUmask<Result>(umask: number, run: () => Result): Result {
  const before = process.umask(umask);
  try {
    return run();
  } finally {
    process.umask(before);
  }
}

const mode = (path: string): number => statSync(path).mode & 0o777;

describe("makeFolder", () => {
  test("opens every folder that it makes, whatever the umask", () => {
    const path = withUmask(0o077, () => makeFolder(join(folder, "a", "b", "c")));
    for (const made of ["a", "a/b", "a/b/c"]) expect(mode(join(folder, made))).toBe(0o755);
    expect(path).toBe(join(folder, "a", "b", "c"));
  });

  test("opens the folder that is there already, and leaves those above it as they are", () => {
    mkdirSync(join(folder, "a"), { mode: 0o700 });
    mkdirSync(join(folder, "a", "b"), { mode: 0o700 });
    makeFolder(join(folder, "a", "b"));
    expect([mode(join(folder, "a")), mode(join(folder, "a", "b"))]).toEqual([0o700, 0o755]);
  });
});

describe("resolveHome", () => {
  test("is .wabase in a checkout that others may enter", () => {
    chmodSync(folder, 0o755);
    const home = withUmask(0o077, () => resolveHome(folder));
    expect([home, mode(home)]).toEqual([join(folder, ".wabase"), 0o755]);
  });

  test.runIf(isRoot())(
    "is in /var/lib/wabase for root's checkout that others may not enter",
    () => {
      const home = withUmask(0o077, () => resolveHome(folder));
      onTestFinished(() => rmSync(home, { recursive: true }));
      expect(home).toMatch(new RegExp(`^/var/lib/wabase/${basename(folder)}-[0-9a-f]{10}$`));
      for (const path of ["/var/lib/wabase", home]) expect(mode(path) & 0o001).toBe(1);
      expect(existsSync(join(folder, ".wabase"))).toBe(false);
      expect(resolveHome(folder)).toBe(home);
    },
  );

  test.runIf(isRoot())(
    "a closed folder further up counts as well, and two such share nothing",
    () => {
      const homes = ["one", "two"].map((name) => resolveHome(makeFolder(join(folder, name))));
      onTestFinished(() => {
        for (const home of homes) rmSync(home, { recursive: true });
      });
      expect(new Set(homes).size).toBe(2);
      for (const home of homes) expect(home.startsWith("/var/lib/wabase/")).toBe(true);
    },
  );

  test.skipIf(isRoot())("is in the checkout for everybody else: Postgres runs as they do", () => {
    expect(resolveHome(folder)).toBe(join(folder, ".wabase"));
  });
});
