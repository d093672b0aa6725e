import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Stack } from "@wabase/local";
import { Curve } from "baileys";
import { useSupabaseAuthState } from "../../packages/sessions/src/index.ts";
import { createTraffic } from "./counting.ts";
import { createBackend } from "./contestants.ts";

const SESSIONS = 300;
/** As many as Baileys mints at its first login. */
const PRE_KEYS = 812;
const SEEDED_AT_ONCE = 8;

export interface Many {
  sessions: number;
  seconds: number;
  requests_each: number;
  /** Memory of a session that does nothing, without the JSON of its keys. */
  bytes_each: number;
  key_bytes_each: number;
}

/** All sessions of a process that starts, at once; then what each takes up while nobody writes. */
export async function openMany(stack: Pick<Stack, "url" | "keys">): Promise<Many> {
  const traffic = createTraffic();
  const backend = createBackend(stack, traffic, "postgres");
  const names = Array.from({ length: SESSIONS }, (_, index) => `session-${index}`);
  const pair = Curve.generateKeyPair();
  const keys = Object.fromEntries(Array.from({ length: PRE_KEYS }, (_, id) => [String(id), pair]));
  const left = [...names];
  const seed = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const options = { backend, compaction: { records: 2 } };
      const { state, saveCreds, close } = await useSupabaseAuthState("bench-many", name, options);
      await saveCreds();
      await state.keys.set({ "pre-key": keys });
      await close();
    }
  };
  await Promise.all(Array.from({ length: SEEDED_AT_ONCE }, seed));
  const before = await memory();
  const requests = traffic.requests;
  const start = performance.now();
  const handles = await Promise.all(
    names.map(async (name) => await useSupabaseAuthState("bench-many", name, { backend })),
  );
  const seconds = (performance.now() - start) / 1000;
  const requests_each = (traffic.requests - requests) / SESSIONS;
  const key_bytes = handles.reduce((sum, handle) => sum + handle.stats().key_bytes, 0);
  const used = (await memory()) - before;
  await Promise.all(handles.map(async (handle) => await handle.close()));
  return {
    sessions: SESSIONS,
    seconds,
    requests_each,
    bytes_each: Math.max(0, used - key_bytes) / SESSIONS,
    key_bytes_each: key_bytes / SESSIONS,
  };
}

async function memory(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  for (let round = 0; round < 3; round += 1) {
    if (typeof collect === "function") collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
