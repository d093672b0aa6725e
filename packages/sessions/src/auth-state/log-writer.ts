import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError } from "@wabase/database";
import type { SessionBackend } from "../backend.ts";
import { sealEnvelope, sha256 } from "../crypto/envelope.ts";
import { SessionError } from "../errors.ts";
import { heldUntil, type KeptLease } from "../log/lease-keeper.ts";
import type { LogRecord } from "../log/types.ts";
import { type Changes, writeLine } from "./entries.ts";
import { RESTORE } from "./load-session.ts";

export interface LogWriter {
  /** Where the log ends. */
  readonly head: { seq: number; hash: string };
  /** Records since the snapshot, and since the opening. */
  readonly tail: { records: number; bytes: number };
  readonly appended: number;
  /** Durable when it resolves. @throws SessionError when it never will be */
  append(changes: Changes, remarks?: readonly string[]): Promise<void>;
  /** A snapshot now holds what the tail held then. */
  fold(folded: { records: number; bytes: number }): void;
}

export interface LogWriterOptions {
  backend: SessionBackend;
  tenant: string;
  session: string;
  kept: KeptLease;
  head: { seq: number; hash: string };
  tail: { records: number; bytes: number };
  signal: AbortSignal;
}

const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 3_000;

export function createLogWriter(options: LogWriterOptions): LogWriter {
  const { backend, tenant, session, kept } = options;
  let head = options.head;
  const tail = { ...options.tail };
  let appended = 0;
  return {
    get head() {
      return head;
    },
    get appended() {
      return appended;
    },
    tail,
    append: async (changes, remarks = []) => {
      const lines = Array.from(changes, ([key, value]) => writeLine(key, value));
      const { epoch } = kept.lease;
      const place = { kind: "record", tenant, session, epoch, seq: head.seq + 1 } as const;
      const envelope = await sealEnvelope(
        { ...place, prev: head.hash },
        [...remarks, ...lines],
        backend.keys,
      );
      const hash = sha256(envelope);
      const record = {
        seq: place.seq,
        prev: head.hash,
        hash,
        key_id: backend.keys.current,
        envelope,
      };
      await appendUntilWritten(options, record);
      head = { seq: record.seq, hash };
      appended += 1;
      tail.records += 1;
      tail.bytes += envelope.length;
    },
    fold: ({ records, bytes }) => {
      tail.records -= records;
      tail.bytes -= bytes;
    },
  };
}

async function appendUntilWritten(options: LogWriterOptions, record: LogRecord): Promise<void> {
  const { backend, kept, signal } = options;
  const { logs } = backend;
  for (let delay_ms = FIRST_DELAY_MS; ; delay_ms = Math.min(delay_ms * 2, MAX_DELAY_MS)) {
    signal.throwIfAborted();
    if (!logs.fences_appends) await ensureHeld(options);
    const asked_at = performance.now();
    try {
      const result = await logs.append(kept.lease, record, kept.lease_ms);
      if (result !== "written") throw refusal(options, result);
      if (logs.fences_appends) kept.held_until = heldUntil(asked_at, kept.lease_ms);
      return;
    } catch (cause) {
      if (cause instanceof SessionError) throw cause;
      if (isFinal(cause) || performance.now() > kept.held_until) {
        const what = `Session ${options.tenant}/${options.session} could not be written`;
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new SessionError("unreachable", `${what}: ${why}`, { cause });
      }
    }
    await sleep(delay_ms);
  }
}

/** The log will take what anybody appends: so only while the session is surely ours. */
async function ensureHeld(options: LogWriterOptions): Promise<void> {
  const { backend, kept } = options;
  if (performance.now() <= kept.held_until) return;
  const asked_at = performance.now();
  const held = await backend.logs.renew([kept.lease], kept.lease_ms);
  if (!held.has(kept.lease.id)) throw refusal(options, "fenced");
  kept.held_until = heldUntil(asked_at, kept.lease_ms);
}

function refusal(
  { tenant, session }: LogWriterOptions,
  result: "fenced" | "rolled_back",
): SessionError {
  if (result === "fenced") {
    return new SessionError(
      "lease_lost",
      `Another process has taken session ${tenant}/${session}.`,
    );
  }
  const what = `The log of session ${tenant}/${session} does not end where this process left it`;
  return new SessionError("rolled_back", `${what}. ${RESTORE}`);
}

/** The database said no, and would say so again. */
function isFinal(cause: unknown): boolean {
  if (!(cause instanceof DatabaseError)) return false;
  const { http_status } = cause;
  return http_status >= 400 && http_status < 500 && http_status !== 408 && http_status !== 429;
}
