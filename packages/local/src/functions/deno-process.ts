import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { Agent } from "node:http";
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
  port: number;
  pid: number;
  /** The connections to it. */
  agent: Agent;
  /** Resolves once the function listens; false when it ended before, or did not within the term. */
  ready: Promise<boolean>;
  hasEnded(): boolean;
  /** Resolves when the process has ended, at the latest after the term. */
  untilEnded(term_ms: number): Promise<void>;
  stop(): Promise<void>;
}

export interface DenoOptions {
  /** What the function finds in its environment, and nothing else. */
  env: Record<string, string>;
  log: (line: string) => void;
}

/** Runs one Edge Function under real Deno, in a process of its own. */
export async function startDenoProcess(
  config: FunctionConfig,
  options: DenoOptions,
): Promise<DenoProcess> {
  const port = await randomFreePort();
  const own = {
    ...inherited("HOME", "PATH", "DENO_DIR", "NPM_CONFIG_REGISTRY", "NPM_CONFIG_USERCONFIG"),
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
    DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
  };
  const child = spawnChild([denoBinary(), ...denoArguments(config, Object.keys(own))], {
    cwd: config.folder,
    env: {
      ...own,
      SB_EXECUTION_ID: randomUUID(),
      DENO_DEPLOYMENT_ID: `local_${config.name}`,
      SUPABASE_FUNCTION_SLUG: config.name,
      ...options.env,
    },
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface(stream).on("line", (line) => tell(options.log, line));
  }
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  if (child.pid === undefined) {
    const [error] = await once(child, "error");
    throw new Error(`deno did not start for ${config.name}`, { cause: error });
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  return {
    port,
    pid: child.pid,
    agent,
    ready: waitUntilListening(port, hasEnded),
    hasEnded,
    untilEnded: async (term_ms) => {
      if (!hasEnded())
        await Promise.race([once(child, "exit"), sleep(term_ms, undefined, { ref: false })]);
    },
    stop: async () => {
      agent.destroy();
      await stopChild(child, "SIGTERM", 3_000);
    },
  };
}

/** @param hidden what Deno itself needs from this machine, and a hosted function does not find */
function denoArguments(config: FunctionConfig, hidden: string[]): string[] {
  const configFile = join(config.folder, "deno.json");
  return [
    "run",
    "--no-prompt",
    // What the hosted runtime allows: the network and the environment, no disk writes, no processes.
    "--allow-net",
    "--allow-env",
    `--ignore-env=${[...hidden, "DENO_NODE_SHIM_ACTIVE"].join(",")}`,
    "--allow-read",
    ...(existsSync(configFile) ? ["--config", configFile] : ["--no-config"]),
    join(config.folder, "index.ts"),
  ];
}

/** Deno's own chatter about downloads is not the function's. */
function tell(log: (line: string) => void, line: string): void {
  if (!/^(Download |Initialize |Listening on |\s*$)/.test(line)) log(line);
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
