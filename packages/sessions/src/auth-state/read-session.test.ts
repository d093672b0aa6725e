import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { memoryBackend } from "../test-support/backends.ts";
import { entryKey } from "./entries.ts";
import { openSession } from "./open-session.ts";
import { readSession } from "./read-session.ts";

vi.setConfig({ testTimeout: 60_000 });

const PLACE = { tenant: "acme", session: "main" };
const KEY = entryKey("session", "a");
const OTHER = entryKey("session", "b");

describe.each([
  { design: "records in the database", segments: false },
  { design: "records in the bucket", segments: true },
])("looking at a session, $design", ({ segments }) => {
  test("shows what is durable, and leaves it to its writer", async () => {
    const backend = memoryBackend({ segments });
    expect(await readSession(backend, PLACE)).toBeNull();
    const options = { owner: "server-a", write_behind_ms: 60_000 };
    const writer = await openSession(backend, PLACE, options);
    await writer.write(new Map([[KEY, "1"]]), true);
    await writer.write(new Map([[KEY, "2"]]), false);
    const seen = await readSession(backend, PLACE);
    expect(seen).toMatchObject({ epoch: 1, seq: 1, tail_records: 1 });
    expect(seen?.owner).toMatch(/^server-a#/);
    expect(seen?.entries.get(KEY)).toBe("1");
    await writer.flush();
    expect((await readSession(backend, PLACE))?.entries.get(KEY)).toBe("2");
    await writer.close();
    expect(await readSession(backend, PLACE)).toMatchObject({ owner: null, is_clean: true });
    const again = await openSession(backend, PLACE);
    await again.delete();
    expect(await readSession(backend, PLACE)).toBeNull();
  });

  test("is whole each time while its writer replaces one snapshot by the next", async () => {
    const backend = memoryBackend({ segments });
    const writer = await openSession(backend, PLACE, { compaction: { records: 1 } });
    const progress = { is_over: false };
    const write = async (): Promise<void> => {
      for (let number = 0; number < 200; number += 1) {
        await writer.write(new Map([KEY, OTHER].map((key) => [key, String(number)])), true);
      }
    };
    const writing = write().finally(() => {
      progress.is_over = true;
    });
    while (!progress.is_over) {
      await nextTurn();
      const seen = await readSession(backend, PLACE);
      expect(seen?.entries.get(KEY)).toBe(seen?.entries.get(OTHER));
    }
    await writing;
    await writer.close();
  });
});
