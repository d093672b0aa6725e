import { randomUUID } from "node:crypto";
import type { Lease, LogRecord, SessionContents, SessionLogs, SnapshotPointer } from "./types.ts";

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
export function createMemoryLogs(rows = new Map<string, Row>()): SessionLogs {
  const held = (lease: Lease): Row | null => {
    const row = [...rows.values()].find(({ id }) => id === lease.id);
    return row?.epoch === lease.epoch ? row : null;
  };
  return {
    name: "memory",
    fences_appends: true,
    acquire: async ({ tenant, session, folder, owner, lease_ms, force }) => {
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
    },
    append: async (lease, record, lease_ms) => {
      const row = held(lease);
      if (row === null) return "fenced";
      if (row.head.seq === record.seq && row.head.hash === record.hash) return "written";
      if (row.head.seq !== record.seq - 1 || row.head.hash !== record.prev) return "rolled_back";
      row.records.push({ ...record });
      row.head = { seq: record.seq, hash: record.hash };
      Object.assign(row, {
        is_clean: false,
        is_deleted: false,
        lease_until: Date.now() + lease_ms,
      });
      return "written";
    },
    renew: async (leases, lease_ms) => {
      const kept = leases.filter((lease) => held(lease) !== null);
      for (const lease of kept) {
        const row = held(lease);
        if (row !== null) row.lease_until = Date.now() + lease_ms;
      }
      return new Set(kept.map(({ id }) => id));
    },
    publish: async (lease, snapshot, head) => {
      const row = held(lease);
      if (row === null) return false;
      if (head !== undefined) row.head = { seq: snapshot.seq, hash: head.hash };
      if (snapshot.seq > row.head.seq) return false;
      row.snapshot = snapshot;
      row.is_deleted = false;
      row.records = row.records.filter(({ seq }) => seq > snapshot.seq);
      return true;
    },
    release: async (lease, is_clean) => {
      const row = held(lease);
      if (row === null) return false;
      row.owner = null;
      row.lease_until = 0;
      row.is_clean = is_clean;
      return true;
    },
    delete: async (lease) => {
      const row = held(lease);
      if (row === null) return false;
      row.is_deleted = row.is_clean = true;
      row.head = { seq: 0, hash: "" };
      row.snapshot = null;
      row.records = [];
      return true;
    },
    read: async ({ folder }) => {
      const row = rows.get(folder);
      if (row === undefined) return null;
      return { contents: contentsOf(row), owner: ownerOf(row), epoch: row.epoch };
    },
    list: async () =>
      [...rows.values()]
        .filter(({ is_deleted }) => !is_deleted)
        .map((row) => ({
          tenant: row.tenant,
          session: row.session,
          epoch: row.epoch,
          owner: ownerOf(row),
          is_clean: row.is_clean,
          records: row.records.length,
          record_bytes: row.records.reduce((sum, { envelope }) => sum + envelope.length, 0),
          snapshot_bytes: row.snapshot?.bytes ?? null,
          key_ids: keyIds(row),
        })),
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
