/** Every timer of one emulator, so that closing it can end them all. */
export interface Timers {
  /** Runs the task once after the delay; does nothing once closed. */
  after(delay_ms: number, task: () => void): void;
  /** Ends all timers and refuses new ones. */
  close(): void;
  /** How many are waiting. */
  pending(): number;
}

/** Creates an empty set of timers. */
export function createTimers(): Timers {
  const waiting = new Set<NodeJS.Timeout>();
  let closed = false;
  return {
    after(delay_ms, task) {
      if (closed) return;
      const timer = setTimeout(() => {
        waiting.delete(timer);
        task();
      }, delay_ms);
      waiting.add(timer);
    },
    close() {
      closed = true;
      for (const timer of waiting) clearTimeout(timer);
      waiting.clear();
    },
    pending: () => waiting.size,
  };
}
