import { setTimeout as delay } from "node:timers/promises";

/** Asks again until the answer is true. For tests of what happens on another connection. */
export async function waitUntil(
  isSo: () => Promise<boolean>,
  { within_ms = 10_000 }: { within_ms?: number } = {},
): Promise<void> {
  const deadline_ms = performance.now() + within_ms;
  while (!(await isSo())) {
    if (performance.now() > deadline_ms) throw new Error(`not so within ${within_ms} ms`);
    await delay(50);
  }
}
