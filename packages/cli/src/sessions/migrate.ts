import { createSessionBackend } from "@wabase/sessions";
import { findSessionDirectories, type Migrated, migrateSession } from "@wabase/sessions/archive";
import { type Command, readArguments } from "../command.ts";
import { attempt, count, size } from "./report.ts";

export const migrateCommand: Command = {
  help: `wabase sessions migrate <dir> [--tenant NAME] [--session NAME] [--dry-run] [--skip-broken] [--json]

Brings directories of Baileys' useMultiFileAuthState into the store: <dir> itself, or every <dir>/<tenant>, or every
<dir>/<tenant>/<session>. Nothing has to be paired again. Each session is written whole or not at all, read back and
compared with its files, which stay as they are. Killed or stopped, it is simply run again.

Stop the server that uses the files first: nobody can see that it runs.

  --tenant NAME    of all sessions; otherwise the directory's name
  --session NAME   where a tenant has one directory alone; otherwise «main»
  --dry-run        reads and checks everything, and writes nothing
  --skip-broken    leaves out files that are cut or empty, which Baileys too takes for absent

  wabase sessions migrate ./whatsapp-sessions --dry-run

Ends with 1 where some session was refused: running, there already with other contents, or broken.`,

  async run(args, { environment, print }) {
    const { values, words } = readArguments(args, ["dir"], {
      tenant: { type: "string" },
      session: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      "skip-broken": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const backend = createSessionBackend(environment);
    const directories = await findSessionDirectories(words[0] ?? "", values);
    const options = { is_dry_run: values["dry-run"], skip_broken: values["skip-broken"] };
    let refused = 0;
    for (const [index, directory] of directories.entries()) {
      const { value, error } = await attempt(() => migrateSession(backend, directory, options));
      refused += error === null ? 0 : 1;
      const { tenant, session } = directory;
      if (values.json) {
        const outcome = value ?? { outcome: "refused", error };
        print(JSON.stringify({ tenant, session, ...outcome }));
      } else {
        const line = value === null ? `refused: ${error.message}` : describe(value);
        print(`${index + 1}/${directories.length}  ${tenant}/${session}  ${line}`);
      }
    }
    if (!values.json) {
      const rest = refused === 0 ? "" : `, ${refused} refused`;
      print(`${count(directories.length - refused, "session")} in order${rest}`);
    }
    return refused === 0 ? 0 : 1;
  },
};

const OUTCOMES = {
  migrated: "written, read back, the same",
  there: "is there already, the same",
  would_migrate: "would be written",
} as const;

function describe({ outcome, files, bytes, ignored, broken }: Migrated): string {
  const left_out = [
    ...(broken === 0 ? [] : [`${broken} broken left out`]),
    ...(ignored === 0 ? [] : [`${ignored} not of the session`]),
  ];
  return [`${count(files, "file")}, ${size(bytes)}: ${OUTCOMES[outcome]}`, ...left_out].join("; ");
}
