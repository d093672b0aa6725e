import type { MediaJob, MediaJobs, MediaOutcome } from "../_shared/media/media-jobs.ts";

export interface WorkLimits {
  /** Files under way at once. */
  max_in_flight: number;
  /** In all: hashing costs CPU time, of which a function has little. */
  max_bytes: number;
  /** No lease after so long: a function's life is limited. */
  run_ms: number;
}

/** 2 s of CPU, 256 MB of memory and 150 s of life are a hosted function's limits. */
export const FUNCTION_LIMITS: WorkLimits = {
  max_in_flight: 4,
  max_bytes: 200 * 1024 * 1024,
  run_ms: 80_000,
};

/** What became of the files, by action. */
export type WorkReport = Record<string, number>;

/** Fetches and uploads until nothing is due or a limit is reached. Any number may run at once. */
export async function work(
  { jobs, perform }: { jobs: MediaJobs; perform: (job: MediaJob) => Promise<MediaOutcome> },
  limits: WorkLimits,
): Promise<WorkReport> {
  const report: WorkReport = {};
  const deadline = Date.now() + limits.run_ms;
  let bytes = 0;
  const worker = async (): Promise<void> => {
    while (Date.now() < deadline && bytes < limits.max_bytes) {
      const job = await jobs.lease();
      if (job === null) return;
      const outcome = await perform(job);
      bytes += outcome.action === "stored" ? outcome.size : 0;
      await jobs.record(outcome);
      report[outcome.action] = (report[outcome.action] ?? 0) + 1;
    }
  };
  // One that fails does not keep the others from recording.
  const ends = await Promise.allSettled(Array.from({ length: limits.max_in_flight }, worker));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return report;
}
