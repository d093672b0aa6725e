import { parseArgs, type ParseArgsConfig } from "node:util";

/** Where a command reads its configuration and writes what it has to say. */
export interface Terminal {
  environment: Record<string, string | undefined>;
  print: (line: string) => void;
  printError: (line: string) => void;
}

export interface Command {
  /** What `--help` prints: the usage, the options, an example. */
  help: string;
  /** Answers the exit code. @throws UsageError, DatabaseError */
  run(args: string[], terminal: Terminal): Promise<number>;
}

/** The command line is wrong; the message names the option and the fix. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "usage";
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Reads options; nothing may stand besides them. @throws UsageError */
export function readOptions<const Known extends Options>(args: string[], options: Known) {
  try {
    return parseArgs({ args, options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Reads options and the words besides them, by the names that the help gives them. @throws UsageError */
export function readArguments<const Known extends Options>(
  args: string[],
  names: readonly string[],
  options: Known,
) {
  const { values, positionals } = parse(args, options);
  const missing = names[positionals.length];
  if (missing !== undefined) throw new UsageError(`<${missing}> is missing.`);
  const extra = positionals[names.length];
  if (extra !== undefined) throw new UsageError(`«${extra}» is one word too many.`);
  return { values, words: positionals };
}

function parse<const Known extends Options>(args: string[], options: Known) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A point in time as the user wrote it. @throws UsageError naming the option */
export function readTime(option: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const time = new Date(value);
  if (Number.isNaN(time.getTime())) {
    throw new UsageError(`--${option}: «${value}» is no time. Write it as 2026-11-20T10:00:00Z.`);
  }
  return time.toISOString();
}
