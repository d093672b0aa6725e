import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnChild, stopChild } from "../child-process.ts";
import { randomFreePort } from "../free-port.ts";
import type { FunctionConfig } from "./config.ts";

/** How long a function may take to boot before a request gets BOOT_ERROR. */
const BOOT_TERM_MS = 20_000;

export interface DenoProcess {
  config: FunctionConfig;
  port: number;
  pid: number;
  /** Resolves once the function listens; false when it did not within the term. */
  untilReady(): Promise<boolean>;
  stop(): Promise<void>;
}

export interface DenoOptions {
  /** What the function finds in its environment, besides what Deno itself needs. */
  env: Record<string, string>;
  /** Restart when a source file changes. */
  watch: boolean;
  log: (line: string) => void;
}

/** Runs one Edge Function under real Deno, in a process of its own. */
export async function startDenoProcess(
  config: FunctionConfig,
  options: DenoOptions,
): Promise<DenoProcess> {
  const port = await randomFreePort();
  const child = spawnChild([denoBinary(), ...denoArguments(config, options.watch)], {
    cwd: config.folder,
    env: {
      ...inherited("HOME", "PATH", "DENO_DIR", "NPM_CONFIG_REGISTRY", "NPM_CONFIG_USERCONFIG"),
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      SB_EXECUTION_ID: randomUUID(),
      DENO_DEPLOYMENT_ID: `local_${config.name}`,
      SUPABASE_FUNCTION_SLUG: config.name,
      ...options.env,
    },
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface(stream).on("line", (line) => tell(options.log, line));
  }
  if (child.pid === undefined) throw new Error(`deno did not start for ${config.name}`);
  return {
    config,
    port,
    pid: child.pid,
    untilReady: () => waitUntilListening(port, () => child.exitCode !== null || child.signalCode !== null),
    stop: () => stopChild(child, "SIGTERM", 3_000),
  };
}

function denoArguments(config: FunctionConfig, watch: boolean): string[] {
  const configFile = join(config.folder, "deno.json");
  return [
    "run",
    "--no-prompt",
    // What the hosted runtime allows: the network and the environment, no disk writes, no processes.
    "--allow-net",
    "--allow-env",
    "--allow-read",
    ...(existsSync(configFile) ? ["--config", configFile] : ["--no-config"]),
    ...(watch ? ["--watch", "--no-clear-screen"] : []),
    join(config.folder, "index.ts"),
  ];
}

/** Deno's own chatter about downloads and its watcher is not the function's. */
function tell(log: (line: string) => void, line: string): void {
  if (!/^(Watcher |Download |Initialize |Listening on |\s*$)/.test(line)) log(line);
}

async function waitUntilListening(port: number, hasEnded: () => boolean): Promise<boolean> {
  const deadline = Date.now() + BOOT_TERM_MS;
  while (Date.now() < deadline && !hasEnded()) {
    if (await isListening(port)) return true;
    await sleep(25);
  }
  return false;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (listening: boolean) => () => {
      socket.destroy();
      resolve(listening);
    };
    socket.once("connect", answer(true));
    socket.once("error", answer(false));
  });
}

function denoBinary(): string {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("deno/package.json"));
  return join(folder, process.platform === "win32" ? "deno.exe" : "deno");
}

function inherited(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name] ?? process.env[name.toLowerCase()];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
