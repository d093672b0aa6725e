import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { CREDS, type Entries, entryKey } from "../auth-state/entries.ts";
import { deleteSession, openSession } from "../auth-state/open-session.ts";
import { readSession } from "../auth-state/read-session.ts";
import { useSupabaseAuthState } from "../auth-state/use-supabase-auth-state.ts";
import { createSignalPeer } from "../test-support/signal-peer.ts";
import { dyingBackend } from "../test-support/dying.ts";
import { memoryBackend, testKeys } from "../test-support/backends.ts";
import { backupSessions } from "./backup.ts";
import { type ArchivedSession, type BackupKeys, readBackup } from "./backup-file.ts";
import { exportSession } from "./export.ts";
import { fileNameOf } from "./file-names.ts";
import { findSessionDirectories, migrateSession } from "./migrate.ts";
import { pruneObjects, verifySessions } from "./objects.ts";
import { restoreSession } from "./restore.ts";

vi.setConfig({ testTimeout: 60_000 });

const PLACE = { tenant: "acme", session: "main" };
const KEY = entryKey("pre-key", "1");

const roots: string[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "wabase-archive-"));
  roots.push(root);
  return root;
}

function someEntries(count = 20): Entries {
  const secret = (): string => randomBytes(16).toString("base64");
  const entries: Entries = new Map([
    [CREDS, JSON.stringify({ signedIdentityKey: secret(), noiseKey: secret(), me: { id: "x" } })],
  ]);
  for (let id = 1; id < count; id += 1) {
    entries.set(entryKey("pre-key", String(id)), JSON.stringify({ private: secret() }));
  }
  return entries;
}

function writeFiles(directory: string, entries: Entries): void {
  mkdirSync(directory, { recursive: true });
  for (const [key, value] of entries) writeFileSync(join(directory, fileNameOf(key)), value);
}

function readFiles(directory: string): Record<string, string> {
  const names = readdirSync(directory).toSorted();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(directory, name), "utf8")]),
  );
}

