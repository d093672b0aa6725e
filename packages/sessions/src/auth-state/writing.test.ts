import { setTimeout as sleep } from "node:timers/promises";
import { Curve, proto } from "baileys";
import { describe, expect, test, vi } from "vitest";
import { DatabaseError } from "@wabase/database";
import type { SessionBackend } from "../backend.ts";
import { memoryBackend } from "../test-support/backends.ts";
import { deleteSession } from "./open-session.ts";
import type { AuthStateOptions } from "./types.ts";
import { useSupabaseAuthState } from "./use-supabase-auth-state.ts";

// Machines may be slow; what is waited for is exact.
vi.setConfig({ testTimeout: 60_000 });

async function open(backend: SessionBackend, options: AuthStateOptions = {}) {
  const handle = await useSupabaseAuthState("acme", "main", { backend, ...options });
  if (handle.is_new) await handle.saveCreds();
  return handle;
}

/** A log that is slow, refuses or does not answer, as told; counts appends. */
function unwell(backend: SessionBackend) {
  const state = { appends: 0, delay_ms: 0, failure: null as Error | null };
  const append: SessionBackend["logs"]["append"] = async (...parameters) => {
    state.appends += 1;
    if (state.delay_ms > 0) await sleep(state.delay_ms);
    if (state.failure !== null) throw state.failure;
    return await backend.logs.append(...parameters);
  };
  return { state, backend: { ...backend, logs: { ...backend.logs, append } } };
}

const REFUSED = new DatabaseError({ code: "42501", message: "no", details: null, hint: null }, 403);

describe("what Baileys sets", () => {
  test("is in memory before anything is awaited, and a copy", async () => {
    const { state, close } = await open(memoryBackend());
    const devices = ["0"];
    const written = state.keys.set({ "device-list": { a: devices } });
    devices.push("1");
    const read = await state.keys.get("device-list", ["a"]);
    expect(read["a"]).toEqual(["0"]);
    read["a"]?.push("2");
    expect((await state.keys.get("device-list", ["a"]))["a"]).toEqual(["0"]);
    await written;
    await close();
  });

  test("comes back after a restart as what it was: buffers, structures, app state's keys, removals", async () => {
    const backend = memoryBackend();
    const first = await open(backend);
    const pair = Curve.generateKeyPair();
    const app_state = proto.Message.AppStateSyncKeyData.fromObject({
      keyData: Buffer.from("key data"),
      fingerprint: { rawId: 7, currentIndex: 1, deviceIndexes: [0] },
      timestamp: 1_760_000_000,
    });
    await first.state.keys.set({
      "pre-key": { "1": pair, "2": pair },
      "sender-key-memory": { "1@g.us": { "2:3@s.whatsapp.net": true } },
      "app-state-sync-key": { "AA//BB==": app_state },
      "lid-mapping": { "49170": "99", "a\tb\n\u0001": "tab and newline" },
    });
    await first.state.keys.set({ "pre-key": { "2": null } });
    first.state.creds.me = { id: "49170:12@s.whatsapp.net", lid: "99:12@lid" };
    await first.saveCreds();
    await first.close();

    const { state, is_new, close } = await open(backend);
    expect(is_new).toBe(false);
    expect(state.creds).toEqual(first.state.creds);
    const keys = await state.keys.get("pre-key", ["1", "2", "3"]);
    expect(Object.keys(keys)).toEqual(["1"]);
    expect(Buffer.compare(Buffer.from(keys["1"]?.private ?? []), Buffer.from(pair.private))).toBe(
      0,
    );
    const [synced] = Object.values(await state.keys.get("app-state-sync-key", ["AA//BB=="]));
    expect(Buffer.from(synced?.keyData ?? []).toString()).toBe("key data");
    const names = await state.keys.get("lid-mapping", ["49170", "a\tb\n\u0001"]);
    expect(names).toEqual({ "49170": "99", "a\tb\n\u0001": "tab and newline" });
    await close();
  });

  test("waits for new pre-keys, creds and sends, and writes what was received behind", async () => {
    const { state: log, backend } = unwell(memoryBackend());
    const handle = await open(backend, { write_behind_ms: 60_000 });
    const before = log.appends;
    await handle.state.keys.set({ "lid-mapping": { a: "1" }, "device-list": { a: ["0"] } });
    await handle.state.keys.set({ "pre-key": { "1": null } });
    expect(log.appends).toBe(before);
    await handle.state.keys.set({ "pre-key": { "2": Curve.generateKeyPair() } });
    // With everything that was waiting, in one record.
    expect(log.appends).toBe(before + 1);
    await handle.state.keys.set({ "lid-mapping": { a: "2" } });
    await handle.flush();
    expect(log.appends).toBe(before + 2);
    await handle.flush();
    await handle.saveCreds();
    expect(log.appends).toBe(before + 2);
    await handle.close();
  });

  test("waits for everything where it is told to be durable at once", async () => {
    const { state: log, backend } = unwell(memoryBackend());
    const handle = await open(backend, { durability: "sync" });
    const before = log.appends;
    await handle.state.keys.set({ "lid-mapping": { a: "1" } });
    expect(log.appends).toBe(before + 1);
    await handle.close();
  });

  test("takes one request for each flush, however many set() wait for it", async () => {
    const { state: log, backend } = unwell(memoryBackend());
    const handle = await open(backend);
    log.delay_ms = 20;
    const before = log.appends;
    await Promise.all(
      Array.from(
        { length: 50 },
        async (_, index) =>
          await handle.state.keys.set({ "pre-key": { [index]: Curve.generateKeyPair() } }),
      ),
    );
    expect(log.appends - before).toBe(2);
    await handle.close();
  });

  test("changes nothing at all when a part of it cannot be written", async () => {
    const { state, close } = await open(memoryBackend());
    const toJSON = (): never => {
      throw new Error("cannot be written");
    };
    const token = Object.assign(Buffer.from("token"), { toJSON });
    expect(() => {
      void state.keys.set({ "lid-mapping": { a: "1" }, tctoken: { b: { token } } });
    }).toThrow("cannot be written");
    expect(await state.keys.get("lid-mapping", ["a"])).toEqual({});
    await close();
  });
});

