import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs the real Supabase CLI on this checkout, and waits for its end.
 *
 * @param workdir the folder that holds `supabase/`
 */
export async function runSupabaseCli(
  workdir: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [cliEntry(), "--workdir", workdir, ...args], {
    cwd: workdir,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      SUPABASE_TELEMETRY_DISABLED: "1",
      DO_NOT_TRACK: "1",
      NO_COLOR: "1",
      ...env,
    },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve(exitCode ?? 1));
  });
  return { code, stdout, stderr };
}

/** Applies the checkout's migrations to the database, as `supabase db push` does to a hosted project. */
export async function pushMigrations(workdir: string, database_url: string): Promise<void> {
  await expectSuccess(workdir, ["db", "push", "--yes", `--remote=${database_url}`]);
}

/** The TypeScript types of the schema `public`, as the CLI prints them. */
export async function generateTypes(workdir: string, database_url: string): Promise<string> {
  const args = ["gen", "types", "--lang=typescript", "--schema=public", `--remote=${database_url}`];
  return (await expectSuccess(workdir, args)).stdout;
}

async function expectSuccess(workdir: string, args: string[]): Promise<CliResult> {
  const result = await runSupabaseCli(workdir, args);
  if (result.code !== 0) {
    const command = args.filter((arg) => !arg.startsWith("--remote")).join(" ");
    throw new Error(`supabase ${command} failed:\n${result.stderr || result.stdout}`);
  }
  return result;
}

function cliEntry(): string {
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve("supabase/package.json")), "dist", "supabase.js");
}
