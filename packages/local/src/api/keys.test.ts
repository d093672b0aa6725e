import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadStackKeys } from "./keys.ts";

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wabase-keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a stack keeps its keys, and another has others", async () => {
  const file = join(makeFolder(), "keys.json");
  const keys = await loadStackKeys(file);
  expect(await loadStackKeys(file)).toEqual(keys);
  const others = await loadStackKeys(join(makeFolder(), "keys.json"));
  expect(Object.values(others)).not.toEqual(expect.arrayContaining(Object.values(keys)));
});

test("they look as the platform's do", async () => {
  const keys = await loadStackKeys(join(makeFolder(), "keys.json"));
  expect(keys.publishable_key).toMatch(/^sb_publishable_/);
  expect(keys.secret_key).toMatch(/^sb_secret_/);
  expect(keys.jwt_secret.length).toBeGreaterThanOrEqual(32);
});

test("the file is its owner's alone, and stands there whole or not at all", async () => {
  const folder = makeFolder();
  const keys = await loadStackKeys(join(folder, "keys.json"));
  expect(readdirSync(folder)).toEqual(["keys.json"]);
  expect(statSync(join(folder, "keys.json")).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(join(folder, "keys.json"), "utf8"))).toEqual(keys);
});
