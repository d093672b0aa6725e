import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSession } from "./auth-state/open-session.ts";
import { entryKey } from "./auth-state/entries.ts";
import { createSessionBackend } from "./backend.ts";
import { parseKeyRing } from "./crypto/key-ring.ts";
import { resolveSupabase } from "./supabase/service-client.ts";

const key = (id = "a"): string => `${id}:${randomBytes(32).toString("base64")}`;
const legacy = (role: string): string => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part({ role })}.x`;
};
const URL = "https://ref.supabase.co";

describe("the environment", () => {
  test.each([
    [{}, /^SESSION_ENCRYPTION_KEYS: is missing\. Make one with: /],
    [{ SESSION_ENCRYPTION_KEYS: "abc" }, /a key is written id:base64/],
    [{ SESSION_ENCRYPTION_KEYS: "a:YWJj" }, /key «a» has 3 bytes, not 32/],
    [{ SESSION_ENCRYPTION_KEYS: `a:${Buffer.alloc(32).toString("base64")}` }, /is not random/],
    [{ SESSION_ENCRYPTION_KEYS: `${key()},${key()}` }, /a key id comes twice/],
    [
      { SESSION_ENCRYPTION_KEYS: key(), SESSION_STORAGE_TYPE: "s3" },
      /«s3» is none of supabase, local, memory/,
    ],
    [{ SESSION_ENCRYPTION_KEYS: key() }, /^SUPABASE_URL: is missing/],
    [{ SESSION_ENCRYPTION_KEYS: key(), SUPABASE_URL: "ref" }, /^SUPABASE_URL: is no URL/],
    [{ SESSION_ENCRYPTION_KEYS: key(), SUPABASE_URL: URL }, /^SUPABASE_SECRET_KEY: is missing/],
  ])("%j is refused by name", (environment, problem) => {
    expect(() => createSessionBackend(environment)).toThrow(problem);
  });

  test.each(["sb_publishable_abc", legacy("anon")])("a publishable key is refused: %s", (value) => {
    for (const variable of ["SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_KEY"]) {
      expect(() => resolveSupabase({ SUPABASE_URL: URL, [variable]: value })).toThrow(
        new RegExp(`^${variable}: is a publishable key, .* Copy the secret key`),
      );
    }
  });

  test("the document's SUPABASE_SERVICE_KEY and its key of before serve too", () => {
    for (const [variable, value] of [
      ["SUPABASE_SECRET_KEY", "sb_secret_abc"],
      ["SUPABASE_SERVICE_KEY", "sb_secret_abc"],
      ["SUPABASE_SERVICE_KEY", legacy("service_role")],
    ] as const) {
      expect(resolveSupabase({ SUPABASE_URL: URL, [variable]: value }).secret_key).toBe(value);
    }
  });

  test("no error of a key names the key", () => {
    const secret = `a:${randomBytes(20).toString("base64")}`;
    expect(() => parseKeyRing(secret)).toThrow(expect.not.stringContaining(secret.slice(2)));
  });

  test("a local folder holds a session from one process to the next", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wabase-sessions-"));
    const environment = {
      SESSION_STORAGE_TYPE: "local",
      SESSION_STORAGE_DIR: folder,
      SESSION_ENCRYPTION_KEYS: key(),
    };
    const place = { tenant: "acme", session: "main" };
    const first = await openSession(createSessionBackend(environment), place);
    await first.write(new Map([[entryKey("session", "a"), "1"]]), true);
    await first.close();
    const second = await openSession(createSessionBackend(environment), place);
    expect(second.get(entryKey("session", "a"))).toBe("1");
    expect(second.epoch).toBe(2);
    await second.close();
    rmSync(folder, { recursive: true });
  });
});
