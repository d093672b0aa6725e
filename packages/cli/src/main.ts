import { DatabaseError } from "@wabase/database";
import { type Command, type Terminal, UsageError } from "./command.ts";
import { journalCommand } from "./journal/command.ts";
import { replayCommand } from "./replay/command.ts";
import { SESSION_COMMANDS } from "./sessions/commands.ts";
import { suggestion } from "./sessions/suggestion.ts";

const COMMANDS: Record<string, Command> = {
  journal: journalCommand,
  replay: replayCommand,
  ...SESSION_COMMANDS,
};

const HELP = `wabase looks after a deployed Wabase.

  wabase journal    what webhooks the journal holds, and which of them failed
  wabase replay     runs webhooks of the journal again through the current code
  wabase sessions   moves, backs up, checks and ends WhatsApp-Web sessions

wabase <command> --help says more. Every command takes --json.

It reads SUPABASE_URL and SUPABASE_SECRET_KEY from the environment.
Exit codes: 0 done, 1 done but something is still wrong, 2 wrong usage, 3 the database did not answer.`;

/** Runs a command line, without the program's own name; answers the exit code. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "help") {
    terminal.print(HELP);
    return name === undefined ? 2 : 0;
  }
  const [verb, ...afterVerb] = rest;
  const nested = COMMANDS[`${name} ${verb}`];
  if (nested !== undefined) return await runCommand(nested, afterVerb, terminal);
  const command = COMMANDS[name];
  if (command === undefined) {
    terminal.printError(`There is no command «${name}».\n\n${HELP}`);
    return 2;
  }
  return await runCommand(command, rest, terminal);
}

async function runCommand(command: Command, args: string[], terminal: Terminal): Promise<number> {
  if (args.includes("--help")) {
    terminal.print(command.help);
    return 0;
  }
  try {
    return await command.run(args, terminal);
  } catch (error) {
    return report(error, command, terminal);
  }
}

function report(error: unknown, command: Command, { printError }: Terminal): number {
  if (error instanceof UsageError) {
    printError(`${error.message}\n\n${command.help}`);
    return 2;
  }
  if (error instanceof DatabaseError) {
    const hint = error.code === "" ? "Is SUPABASE_URL right, and the project awake?" : error.hint;
    printError(`The database: ${error.message}${hint === null ? "" : `\n${hint}`}`);
    return 3;
  }
  const known = suggestion(error);
  if (known === null) throw error;
  printError(known.message);
  return known.exit_code;
}
