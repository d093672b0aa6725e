import type { Outbox } from "./outbox.ts";
import type { Send } from "./send.ts";

export interface DispatchLimits {
  /** Calls under way at once; what a crash leaves in doubt is at most this many. */
  max_in_flight: number;
  /** Calls in all: a function's CPU time is limited. */
  max_sends: number;
  /** No lease after so long: a function's life is limited. */
  run_ms: number;
  /** Ends where nothing is ready within this time. */
  idle_ms: number;
}

/** 2 s of CPU and 150 s of life are a hosted function's limits; a call costs about a millisecond of CPU. */
export const FUNCTION_LIMITS: DispatchLimits = {
  max_in_flight: 100,
  max_sends: 1_000,
  run_ms: 100_000,
  idle_ms: 2_000,
};

/** How long outcomes are collected: the fewer transactions, the less each message costs. */
export const RECORD_INTERVAL_MS = 40;

export interface DispatchReport {
  run_id: string;
  /** What became of the calls, by action. */
  outcomes: Record<string, number>;
  /** idle: nothing was ready. spent: a limit was reached, and there may be more. */
  ended: "idle" | "spent";
}

/**
 * Leases, sends and records until nothing is ready or a limit is reached; resolves when every outcome is
 * recorded. Leasing, calls and recording go side by side. Any number may run at once.
 */
export async function dispatch(
  { outbox, send }: { outbox: Outbox; send: Send },
  limits: DispatchLimits,
): Promise<DispatchReport> {
  const run = createRun(outbox, send);
  const deadline = Date.now() + limits.run_ms;
  let budget = limits.max_sends;
  let is_idle = false;
  try {
    while (!is_idle && budget > 0 && Date.now() < deadline) {
      // Fewer, larger leases: a call for each place that falls free would cost more than the sends.
      await run.untilFree(Math.floor(limits.max_in_flight / 2));
      const max_sends = Math.min(limits.max_in_flight - run.calling(), budget);
      const { sends, next_ms } = await outbox.lease({ max_sends, run_id: run.id });
      for (const message of sends) run.start(message);
      budget -= sends.length;
      if (sends.length < max_sends) {
        is_idle = run.pending() === 0 && (next_ms === null || next_ms > limits.idle_ms);
        if (!is_idle) await run.untilRecorded(Math.min(next_ms ?? limits.idle_ms, limits.idle_ms));
      }
    }
  } finally {
    await run.untilSettled();
  }
  return { run_id: run.id, outcomes: run.outcomes, ended: is_idle ? "idle" : "spent" };
}

type Message = Parameters<Send>[0];

/** The calls of one run: those under way, those that are not recorded yet, and what became of the others. */
function createRun(outbox: Outbox, send: Send) {
  const outcomes: Record<string, number> = {};
  const calling = new Set<Message>();
  const pending = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let wake: () => void = () => {};
  /** Resolves at the next change, at the latest after the time. */
  const changed = async (wait_ms: number): Promise<void> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, wait_ms);
    });
    clearTimeout(timer);
  };
  const answer = async (message: Message): Promise<void> => {
    const settled = await send(message);
    calling.delete(message);
    wake();
    const { action } = settled.outcome;
    outcomes[action] = (outcomes[action] ?? 0) + 1;
    await outbox.record(settled);
  };
  return {
    id: crypto.randomUUID(),
    outcomes,
    calling: () => calling.size,
    pending: () => pending.size,
    start(message: Message): void {
      calling.add(message);
      const work = answer(message)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          pending.delete(work);
          wake();
        });
      pending.add(work);
    },
    async untilFree(max_calling: number): Promise<void> {
      while (calling.size > max_calling) await changed(1_000);
    },
    /** What is recorded frees its conversation, and the next of it may be ready. */
    async untilRecorded(wait_ms: number): Promise<void> {
      const before = pending.size;
      const until = Date.now() + wait_ms;
      while (pending.size >= before && Date.now() < until) await changed(until - Date.now());
    },
    async untilSettled(): Promise<void> {
      await Promise.all(pending);
      if (failures.length > 0) throw failures[0];
    },
  };
}
