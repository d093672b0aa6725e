/** Why a session could not be opened, or is no longer ours; `code` is for programs, the message says the fix. */
export type SessionErrorCode =
  /** Another process writes this session: `owner` and `retry_after_ms` say who, and when its lease ends. */
  | "held"
  /** Another process has taken this session over, or the lease could not be renewed in time. */
  | "lease_lost"
  /** A write did not come through, however often it was tried. */
  | "unreachable"
  /** Whatever is called after `close()` or `delete()`. */
  | "closed"
  /** An object or a record of the session is gone. */
  | "missing"
  /** An object or a record is not what its header, its hash or its key says. */
  | "tampered"
  /** It was encrypted with a key that is not in the key ring. */
  | "unknown_key"
  /** The database or the bucket is older than the other, or than this process knows. */
  | "rolled_back"
  /** A tenant, session or file name that cannot be one. */
  | "name"
  /** A setting is missing or wrong. */
  | "configuration"
  /** The optional peer dependency baileys is not installed. */
  | "no_baileys";

export interface SessionErrorDetails {
  cause?: unknown;
  /** Of `held`: who writes the session. */
  owner?: string;
  /** Of `held`: milliseconds until the lease ends, if it is not renewed. */
  retry_after_ms?: number;
}

export class SessionError extends Error {
  override readonly name = "SessionError";
  readonly code: SessionErrorCode;
  readonly owner: string | undefined;
  readonly retry_after_ms: number | undefined;

  constructor(code: SessionErrorCode, message: string, details: SessionErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.owner = details.owner;
    this.retry_after_ms = details.retry_after_ms;
  }
}
