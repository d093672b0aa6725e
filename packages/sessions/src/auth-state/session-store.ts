import { EventEmitter } from "node:events";
import type { SessionBackend } from "../backend.ts";
import { SessionError } from "../errors.ts";
import { type KeptLease, leaseKeeperOf } from "../log/lease-keeper.ts";
import { removeFolder } from "../storage/types.ts";
import { removeOlder, writeSnapshot } from "./compaction.ts";
import { type Changes, CREDS, type Entries } from "./entries.ts";
import { createLogWriter, type LogWriter } from "./log-writer.ts";
import type { LoadedSession } from "./load-session.ts";
import type { AuthStateOptions, SessionEvents, SessionStats } from "./types.ts";
import { createWriteQueue, type WriteQueue } from "./write-queue.ts";

/** An open session as JSON text by type and id: what Baileys' key store and creds are made of. */
export interface SessionStore {
  readonly tenant: string;
  readonly session: string;
  readonly epoch: number;
  readonly signal: AbortSignal;
  readonly events: EventEmitter<SessionEvents>;
  /** @throws SessionError once the session is lost or closed */
  readonly get: (key: string) => string | null;
  readonly keys: () => Iterable<string>;
  /** In memory before it returns, whole or not at all. Resolves when durable, or at once where that may wait. */
  readonly write: (changes: Changes, is_durable: boolean) => Promise<void>;
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
  readonly delete: () => Promise<void>;
  readonly stats: () => SessionStats;
}

export interface SessionStoreOptions {
  backend: SessionBackend;
  tenant: string;
  session: string;
  kept: Omit<KeptLease, "on_lost">;
  loaded: LoadedSession;
  /** There is a snapshot or a tail of an earlier opening. */
  has_past: boolean;
  settings: StoreSettings;
}

export type StoreSettings = Required<
  Pick<AuthStateOptions, "write_behind_ms" | "skip_ahead" | "lease_ms">
> & { compaction: { records: number; bytes: number; age_ms: number } };

const SNAPSHOT_RETRY_MS = 30_000;

/** The parts of an open session, which the functions below share. */
interface Open extends SessionStoreOptions {
  entries: Entries;
  writer: LogWriter;
  queue: WriteQueue;
  keeper: { drop(): void };
  events: EventEmitter<SessionEvents>;
  controller: AbortController;
  /** Why nothing can be written any more. */
  refused: SessionError | null;
  /** The first write of an opening starts a snapshot, so that what was before it can be used by no restore. */
  snapshot_due_at: number;
  no_snapshot_before: number;
  snapshots: number;
  snapshotting: Promise<void> | null;
  appending: Promise<void>;
  skipped: number;
}

export interface OpenedStore {
  store: SessionStore;
  /** Before anything else is written: a change of the opening's own. */
  readonly begin: (changes: Changes, remarks: readonly string[]) => Promise<void>;
}

export function createSessionStore(options: SessionStoreOptions): OpenedStore {
  const open = assemble(options);
  const { tenant, session, kept } = options;
  let closing: Promise<void> | null = null;
  let deleting: Promise<void> | null = null;
  const store: SessionStore = {
    tenant,
    session,
    epoch: kept.lease.epoch,
    signal: open.controller.signal,
    events: open.events,
    get: (key) => {
      if (open.refused !== null) throw open.refused;
      return open.entries.get(key) ?? null;
    },
    keys: () => open.entries.keys(),
    write: (changes, is_durable) => {
      if (open.refused !== null) return rejected(open.refused);
      open.queue.write(changes);
      if (is_durable) return open.queue.flush();
      open.queue.schedule(options.settings.write_behind_ms);
      return Promise.resolve();
    },
    flush: () => (open.refused === null ? open.queue.flush() : rejected(open.refused)),
    close: async () => await (closing ??= close(open)),
    delete: async () => await (deleting ??= remove(open, closing)),
    stats: () => statsOf(open),
  };
  return {
    store,
    begin: async (changes, remarks) => {
      for (const [key, value] of changes) {
        if (value !== null) open.entries.set(key, value);
      }
      open.skipped = changes.size;
      if (!options.backend.logs.fences_appends) await snapshot(open, remarks);
      else if (changes.size > 0) {
        await open.writer.append(changes, remarks);
        considerSnapshot(open);
      }
    },
  };
}

function assemble(options: SessionStoreOptions): Open {
  const { backend, tenant, session, loaded } = options;
  const controller = new AbortController();
  const keeper = leaseKeeperOf(backend.logs);
  const kept: KeptLease = Object.assign(options.kept, {
    on_lost: (reason: "taken" | "unreachable", cause?: unknown) => {
      const name = `session ${tenant}/${session}`;
      const error =
        reason === "taken"
          ? new SessionError("lease_lost", `Another process has taken ${name}.`)
          : new SessionError("unreachable", `The lease of ${name} could not be renewed.`, {
              cause,
            });
      lose(open, error);
    },
  });
  const { head, tail, entries } = loaded;
  const { signal } = controller;
  const writer = createLogWriter({ backend, tenant, session, kept, head, tail, signal });
  const queue = createWriteQueue({
    entries,
    append: async (changes) => {
      open.appending = writer.append(changes);
      await open.appending.catch((error: unknown) => {
        lose(open, error);
        throw error;
      });
    },
    on_appended: () => considerSnapshot(open),
  });
  const open: Open = {
    ...options,
    entries,
    writer,
    queue,
    keeper: { drop: () => keeper.drop(kept) },
    events: new EventEmitter<SessionEvents>(),
    controller,
    refused: null,
    snapshot_due_at: options.has_past ? 0 : performance.now() + options.settings.compaction.age_ms,
    no_snapshot_before: 0,
    snapshots: 0,
    snapshotting: null,
    appending: Promise.resolve(),
    skipped: 0,
  };
  keeper.keep(kept);
  return open;
}

