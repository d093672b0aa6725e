export type {
  AuthStateHandle,
  AuthStateOptions,
  SessionEvents,
  SessionStats,
} from "./auth-state/types.ts";
export type { SessionBackend } from "./backend.ts";
export { SessionError, type SessionErrorCode, type SessionErrorDetails } from "./errors.ts";
export { deleteSession, type OpenOptions, openSession } from "./auth-state/open-session.ts";
export { CREDS, entryKey, splitKey } from "./auth-state/entries.ts";
export { type ReadSession, readSession } from "./auth-state/read-session.ts";
export { useSupabaseAuthState } from "./auth-state/use-supabase-auth-state.ts";
export { createSessionBackend } from "./backend.ts";
export type { LogLine } from "./connection/baileys-logger.ts";
export {
  connectSession,
  type ConnectOptions,
  type SendOptions,
  type SessionConnection,
  type SessionListener,
  type SocketSettings,
} from "./connection/connect-session.ts";
export type {
  ConnectionEvents,
  PairingCode,
  SessionEnd,
  SessionReport,
  SessionState,
} from "./connection/connection-events.ts";
export type { Delivery } from "./connection/deliver.ts";
export type { ReconnectTimes } from "./connection/next-step.ts";
export { type QueuedMessage, type SendOutcome, wamidOfRow } from "./connection/queued-message.ts";
export {
  createSessionManager,
  type OpenSessionOptions,
  type SessionManager,
  type SessionManagerOptions,
} from "./connection/session-manager.ts";
export { isWebJournal, translateWebJournal } from "./ingest/translate.ts";
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
