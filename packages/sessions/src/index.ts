export type {
  AuthStateHandle,
  AuthStateOptions,
  SessionEvents,
  SessionStats,
} from "./auth-state/types.ts";
export type { SessionBackend } from "./backend.ts";
export { SessionError, type SessionErrorCode, type SessionErrorDetails } from "./errors.ts";
