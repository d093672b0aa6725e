import { expect, test } from "vitest";
import { createStoreQueue } from "./store-queue.ts";

function queueWith(store: (items: number[]) => Promise<void>) {
  const end = new AbortController();
  const failures: unknown[] = [];
  const queue = createStoreQueue<number>({
    store,
    max_items: 3,
    signal: end.signal,
    onFailure: (error) => void failures.push(error),
  });
  return { queue, end, failures };
}

test("what comes while one batch is stored goes together in the next, in order, so many at once", async () => {
  const batches: number[][] = [];
  const { queue } = queueWith(async (items) => {
    await Promise.resolve();
    batches.push(items);
  });
  await Promise.all([1, 2, 3, 4, 5, 6].map(async (item) => await queue.add(item)));
  expect(batches).toEqual([[1], [2, 3, 4], [5, 6]]);
});

test("what fails is tried until it is stored, and nothing overtakes it", async () => {
  const stored: number[] = [];
  let tries = 0;
  const { queue, failures } = queueWith(async (items) => {
    tries += 1;
    if (tries < 3) throw new Error("no answer");
    stored.push(...items);
  });
  await Promise.all([queue.add(1), queue.add(2)]);
  expect({ stored, failures: failures.length }).toEqual({ stored: [1, 2], failures: 2 });
});

test("who adds as soon as the last is stored is served too", async () => {
  let stored = 0;
  const { queue } = queueWith(async (items) => void (stored += items.length));
  for (let item = 0; item < 50; item += 1) await queue.add(item);
  await Promise.all([queue.add(1).then(async () => await queue.add(2)), queue.idle()]);
  expect(stored).toBe(52);
});

test("the end rejects what waits, and lets nothing run on", async () => {
  let tries = 0;
  const { queue, end } = queueWith(async () => {
    tries += 1;
    throw new Error("no answer");
  });
  const [first, second] = [queue.add(1), queue.add(2)];
  end.abort(new Error("ended"));
  await expect(first).rejects.toThrow("ended");
  await expect(second).rejects.toThrow("ended");
  await queue.idle();
  expect(tries).toBe(1);
});
