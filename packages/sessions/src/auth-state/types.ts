import type { EventEmitter } from "node:events";
import type { AuthenticationState } from "baileys";
import type { SessionBackend } from "../backend.ts";
import type { SessionError } from "../errors.ts";

export interface SessionEvents {
  /**
   * Nothing of this session can be written any more: end its socket now, and open the session anew to go on.
   * Emitted once; `signal` is aborted with the same error. Not emitted by `close()` and `delete()`.
   */
  lost: [error: SessionError];
  /** A snapshot is in the bucket and is what the next opening starts from. */
  snapshot: [details: { seq: number; bytes: number; keys: number }];
  /** Something in the background failed, and will be tried again; no write is lost by it. */
  warning: [error: Error];
}

export interface SessionStats {
  /** Keys in memory, the creds not among them, and the length of their JSON. */
  keys: number;
  key_bytes: number;
  /** Records written since the opening, and how many lie behind the snapshot now. */
  appended: number;
  tail_records: number;
  tail_bytes: number;
  snapshots: number;
  /** Sending chains that the opening moved ahead, since the last process did not close the session. */
  skipped_ahead: number;
}

/** A session that is open for writing in this process, and in no other. */
export interface AuthStateHandle {
  readonly tenant: string;
  readonly session: string;
  /** Counts the openings of this session; what an earlier opening still writes is refused. */
  readonly epoch: number;
  /** Nothing was stored: Baileys will ask for a QR scan or a pairing code. */
  readonly is_new: boolean;
  /** For `makeWASocket({ auth })`. Do not wrap `keys` in makeCacheableSignalKeyStore: reads are memory already. */
  readonly state: AuthenticationState;
  /** For `creds.update`: writes `state.creds` as it is now. Resolves once it is durable. */
  readonly saveCreds: () => Promise<void>;
  /** Resolves once everything that was set before is durable. */
  readonly flush: () => Promise<void>;
  /** Flushes and gives the session free. Safe to call twice. */
  readonly close: () => Promise<void>;
  /** Removes the session for good: only when WhatsApp says «logged out», or somebody disconnects it. */
  readonly delete: () => Promise<void>;
  /** Aborted with a SessionError when the session is lost, and with code `closed` when it is closed or deleted. */
  readonly signal: AbortSignal;
  readonly events: EventEmitter<SessionEvents>;
  readonly stats: () => SessionStats;
}

export interface AuthStateOptions {
  /** Where sessions lie. By default one for the whole process, made from the environment. */
  backend?: SessionBackend;
  /** Who we are to other processes; by default host, process id and a random part. */
  owner?: string;
  /** How long another process must wait after this one has died. Default 30,000; renewed every third of it. */
  lease_ms?: number;
  /** How long to wait for a session that another process holds, before `held` is thrown. Default 0. */
  wait_ms?: number;
  /** Take the session from whoever holds it: its writes are refused from then on. */
  force?: boolean;
  /**
   * `smart` (default): creds, new pre-keys and the state behind a send are durable before their call resolves;
   * what a received message changes is written within `write_behind_ms`. `sync`: every call waits.
   */
  durability?: "smart" | "sync";
  /** Default 250. */
  write_behind_ms?: number;
  /** When records are folded into a new snapshot. Defaults: 256 records, 1 MiB, one hour. */
  compaction?: { records?: number; bytes?: number; age_ms?: number };
  /** Messages by which sending chains move ahead when the last process did not close the session. Default 32. */
  skip_ahead?: number;
  /** Used-up receiving chains kept per Signal session. libsignal keeps all of them, for ever. Default 20. */
  keep_chains?: number;
}