/** A directory with a session, and where it goes. */
function someDirectory(entries = someEntries()) {
  const directory = join(makeRoot(), "acme");
  writeFiles(directory, entries);
  return { ...PLACE, directory };
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function verifyAll(backend: ReturnType<typeof memoryBackend>) {
  return await all(verifySessions(backend));
}

describe.each([
  { design: "records in the database", segments: false },
  { design: "records in the bucket", segments: true },
])("migrating files, $design", ({ segments }) => {
  test("2,000 files come back byte for byte, and nothing of them is changed", async () => {
    const backend = memoryBackend({ segments });
    const source = someDirectory(someEntries(2000));
    writeFileSync(join(source.directory, ".DS_Store"), "x");
    const before = readFiles(source.directory);
    expect(await migrateSession(backend, source)).toMatchObject({
      outcome: "migrated",
      files: 2000,
      ignored: 1,
    });
    expect(await migrateSession(backend, source)).toMatchObject({ outcome: "there" });
    const target = join(makeRoot(), "out", "acme");
    expect(await exportSession(backend, PLACE, target)).toBe(2000);
    expect(readFiles(source.directory)).toEqual(before);
    delete before[".DS_Store"];
    expect(readFiles(target)).toEqual(before);
    await expect(exportSession(backend, PLACE, target)).rejects.toMatchObject({ code: "exists" });
    expect(backend.objects.size).toBe(1);
    expect(await readSession(backend, PLACE)).toMatchObject({ owner: null, is_clean: true });
  });

  test.each(["before", "after"] as const)(
    "may be killed at any of its writes, %s it arrives, and run again",
    async (when) => {
      vi.useFakeTimers({ toFake: ["Date"] });
      for (let at = 1; ; at += 1) {
        const backend = memoryBackend({ segments });
        const source = someDirectory();
        const dying = dyingBackend(backend, { at, when });
        await migrateSession(dying, source).catch(() => {});
        vi.setSystemTime(Date.now() + 60_000);
        await migrateSession(backend, source);
        const read = await readSession(backend, PLACE);
        expect(Object.fromEntries(read?.entries ?? [])).toEqual(
          Object.fromEntries(someRead(source)),
        );
        if (dying.writes() < at) break;
      }
    },
  );

  test("files that change meanwhile are still somebody's: what was written is removed again", async () => {
    const backend = memoryBackend({ segments });
    const source = someDirectory();
    const append: typeof backend.logs.append = async (...args) => {
      writeFileSync(join(source.directory, "pre-key-1.json"), '{"private":"newer"}');
      return await backend.logs.append(...args);
    };
    const watched = { ...backend, logs: { ...backend.logs, append } };
    await expect(migrateSession(watched, source)).rejects.toMatchObject({ code: "changed" });
    expect(await readSession(backend, PLACE)).toBeNull();
    expect(await migrateSession(backend, source)).toMatchObject({ outcome: "migrated" });
  });

  test("a session that runs is refused, and one that has moved on since", async () => {
    const backend = memoryBackend({ segments });
    const source = someDirectory();
    await migrateSession(backend, source);
    const store = await openSession(backend, PLACE, { owner: "server-a" });
    await expect(migrateSession(backend, source)).rejects.toMatchObject({ code: "running" });
    await expect(exportSession(backend, PLACE, join(makeRoot(), "x"))).rejects.toMatchObject({
      code: "running",
    });
    await store.write(new Map([[KEY, '{"private":"newer"}']]), true);
    await store.close();
    await expect(migrateSession(backend, source)).rejects.toMatchObject({ code: "exists" });
    expect((await readSession(backend, PLACE))?.entries.get(KEY)).toBe('{"private":"newer"}');
  });
});

function someRead({ directory }: { directory: string }): [string, string][] {
  const keys = [...someEntries().keys()];
  return keys.map((key) => [key, readFileSync(join(directory, fileNameOf(key)), "utf8")]);
}

describe("directories", () => {
  test("are found alone, by tenant, and by tenant and session", async () => {
    const root = makeRoot();
    for (const path of ["solo", "two/main", "two/support", "empty"]) {
      if (path === "empty") mkdirSync(join(root, path));
      else writeFiles(join(root, path), someEntries(2));
    }
    const placesOf = async (...args: Parameters<typeof findSessionDirectories>) =>
      (await findSessionDirectories(...args)).map((found) => `${found.tenant}/${found.session}`);
    expect(await placesOf(root)).toEqual(["solo/main", "two/main", "two/support"]);
    expect(await placesOf(join(root, "solo"))).toEqual(["solo/main"]);
    expect(await placesOf(join(root, "two"), { tenant: "two" })).toEqual([
      "two/main",
      "two/support",
    ]);
    await expect(placesOf(join(root, "empty"))).rejects.toMatchObject({ code: "no_session" });
  });

  test("with a broken or strange file are refused without naming a contact, and nothing is written", async () => {
    const backend = memoryBackend();
    for (const name of [
      "session-4915207654321.0.json",
      "session4915207654321.json",
      "creds.json",
    ]) {
      const source = someDirectory();
      writeFileSync(join(source.directory, name), '{"cut');
      const refusal = migrateSession(backend, source);
      await expect(refusal).rejects.toMatchObject({ code: "broken_file" });
      await expect(refusal).rejects.not.toThrow(/4915207654321/);
    }
    expect(backend.rows.size).toBe(0);
    const source = someDirectory();
    writeFileSync(join(source.directory, "session-1.0.json"), "");
    expect(await migrateSession(backend, source, { skip_broken: true })).toMatchObject({
      outcome: "migrated",
      broken: 1,
    });
  });

  test("a dry run checks all and writes nothing", async () => {
    const backend = memoryBackend();
    const migrated = await migrateSession(backend, someDirectory(), { is_dry_run: true });
    expect(migrated.outcome).toBe("would_migrate");
    expect(backend.rows.size + backend.objects.size).toBe(0);
  });
});

async function backUp(backend: ReturnType<typeof memoryBackend>, keys: BackupKeys) {
  const file = join(makeRoot(), "backup.wsb");
  const result = await backupSessions(backend, await backend.logs.list(), { ...keys, path: file });
  const read = async (): Promise<ArchivedSession[]> => await all(readBackup(file, keys));
  return { file, result, read };
}

async function restoreFirst(
  backend: ReturnType<typeof memoryBackend>,
  read: () => Promise<ArchivedSession[]>,
  options = {},
) {
  const [archived] = await read();
  if (archived === undefined) throw new Error("the backup is empty");
  return await restoreSession(backend, archived, options);
}

describe("a backup", () => {
  test.each([{ passphrase: undefined }, { passphrase: "correct horse battery" }])(
    "holds every session whole, and nothing that can be read: %j",
    async ({ passphrase }) => {
      const backend = memoryBackend();
      const entries = someEntries();
      await migrateSession(backend, someDirectory(entries));
      await migrateSession(backend, { ...someDirectory(), session: "other" });
      const keys = { ring: passphrase === undefined ? backend.keys : testKeys("x"), passphrase };
      const { file, result, read } = await backUp(backend, keys);
      expect(result).toMatchObject({ sessions: 2, failed: [] });
      const [first] = await read();
      expect(first?.entries).toEqual(entries);
      const bytes = readFileSync(file);
      for (const value of entries.values()) expect(bytes.includes(value.slice(12, 30))).toBe(false);
      const wrong = { ring: testKeys("test"), passphrase: passphrase && "another passphrase" };
      await expect(all(readBackup(file, wrong))).rejects.toThrow(/decrypted/);
    },
  );

  test("that was cut, changed or shortened by a session is noticed", async () => {
    const backend = memoryBackend();
    for (const session of ["main", "other"]) {
      await migrateSession(backend, { ...someDirectory(), session });
    }
    const { file, read } = await backUp(backend, { ring: backend.keys });
    const bytes = readFileSync(file);
    for (const cut of [10, bytes.length - 1, bytes.length - 200]) {
      writeFileSync(file, bytes.subarray(0, cut));
      await expect(read()).rejects.toMatchObject({ code: "broken_backup" });
    }
    const headerEnd = 12 + bytes.readUInt32BE(8);
    const firstEnd = headerEnd + 4 + bytes.readUInt32BE(headerEnd);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, headerEnd), bytes.subarray(firstEnd)]));
    await expect(read()).rejects.toMatchObject({ code: "tampered" });
    const changed = Buffer.from(bytes);
    changed[firstEnd - 1] = (changed[firstEnd - 1] ?? 0) ^ 1;
    writeFileSync(file, changed);
    await expect(read()).rejects.toThrow(/decrypted/);
  });

  test("leaves a session out that cannot be read, and says so", async () => {
    const backend = memoryBackend();
    await migrateSession(backend, someDirectory());
    await migrateSession(backend, { ...someDirectory(), session: "other" });
    const [path = ""] = backend.objects.keys();
    backend.objects.delete(path);
    const { result } = await backUp(backend, { ring: backend.keys });
    expect(result).toMatchObject({ sessions: 1, failed: [{ error: { code: "missing" } }] });
  });
});

