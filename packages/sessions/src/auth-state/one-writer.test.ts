import { Curve } from "baileys";
import { describe, expect, test, vi } from "vitest";
import { memoryBackend } from "../test-support/backends.ts";
import type { AuthStateOptions } from "./types.ts";
import { useSupabaseAuthState } from "./use-supabase-auth-state.ts";

// Machines may be slow; what is waited for is exact.
vi.setConfig({ testTimeout: 60_000 });

describe.each([
  { design: "records in the database", segments: false },
  { design: "records in the bucket", segments: true },
])("one writer, $design", ({ segments }) => {
  const start = () => {
    const backend = memoryBackend({ segments });
    const open = async (options: AuthStateOptions = {}) => {
      const handle = await useSupabaseAuthState("acme", "main", { backend, ...options });
      if (handle.is_new) await handle.saveCreds();
      return handle;
    };
    return { backend, open };
  };
  const preKey = (id: string) => ({ "pre-key": { [id]: Curve.generateKeyPair() } });

  test("a second opening is told who has the session, in the same process too", async () => {
    const { open } = start();
    const first = await open({ owner: "server-a" });
    await expect(open({ owner: "server-a" })).rejects.toMatchObject({
      code: "held",
      owner: expect.stringMatching(/^server-a#/),
      retry_after_ms: expect.any(Number),
      message: expect.stringMatching(/is open in server-a#.*wait_ms.*force/),
    });
    await first.close();
  });

  test("a second opening that waits gets it when the first closes, with everything that it wrote", async () => {
    const { open } = start();
    const first = await open();
    const second = open({ wait_ms: 10_000 });
    await first.state.keys.set(preKey("1"));
    await first.close();
    const { state, close, epoch } = await second;
    expect(epoch).toBe(2);
    expect(Object.keys(await state.keys.get("pre-key", ["1"]))).toEqual(["1"]);
    await close();
  });

  test("an opening takes the session over when its owner has died and the lease is over", async () => {
    const { open, backend } = start();
    const first = await open();
    await first.state.keys.set(preKey("1"));
    for (const row of backend.rows.values()) row.lease_until = 0;
    const second = await open();
    expect(second.epoch).toBe(2);
    await second.close();
  });

  test("whose session was taken by force writes nothing more, is told, and cannot spoil it", async () => {
    const { open } = start();
    const zombie = await open();
    const lost = vi.fn<(error: unknown) => void>();
    zombie.events.on("lost", lost);
    await zombie.state.keys.set(preKey("1"));
    const ours = await open({ force: true });
    await ours.state.keys.set(preKey("2"));
    // An upload is not refused; that nobody reads it is what counts.
    const refused = segments ? undefined : { code: "lease_lost" };
    const error: unknown = await Promise.resolve(zombie.state.keys.set(preKey("3"))).then(
      () => undefined,
      (reason: unknown) => ({ code: Object.assign({ code: "" }, reason).code }),
    );
    expect(error).toEqual(refused);
    expect(lost).toHaveBeenCalledTimes(segments ? 0 : 1);
    await ours.state.keys.set(preKey("4"));
    await ours.close();
    await zombie.close().catch(() => {});
    const next = await open();
    expect(Object.keys(await next.state.keys.get("pre-key", ["1", "2", "3", "4"]))).toEqual([
      "1",
      "2",
      "4",
    ]);
    await next.close();
  });

  test("learns that it was replaced when it renews, though it writes nothing", async () => {
    const { open } = start();
    const zombie = await open({ lease_ms: 150 });
    const ours = await open({ force: true });
    await vi.waitFor(() => expect(zombie.signal.aborted).toBe(true), 20_000);
    expect(zombie.signal.reason).toMatchObject({ code: "lease_lost" });
    await ours.close();
  });

  test("renews a lease that nobody has taken, however late", async () => {
    const { open, backend } = start();
    const handle = await open({ lease_ms: 150 });
    for (const row of backend.rows.values()) row.lease_until = 0;
    await vi.waitFor(() => {
      expect([...backend.rows.values()][0]?.lease_until).toBeGreaterThan(Date.now());
    }, 20_000);
    await handle.state.keys.set(preKey("1"));
    await handle.close();
  });
});
