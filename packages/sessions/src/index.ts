export type {
  AuthStateHandle,
  AuthStateOptions,
  SessionEvents,
  SessionStats,
} from "./auth-state/types.ts";
export type { SessionBackend } from "./backend.ts";
export { SessionError, type SessionErrorCode, type SessionErrorDetails } from "./errors.ts";
export { deleteSession, type OpenOptions, openSession } from "./auth-state/open-session.ts";
export { useSupabaseAuthState } from "./auth-state/use-supabase-auth-state.ts";
export { createSessionBackend } from "./backend.ts";
export { createKeyRing, type KeyRing, parseKeyRing } from "./crypto/key-ring.ts";
export { createSegmentLogs } from "./log/segment-logs.ts";
export { createSupabaseLogs } from "./log/supabase-logs.ts";
export type { SessionLogs } from "./log/types.ts";
export { createLocalStorage } from "./storage/local.ts";
export { createMemoryStorage } from "./storage/memory.ts";
export { createSessionStorage, type SessionStorage } from "./storage/session-storage.ts";
export { createSupabaseStorage, SESSION_BUCKET } from "./storage/supabase.ts";
export type { StorageDriver, StoredObject } from "./storage/types.ts";
export { createServiceClient, resolveSupabase } from "./supabase/service-client.ts";