describe("restoring", () => {
  test("brings a deleted session back, is done once, and refuses to roll one back", async () => {
    const backend = memoryBackend();
    const entries = someEntries();
    await migrateSession(backend, someDirectory(entries));
    const { read } = await backUp(backend, { ring: backend.keys });
    expect(await restoreFirst(backend, read)).toBe("there");
    await deleteSession(backend, PLACE);
    expect(await restoreFirst(backend, read, { is_dry_run: true })).toBe("would_restore");
    expect(await restoreFirst(backend, read)).toBe("restored");
    expect(await restoreFirst(backend, read)).toBe("there");
    expect((await readSession(backend, PLACE))?.entries).toEqual(entries);

    const store = await openSession(backend, PLACE, { owner: "server-a" });
    await store.write(new Map([[KEY, null]]), true);
    await expect(restoreFirst(backend, read, { force: true })).rejects.toMatchObject({
      code: "running",
    });
    await store.close();
    const refusal = restoreFirst(backend, read);
    await expect(refusal).rejects.toMatchObject({ code: "stale" });
    await expect(refusal).rejects.toThrow(/may be lost/);
    expect((await readSession(backend, PLACE))?.entries.has(KEY)).toBe(false);
    expect(await restoreFirst(backend, read, { force: true })).toBe("restored");
    expect((await readSession(backend, PLACE))?.entries).toEqual(entries);
  });

  test("a session that was used and then deleted is not rolled back unasked", async () => {
    const backend = memoryBackend();
    await migrateSession(backend, someDirectory());
    const { read } = await backUp(backend, { ring: backend.keys });
    await (await openSession(backend, PLACE)).close();
    await deleteSession(backend, PLACE);
    await expect(restoreFirst(backend, read)).rejects.toMatchObject({ code: "stale" });
    expect(await restoreFirst(backend, read, { force: true })).toBe("restored");
  });

  test("replaces what cannot be read only by force", async () => {
    const backend = memoryBackend();
    await migrateSession(backend, someDirectory());
    const { read } = await backUp(backend, { ring: backend.keys });
    backend.objects.clear();
    await expect(restoreFirst(backend, read)).rejects.toMatchObject({ code: "unreadable" });
    expect(await restoreFirst(backend, read, { force: true })).toBe("restored");
    expect(await verifyAll(backend)).toMatchObject([{ problem: null }]);
  });
});

