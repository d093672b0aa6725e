import { readSession } from "../auth-state/read-session.ts";
import type { SessionBackend } from "../backend.ts";
import { SessionError } from "../errors.ts";
import { type ArchivedSession, type BackupKeys, readBackup, writeBackup } from "./backup-file.ts";
import type { Place } from "./write-session.ts";

export interface BackupResult {
  sessions: number;
  bytes: number;
  /** Those that could not be read, and are not in it. */
  failed: (Place & { error: SessionError })[];
}

export interface BackupOptions extends BackupKeys {
  /** The file, which is not there yet. */
  path: string;
  /** Called for each that is in. */
  onSession?: (session: ArchivedSession) => void;
}

/**
 * Writes the sessions as they are durable now, whoever has them open, into one encrypted file, and reads it back.
 * Where it throws there is no file.
 */
export async function backupSessions(
  backend: SessionBackend,
  places: readonly Place[],
  options: BackupOptions,
): Promise<BackupResult> {
  const { path } = options;
  const failed: BackupResult["failed"] = [];
  const heads: string[] = [];
  const sessions = async function* (): AsyncGenerator<ArchivedSession> {
    for (const place of places) {
      const archived = await archive(backend, place).catch((error: unknown) => {
        if (!(error instanceof SessionError)) throw error;
        failed.push({ ...place, error });
        return null;
      });
      if (archived === null) continue;
      heads.push(archived.hash);
      yield archived;
      options.onSession?.(archived);
    }
  };
  const written = await writeBackup(path, sessions(), options);
  let read = 0;
  for await (const { hash } of readBackup(path, options)) {
    if (hash !== heads[read]) throw new Error(`${path}: reads back otherwise than it was written`);
    read += 1;
  }
  return { ...written, failed };
}

/** null: gone since it was listed. */
async function archive(
  backend: SessionBackend,
  { tenant, session }: Place,
): Promise<ArchivedSession | null> {
  const taken_at = new Date().toISOString();
  const found = await readSession(backend, { tenant, session });
  if (found === null || found.entries.size === 0) return null;
  const { epoch, seq, hash, is_clean, entries } = found;
  return { tenant, session, epoch, seq, hash, is_clean, taken_at, entries };
}
