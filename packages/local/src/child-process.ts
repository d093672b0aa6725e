import { type ChildProcess, execFileSync, spawn, type SpawnOptions } from "node:child_process";
import type { OsUser } from "./postgres/os-user.ts";

export interface ChildOptions {
  user?: OsUser | null;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** The signal that the kernel sends the child when this process dies, however it dies. */
  signal_on_parent_death?: "SIGINT" | "SIGTERM";
}

/**
 * Starts a child that does not outlive this process: where util-linux's setpriv is there, the kernel
 * itself ends it (PR_SET_PDEATHSIG), also after a `kill -9` that no handler here could see.
 */
export function spawnChild(command: string[], options: ChildOptions = {}): ChildProcess {
  const [file, ...args] = hasSetpriv() ? [...setprivPrefix(options), ...command] : command;
  if (file === undefined) throw new Error("spawnChild: the command is empty");
  const spawnOptions: SpawnOptions = {
    stdio: ["ignore", "pipe", "pipe"],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    // A group of its own: Ctrl-C reaches this process alone, which then stops its children in order.
    detached: process.platform !== "win32",
    ...(options.user && !hasSetpriv() ? options.user : {}),
  };
  return spawn(file, args, spawnOptions);
}

/** Sends the signal and waits until the child is gone; SIGKILL after the term. */
export async function stopChild(
  child: ChildProcess,
  signal: NodeJS.Signals,
  term_ms = 10_000,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), term_ms);
  await gone;
  clearTimeout(timer);
}

function setprivPrefix({ user, signal_on_parent_death = "SIGTERM" }: ChildOptions): string[] {
  const identity = user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"] : [];
  return ["setpriv", ...identity, `--pdeathsig=${signal_on_parent_death.slice(3)}`, "--"];
}

let setprivIsThere: boolean | undefined;

function hasSetpriv(): boolean {
  setprivIsThere ??= (() => {
    if (process.platform !== "linux") return false;
    try {
      return execFileSync("setpriv", ["--help"], { encoding: "utf8", stdio: "pipe" }).includes(
        "--pdeathsig",
      );
    } catch {
      return false;
    }
  })();
  return setprivIsThere;
}