describe("a write that does not come through", () => {
  test("ends the session loudly: all who wait are told, and nothing works any more", async () => {
    const { state: log, backend } = unwell(memoryBackend());
    const handle = await open(backend);
    const lost = vi.fn<(error: unknown) => void>();
    handle.events.on("lost", lost);
    log.failure = REFUSED;
    // Not awaited, as Baileys does with `creds.update`: must not end the process.
    handle.state.creds.accountSyncCounter += 1;
    void handle.saveCreds();
    const pair = Curve.generateKeyPair();
    await expect(handle.state.keys.set({ "pre-key": { "1": pair } })).rejects.toMatchObject({
      code: "unreachable",
    });
    expect(lost).toHaveBeenCalledExactlyOnceWith(handle.signal.reason);
    expect(handle.signal.aborted).toBe(true);
    await expect(handle.flush()).rejects.toBe(handle.signal.reason);
    await expect(handle.saveCreds()).rejects.toBe(handle.signal.reason);
    expect(() => handle.state.keys.get("pre-key", ["1"])).toThrow(/could not be written/);
    await handle.close();
  });

  test("is tried again while the database does not answer, and then nothing was lost", async () => {
    const base = memoryBackend();
    const { state: log, backend } = unwell(base);
    const handle = await open(backend);
    log.failure = new Error("fetch failed");
    const written = handle.state.keys.set({ "pre-key": { "1": Curve.generateKeyPair() } });
    await vi.waitFor(() => expect(log.appends).toBeGreaterThan(3), 20_000);
    log.failure = null;
    await written;
    await handle.close();
    const next = await open(base);
    expect(Object.keys(await next.state.keys.get("pre-key", ["1"]))).toEqual(["1"]);
    await next.close();
  });

  test("a snapshot that fails is told and costs nothing: the records stay", async () => {
    const base = memoryBackend();
    const put = async (): Promise<never> => {
      throw new Error("Storage is unwell");
    };
    const backend = { ...base, driver: { ...base.driver, put } };
    const handle = await open(backend, { compaction: { records: 2 } });
    const warned = vi.fn<(error: Error) => void>();
    handle.events.on("warning", warned);
    for (const id of ["1", "2", "3", "4"]) {
      await handle.state.keys.set({ "pre-key": { [id]: Curve.generateKeyPair() } });
    }
    await vi.waitFor(() => expect(warned).toHaveBeenCalledOnce(), 20_000);
    await handle.close();
    const next = await open(base);
    expect(Object.keys(await next.state.keys.get("pre-key", ["1", "2", "3", "4"]))).toHaveLength(4);
    await next.close();
  });

  test("ends the session when the lease could not be renewed for its whole term", async () => {
    const base = memoryBackend();
    const renew = async (): Promise<never> => {
      throw new Error("fetch failed");
    };
    const backend = { ...base, logs: { ...base.logs, renew } };
    const handle = await open(backend, { lease_ms: 200 });
    await vi.waitFor(() => expect(handle.signal.aborted).toBe(true), 20_000);
    expect(handle.signal.reason).toMatchObject({ code: "unreachable" });
  });
});

