import { type SessionError } from "../errors.ts";
import type { Changes, Entries } from "./entries.ts";

export interface WriteQueue {
  /** To memory at once, whole; durable when `wait` resolves, which it need not be waited for. */
  write(changes: Changes): void;
  /** Resolves once everything written so far is durable; starts writing within `delay_ms`. */
  flush(): Promise<void>;
  schedule(delay_ms: number): void;
  /** The entries as they are durable: without what has not been appended yet. Between two appends only. */
  durableEntries(): Entries;
  /** Rejects all who wait; nothing is written after. */
  end(error: SessionError): void;
}

export interface WriteQueueOptions {
  entries: Entries;
  /** Makes a batch durable; the queue has one under way at a time. Throws for good only. */
  readonly append: (changes: Changes) => Promise<void>;
  /** After each batch, when nothing is under way. */
  readonly on_appended: () => void;
}

interface Waiter {
  version: number;
  resolve: () => void;
  reject: (error: SessionError) => void;
}

/** What is in memory and on its way to the log: batches in order, each of whole writes. */
export function createWriteQueue({ entries, append, on_appended }: WriteQueueOptions): WriteQueue {
  /** By key: what it becomes, and what it is in the log. */
  let pending = new Map<string, { value: string | null; durable: string | null }>();
  let waiters: Waiter[] = [];
  let version = 0;
  let durable_version = 0;
  let timer: NodeJS.Timeout | null = null;
  /** When what is pending must be on its way, by performance.now(). */
  let due_at = Number.POSITIVE_INFINITY;
  let ended: SessionError | null = null;
  let draining = false;

  const settle = (upTo: number): void => {
    durable_version = upTo;
    const done = waiters.filter((waiter) => waiter.version <= upTo);
    waiters = waiters.filter((waiter) => waiter.version > upTo);
    for (const { resolve } of done) resolve();
  };
  const drain = async (): Promise<void> => {
    const batch = pending;
    const upTo = version;
    pending = new Map();
    due_at = Number.POSITIVE_INFINITY;
    draining = true;
    try {
      await append(new Map(Array.from(batch, ([key, { value }]) => [key, value])));
      if (ended !== null) return;
      settle(upTo);
      on_appended();
    } finally {
      draining = false;
    }
    arm();
  };
  const arm = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (ended !== null || draining || pending.size === 0) return;
    const start = (): void => {
      timer = null;
      // append() has told everybody before it throws.
      drain().catch(() => {});
    };
    const delay_ms = due_at - performance.now();
    if (delay_ms <= 0) start();
    else timer = setTimeout(start, delay_ms);
  };
  const schedule = (delay_ms: number): void => {
    const at = performance.now() + delay_ms;
    if (at >= due_at && timer !== null) return;
    due_at = Math.min(due_at, at);
    arm();
  };
  return {
    schedule,
    write: (changes) => {
      for (const [key, value] of changes) {
        const before = entries.get(key) ?? null;
        if (before === value) continue;
        version += pending.size === 0 ? 1 : 0;
        const known = pending.get(key);
        pending.set(key, { value, durable: known === undefined ? before : known.durable });
        if (value === null) entries.delete(key);
        else entries.set(key, value);
      }
    },
    flush: () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // Whoever does not wait learns it by the session's end; no unhandled rejection stops the process.
      promise.catch(() => {});
      if (ended !== null) reject(ended);
      else if (durable_version >= version) resolve();
      else {
        waiters.push({ version, resolve, reject });
        schedule(0);
      }
      return promise;
    },
    durableEntries: () => {
      const all: Entries = new Map(entries);
      for (const [key, { durable }] of pending) {
        if (durable === null) all.delete(key);
        else all.set(key, durable);
      }
      return all;
    },
    end: (error) => {
      if (ended !== null) return;
      ended = error;
      if (timer !== null) clearTimeout(timer);
      const all = waiters;
      waiters = [];
      for (const { reject } of all) reject(error);
    },
  };
}
