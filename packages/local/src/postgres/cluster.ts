import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { spawnChild, stopChild } from "../child-process.ts";
import { installBinaries } from "./binaries.ts";
import { makeFolder } from "./home.ts";
import { refuseWhenRunning } from "./running.ts";
import { type OsUser, resolvePostgresUser } from "./os-user.ts";

export interface ClusterOptions {
  /** The stack's state folder, from `resolveHome()`: the binaries are copied there once. */
  home: string;
  data_dir: string;
  port: number;
  /** false only where the data is thrown away afterwards (tests). */
  durable?: boolean;
  /** "trust" lets every role of a new database in without a password (tests). */
  auth?: "scram-sha-256" | "trust";
}

export interface Cluster {
  port: number;
  /** True when the data folder was made by this start. */
  is_new: boolean;
  superuser_password: string;
  /** The server's process id, for tests that kill it. */
  pid: number;
  url(database: string, role: "supabase_admin" | "postgres"): string;
  /** Resolves when the server is gone, for whatever reason. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

/** The bootstrap superuser's name, as on hosted projects. */
const SUPERUSER = "supabase_admin";
/** The password of the role `postgres`, the one of Supabase's own local stack. */
const POSTGRES_PASSWORD = "postgres";
const PASSWORD_FILE = "superuser-password";

/**
 * Starts a Postgres server on 127.0.0.1, after making its data folder where there is none.
 *
 * @throws Error with the server's last lines, or naming the process that already uses the folder.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const binaries = await installBinaries(options.home);
  const user = resolvePostgresUser();
  await refuseWhenRunning(options.data_dir);
  const is_new = !existsSync(join(options.data_dir, "PG_VERSION"));
  if (is_new) await initialise(binaries.initdb, options, user);
  const superuser_password = readFileSync(passwordFile(options.data_dir), "utf8").trim();

  const child = spawnChild([binaries.postgres, ...serverFlags(options)], {
    user,
    cwd: dirname(options.data_dir),
    signal_on_parent_death: "SIGINT",
    env: { ...process.env, LC_MESSAGES: "C" },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await waitUntilReady(child);
  if (child.pid === undefined) throw new Error("Postgres started without a process id");
  return {
    port: options.port,
    is_new,
    superuser_password,
    pid: child.pid,
    url: (database, role) => {
      const password = role === "postgres" ? POSTGRES_PASSWORD : superuser_password;
      return `postgresql://${role}:${password}@127.0.0.1:${options.port}/${database}?sslmode=disable`;
    },
    exited,
    // SIGINT is Postgres' fast shutdown: clients are cut, the data is left clean.
    stop: () => stopChild(child, "SIGINT", 30_000),
  };
}

function serverFlags({ data_dir, port, durable = true }: ClusterOptions): string[] {
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_preload_libraries: "pg_stat_statements",
    // As hosted: times come out in UTC whatever the machine's zone.
    timezone: "UTC",
    log_timezone: "UTC",
    // Errors reach the client; the log holds no statements and no rows, so no message text either.
    log_error_verbosity: "terse",
    log_min_error_statement: "panic",
    log_parameter_max_length_on_error: "0",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", data_dir, "-p", String(port), ...flags];
}

async function initialise(
  initdb: string,
  { data_dir, auth = "scram-sha-256", durable = true }: ClusterOptions,
  user: OsUser | null,
): Promise<void> {
  // Under another name until it is whole: an initdb that was killed leaves nothing to start from.
  const unfinished = `${data_dir}.new`;
  rmSync(data_dir, { recursive: true, force: true });
  rmSync(unfinished, { recursive: true, force: true });
  makeFolder(dirname(data_dir));
  mkdirSync(unfinished, { mode: 0o700 });
  const password = randomBytes(18).toString("base64url");
  writeFileSync(passwordFile(data_dir), password, { mode: 0o600 });
  if (user) {
    chownSync(unfinished, user.uid, user.gid);
    chownSync(passwordFile(data_dir), user.uid, user.gid);
  }
  const child = spawnChild(
    [
      initdb,
      `--pgdata=${unfinished}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile(data_dir)}`,
      `--auth=${auth}`,
      "--encoding=UTF8",
      "--locale=C.UTF-8",
      "--locale-provider=builtin",
      "--no-instructions",
      ...(durable ? [] : ["--no-sync"]),
    ],
    // The folder that this process is in may be closed to Postgres' user.
    { user, cwd: dirname(data_dir) },
  );
  const output = collect(child);
  const [code] = await once(child, "exit");
  if (code !== 0)
    throw new Error(`initdb failed with exit code ${String(code)}:\n${output.last()}`);
  renameSync(unfinished, data_dir);
}

/** Beside the data folder, which initdb wants empty. */
function passwordFile(data_dir: string): string {
  return join(dirname(data_dir), PASSWORD_FILE);
}

async function waitUntilReady(child: ChildProcess): Promise<void> {
  const output = collect(child);
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`Postgres ended with exit code ${String(code)}:\n${output.last()}`)),
    );
    child.stderr?.on("data", () => {
      if (output.last().includes("ready to accept connections")) resolve();
    });
  });
}

/** Keeps the last lines of a child's output, for the error that may need them. */
function collect(child: ChildProcess): { last(): string } {
  let text = "";
  const keep = (chunk: unknown): void => {
    text = (text + String(chunk)).slice(-4_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return { last: () => text };
}
