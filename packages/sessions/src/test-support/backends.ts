import { randomBytes } from "node:crypto";
import type { SessionBackend } from "../backend.ts";
import { createKeyRing, type KeyRing } from "../crypto/key-ring.ts";
import { createMemoryLogs, type Rows } from "../log/memory-logs.ts";
import { createSegmentLogs } from "../log/segment-logs.ts";
import { createMemoryStorage } from "../storage/memory.ts";

export function testKeys(...ids: string[]): KeyRing {
  const names = ids.length > 0 ? ids : ["test"];
  return createKeyRing(names.map((id) => [id, new Uint8Array(randomBytes(32))]));
}

export interface MemoryBackend extends SessionBackend {
  /** What lies in the bucket. */
  objects: Map<string, Uint8Array>;
  /** What lies in the database. */
  rows: Rows;
}

/** Bucket and database in this process; `segments`: records lie in the bucket too (design D3). */
export function memoryBackend({ segments = false, keys = testKeys() } = {}): MemoryBackend {
  const objects = new Map<string, Uint8Array>();
  const rows: Rows = new Map();
  const driver = createMemoryStorage(objects);
  const logs = createMemoryLogs(rows);
  return { objects, rows, driver, keys, logs: segments ? createSegmentLogs(logs, driver) : logs };
}
