/** Where a session lies, and who wants to write it. */
export interface SessionClaim {
  tenant: string;
  session: string;
  /** The escaped names: where its objects lie. */
  folder: string;
  owner: string;
  lease_ms: number;
  force: boolean;
}

/** The right to write a session, until a later epoch takes it. */
export interface Lease {
  id: string;
  epoch: number;
  folder: string;
}

export interface SnapshotPointer {
  path: string;
  /** The last record that it holds. */
  seq: number;
  sha256: string;
  bytes: number;
  key_id: string;
}

export interface SessionContents {
  snapshot: SnapshotPointer | null;
  /** The envelopes behind the snapshot, in order. */
  records: Uint8Array[];
  /** Where the log ends; null where only the records themselves say it. */
  head: { seq: number; hash: string } | null;
  /** Whether the last writer closed it. */
  is_clean: boolean;
  /** Deleted; its objects may still be there. */
  is_deleted: boolean;
}

export interface LogRecord {
  seq: number;
  /** SHA-256 of the record before. */
  prev: string;
  hash: string;
  key_id: string;
  envelope: Uint8Array;
}

export type AcquireResult =
  | { lease: Lease; contents: SessionContents }
  | { held: { owner: string; left_ms: number } };

/** `fenced`: a later opening has the session. `rolled_back`: the log does not end where its writer left it. */
export type AppendResult = "written" | "fenced" | "rolled_back";

export interface SessionSummary {
  tenant: string;
  session: string;
  epoch: number;
  /** Who has it open now. */
  owner: string | null;
  is_clean: boolean;
  records: number;
  record_bytes: number;
  snapshot_bytes: number | null;
  /** The keys that are needed to read it. */
  key_ids: string[];
}

/** Who may write each session, and which snapshot counts. Every call may be repeated when its answer was lost. */
export interface SessionLeases {
  readonly name: string;
  acquire(claim: SessionClaim): Promise<AcquireResult>;
  /** Answers the ids of the leases that are still held. */
  renew(leases: readonly Lease[], lease_ms: number): Promise<Set<string>>;
  /**
   * false: a later opening has the session. Records up to the snapshot's are dropped. `head`: where the log ends,
   * for those whose records lie elsewhere.
   */
  publish(lease: Lease, snapshot: SnapshotPointer, head?: { hash: string }): Promise<boolean>;
  /** Gives the session free; `is_clean` where everything was written. */
  release(lease: Lease, is_clean: boolean): Promise<boolean>;
  /** Forgets the contents; the caller removes the objects. */
  delete(lease: Lease): Promise<boolean>;
  /** The contents as they are, and who has the session open; null: never heard of. For those who only look. */
  read(
    place: Pick<SessionClaim, "tenant" | "session" | "folder">,
  ): Promise<{ contents: SessionContents; owner: string | null; epoch: number } | null>;
  list(): Promise<SessionSummary[]>;
}

/**
 * Leases, and the records since the snapshot: the tail. Three pass one contract suite: in Postgres (the default),
 * as segments in the bucket beside a lease in Postgres (design D3), and in files on this machine.
 */
export interface SessionLogs extends SessionLeases {
  /**
   * Whether `append` itself refuses an earlier epoch. Where it does not, each opening begins with a snapshot of
   * its own: whatever earlier epochs still append is read by nobody.
   */
  readonly fences_appends: boolean;
  /** Renews the lease too. */
  append(lease: Lease, record: LogRecord, lease_ms: number): Promise<AppendResult>;
}
