import { randomUUID } from "node:crypto";
import type {
  AcquireResult,
  AppendResult,
  Lease,
  LogRecord,
  SessionClaim,
  SessionContents,
  SessionLogs,
  SessionSummary,
  SnapshotPointer,
} from "./types.ts";

/** By folder. */
export type Rows = Map<string, Row>;

interface Row {
  id: string;
  tenant: string;
  session: string;
  epoch: number;
  owner: string | null;
  lease_until: number;
  is_clean: boolean;
  is_deleted: boolean;
  head: { seq: number; hash: string };
  snapshot: SnapshotPointer | null;
  records: LogRecord[];
}

/** What the SQL functions do, in this process: for tests, and for `SESSION_STORAGE_TYPE=memory`. */
export function createMemoryLogs(rows: Rows = new Map()): SessionLogs {
  const change = (lease: Lease, to: (row: Row) => boolean | void): boolean => {
    const row = heldRow(rows, lease);
    return row !== null && to(row) !== false;
  };
  return {
    name: "memory",
    fences_appends: true,
    acquire: async (claim) => acquire(rows, claim),
    append: async (lease, record, lease_ms) => append(heldRow(rows, lease), record, lease_ms),
    renew: async (leases, lease_ms) => {
      const lease_until = Date.now() + lease_ms;
      const held = leases.filter((lease) =>
        change(lease, (row) => void Object.assign(row, { lease_until })),
      );
      return new Set(held.map(({ id }) => id));
    },
    publish: async (lease, snapshot, head) =>
      change(lease, (row) => {
        if (head !== undefined) row.head = { seq: snapshot.seq, hash: head.hash };
        if (snapshot.seq > row.head.seq) return false;
        const records = row.records.filter(({ seq }) => seq > snapshot.seq);
        Object.assign(row, { snapshot, records, is_deleted: false });
        return true;
      }),
    release: async (lease, is_clean) =>
      change(lease, (row) => void Object.assign(row, { owner: null, lease_until: 0, is_clean })),
    delete: async (lease) =>
      change(lease, (row) => {
        const empty = { snapshot: null, records: [], head: { seq: 0, hash: "" } };
        Object.assign(row, { ...empty, is_deleted: true, is_clean: true });
      }),
    read: async ({ folder }) => {
      const row = rows.get(folder);
      if (row === undefined) return null;
      return { contents: contentsOf(row), owner: ownerOf(row), epoch: row.epoch };
    },
    list: async () => [...rows.values()].filter(({ is_deleted }) => !is_deleted).map(summaryOf),
  };
}

function heldRow(rows: Rows, lease: Lease): Row | null {
  const row = rows.get(lease.folder);
  return row?.id === lease.id && row.epoch === lease.epoch ? row : null;
}

function acquire(rows: Rows, claim: SessionClaim): AcquireResult {
  const { tenant, session, folder, owner, lease_ms, force } = claim;
  const row = rows.get(folder) ?? emptyRow(tenant, session);
  rows.set(folder, row);
  const left_ms = row.lease_until - Date.now();
  if (left_ms > 0 && row.owner !== null && row.owner !== owner && !force) {
    return { held: { owner: row.owner, left_ms } };
  }
  // Who still had it has not closed it, even if nothing of his was written.
  const contents = { ...contentsOf(row), is_clean: row.is_clean && row.owner === null };
  row.epoch += 1;
  row.owner = owner;
  row.lease_until = Date.now() + lease_ms;
  return { lease: { id: row.id, epoch: row.epoch, folder }, contents };
}

function append(row: Row | null, record: LogRecord, lease_ms: number): AppendResult {
  if (row === null) return "fenced";
  if (row.head.seq === record.seq && row.head.hash === record.hash) return "written";
  if (row.head.seq !== record.seq - 1 || row.head.hash !== record.prev) return "rolled_back";
  row.records.push({ ...record });
  row.head = { seq: record.seq, hash: record.hash };
  Object.assign(row, { is_clean: false, is_deleted: false, lease_until: Date.now() + lease_ms });
  return "written";
}

function summaryOf(row: Row): SessionSummary {
  return {
    tenant: row.tenant,
    session: row.session,
    epoch: row.epoch,
    owner: ownerOf(row),
    is_clean: row.is_clean,
    records: row.records.length,
    record_bytes: row.records.reduce((sum, { envelope }) => sum + envelope.length, 0),
    snapshot_bytes: row.snapshot?.bytes ?? null,
    key_ids: keyIds(row),
  };
}

function emptyRow(tenant: string, session: string): Row {
  return {
    id: randomUUID(),
    tenant,
    session,
    epoch: 0,
    owner: null,
    lease_until: 0,
    is_clean: true,
    is_deleted: false,
    head: { seq: 0, hash: "" },
    snapshot: null,
    records: [],
  };
}

function contentsOf(row: Row): SessionContents {
  const { snapshot, head, is_clean, is_deleted } = row;
  const records = row.records.map(({ envelope }) => new Uint8Array(envelope));
  return { snapshot, head: { ...head }, is_clean, is_deleted, records };
}

function ownerOf({ owner, lease_until }: Row): string | null {
  return lease_until > Date.now() ? owner : null;
}

function keyIds({ snapshot, records }: Row): string[] {
  const ids = records.map(({ key_id }) => key_id);
  return [...new Set(snapshot === null ? ids : [...ids, snapshot.key_id])];
}
