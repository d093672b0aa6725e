export type ArchiveErrorCode =
  /** There is no directory of useMultiFileAuthState there. */
  | "no_session"
  /** A file of it cannot be read for what it is. */
  | "broken_file"
  /** The files changed while they were read: something still writes them. */
  | "changed"
  /** The session is there already, with something else in it. */
  | "exists"
  /** Somebody has the session open. */
  | "running"
  /** Two ids of the session would lie in one file. */
  | "collision"
  /** What was written reads back otherwise. */
  | "differs"
  /** The file is no backup, or was cut or changed. */
  | "broken_backup"
  /** The session here is newer than the backup. */
  | "stale"
  /** What is there cannot be read, so nobody can say which is newer. */
  | "unreadable";

/** Why something was not moved; the message names the fix, and nothing of what is in a session. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
