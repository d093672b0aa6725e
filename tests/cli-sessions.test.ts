import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "@wabase/cli";
import { createSessionBackend, entryKey, openSession } from "@wabase/sessions";
import { Curve, proto, useMultiFileAuthState } from "baileys";
import { afterAll, beforeEach, describe, expect, inject, test } from "vitest";
import { ROOT } from "./support/workbench.ts";

const { url, keys } = inject("workbench");
const environment = {
  SUPABASE_URL: url,
  SUPABASE_SECRET_KEY: keys.secret_key,
  SESSION_ENCRYPTION_KEYS: `test:${randomBytes(32).toString("base64")}`,
};
const backend = createSessionBackend(environment);
const root = mkdtempSync(join(tmpdir(), "wabase-cli-sessions-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const PHONE = "4915207654321";

/** Everything that any command printed in this file. */
const printed: string[] = [];
let lines: string[] = [];
beforeEach(() => {
  lines = [];
});

async function sessions(...args: string[]): Promise<number> {
  return await sessionsWith({}, ...args);
}

async function sessionsWith(extra: Record<string, string>, ...args: string[]): Promise<number> {
  const print = (line: string): void => {
    lines.push(line);
    printed.push(line);
  };
  const terminal = { environment: { ...environment, ...extra }, print, printError: print };
  return await main(["sessions", ...args], terminal);
}

/** What Baileys itself leaves on disk: keys of every type, and ids that it escapes. */
async function writeBaileysFiles(directory: string, pre_keys: number): Promise<void> {
  const { state, saveCreds } = await useMultiFileAuthState(directory);
  Object.assign(state.creds, { me: { id: `${PHONE}:3@s.whatsapp.net`, name: "Mara" } });
  await saveCreds();
  const ids = Array.from({ length: pre_keys }, (_, index) => String(index + 1));
  await state.keys.set({
    "pre-key": Object.fromEntries(ids.map((id) => [id, Curve.generateKeyPair()])),
    "sender-key": { [`49-16@g.us::${PHONE}_1::3`]: randomBytes(80) },
    "sender-key-memory": { "49-16@g.us": { [`${PHONE}:3@s.whatsapp.net`]: true } },
    "app-state-sync-key": {
      "AA/b/+=": proto.Message.AppStateSyncKeyData.create({
        keyData: randomBytes(32),
        timestamp: 1_795_000_000,
      }),
    },
    "lid-mapping": { [PHONE]: "77", "77_reverse": PHONE },
    "device-list": { [PHONE]: ["0", "3"] },
    "identity-key": { [`${PHONE}.0`]: randomBytes(33) },
    tctoken: { "77@lid": { token: randomBytes(20) } },
  });
}

function readFiles(directory: string): Map<string, string> {
  const names = readdirSync(directory).toSorted();
  return new Map(names.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function lastJson(): Record<string, unknown> {
  const value: unknown = JSON.parse(lines.at(-1) ?? "null");
  return isRecord(value) ? value : {};
}

describe("wabase sessions", () => {
  test("takes Baileys' 2,000 files through the bucket and back: the same bytes, and nothing of them printed", async () => {
    const tenant = randomUUID();
    const source = join(root, "from", tenant);
    mkdirSync(join(root, "from"));
    await writeBaileysFiles(source, 1_991);
    const files = readFiles(source);
    expect(files.size).toBe(2_000);

    expect(await sessions("migrate", join(root, "from"), "--dry-run")).toBe(0);
    expect((await backend.logs.list()).some((known) => known.tenant === tenant)).toBe(false);
    expect(await sessions("migrate", join(root, "from"), "--json")).toBe(0);
    expect(lastJson()).toMatchObject({ tenant, session: "main", outcome: "migrated", files: 2000 });
    expect(readFiles(source)).toEqual(files);
    expect(await backend.driver.list(`${tenant}/main`)).toHaveLength(1);

    const target = join(root, "back");
    expect(await sessions("export", tenant, "main", target)).toBe(0);
    expect(readFiles(target)).toEqual(files);
    expect(statSync(target).mode & 0o077).toBe(0);

    expect(await sessions("inspect", tenant, "main", "--json")).toBe(0);
    const types: unknown = expect.arrayContaining([
      expect.objectContaining({ type: "pre-key", count: 1_991 }),
    ]);
    expect(lastJson()).toMatchObject({ is_paired: true, keys: 1_999, owner: null, types });
    expect(await sessions("list", "--tenant", tenant)).toBe(0);

    const backup = join(root, "backup.wsb");
    expect(await sessions("backup", backup, "--tenant", tenant)).toBe(0);
    expect(await sessions("backup", backup, "--tenant", tenant)).toBe(2);
    expect(await sessions("disconnect", tenant, "main")).toBe(2);
    expect(await sessions("disconnect", tenant, "main", "--yes")).toBe(0);
    expect(await backend.driver.list(tenant)).toEqual([]);
    expect(await sessions("inspect", tenant, "main")).toBe(1);
    expect(await sessions("restore", backup)).toBe(0);
    expect(await sessions("verify", "--tenant", tenant, "--json")).toBe(0);
    expect(lastJson()).toMatchObject({ problem: null, keys: 2_000, objects: { needed: 1 } });
    const restored = join(root, "restored");
    expect(await sessions("export", tenant, "main", restored)).toBe(0);
    // Sending chains move ahead; there are none of one's own in what Baileys has written here.
    expect(readFiles(restored)).toEqual(files);

    const everything = printed.join("\n");
    expect(everything).not.toContain(PHONE);
    for (const text of files.values()) {
      for (const [secret] of text.matchAll(/[A-Za-z0-9+/]{24,}/g)) {
        if (everything.includes(secret)) throw new Error("a secret was printed");
      }
    }
  }, 240_000);

  test("refuses what runs, what has moved on, and an older backup; says what that costs", async () => {
    const tenant = randomUUID();
    const directory = join(root, "moved", tenant);
    mkdirSync(join(root, "moved"));
    await writeBaileysFiles(directory, 3);
    expect(await sessions("migrate", directory)).toBe(0);
    const backup = join(root, "old.wsb");
    const phrase = { SESSION_BACKUP_PASSPHRASE: "correct horse battery" };
    expect(await sessionsWith(phrase, "backup", backup, "--tenant", tenant)).toBe(0);

    const place = { tenant, session: "main" };
    const store = await openSession(backend, place, { owner: "server-a" });
    await store.write(new Map([[entryKey("pre-key", "1"), null]]), true);
    lines = [];
    expect(await sessions("migrate", directory)).toBe(1);
    expect(await sessions("export", tenant, "main", join(root, "none"))).toBe(1);
    expect(await sessionsWith(phrase, "restore", backup, "--force")).toBe(1);
    expect(lines.filter((line) => line.includes("running in server-a"))).toHaveLength(3);
    expect(existsSync(join(root, "none"))).toBe(false);
    await store.close();

    expect(await sessions("migrate", directory)).toBe(1);
    expect(await sessions("restore", backup)).toBe(2);
    expect(lines.join("\n")).toContain("SESSION_BACKUP_PASSPHRASE");
    expect(await sessionsWith(phrase, "restore", backup)).toBe(1);
    expect(lines.join("\n")).toMatch(/newer than its backup.*may be lost.*--force/);
    expect(await sessionsWith(phrase, "restore", backup, "--force")).toBe(0);
    const again = await openSession(backend, place);
    expect(again.get(entryKey("pre-key", "1"))).not.toBeNull();
    await again.delete();
  }, 120_000);

  test("prune removes what a killed server left, and a changed object makes verify end with 1", async () => {
    const tenant = randomUUID();
    const directory = join(root, "pruned", tenant);
    mkdirSync(join(root, "pruned"));
    await writeBaileysFiles(directory, 3);
    expect(await sessions("migrate", directory)).toBe(0);
    const [object] = await backend.driver.list(tenant);
    const old = `${tenant}/main/00000000-000000000001-00000000.snapshot`;
    await backend.driver.put(old, new Uint8Array([1]));
    expect(await sessions("prune", "--tenant", tenant, "--dry-run")).toBe(0);
    expect(await backend.driver.has(old)).toBe(true);
    expect(await sessions("prune", "--tenant", tenant)).toBe(0);
    expect(await backend.driver.list(tenant)).toEqual([object]);
    const bytes = (await backend.driver.get(object?.path ?? "")) ?? new Uint8Array();
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await backend.driver.put(object?.path ?? "", bytes, { overwrite: true });
    expect(await sessions("verify", "--tenant", tenant)).toBe(1);
    expect(lines.join("\n")).toContain("tampered");
    expect(await sessions("disconnect", tenant, "main", "--yes")).toBe(0);
  }, 120_000);

  test("killed in the middle of a migration and run again, it ends with every session whole", async () => {
    const folder = join(root, "many");
    const tenants: string[] = Array.from({ length: 12 }, () => randomUUID()).toSorted();
    await writeBaileysFiles(join(folder, tenants[0] ?? ""), 200);
    for (const tenant of tenants.slice(1)) {
      cpSync(join(folder, tenants[0] ?? ""), join(folder, tenant), { recursive: true });
      writeFileSync(join(folder, tenant, "device-list-1.json"), JSON.stringify([tenant]));
    }
    const command = [join(ROOT, "packages/cli/src/bin.ts"), "sessions", "migrate", folder];
    const child = spawn(process.execPath, command, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    let output = "";
    for await (const chunk of child.stdout) {
      output += String(chunk);
      // Somewhere in the next session.
      if (output.split("\n").length > 3) break;
    }
    child.kill("SIGKILL");
    await ended;
    const before = (await backend.logs.list()).filter(({ tenant }) => tenants.includes(tenant));
    expect(before.length).toBeLessThan(tenants.length);

    expect(await sessions("migrate", folder, "--json")).toBe(0);
    const outcomes = lines.map((line): unknown => JSON.parse(line));
    expect(outcomes).toHaveLength(tenants.length);
    expect(outcomes).toContainEqual(expect.objectContaining({ outcome: "there" }));
    for (const tenant of tenants) {
      const target = join(root, "many-back", tenant);
      expect(await sessions("export", tenant, "main", target)).toBe(0);
      expect(readFiles(target)).toEqual(readFiles(join(folder, tenant)));
    }
  }, 240_000);

  test.each([
    [["sessions"], 2, "wabase sessions migrate"],
    [["sessions", "--help"], 0, "wabase sessions disconnect"],
    [["sessions", "restore", "--help"], 0, "--force"],
    [["sessions", "migrate"], 2, "<dir> is missing"],
    [["sessions", "inspect", "a", "b", "c"], 2, "one word too many"],
    [["sessions", "migrate", "/nowhere"], 1, "/nowhere"],
    [["sessions", "inspect", "a/b", "main"], 2, "tenant: has a slash"],
    [["sessions", "restore", "/nowhere/x.wsb"], 1, "/nowhere/x.wsb"],
  ])("%j ends with %i and says «%s»", async ([, ...args], exit_code, message) => {
    expect(await sessions(...args)).toBe(exit_code);
    expect(lines.join("\n")).toContain(message);
  });

  test("without its keys, or with a project that does not answer, it says what to set", async () => {
    expect(await sessionsWith({ SESSION_ENCRYPTION_KEYS: "" }, "list")).toBe(2);
    expect(lines.join("\n")).toContain("SESSION_ENCRYPTION_KEYS");
    expect(await sessionsWith({ SUPABASE_SECRET_KEY: keys.publishable_key }, "list")).toBe(2);
    expect(lines.join("\n")).not.toContain(keys.publishable_key);
  });
});
