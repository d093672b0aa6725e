import { rmSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { createApi } from "./api/api.ts";
import { loadStackKeys, type StackKeys } from "./api/keys.ts";
import { startCronTimer } from "./extensions/cron-timer.ts";
import { startNetWorker } from "./extensions/net-worker.ts";
import { findFreePort, isPortFree, randomFreePort } from "./free-port.ts";
import { readProjectConfig } from "./functions/config.ts";
import { startFunctions } from "./functions/functions.ts";
import type { Worker } from "./functions/worker.ts";
import { type RequestEntry, startGateway } from "./gateway.ts";
import { bootstrapPlatform } from "./platform/bootstrap.ts";
import { type Cluster, startCluster } from "./postgres/cluster.ts";
import { makeFolder, resolveHome } from "./postgres/home.ts";
import { refuseWhenRunning } from "./postgres/running.ts";
import { pushMigrations } from "./supabase-cli.ts";

/** Supabase's own local port. */
export const DEFAULT_PORT = 54321;

export interface StackOptions {
  /** The folder that holds `supabase/`. */
  workdir: string;
  /** The API's port; by default the first free one from 54321 on. 0: any free one. */
  port?: number;
  /** Delete this stack's data first. */
  fresh?: boolean;
  /** false: data may be lost in a crash of the machine (tests). */
  durable?: boolean;
  /** Restart functions when their source changes. */
  watch?: boolean;
  /** The project's secrets, as `supabase secrets set` would set them. */
  secrets?: Record<string, string>;
  /** Where the state of this stack lies; by default by port, in the checkout's `.wabase/`. */
  state_dir?: string;
  log?: (line: string) => void;
  on_request?: (entry: RequestEntry) => void;
}

export interface Stack {
  url: string;
  port: number;
  /** As the role postgres, which owns the database and is what migrations run as. */
  database_url: string;
  superuser_url: string;
  keys: StackKeys;
  /** True when this start made the database. */
  is_new: boolean;
  state_dir: string;
  /** Process ids of all children, for tests of orphans and of crashes. */
  pids: { postgres: number; functions: Record<string, number> };
  /** Where each function listens itself, without the gateway: for what measures it. */
  function_ports: Record<string, number>;
  stop(): Promise<void>;
}

/**
 * Brings up the local Supabase: Postgres, the platform's roles and schemas, the migrations by the real
 * CLI, REST, Auth and Storage, and the Edge Functions under Deno, on one port.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const log = options.log ?? (() => {});
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    // Each, whatever becomes of the one before: Postgres is the last.
    for (const step of stops.splice(0).toReversed()) await step().catch((e) => failures.push(e));
    if (failures.length > 0) throw new AggregateError(failures, "the stack did not stop in order");
  };
  try {
    return { ...(await bringUp(options, { log, stops })), stop };
  } catch (error) {
    await stop().catch((failure) => log(String(failure)));
    throw error;
  }
}

interface Steps {
  log: (line: string) => void;
  /** What to undo, in order of start; undone backwards, also when the start itself fails. */
  stops: (() => Promise<void>)[];
}

async function bringUp(options: StackOptions, steps: Steps): Promise<Omit<Stack, "stop">> {
  const port = await resolvePort(options.port);
  const url = `http://127.0.0.1:${port}`;
  const home = resolveHome(options.workdir);
  const state_dir = options.state_dir ?? join(home, `stack-${port}`);
  if (options.fresh) {
    await refuseWhenRunning(join(state_dir, "data"));
    rmSync(state_dir, { recursive: true, force: true });
  }
  makeFolder(state_dir);
  const keys = await loadStackKeys(join(state_dir, "keys.json"));

  const cluster = await bringUpDatabase(options, { home, state_dir, port, steps });
  const database_url = cluster.url("postgres", "postgres");
  const superuser_url = cluster.url("postgres", "supabase_admin");
  const config = readProjectConfig(options.workdir);
  const api = await createApi({
    database_url: superuser_url,
    keys,
    storage_dir: join(state_dir, "storage"),
    url,
    max_rows: config.max_rows,
    search_path: config.search_path,
    log: steps.log,
  });
  steps.stops.push(() => api.close());
  steps.stops.push(await startWorkers(superuser_url, steps.log));
  const functions = await startFunctions({
    functions: config.functions,
    env: { ...platformEnvironment({ url, database_url, keys }), ...options.secrets },
    jwt_secret: keys.jwt_secret,
    watch: options.watch ?? false,
    log: steps.log,
  });
  steps.stops.push(() => functions.stop());
  const gateway = await startGateway({
    port,
    api,
    functions,
    on_request: options.on_request ?? (() => {}),
    log: steps.log,
  });
  steps.stops.push(() => gateway.stop());
  await Promise.all(functions.workers.map((worker) => worker.untilReady()));
  const ofEachFunction = (read: (worker: Worker) => number): Record<string, number> =>
    Object.fromEntries(functions.workers.map((worker) => [worker.config.name, read(worker)]));
  return {
    url,
    port,
    database_url,
    superuser_url,
    keys,
    is_new: cluster.is_new,
    state_dir,
    pids: { postgres: cluster.pid, functions: ofEachFunction((worker) => worker.pid()) },
    function_ports: ofEachFunction((worker) => worker.port()),
  };
}

interface DatabasePlace {
  home: string;
  state_dir: string;
  port: number;
  steps: Steps;
}

async function bringUpDatabase(
  options: StackOptions,
  { home, state_dir, port, steps }: DatabasePlace,
): Promise<Cluster> {
  const cluster = await startCluster({
    home,
    data_dir: join(state_dir, "data"),
    port: await databasePort(port),
    durable: options.durable ?? true,
  });
  steps.stops.push(() => cluster.stop());
  await bootstrapPlatform(cluster.url("postgres", "supabase_admin"));
  // Before the API starts: Lite knows the schema of its start.
  await pushMigrations(options.workdir, cluster.url("postgres", "postgres")).catch((cause) => {
    if (cluster.is_new) throw cause;
    throw new Error(
      `${String(cause)}\nThis stack's data was made by other migrations? Begin anew: npm start -- --fresh`,
      { cause },
    );
  });
  return cluster;
}

/** What pg_cron and pg_net do in the background of a hosted database. */
async function startWorkers(
  superuser_url: string,
  log: (line: string) => void,
): Promise<() => Promise<void>> {
  const sql = postgres(superuser_url, { onnotice: () => {} });
  const cron = startCronTimer({ sql, log });
  const net = startNetWorker({ sql, log });
  return async () => {
    await Promise.all([cron.stop(), net.stop()]);
    await sql.end({ timeout: 5 });
  };
}

async function resolvePort(port: number | undefined): Promise<number> {
  if (port === 0) return await randomFreePort();
  if (port === undefined) return await findFreePort(DEFAULT_PORT);
  if (await isPortFree(port)) return port;
  throw new Error(`--port: ${port} is taken. Choose another, or leave it out to get a free one.`);
}

/** Supabase's own habit: the database is one port above the API; any other where that is taken. */
async function databasePort(apiPort: number): Promise<number> {
  const wanted = apiPort + 1;
  return (await findFreePort(wanted)) === wanted ? wanted : await randomFreePort();
}

/** The environment that a hosted project gives its functions. */
function platformEnvironment(stack: {
  url: string;
  database_url: string;
  keys: StackKeys;
}): Record<string, string> {
  return {
    SUPABASE_URL: stack.url,
    SUPABASE_DB_URL: stack.database_url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.keys.publishable_key }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.keys.secret_key }),
    // No public keys: this stack signs its users' tokens with a shared secret.
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    SB_REGION: "local",
  };
}