/** Nothing can be written any more: everybody is told, and the socket must end. */
function lose(open: Open, cause: unknown): void {
  if (open.controller.signal.aborted) return;
  const error =
    cause instanceof SessionError
      ? cause
      : new SessionError(
          "unreachable",
          `Session ${open.tenant}/${open.session}: ${String(cause)}`,
          {
            cause,
          },
        );
  end(open, error);
  open.events.emit("lost", error);
}

function end(open: Open, error: SessionError): void {
  open.refused = error;
  open.queue.end(error);
  open.keeper.drop();
  open.controller.abort(error);
}

function considerSnapshot(open: Open): void {
  const { settings, writer } = open;
  const { records, bytes } = writer.tail;
  const is_due =
    records >= settings.compaction.records ||
    bytes >= settings.compaction.bytes ||
    (records > 0 && performance.now() >= open.snapshot_due_at);
  const may_be = open.snapshotting === null && open.refused === null;
  if (!is_due || !may_be || performance.now() < open.no_snapshot_before) return;
  open.snapshotting = snapshot(open, [])
    .catch((error: unknown) => {
      if (error instanceof SessionError && error.code === "lease_lost") return lose(open, error);
      // The records stay where they are: nothing is lost. Not at once again, where Storage is unwell.
      open.no_snapshot_before = performance.now() + SNAPSHOT_RETRY_MS;
      open.events.emit("warning", error instanceof Error ? error : new Error(String(error)));
    })
    .finally(() => {
      open.snapshotting = null;
    });
}

/** Only when no append is under way: what is in memory and not pending is then what the log's end says. */
async function snapshot(open: Open, remarks: readonly string[]): Promise<void> {
  const { backend, tenant, session, kept, writer, settings } = open;
  const source = { backend, tenant, session, lease: kept.lease, signal: open.controller.signal };
  const folded = { ...writer.tail };
  const entries = open.queue.durableEntries();
  const pointer = await writeSnapshot({ ...source, remarks }, entries, writer.head);
  writer.fold(folded);
  open.snapshots += 1;
  open.snapshot_due_at = performance.now() + settings.compaction.age_ms;
  const { seq, bytes } = pointer;
  open.events.emit("snapshot", { seq, bytes, keys: entries.size });
  await removeOlder(backend, kept.lease, pointer);
}

async function close(open: Open): Promise<void> {
  const { backend, kept, tenant, session } = open;
  if (open.refused !== null) return;
  const flushed = open.queue.flush();
  open.refused = new SessionError("closed", `Session ${tenant}/${session} is closed.`);
  const closed = open.refused;
  await flushed;
  await open.snapshotting;
  // Where the tail costs a request for each of its records.
  if (!backend.logs.fences_appends && open.writer.tail.records > 0) await snapshot(open, []);
  end(open, closed);
  await backend.logs.release(kept.lease, true).catch((error: unknown) => {
    // The lease runs out by itself; the next opening takes it for a crash, which costs nothing.
    open.events.emit("warning", error instanceof Error ? error : new Error(String(error)));
  });
}

async function remove(open: Open, closing: Promise<void> | null): Promise<void> {
  const { backend, kept, tenant, session } = open;
  await closing;
  if (open.refused !== null) throw open.refused;
  end(open, new SessionError("closed", `Session ${tenant}/${session} is deleted.`));
  // What is under way would come after the deletion, and bring the session back.
  await Promise.allSettled([open.appending, open.snapshotting]);
  if (!(await backend.logs.delete(kept.lease))) {
    throw new SessionError("lease_lost", `Another process has taken session ${tenant}/${session}.`);
  }
  await removeFolder(backend.driver, kept.lease.folder);
  await backend.logs.release(kept.lease, true);
}

function statsOf({ entries, writer, snapshots, skipped }: Open): SessionStats {
  let key_bytes = 0;
  for (const value of entries.values()) key_bytes += value.length;
  return {
    keys: entries.size - (entries.has(CREDS) ? 1 : 0),
    key_bytes,
    appended: writer.appended,
    tail_records: writer.tail.records,
    tail_bytes: writer.tail.bytes,
    snapshots,
    skipped_ahead: skipped,
  };
}

function rejected(reason: SessionError): Promise<never> {
  const promise = Promise.reject(reason);
  // As in the queue: who does not wait learns it by the session's end.
  promise.catch(() => {});
  return promise;
}
