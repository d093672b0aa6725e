import { describe, expect, test, vi } from "vitest";
import type { SessionBackend } from "../backend.ts";
import { memoryBackend } from "../test-support/backends.ts";
import { createSignalPeer, type SignalPeer } from "../test-support/signal-peer.ts";
import type { AuthStateHandle } from "./types.ts";
import { useSupabaseAuthState } from "./use-supabase-auth-state.ts";

// Machines may be slow; what is waited for is exact.
vi.setConfig({ testTimeout: 60_000 });

interface Process extends SignalPeer {
  handle: AuthStateHandle;
}

/** What a fresh server process does; the one before it has died without a word. */
async function boot(backend: SessionBackend, jid: string): Promise<Process> {
  const handle = await useSupabaseAuthState("acme", jid, { backend, force: true });
  // As `creds.update` does when a phone has paired.
  if (handle.is_new) await handle.saveCreds();
  return Object.assign(createSignalPeer({ ...handle, jid }), { handle });
}

describe.each([
  { design: "records in the database", segments: false },
  { design: "records in the bucket", segments: true },
])("Baileys' own Signal code, $design", ({ segments }) => {
  test("decrypts 400 messages of a conversation whose processes die 26 times", async () => {
    const backend = memoryBackend({ segments });
    let ours = await boot(backend, "111@s.whatsapp.net");
    let theirs = await boot(backend, "222@s.whatsapp.net");
    await ours.greet(theirs);
    for (let index = 0; index < 400; index += 1) {
      // Whoever writes, and now and then several in a row.
      const we_write = index === 0 || (index * 7) % 5 < 3;
      const [from, to] = we_write ? [ours, theirs] : [theirs, ours];
      const message = await from.encrypt(to, `message ${index}`);
      expect(await to.decrypt(from, message)).toBe(`message ${index}`);
      // Killed between two writes: what was received last may not be written yet.
      if (index % 25 === 24) ours = await boot(backend, ours.jid);
      if (index % 40 === 39) theirs = await boot(backend, theirs.jid);
    }
    expect(ours.handle.epoch).toBe(17);
    expect(theirs.handle.epoch).toBe(11);
    await ours.handle.close();
    await theirs.handle.close();
  });
});
