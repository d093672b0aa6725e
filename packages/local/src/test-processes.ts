import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { waitFor } from "../../../tests/support/workbench.ts";

/** True while there is a process of this id, be it somebody else's. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Waits until the processes are no more. */
export async function untilGone(...pids: (number | undefined)[]): Promise<void> {
  await waitFor(`the end of the processes ${pids.join(", ")}`, async () =>
    pids.every((pid) => pid === undefined || !isRunning(pid)),
  );
}

/** The command lines of all processes that name this folder. */
export function processesNaming(folder: string): string[] {
  const all = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
  return all.filter((line) => line.includes(`${folder}/`));
}

/** Where it is missing, what outlives a `kill -9` of its parent is not promised to end. */
export function hasSetpriv(): boolean {
  try {
    execFileSync("setpriv", ["--version"], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

export interface NodeChild {
  child: ChildProcess;
  /** Its next line; rejects with what it printed to stderr where it ends instead. */
  line(): Promise<string>;
}

/** Runs a script in a Node of its own, with one argument as JSON. */
export function runNode(script: URL, argument: object, { cwd = process.cwd() } = {}): NodeChild {
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const child = spawn(process.execPath, [fileURLToPath(script), JSON.stringify(argument)], {
    cwd,
    stdio: [...stdio],
  });
  const lines = createInterface(child.stdout);
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  const ended = once(child, "exit").then(() => Promise.reject(new Error(errors)));
  ended.catch(() => {});
  return {
    child,
    line: async () => {
      const [line] = await Promise.race([once(lines, "line"), ended]);
      return String(line);
    },
  };
}
