import type { FunctionConfig } from "./config.ts";
import { type DenoOptions, type DenoProcess, startDenoProcess } from "./deno-process.ts";
import { type SourceWatch, watchSources } from "./source-files.ts";

export interface Worker {
  config: FunctionConfig;
  /** The process that serves now; another one after a change of the source, or after its end. */
  pid(): number;
  /** Where it listens itself, without the gateway. */
  port(): number;
  /** True once the function listens, false when it does not boot. */
  untilReady(): Promise<boolean>;
  /** Runs `use` with a process that has booted, which lives at least as long as that; null: none boots. */
  withProcess<Result>(use: (process: DenoProcess) => Promise<Result>): Promise<Result | null>;
  stop(): Promise<void>;
}

export interface WorkerOptions extends DenoOptions {
  /** Look for changes of the source before each request. */
  watch: boolean;
}

/**
 * One Edge Function as the platform keeps it: a process that has ended is replaced at the next request,
 * and so is one whose source has changed. What the old one is still answering, it answers to the end.
 */
export async function startWorker(config: FunctionConfig, options: WorkerOptions): Promise<Worker> {
  const sources = options.watch ? watchSources(config.folder) : null;
  const state: State = { current: await startDenoProcess(config, options), uses: new Map() };
  const stopping: Promise<void>[] = [];
  let replacing: Promise<void> | null = null;
  let isStopped = false;

  const replace = async (): Promise<void> => {
    const old = state.current;
    state.current = await startDenoProcess(config, options);
    // In use, it is stopped by its last user.
    if (!state.uses.has(old)) stopping.push(old.stop());
  };
  const takeCurrent = async (): Promise<Use | null> => {
    // A request that was under way must not bring a process back to life.
    if (isStopped) return null;
    if (replacing === null && isOutdated(state.current, sources)) {
      replacing = replace().finally(() => (replacing = null));
    }
    if (replacing !== null) await replacing;
    return take(state);
  };
  return {
    config,
    pid: () => state.current.pid,
    port: () => state.current.port,
    untilReady: () => state.current.ready,
    withProcess: async (use) => {
      const taken = await takeCurrent();
      if (taken === null) return null;
      const { process, release } = taken;
      try {
        return (await process.ready) ? await use(process) : null;
      } finally {
        if (release() && process !== state.current) stopping.push(process.stop());
      }
    },
    stop: async () => {
      isStopped = true;
      await replacing?.catch(() => {});
      const inUse = [...state.uses.keys()].filter((process) => process !== state.current);
      stopping.push(state.current.stop(), ...inUse.map((process) => process.stop()));
      await Promise.all(stopping);
    },
  };
}

interface State {
  current: DenoProcess;
  /** How many requests each process is answering. */
  uses: Map<DenoProcess, number>;
}

function isOutdated(process: DenoProcess, sources: SourceWatch | null): boolean {
  // Both are asked: a change that a crash hides would otherwise count once more.
  const hasChanged = sources?.hasChanged() ?? false;
  return hasChanged || process.hasEnded();
}

interface Use {
  process: DenoProcess;
  /** True when nobody else has it any more. */
  release: () => boolean;
}

function take({ current: process, uses }: State): Use {
  uses.set(process, (uses.get(process) ?? 0) + 1);
  return {
    process,
    release: () => {
      const left = (uses.get(process) ?? 1) - 1;
      if (left === 0) uses.delete(process);
      else uses.set(process, left);
      return left === 0;
    },
  };
}
