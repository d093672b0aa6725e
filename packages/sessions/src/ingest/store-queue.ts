import { setTimeout as sleep } from "node:timers/promises";

export interface StoreQueueOptions<Item> {
  /** Stores these together, or throws and has stored none. */
  store: (items: Item[]) => Promise<void>;
  max_items: number;
  /** Aborted when nothing can be stored any more. */
  signal: AbortSignal;
  onFailure: (error: unknown) => void;
}

export interface StoreQueue<Item> {
  /** Resolves once it is stored; rejects only when the queue ends. */
  add(item: Item): Promise<void>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

interface Waiting<Item> {
  item: Item;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/**
 * Stores one batch after another, in order: what comes while one is under way goes together in the next. A batch
 * that fails is tried until it is stored.
 */
export function createStoreQueue<Item>(options: StoreQueueOptions<Item>): StoreQueue<Item> {
  const { store, max_items, signal, onFailure } = options;
  const waiting: Waiting<Item>[] = [];
  let working: Promise<void> | null = null;

  const insist = async (items: Item[]): Promise<void> => {
    for (let wait_ms = FIRST_WAIT_MS; ; wait_ms = Math.min(wait_ms * 2, LONGEST_WAIT_MS)) {
      signal.throwIfAborted();
      try {
        return await store(items);
      } catch (error) {
        signal.throwIfAborted();
        onFailure(error);
        await sleep(wait_ms, undefined, { signal });
      }
    }
  };

  const work = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        const batch = waiting.slice(0, max_items);
        await insist(batch.map(({ item }) => item));
        waiting.splice(0, batch.length);
        for (const { resolve } of batch) resolve();
      }
    } catch {
      const reason: unknown = signal.reason;
      for (const { reject } of waiting.splice(0)) reject(reason);
    } finally {
      // In the same turn as the look at what waits: nothing is added in between.
      working = null;
    }
  };

  const idle = async (): Promise<void> => {
    const current = working;
    if (current === null) return;
    await current;
    await idle();
  };

  return {
    add: async (item) =>
      await new Promise<void>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        working ??= work();
      }),
    idle,
  };
}
