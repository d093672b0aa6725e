import { describe, expect, test, vi } from "vitest";
import { dyingBackend } from "../test-support/dying.ts";
import { memoryBackend } from "../test-support/backends.ts";
import { entryKey } from "./entries.ts";
import { openSession } from "./open-session.ts";
import type { SessionStore } from "./session-store.ts";

// Machines may be slow; what is waited for is exact.
vi.setConfig({ testTimeout: 60_000 });

const PLACE = { tenant: "acme", session: "main" };
const SETS = 24;
const OPTIONS = { force: true, write_behind_ms: 1, compaction: { records: 5 } };

/** One set() as Baileys makes it: a new pre-key, one used up, a session that goes on. */
function changesOf(index: number): Map<string, string | null> {
  return new Map([
    [entryKey("session", "now"), `{"index":${index}}`],
    [entryKey("session", `of-${index}`), `{"index":${index}}`],
    [entryKey("pre-key", String(index)), `{"index":${index}}`],
    [entryKey("pre-key", String(index - 1)), null],
  ]);
}

/** Runs until the end or until the process dies; answers the last set() that it was told is durable. */
async function live(store: SessionStore): Promise<number> {
  for (let index = 0; index < SETS; index += 1) {
    // Every third is written behind: nobody was told that it is durable.
    const written = store.write(changesOf(index), index % 3 !== 2);
    if (!(await isDone(written))) return lastTold(index - 1);
    if (index % 8 === 7 && !(await isDone(store.flush()))) return lastTold(index);
  }
  return (await isDone(store.close())) ? SETS - 1 : lastTold(SETS - 1);
}

/** The newest durable set() up to this one; a flush that succeeded is of later ones. */
function lastTold(index: number): number {
  return index >= 0 && index % 3 === 2 ? index - 1 : index;
}

async function isDone(work: Promise<void>): Promise<boolean> {
  return await work.then(
    () => true,
    () => false,
  );
}

/** The state is that after one of the sets, whole: nothing of the next, all of those before. */
function expectPrefix(store: SessionStore, told: number): void {
  const now = store.get(entryKey("session", "now"));
  const index = now === null ? -1 : Number(JSON.parse(now).index);
  expect(index).toBeGreaterThanOrEqual(told);
  for (let each = 0; each < SETS; each += 1) {
    expect(store.get(entryKey("session", `of-${each}`)) !== null).toBe(each <= index);
    expect(store.get(entryKey("pre-key", String(each))) !== null).toBe(each === index);
  }
}

describe.each([
  { design: "records in the database", segments: false },
  { design: "records in the bucket", segments: true },
])("a process that dies at any of its writes, $design", ({ segments }) => {
  test.each(["before", "after"] as const)(
    "keeps what was told to be durable, and only whole sets, %s the write arrives",
    async (when) => {
      let at = 1;
      for (; ; at += 1) {
        const backend = memoryBackend({ segments });
        // An earlier opening has left a snapshot: what is begun with is at stake too.
        const first = await openSession(backend, PLACE, OPTIONS);
        await first.close();
        const dying = dyingBackend(backend, { at, when });
        const store = await openSession(dying, PLACE, OPTIONS).catch(() => null);
        const told = store === null ? -1 : await live(store);
        const next = await openSession(backend, PLACE, OPTIONS);
        expectPrefix(next, told);
        await next.write(changesOf(SETS), true);
        await next.close();
        const last = await openSession(backend, PLACE, OPTIONS);
        expect(last.get(entryKey("session", "now"))).toBe(`{"index":${SETS}}`);
        await last.close();
        const snapshots = [...backend.rows.values()].flatMap(({ snapshot }) => snapshot ?? []);
        for (const { path } of snapshots) expect(backend.objects.has(path)).toBe(true);
        if (dying.writes() < at) break;
      }
      // Every write of the run was the last one once.
      expect(at).toBeGreaterThan(SETS);
    },
  );
});
