import { access } from "node:fs/promises";
import { createSessionBackend, type SessionBackend } from "@wabase/sessions";
import {
  type ArchivedSession,
  type BackupKeys,
  backupSessions,
  readBackup,
  restoreSession,
} from "@wabase/sessions/archive";
import { type Command, readArguments, type Terminal, UsageError } from "../command.ts";
import { attempt, count, size } from "./report.ts";

const OPTIONS = {
  tenant: { type: "string" },
  session: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

export const backupCommand: Command = {
  help: `wabase sessions backup <file> [--tenant NAME] [--session NAME] [--json]

Writes all sessions, or those of a tenant or of a name, into one encrypted file (AES-256-GCM), as they are durable at
that moment, whether they run or not; then reads it back. The file is readable with SESSION_ENCRYPTION_KEYS; or, where
SESSION_BACKUP_PASSPHRASE is set, with that instead. An existing file is not replaced.

  wabase sessions backup /backups/sessions-$(date +%F).wsb

Ends with 1 where a session could not be read; the others are in the file.`,

  async run(args, terminal) {
    const { values, words } = readArguments(args, ["file"], OPTIONS);
    const [file = ""] = words;
    await refuseExisting(file);
    const { backend, keys } = open(terminal);
    const places = (await backend.logs.list()).filter((place) => isWanted(place, values));
    const { failed, sessions, bytes } = await backupSessions(backend, places, {
      ...keys,
      path: file,
      onSession: ({ tenant, session, entries }) => {
        if (!values.json) terminal.print(`${tenant}/${session}  ${count(entries.size, "value")}`);
      },
    });
    const problems = failed.map(({ error, ...place }) => ({
      ...place,
      error: { code: error.code, message: error.message },
    }));
    if (values.json) terminal.print(JSON.stringify({ file, sessions, bytes, failed: problems }));
    else {
      for (const { tenant, session, error } of problems) {
        terminal.print(`${tenant}/${session}  is NOT in it: ${error.message}`);
      }
      terminal.print(`${count(sessions, "session")}, ${size(bytes)}: ${file}, read back`);
    }
    return failed.length === 0 ? 0 : 1;
  },
};

export const restoreCommand: Command = {
  help: `wabase sessions restore <file> [--tenant NAME] [--session NAME] [--dry-run] [--force] [--json]

Brings sessions back from a backup, after the whole of it has been read and checked. All sending chains move ahead by
500, so that no message number is used twice. A session that runs is refused, always. One that has moved on since the
backup is refused unless forced: an old state that is used once more costs messages, and the refusal says which.

  --force     replaces sessions that are newer than the backup, or cannot be read
  --dry-run   says what would be done

  wabase sessions restore /backups/sessions-2026-11-20.wsb --tenant acme

Ends with 1 where some session was refused.`,

  async run(args, terminal) {
    const { values, words } = readArguments(args, ["file"], {
      ...OPTIONS,
      force: { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
    });
    const [file = ""] = words;
    const { backend, keys } = open(terminal);
    const wanted = await checkWhole(file, keys, values);
    if (wanted === 0) throw new UsageError(`${file}: holds no session of that name.`);
    let refused = 0;
    for await (const archived of readBackup(file, keys)) {
      if (!isWanted(archived, values)) continue;
      const { value, error } = await attempt(() =>
        restoreSession(backend, archived, {
          force: values.force,
          is_dry_run: values["dry-run"],
        }),
      );
      refused += error === null ? 0 : 1;
      const { tenant, session, taken_at } = archived;
      terminal.print(
        values.json
          ? JSON.stringify({ tenant, session, taken_at, outcome: value ?? "refused", error })
          : `${tenant}/${session}  ${value === null ? `refused: ${error.message}` : `${OUTCOMES[value]}, as of ${taken_at}`}`,
      );
    }
    if (!values.json) terminal.print(`${wanted - refused} in order, ${refused} refused`);
    return refused === 0 ? 0 : 1;
  },
};

const OUTCOMES = {
  restored: "restored",
  there: "holds this already",
  would_restore: "would be restored",
} as const;

function open({ environment }: Terminal): { backend: SessionBackend; keys: BackupKeys } {
  const backend = createSessionBackend(environment);
  const passphrase = environment["SESSION_BACKUP_PASSPHRASE"];
  return { backend, keys: { ring: backend.keys, passphrase: passphrase || undefined } };
}

/** Reads all of it before anything is written; answers how many sessions are meant. */
async function checkWhole(file: string, keys: BackupKeys, filter: Filter): Promise<number> {
  let wanted = 0;
  for await (const archived of readBackup(file, keys)) wanted += isWanted(archived, filter) ? 1 : 0;
  return wanted;
}

interface Filter {
  tenant?: string | undefined;
  session?: string | undefined;
}

function isWanted(
  { tenant, session }: Pick<ArchivedSession, "tenant" | "session">,
  filter: Filter,
): boolean {
  return (filter.tenant ?? tenant) === tenant && (filter.session ?? session) === session;
}

async function refuseExisting(file: string): Promise<void> {
  const is_there = await access(file).then(
    () => true,
    () => false,
  );
  if (is_there) throw new UsageError(`${file}: is there already. Name a new file.`);
}
