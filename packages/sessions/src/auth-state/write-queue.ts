import type { SessionError } from "../errors.ts";
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

/** What is in memory and on its way to the log: batches in order, each of whole writes. */
export function createWriteQueue({ entries, append, on_appended }: WriteQueueOptions): WriteQueue {
  /** By key: what it becomes, and what it is in the log. */
  let pending: Pending = new Map();
  const waiters = createWaiters();
  /** Counts the batches begun. */
  let version = 0;
  let timer: NodeJS.Timeout | null = null;
  /** When what is pending must be on its way, by performance.now(). */
  let due_at = Number.POSITIVE_INFINITY;
  let is_ended = false;
  let is_draining = false;

  const drain = async (): Promise<void> => {
    const batch = pending;
    const upTo = version;
    pending = new Map();
    due_at = Number.POSITIVE_INFINITY;
    is_draining = true;
    try {
      await append(new Map(Array.from(batch, ([key, { value }]) => [key, value])));
      if (is_ended) return;
      waiters.settle(upTo);
      on_appended();
    } finally {
      is_draining = false;
    }
    arm();
  };
  const arm = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (is_ended || is_draining || pending.size === 0) return;
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
      const was_empty = pending.size === 0;
      for (const [key, value] of changes) merge(pending, entries, [key, value]);
      if (was_empty && pending.size > 0) version += 1;
    },
    flush: () => {
      const waited = waiters.wait(version);
      schedule(0);
      return waited;
    },
    durableEntries: () => {
      const all: Entries = new Map(entries);
      for (const [key, { durable }] of pending) put(all, key, durable);
      return all;
    },
    end: (error) => {
      is_ended = true;
      if (timer !== null) clearTimeout(timer);
      waiters.end(error);
    },
  };
}

type Pending = Map<string, { value: string | null; durable: string | null }>;

function merge(pending: Pending, entries: Entries, [key, value]: [string, string | null]): void {
  const before = entries.get(key) ?? null;
  if (before === value) return;
  const known = pending.get(key);
  pending.set(key, { value, durable: known === undefined ? before : known.durable });
  put(entries, key, value);
}

function put(entries: Entries, key: string, value: string | null): void {
  if (value === null) entries.delete(key);
  else entries.set(key, value);
}

interface Waiters {
  /** Resolves once this version is settled. */
  wait(version: number): Promise<void>;
  settle(version: number): void;
  end(error: SessionError): void;
}

function createWaiters(): Waiters {
  let waiting: { version: number; resolve: () => void; reject: (error: SessionError) => void }[] =
    [];
  let settled = 0;
  let ended: SessionError | null = null;
  return {
    wait: (version) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // Whoever does not wait learns it by the session's end; no unhandled rejection stops the process.
      promise.catch(() => {});
      if (ended !== null) reject(ended);
      else if (settled >= version) resolve();
      else waiting.push({ version, resolve, reject });
      return promise;
    },
    settle: (version) => {
      settled = version;
      const done = waiting.filter((waiter) => waiter.version <= version);
      waiting = waiting.filter((waiter) => waiter.version > version);
      for (const { resolve } of done) resolve();
    },
    end: (error) => {
      ended ??= error;
      const all = waiting;
      waiting = [];
      for (const { reject } of all) reject(error);
    },
  };
}
