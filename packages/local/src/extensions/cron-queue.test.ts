import { expect, test } from "vitest";
import type { CronJob } from "./cron-jobs.ts";
import { createJobQueue, type JobQueue } from "./cron-queue.ts";

function job(jobid: string, part: Partial<CronJob> = {}): CronJob {
  return { jobid, command: "", username: "", interval_seconds: null, due_minutes: 0, ...part };
}

/** A queue whose runs last until `end` is called. */
function createHeldQueue(): {
  queue: JobQueue;
  started: string[];
  end: (jobid: string) => Promise<void>;
} {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const queue = createJobQueue(({ jobid }) => {
    started.push(jobid);
    return new Promise((resolve) => ends.set(jobid, resolve));
  });
  const end = async (jobid: string): Promise<void> => {
    ends.get(jobid)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, started, end };
}

test("an interval job starts that many seconds after it is first seen", () => {
  const { queue, started } = createHeldQueue();
  const jobs = [job("a", { interval_seconds: 3 })];
  for (const second of [10, 11, 12]) queue.advance(jobs, second);
  expect(started).toEqual([]);
  queue.advance(jobs, 13);
  expect(started).toEqual(["a"]);
});

test("an interval job that runs long waits for one turn, not for each that it missed", async () => {
  const { queue, started, end } = createHeldQueue();
  const jobs = [job("a", { interval_seconds: 1 })];
  for (const second of [10, 11, 12, 13, 14]) queue.advance(jobs, second);
  await end("a");
  queue.advance(jobs, 15);
  await end("a");
  queue.advance(jobs, 15);
  expect(started).toEqual(["a", "a"]);
});

test("a cron job makes up for each minute that it missed", async () => {
  const { queue, started, end } = createHeldQueue();
  queue.advance([job("a", { due_minutes: 2 })], 60);
  expect(started).toEqual(["a"]);
  await end("a");
  queue.advance([job("a")], 61);
  await end("a");
  queue.advance([job("a")], 62);
  expect(started).toEqual(["a", "a"]);
});

test("a job that is gone loses its waiting runs", async () => {
  const { queue, started, end } = createHeldQueue();
  queue.advance([job("a", { due_minutes: 2 })], 60);
  await end("a");
  queue.advance([], 61);
  queue.advance([job("a")], 62);
  expect(started).toEqual(["a"]);
});

test("of those that wait for a place the one that waits longest comes first", async () => {
  const { queue, started, end } = createHeldQueue();
  const busy = Array.from({ length: 8 }, (_, index) => job(`${index}`, { due_minutes: 1 }));
  queue.advance([...busy, job("late", { due_minutes: 1 })], 60);
  expect(started).toHaveLength(8);
  await end("0");
  queue.advance([...busy, job("late")], 61);
  expect(started.slice(8)).toEqual(["late"]);
});
