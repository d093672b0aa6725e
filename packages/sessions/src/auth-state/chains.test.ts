import { describe, expect, test, vi } from "vitest";
import { type MemoryBackend, memoryBackend } from "../test-support/backends.ts";
import { createSignalPeer, type SignalPeer } from "../test-support/signal-peer.ts";
import type { AuthStateHandle, AuthStateOptions } from "./types.ts";
import { useSupabaseAuthState } from "./use-supabase-auth-state.ts";

// Machines may be slow; what is waited for is exact.
vi.setConfig({ testTimeout: 60_000 });

interface Process extends SignalPeer {
  handle: AuthStateHandle;
}

const ALICE = "111@s.whatsapp.net";
const BOB = "222@s.whatsapp.net";
const GROUP = "120363000000000001@g.us";

async function boot(
  backend: MemoryBackend,
  jid: string,
  options: AuthStateOptions = {},
): Promise<Process> {
  const handle = await useSupabaseAuthState("acme", jid, { backend, force: true, ...options });
  if (handle.is_new) {
    // Who we are in a group, as pairing sets it.
    handle.state.creds.me = { id: jid };
    await handle.saveCreds();
  }
  return Object.assign(createSignalPeer({ ...handle, jid }), { handle });
}

/** Two who know each other. */
async function converse(backend: MemoryBackend): Promise<[Process, Process]> {
  const alice = await boot(backend, ALICE);
  const bob = await boot(backend, BOB);
  await alice.greet(bob);
  for (const text of ["hi", "how are you"]) {
    await bob.decrypt(alice, await alice.encrypt(bob, text));
    await alice.decrypt(bob, await bob.encrypt(alice, text));
  }
  return [alice, bob];
}

/** Sends that went out and were not written: what a kill between Baileys' send and its save leaves behind. */
async function sendUnwritten(alice: Process, backend: MemoryBackend, send: () => Promise<void>) {
  await alice.handle.flush();
  const before = structuredClone(backend.rows);
  const objects = structuredClone(backend.objects);
  await send();
  restore(backend.rows, before);
  restore(backend.objects, objects);
}

function restore<Value>(map: Map<string, Value>, to: Map<string, Value>): void {
  map.clear();
  for (const [key, value] of to) map.set(key, value);
}

describe("after a kill in the middle of sending", () => {
  test("no number is used twice: the peer decrypts all that comes after", async () => {
    const backend = memoryBackend();
    const [alice, bob] = await converse(backend);
    await sendUnwritten(alice, backend, async () => {
      for (let index = 0; index < 3; index += 1) {
        await bob.decrypt(alice, await alice.encrypt(bob, `unwritten ${index}`));
      }
    });
    const again = await boot(backend, ALICE);
    expect(again.handle.stats().skipped_ahead).toBe(1);
    for (let index = 0; index < 5; index += 1) {
      const message = await again.encrypt(bob, `after ${index}`);
      expect(await bob.decrypt(again, message)).toBe(`after ${index}`);
    }
    expect(await again.decrypt(bob, await bob.encrypt(again, "back"))).toBe("back");
  });

  test("without the leap the same kill loses messages: the hazard is real", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const backend = memoryBackend();
    const [alice, bob] = await converse(backend);
    await sendUnwritten(alice, backend, async () => {
      await bob.decrypt(alice, await alice.encrypt(bob, "unwritten"));
    });
    const again = await boot(backend, ALICE, { skip_ahead: 0 });
    const message = await again.encrypt(bob, "vanishes");
    await expect(bob.decrypt(again, message)).rejects.toThrow(/No matching sessions|Key used/);
  });

  test("nor is one in a group", async () => {
    const backend = memoryBackend();
    const [alice, bob] = await converse(backend);
    const { distribution, ciphertext } = await alice.encryptForGroup(GROUP, "hello");
    await bob.joinGroup(GROUP, alice, distribution);
    expect(await bob.decryptFromGroup(GROUP, alice, ciphertext)).toBe("hello");
    await sendUnwritten(alice, backend, async () => {
      const { ciphertext: lost } = await alice.encryptForGroup(GROUP, "unwritten");
      await bob.decryptFromGroup(GROUP, alice, lost);
    });
    const again = await boot(backend, ALICE);
    for (const text of ["one", "two"]) {
      const { ciphertext: next } = await again.encryptForGroup(GROUP, text);
      expect(await bob.decryptFromGroup(GROUP, again, next)).toBe(text);
    }
  });

  test("a send is durable before Baileys goes on, a receive need not be", async () => {
    const backend = memoryBackend();
    const [alice, bob] = await converse(backend);
    await alice.handle.flush();
    const written = alice.handle.stats().appended;
    const message = await bob.encrypt(alice, "received");
    await alice.decrypt(bob, message);
    expect(alice.handle.stats().appended).toBe(written);
    await alice.encrypt(bob, "sent");
    expect(alice.handle.stats().appended).toBe(written + 1);
    await alice.encryptForGroup(GROUP, "sent to a group");
    expect(alice.handle.stats().appended).toBeGreaterThan(written + 1);
  });

  test("a process that dies seventy times before it sends does not leap out of the peer's reach", async () => {
    const backend = memoryBackend();
    let [alice, bob] = await converse(backend);
    for (let death = 0; death < 70; death += 1) alice = await boot(backend, ALICE);
    // libsignal gives up 2,000 messages ahead.
    expect(await bob.decrypt(alice, await alice.encrypt(bob, "still here"))).toBe("still here");
  });

  test("a process that closed its session leaps over nothing", async () => {
    const backend = memoryBackend();
    const [alice] = await converse(backend);
    await alice.handle.close();
    const again = await boot(backend, ALICE);
    expect(again.handle.stats().skipped_ahead).toBe(0);
  });
});

describe("receiving chains", () => {
  test("do not pile up over 300 turns, and messages out of order are still decrypted", async () => {
    const backend = memoryBackend();
    const [alice, bob] = await converse(backend);
    const late: { at: number; message: Awaited<ReturnType<Process["encrypt"]>> }[] = [];
    for (let turn = 0; turn < 300; turn += 1) {
      const delayed = await bob.encrypt(alice, `late ${turn}`);
      late.push({ at: turn + 6, message: delayed });
      await alice.decrypt(bob, await bob.encrypt(alice, `turn ${turn}`));
      await bob.decrypt(alice, await alice.encrypt(bob, `answer ${turn}`));
      while (late[0] !== undefined && late[0].at <= turn) {
        const { at, message } = late.shift() ?? late[0];
        expect(await alice.decrypt(bob, message)).toBe(`late ${at - 6}`);
      }
    }
    const [session] = Object.values(await alice.handle.state.keys.get("session", ["222.0"]));
    expect(JSON.stringify(session).length).toBeLessThan(8_000);
  });
});
