import type { Sql } from "postgres";
import { failLostRuns, loadJobs, pruneRuns } from "./cron-jobs.ts";
import { createJobQueue } from "./cron-queue.ts";
import { runJob } from "./cron-run.ts";

export interface CronTimerOptions {
  /** Connections of the superuser to the database that holds the extension. */
  sql: Sql;
  log: (message: string) => void;
  /** Milliseconds since 1970; for tests that cannot wait for a minute. */
  now?: () => number;
}

export interface CronTimer {
  /** Starts no more runs and resolves when those under way are recorded. */
  stop(): Promise<void>;
}

/** A pause up to here (a busy machine) is made up for minute by minute, a longer one (sleep) is not. */
const MAX_MISSED_MINUTES = 5;

/**
 * Runs the jobs of the pg_cron stand-in, the work of pg_cron's background worker: interval jobs by
 * the second, cron schedules at each minute of UTC. While the extension is not there it does nothing.
 *
 * Jobs run on connections of their own, as their owner: see `runJob`.
 */
export function startCronTimer({ sql, log, now = Date.now }: CronTimerOptions): CronTimer {
  const queue = createJobQueue((job) =>
    runJob(sql, job).catch((error: unknown) =>
      log(`pg_cron: job ${job.jobid}: ${messageOf(error)}`),
    ),
  );
  let minute = Math.floor(now() / 60_000);
  let has_recovered = false;
  let is_stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let ticking: Promise<void> = Promise.resolve();
  let trouble = "";

  async function tick(): Promise<void> {
    const second = Math.floor(now() / 1000);
    const thisMinute = Math.floor(second / 60);
    const passed = thisMinute - minute;
    const jobs = await loadJobs(sql, {
      first_minute: passed > MAX_MISSED_MINUTES ? thisMinute : minute + 1,
      last_minute: thisMinute,
    });
    minute = thisMinute;
    if (jobs === null || is_stopped) return;
    if (!has_recovered) await failLostRuns(sql);
    has_recovered = true;
    queue.advance(jobs, second);
    if (passed > 0) await pruneRuns(sql);
  }

  async function tickAndGoOn(): Promise<void> {
    try {
      await tick();
      trouble = "";
    } catch (error) {
      // Once, not each second for as long as the database is away.
      const message = messageOf(error);
      if (message !== trouble) log(`pg_cron: ${message}`);
      trouble = message;
    }
    if (!is_stopped) scheduleTick();
  }

  function scheduleTick(): void {
    const onTheSecond_ms = 1000 - (now() % 1000);
    timer = setTimeout(() => {
      ticking = tickAndGoOn();
    }, onTheSecond_ms);
  }

  scheduleTick();
  return {
    stop: async () => {
      is_stopped = true;
      clearTimeout(timer);
      await ticking;
      await queue.settled();
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
