import { SessionError } from "./errors.ts";
import { type KeyRing, parseKeyRing } from "./crypto/key-ring.ts";
import { createFileLeases } from "./log/file-leases.ts";
import { createMemoryLogs } from "./log/memory-logs.ts";
import { createSegmentLogs } from "./log/segment-logs.ts";
import { createSupabaseLogs } from "./log/supabase-logs.ts";
import type { SessionLogs } from "./log/types.ts";
import { createLocalStorage } from "./storage/local.ts";
import { createMemoryStorage } from "./storage/memory.ts";
import { createSupabaseStorage } from "./storage/supabase.ts";
import type { StorageDriver } from "./storage/types.ts";
import { createServiceClient, resolveSupabase } from "./supabase/service-client.ts";

/** What a process needs to keep sessions: one for all of them. */
export interface SessionBackend {
  /** The objects: snapshots, and the segments of design D3. */
  readonly driver: StorageDriver;
  /** Who may write, which snapshot counts, and the records since. */
  readonly logs: SessionLogs;
  readonly keys: KeyRing;
}

type Environment = Record<string, string | undefined>;

const DEFAULT_FOLDER = "whatsapp-sessions";

/**
 * By environment:
 *
 *   SESSION_STORAGE_TYPE      supabase (default), local, memory
 *   SUPABASE_URL, SUPABASE_SECRET_KEY (or SUPABASE_SERVICE_KEY)   for supabase
 *   SESSION_STORAGE_DIR       for local; default ./whatsapp-sessions
 *   SESSION_TAIL              postgres (default), bucket: where records wait for their snapshot
 *   SESSION_ENCRYPTION_KEYS   id:base64, the current key first
 *
 * @throws SessionError with code `configuration`, naming the variable and the fix
 */
export function createSessionBackend(environment: Environment = process.env): SessionBackend {
  const keys = parseKeyRing(environment["SESSION_ENCRYPTION_KEYS"]);
  const type = environment["SESSION_STORAGE_TYPE"] ?? "supabase";
  switch (type) {
    case "supabase": {
      const client = createServiceClient(resolveSupabase(environment));
      const driver = createSupabaseStorage(client);
      const logs = createSupabaseLogs(client);
      return { driver, keys, logs: withTail(environment["SESSION_TAIL"], logs, driver) };
    }
    case "local": {
      const folder = environment["SESSION_STORAGE_DIR"] ?? DEFAULT_FOLDER;
      const driver = createLocalStorage(folder);
      return { keys, driver, logs: createSegmentLogs(createFileLeases(folder), driver) };
    }
    case "memory":
      return { keys, driver: createMemoryStorage(), logs: createMemoryLogs() };
    default:
      throw new SessionError(
        "configuration",
        `SESSION_STORAGE_TYPE: «${type}» is none of supabase, local, memory.`,
      );
  }
}

function withTail(tail = "postgres", logs: SessionLogs, driver: StorageDriver): SessionLogs {
  if (tail === "postgres") return logs;
  if (tail === "bucket") return createSegmentLogs(logs, driver);
  throw new SessionError(
    "configuration",
    `SESSION_TAIL: «${tail}» is neither postgres nor bucket.`,
  );
}

let shared: SessionBackend | null = null;

/** The process's own, made from its environment when it is first needed. */
export function defaultBackend(): SessionBackend {
  return (shared ??= createSessionBackend());
}
