import type { Job } from "./webhook-sender.ts";

/** Meta delivers concurrently; bounded, so that a burst does not use up the machine's sockets. */
const MAX_IN_FLIGHT = 100;
/** Why a webhook does not leave before an address is set. */
export const NO_ADDRESS = "no webhook_url is set";

/** Runs attempts, as many at once as is good. */
export interface Pump {
  push(job: Job): void;
  /** An address may have been set: what waits for it goes. */
  resume(): void;
  /** Starts nothing more and waits for what runs. */
  close(): Promise<void>;
}

interface PumpOptions {
  run: (job: Job) => Promise<void>;
  /** Whether there is an address to send to. */
  isOpen: () => boolean;
  /** How many may wait for one; `null`: all. */
  keep: () => number | null;
}

/** Creates a pump that stands still. */
export function createPump({ run, isOpen, keep }: PumpOptions): Pump {
  const in_flight = new Set<Promise<void>>();
  const queue = createQueue<Job>();
  const closing = new AbortController();
  let parked: Job[] = [];
  const park = (job: Job) => {
    job.view.last_error = NO_ADDRESS;
    parked.push(job);
    const limit = keep();
    if (limit !== null && parked.length > 2 * limit) parked = parked.slice(-limit);
  };
  const start = (job: Job) => {
    const running = run(job).finally(() => {
      in_flight.delete(running);
      pump();
    });
    in_flight.add(running);
  };
  const pump = () => {
    while (in_flight.size < MAX_IN_FLIGHT && !closing.signal.aborted) {
      const job = queue.take();
      if (!job) return;
      if (isOpen()) start(job);
      else park(job);
    }
  };
  return {
    push(job) {
      queue.put(job);
      pump();
    },
    resume() {
      if (isOpen()) for (const job of parked.splice(0)) queue.put(job);
      pump();
    },
    async close() {
      closing.abort();
      await Promise.all(in_flight);
    },
  };
}

/** First in, first out, in constant time. */
function createQueue<T>() {
  let items: T[] = [];
  let head = 0;
  return {
    put: (item: T) => void items.push(item),
    take(): T | undefined {
      const item = items[head];
      if (item === undefined) return undefined;
      head += 1;
      if (head > 1000 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
  };
}
