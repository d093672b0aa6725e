import type { CronJob } from "./cron-jobs.ts";

export interface JobQueue {
  /** Counts what is due by this second (of 1970) and starts what may start. */
  advance(jobs: CronJob[], second: number): void;
  /** Resolves when the runs under way have ended. */
  settled(): Promise<void>;
}

/** Runs at once, as few as Supabase recommends; the others wait. */
const MAX_RUNNING = 8;

interface JobState {
  /** Runs that are due and wait, for the job's former run or for a free place. */
  pending: number;
  /** Since when the first of them waits. */
  due_second: number;
  is_running: boolean;
  /** The second of the last start, or that in which an interval job was first seen. */
  started_second: number;
}

/**
 * Which job runs when. As with pg_cron a job never overlaps itself: a run that falls due meanwhile
 * waits, one at most for an interval job, each for a cron schedule.
 *
 * @param run must not throw
 */
export function createJobQueue(run: (job: CronJob) => Promise<void>): JobQueue {
  const states = new Map<string, JobState>();
  const running = new Set<Promise<void>>();

  function stateOf(job: CronJob, second: number): JobState {
    let state = states.get(job.jobid);
    if (state === undefined) {
      state = { pending: 0, due_second: second, is_running: false, started_second: second };
      states.set(job.jobid, state);
    }
    return state;
  }

  function start(job: CronJob, state: JobState, second: number): void {
    state.pending -= 1;
    state.due_second = second;
    state.started_second = second;
    state.is_running = true;
    const ended = run(job).finally(() => {
      state.is_running = false;
      running.delete(ended);
    });
    running.add(ended);
  }

  function advance(jobs: CronJob[], second: number): void {
    forgetMissing(states, jobs);
    const waiting = jobs
      .map((job) => ({ job, state: stateOf(job, second) }))
      .filter(({ job, state }) => {
        countDue(job, state, second);
        return state.pending > 0 && !state.is_running;
      })
      // Who waits longest goes first, or eight busy jobs would shut out all others.
      .toSorted((one, other) => one.state.due_second - other.state.due_second);
    for (const { job, state } of waiting.slice(0, MAX_RUNNING - running.size)) {
      start(job, state, second);
    }
  }

  return {
    advance,
    settled: async () => {
      await Promise.all(running);
    },
  };
}

function forgetMissing(states: Map<string, JobState>, jobs: CronJob[]): void {
  const present = new Set(jobs.map((job) => job.jobid));
  for (const [jobid, state] of states) {
    if (!present.has(jobid) && !state.is_running) states.delete(jobid);
  }
}

function countDue(job: CronJob, state: JobState, second: number): void {
  const waited = state.pending > 0;
  if (job.interval_seconds === null) state.pending += job.due_minutes;
  else if (second - state.started_second >= job.interval_seconds) state.pending = 1;
  if (!waited) state.due_second = second;
}
