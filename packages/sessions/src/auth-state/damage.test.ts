import { once } from "node:events";
import { Curve } from "baileys";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createKeyRing, type KeyRing } from "../crypto/key-ring.ts";
import { SessionError } from "../errors.ts";
import { type MemoryBackend, memoryBackend, testKeys } from "../test-support/backends.ts";
import type { AuthStateHandle } from "./types.ts";
import { useSupabaseAuthState } from "./use-supabase-auth-state.ts";

// Machines may be slow; what is waited for is exact.
vi.setConfig({ testTimeout: 60_000 });

async function open(backend: MemoryBackend, tenant = "acme"): Promise<AuthStateHandle> {
  const handle = await useSupabaseAuthState(tenant, "main", { backend });
  if (handle.is_new) await handle.saveCreds();
  return handle;
}

async function mint(handle: AuthStateHandle, ...ids: number[]): Promise<void> {
  for (const id of ids) {
    await handle.state.keys.set({ "pre-key": { [id]: Curve.generateKeyPair() } });
  }
}

/** Pre-keys 1 to 4 in a snapshot, 5 and 6 as records behind it. */
async function fill(backend: MemoryBackend, tenant = "acme"): Promise<void> {
  const first = await open(backend, tenant);
  await mint(first, 1, 2, 3);
  await first.close();
  const second = await open(backend, tenant);
  const snapshot = once(second.events, "snapshot");
  await mint(second, 4);
  await snapshot;
  await mint(second, 5, 6);
  await second.close();
}

function onlySnapshot({ objects }: MemoryBackend, folder = "acme/main/"): string {
  const paths = [...objects.keys()].filter((path) => path.startsWith(folder));
  const path = paths.findLast((each) => each.endsWith(".snapshot"));
  if (path === undefined) throw new Error("there is no snapshot");
  return path;
}