test("a backup restored by force repeats no message number: Signal's peers go on reading", async () => {
  const backend = memoryBackend();
  const boot = async (session: string) => {
    const handle = await useSupabaseAuthState("acme", session, { backend });
    await handle.saveCreds();
    return { handle, ...createSignalPeer({ ...handle, jid: `${session}@s.whatsapp.net` }) };
  };
  const [first, theirs] = [await boot("111"), await boot("222")];
  await first.greet(theirs);
  for (const text of ["one", "two"]) {
    await theirs.decrypt(first, await first.encrypt(theirs, text));
    await first.decrypt(theirs, await theirs.encrypt(first, text));
  }
  await first.handle.close();
  const { read } = await backUp(backend, { ring: backend.keys });
  const later = await boot("111");
  for (let sent = 0; sent < 40; sent += 1) {
    await theirs.decrypt(later, await later.encrypt(theirs, "since"));
  }
  await later.handle.close();
  const archived = (await read()).find(({ session }) => session === "111");
  if (archived === undefined) throw new Error("the backup has no such session");
  expect(await restoreSession(backend, archived, { force: true })).toBe("restored");
  expect(await restoreSession(backend, archived)).toBe("there");
  const restored = await boot("111");
  expect(await theirs.decrypt(restored, await restored.encrypt(theirs, "again"))).toBe("again");
  expect(await restored.decrypt(theirs, await theirs.encrypt(restored, "yes"))).toBe("yes");
});

describe("verifying and pruning", () => {
  test("removes what nobody needs, and nothing that is needed or not understood", async () => {
    const backend = memoryBackend({ segments: true });
    await migrateSession(backend, someDirectory());
    const store = await openSession(backend, PLACE);
    await store.write(new Map([[KEY, '{"private":"newer"}']]), true);
    const needed = [...backend.objects.keys()];
    const junk = new Uint8Array([1]);
    const old = "acme/main/00000000-000000000001-00000000.snapshot";
    const unpublished = "acme/main/00000009-000000000001-00000000.snapshot";
    const kept = ["acme/notes.json", "acme/unheard/00000001-000000000001-00000000.snapshot"];
    for (const path of [old, unpublished, ...kept]) backend.objects.set(path, junk);
    const [main, unheard] = await verifyAll(backend);
    expect(main).toMatchObject({
      problem: null,
      objects: { needed: needed.length, unneeded: 1, waiting: 1, unknown: 0 },
    });
    expect(unheard).toMatchObject({ problem: { code: "rolled_back" }, objects: { unknown: 1 } });
    for (const verified of await verifyAll(backend)) await pruneObjects(backend, verified);
    expect([...backend.objects.keys()]).toEqual([...needed, unpublished, ...kept]);
    await store.close();
    expect((await readSession(backend, PLACE))?.entries.get(KEY)).toBe('{"private":"newer"}');
  });

  test("a changed object is found, and nothing of its session is pruned", async () => {
    const backend = memoryBackend();
    await migrateSession(backend, someDirectory());
    for (const bytes of backend.objects.values()) bytes[100] = (bytes[100] ?? 0) ^ 1;
    expect(await verifyAll(backend)).toMatchObject([
      { problem: { code: "tampered" }, removable: [] },
    ]);
  });
});
