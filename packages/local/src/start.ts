import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { playConversation } from "./demo/conversation.ts";
import { describeRequest, followEmulator } from "./demo/live-log.ts";
import { DEMO_CUSTOMERS, DEMO_MEMBERS, DEMO_PASSWORD } from "./demo/people.ts";
import { startWorkbench, type Workbench } from "./demo/workbench.ts";
import { resolveHome } from "./postgres/home.ts";

const USAGE = `npm start                    the whole local stack, until Ctrl-C
npm start -- --once          the same on data of its own, plays one conversation and ends
npm start -- --port 54400    another port (default: the first free one from 54321 on)
npm start -- --fresh         begin with an empty database`;

interface Options {
  once: boolean;
  fresh: boolean;
  port?: number;
}

/** `npm start`: brings everything up and keeps it up; the exit code is the process's. */
export async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === "string") {
    console.error(`${options}\n\n${USAGE}`);
    return 2;
  }
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);
  console.log("Starting Postgres, the API, the functions and the emulator …");
  let live = false;
  const tell = (line: string): void => {
    if (live) console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);
  };
  const workdir = process.cwd();
  // Played once on data of its own: what an earlier start left behind has no say in it.
  const state_dir = options.once ? join(resolveHome(workdir), `once-${process.pid}`) : null;
  const bench = await startWorkbench({
    workdir,
    fresh: options.fresh,
    watch: !options.once,
    ...(state_dir === null ? {} : { state_dir }),
    ...(options.port === undefined ? {} : { port: options.port }),
    log: (line) => (line.startsWith("[emulator]") ? undefined : tell(`  ${line}`)),
    on_request: (entry) => {
      const line = describeRequest(entry);
      if (line !== null) tell(line);
    },
  });
  if (options.once) {
    return await playOnce(bench, seconds).finally(() =>
      rmSync(bench.stack.state_dir, { recursive: true, force: true }),
    );
  }

  printReady(bench, seconds());
  followEmulator(bench.emulator, tell);
  live = true;
  const signal = await untilSignal();
  console.log(`\n${signal}: stopping …`);
  await bench.stop();
  return 0;
}

async function playOnce(bench: Workbench, seconds: () => string): Promise<number> {
  console.log(`Wabase is ready after ${seconds()} s. One conversation through the real parts:\n`);
  try {
    await playConversation(bench, (line) => console.log(line));
    console.log(`\nDone after ${seconds()} s: every step came about.`);
    return 0;
  } catch (error) {
    console.error(`\nFailed at «${error instanceof Error ? error.message : String(error)}»`);
    return 1;
  } finally {
    await bench.stop();
  }
}

function printReady({ stack, emulator_url }: Workbench, seconds: string): void {
  const [customer] = DEMO_CUSTOMERS;
  const url = `${emulator_url}/emulator/customers/${customer.phone}/messages`;
  const keysFile = join(stack.state_dir, "keys.json");
  console.log(`
Wabase is ready (${seconds} s)

  The customer's phone   ${emulator_url}
  API                    ${stack.url}
  Publishable key        ${stack.keys.publishable_key}
  Secret key             in ${keysFile}
  Database               ${stack.database_url}

  Sign in as             ${DEMO_MEMBERS.map(({ email }) => email).join(", ")}
  Password               ${DEMO_PASSWORD}

  Try                    curl ${url} -H 'content-type: application/json' -d '{"text":{"body":"Hello"}}'
  See it                 psql '${stack.database_url}' -c 'select direction, body, status from whatsapp_messages'

Ctrl-C stops it; the data stays. What comes and goes:
`);
}

function readOptions(args: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        once: { type: "boolean", default: false },
        fresh: { type: "boolean", default: false },
        port: { type: "string" },
      },
    });
    const { once, fresh, port } = values;
    if (port === undefined) return { once, fresh };
    const number = Number(port);
    if (!Number.isInteger(number) || number < 1024 || number > 65_000) {
      return `--port: ${port} is not a port from 1024 to 65000`;
    }
    return { once, fresh, port: number };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      // For good: a second Ctrl-C must not cut short the orderly stop.
      process.on(signal, () => resolve(signal));
    }
  });
}