async function refusal(backend: MemoryBackend): Promise<{ code: unknown; message: string }> {
  const error: unknown = await open(backend).catch((reason: unknown) => reason);
  if (!(error instanceof SessionError)) throw new Error(`not refused: ${String(error)}`);
  // And not for the lease: whoever mends it can open it at once.
  await expect(open(backend)).rejects.toMatchObject({ code: error.code });
  return error;
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

describe("damage is an error and never a session that is new, or older", () => {
  let backend: MemoryBackend;

  beforeEach(async () => {
    backend = memoryBackend();
    await fill(backend);
    if (row().records.length !== 2)
      throw new Error("there are not two records behind the snapshot");
  });

  const row = () => {
    const [first] = backend.rows.values();
    if (first === undefined) throw new Error("there is no row");
    return first;
  };

  test("a snapshot that is gone", async () => {
    backend.objects.delete(onlySnapshot(backend));
    const error = await refusal(backend);
    expect(error.code).toBe("missing");
    expect(error.message).toMatch(/restored from a backup.*pair the phone again/);
  });

  test.each([0, 3, 8, 60, -1, -30])("a snapshot of which byte %i is another", async (at) => {
    const path = onlySnapshot(backend);
    backend.objects.set(path, flip(backend.objects.get(path) ?? new Uint8Array(), at));
    expect((await refusal(backend)).code).toBe("tampered");
  });

  test("a snapshot that is cut off, even if the database is told its new hash", async () => {
    const { createHash } = await import("node:crypto");
    const path = onlySnapshot(backend);
    const cut = (backend.objects.get(path) ?? new Uint8Array()).slice(0, -7);
    backend.objects.set(path, cut);
    const snapshot = row().snapshot;
    if (snapshot) snapshot.sha256 = createHash("sha256").update(cut).digest("hex");
    expect((await refusal(backend)).code).toBe("tampered");
  });

  test("another session's snapshot in its place, whose key is of the same ring", async () => {
    const { createHash } = await import("node:crypto");
    await fill(backend, "globex");
    const other = backend.objects.get(onlySnapshot(backend, "globex/main/")) ?? new Uint8Array();
    backend.objects.set(onlySnapshot(backend), other);
    const snapshot = row().snapshot;
    if (snapshot) snapshot.sha256 = createHash("sha256").update(other).digest("hex");
    const error = await refusal(backend);
    expect(error.code).toBe("tampered");
    expect(error.message).toContain("globex");
  });

  test("a record that is another, missing, out of order or cut", async () => {
    const { records } = row();
    const good = [...records];
    const [first, second] = good;
    if (first === undefined || second === undefined) throw new Error("too few records");
    const damages = [
      [{ ...first, envelope: flip(first.envelope, -1) }, second],
      [{ ...first, envelope: flip(first.envelope, 30) }, second],
      [{ ...first, envelope: first.envelope.slice(0, 40) }, second],
      [second],
      [second, first],
      [first, first, second],
    ];
    for (const damage of damages) {
      records.splice(0, records.length, ...damage);
      expect((await refusal(backend)).code).toBe("tampered");
    }
    records.splice(0, records.length, first);
    expect((await refusal(backend)).code).toBe("missing");
    records.splice(0, records.length, ...good);
    await (await open(backend)).close();
  });

  test("a log whose last record is gone", async () => {
    row().records.pop();
    const error = await refusal(backend);
    expect(error.code).toBe("missing");
    expect(error.message).toMatch(/Records are missing: the log of session acme\/main ends at/);
  });

  test("a database that forgot the session while its objects are there", async () => {
    backend.rows.clear();
    const error = await refusal(backend);
    expect(error.code).toBe("rolled_back");
    expect(error.message).toMatch(/older than the bucket/);
    expect(backend.objects.size).toBeGreaterThan(0);
  });

  test("a database restored to before a later opening", async () => {
    const backup = structuredClone(row());
    const handle = await open(backend);
    await mint(handle, 9);
    await handle.close();
    backend.rows.set("acme/main", backup);
    const error = await refusal(backend);
    expect(error.code).toBe("rolled_back");
    expect(error.message).toMatch(/older than the bucket.* is newer/);
  });

  test("a database restored under a running process, which stops", async () => {
    const handle = await open(backend);
    await mint(handle, 9);
    const backup = structuredClone(row());
    await mint(handle, 10);
    backend.rows.set("acme/main", backup);
    await expect(mint(handle, 11)).rejects.toMatchObject({ code: "rolled_back" });
    expect(handle.signal.aborted).toBe(true);
  });

  test("a bucket restored to before the last snapshot", async () => {
    const backup = structuredClone(backend.objects);
    const handle = await open(backend);
    await mint(handle, 9, 10, 11, 12);
    await handle.close();
    backend.objects.clear();
    for (const [path, bytes] of backup) backend.objects.set(path, bytes);
    expect((await refusal(backend)).code).toBe("missing");
  });
});

describe("keys", () => {
  const entries = (ring: KeyRing): [string, Uint8Array][] => [...ring.keys];
  const withKeys = (backend: MemoryBackend, keys: KeyRing): MemoryBackend => ({ ...backend, keys });

  test("a key that is not in the ring is named; another under its name is noticed", async () => {
    const backend = memoryBackend({ keys: testKeys("2026") });
    await fill(backend);
    const error = await refusal(withKeys(backend, testKeys("2027")));
    expect(error.code).toBe("unknown_key");
    expect(error.message).toMatch(/Add «2026» to SESSION_ENCRYPTION_KEYS/);
    expect((await refusal(withKeys(backend, testKeys("2026")))).code).toBe("tampered");
  });

  test("are changed without a stop: new behind, new in front, old away", async () => {
    const old = testKeys("old");
    const fresh = testKeys("fresh");
    const backend = memoryBackend({ keys: old });
    const running = await open(backend);
    await mint(running, 1, 2, 3, 4);
    // Every server knows the new key before any writes with it: the running one hands over to the next.
    const behind = withKeys(backend, createKeyRing([...entries(old), ...entries(fresh)]));
    await running.close();
    const second = await open(behind);
    await mint(second, 5);
    await second.close();
    const front = withKeys(backend, createKeyRing([...entries(fresh), ...entries(old)]));
    const third = await open(front);
    expect((await front.logs.list())[0]?.key_ids).toContain("old");
    await mint(third, 6);
    await third.close();
    // The first write of an opening starts a snapshot, so the old key is soon needed by nothing.
    expect((await front.logs.list())[0]?.key_ids).toEqual(["fresh"]);
    const last = await open(withKeys(backend, fresh));
    expect(Object.keys(await last.state.keys.get("pre-key", ["1", "5", "6"]))).toEqual([
      "1",
      "5",
      "6",
    ]);
    await last.close();
  });

  test("nothing of a session can be read in the bucket or in the database", async () => {
    const backend = memoryBackend();
    const handle = await open(backend);
    handle.state.creds.me = { id: "4917012345678:1@s.whatsapp.net", name: "SECRET NAME" };
    await handle.saveCreds();
    await mint(handle, 1, 2, 3, 4, 5);
    await handle.close();
    const envelopes = [
      ...backend.objects.values(),
      ...[...backend.rows.values()].flatMap(({ records }) =>
        records.map(({ envelope }) => envelope),
      ),
    ];
    expect(envelopes.length).toBeGreaterThan(1);
    for (const envelope of envelopes) {
      const text = Buffer.from(envelope).toString("latin1");
      expect(text).not.toMatch(/4917012345678|SECRET|private|pre-key|noiseKey/);
    }
  });
});
