import type { Command } from "../command.ts";
import { backupCommand, restoreCommand } from "./backup.ts";
import { disconnectCommand } from "./disconnect.ts";
import { exportCommand } from "./export.ts";
import { inspectCommand, listCommand } from "./look.ts";
import { migrateCommand } from "./migrate.ts";
import { pruneCommand, verifyCommand } from "./verify.ts";

const HELP = `wabase sessions looks after WhatsApp-Web sessions (docs/sessions.md).

  wabase sessions migrate      brings directories of useMultiFileAuthState into the store
  wabase sessions export       writes a session as such a directory
  wabase sessions list         which there are, and who has each open
  wabase sessions inspect      what one is made of, in counts and sizes
  wabase sessions backup       writes all or some into one encrypted file
  wabase sessions restore      brings them back from it
  wabase sessions verify       reads and checks all of them
  wabase sessions prune        removes objects that nobody needs
  wabase sessions disconnect   ends one and deletes its keys

It reads SESSION_STORAGE_TYPE, SESSION_STORAGE_DIR, SESSION_TAIL and SESSION_ENCRYPTION_KEYS as the server does.`;

const overview: Command = {
  help: HELP,
  async run(_args, { printError }) {
    printError(HELP);
    return 2;
  },
};

export const SESSION_COMMANDS: Record<string, Command> = {
  sessions: overview,
  "sessions migrate": migrateCommand,
  "sessions export": exportCommand,
  "sessions list": listCommand,
  "sessions inspect": inspectCommand,
  "sessions backup": backupCommand,
  "sessions restore": restoreCommand,
  "sessions verify": verifyCommand,
  "sessions prune": pruneCommand,
  "sessions disconnect": disconnectCommand,
};
