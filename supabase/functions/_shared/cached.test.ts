import { expect, test } from "vitest";
import { createCached } from "./cached.ts";

function countingCache(answers: (count: number) => Promise<number>) {
  const clock = { time: 1_000, reads: 0 };
  const cached = createCached(
    () => answers((clock.reads += 1)),
    () => clock.time,
  );
  return { clock, cached };
}

test("what is young enough is not read again, what is older is", async () => {
  const { clock, cached } = countingCache((count) => Promise.resolve(count));
  expect(await cached(60_000)).toBe(1);
  clock.time += 59_999;
  expect(await cached(60_000)).toBe(1);
  expect(await cached(5_000)).toBe(2);
  clock.time += 5_000;
  expect(await cached(60_000)).toBe(2);
});

test("those who ask at once share one reading", async () => {
  const { clock, cached } = countingCache((count) => Promise.resolve(count));
  expect(await Promise.all([cached(1), cached(1), cached(1)])).toEqual([1, 1, 1]);
  expect(clock.reads).toBe(1);
});

test("a reading that failed is not kept", async () => {
  const { cached } = countingCache((count) =>
    count === 1 ? Promise.reject(new Error("down")) : Promise.resolve(count),
  );
  await expect(cached(60_000)).rejects.toThrow("down");
  expect(await cached(60_000)).toBe(2);
});
