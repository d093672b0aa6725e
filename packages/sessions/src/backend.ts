import type { KeyRing } from "./crypto/key-ring.ts";
import type { SessionLogs } from "./log/types.ts";
import type { StorageDriver } from "./storage/types.ts";

/** What a process needs to keep sessions: one for all of them. */
export interface SessionBackend {
  /** The objects: snapshots, and the segments of design D3. */
  readonly driver: StorageDriver;
  /** Who may write, which snapshot counts, and the records since. */
  readonly logs: SessionLogs;
  readonly keys: KeyRing;
}
