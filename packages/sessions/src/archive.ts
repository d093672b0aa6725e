// Moving whole sessions: in from files, out to files, into a backup and back; and looking after what lies there.
export { ArchiveError, type ArchiveErrorCode } from "./archive/archive-error.ts";
export { backupSessions, type BackupOptions, type BackupResult } from "./archive/backup.ts";
export { type ArchivedSession, type BackupKeys, readBackup } from "./archive/backup-file.ts";
export { exportSession } from "./archive/export.ts";
export {
  inspectSession,
  readOwner,
  type SessionInspection,
  type TypeSummary,
} from "./archive/inspect.ts";
export {
  findSessionDirectories,
  type FindOptions,
  type Migrated,
  type MigrateOptions,
  migrateSession,
  type SessionDirectory,
} from "./archive/migrate.ts";
export {
  type ObjectUse,
  pruneObjects,
  type VerifiedSession,
  verifySessions,
} from "./archive/objects.ts";
export { type Restored, type RestoreOptions, restoreSession } from "./archive/restore.ts";
export type { Place } from "./archive/write-session.ts";
export { StorageError } from "./storage/types.ts";