describe("closing", () => {
  test("flushes what waits, is clean, and may be called twice", async () => {
    const backend = memoryBackend();
    const handle = await open(backend, { write_behind_ms: 60_000 });
    await handle.state.keys.set({ "lid-mapping": { a: "1" } });
    await Promise.all([handle.close(), handle.close()]);
    await handle.close();
    expect(handle.signal.reason).toMatchObject({ code: "closed" });
    await expect(handle.saveCreds()).rejects.toMatchObject({ code: "closed" });
    const next = await open(backend);
    expect(next.stats().skipped_ahead).toBe(0);
    expect(await next.state.keys.get("lid-mapping", ["a"])).toEqual({ a: "1" });
    await next.close();
  });

  test("deleting removes everything, and a late save brings nothing back", async () => {
    const backend = memoryBackend();
    const { backend: slow, state: log } = unwell(backend);
    const handle = await open(slow, { compaction: { records: 2 } });
    for (let id = 0; id < 5; id += 1) {
      await handle.state.keys.set({ "pre-key": { [id]: Curve.generateKeyPair() } });
    }
    log.delay_ms = 30;
    handle.state.creds.accountSyncCounter += 1;
    const late = handle.saveCreds();
    await handle.delete();
    await expect(late).rejects.toMatchObject({ code: "closed" });
    expect(backend.objects.size).toBe(0);
    expect(await backend.logs.list()).toEqual([]);
    const next = await useSupabaseAuthState("acme", "main", { backend });
    expect({ is_new: next.is_new, epoch: next.epoch }).toEqual({ is_new: true, epoch: 2 });
    await next.close();
  });

  test("a session that cannot be read any more can be deleted, though not while it is open", async () => {
    const backend = memoryBackend();
    const place = { tenant: "acme", session: "main" };
    const handle = await open(backend, { compaction: { records: 1 } });
    await expect(deleteSession(backend, place)).rejects.toMatchObject({ code: "held" });
    await handle.close();
    for (const path of backend.objects.keys()) backend.objects.set(path, new Uint8Array(9));
    await expect(open(backend)).rejects.toMatchObject({ code: "tampered" });
    await deleteSession(backend, place);
    expect(backend.objects.size).toBe(0);
    const next = await useSupabaseAuthState("acme", "main", { backend });
    expect(next.is_new).toBe(true);
    await next.close();
  });

  test("finishes a deletion that was interrupted before its objects were gone", async () => {
    const backend = memoryBackend();
    const handle = await open(backend, { compaction: { records: 1 } });
    await handle.state.keys.set({ "pre-key": { "1": Curve.generateKeyPair() } });
    await vi.waitFor(() => expect(handle.stats().snapshots).toBeGreaterThan(0), 20_000);
    const remove = async (): Promise<never> => {
      throw new Error("killed");
    };
    const dying = { ...backend, driver: { ...backend.driver, remove } };
    await handle.close();
    const again = await useSupabaseAuthState("acme", "main", { backend: dying });
    await expect(again.delete()).rejects.toThrow("killed");
    expect(backend.objects.size).toBeGreaterThan(0);
    const next = await useSupabaseAuthState("acme", "main", { backend, force: true });
    expect(next.is_new).toBe(true);
    expect(backend.objects.size).toBe(0);
    await next.close();
  });
});
