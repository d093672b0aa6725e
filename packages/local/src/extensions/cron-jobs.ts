import type { Sql } from "postgres";

/** A row of cron.job, as far as the timer needs it. */
export interface CronJob {
  jobid: string;
  command: string;
  username: string;
  /** Null for a cron schedule. */
  interval_seconds: number | null;
  /** How many minutes of the asked ones the cron schedule falls on. */
  due_minutes: number;
}

/** Both ends included, in minutes since 1970; empty where the first lies after the last. */
export interface Minutes {
  first_minute: number;
  last_minute: number;
}

/** The active jobs of this database, and null while the extension is not there. */
export async function loadJobs(sql: Sql, minutes: Minutes): Promise<CronJob[] | null> {
  const [extension] = await sql<{ is_there: boolean }[]>`
    select to_regclass('cron.job') is not null as is_there`;
  if (extension?.is_there !== true) return null;
  return await sql<CronJob[]>`
    select
      jobid::text as jobid,
      command,
      username,
      cron._seconds(schedule) as interval_seconds,
      (
        select count(*)::int
        from generate_series(${minutes.first_minute}::int, ${minutes.last_minute}::int) as minute
        where cron._is_due(schedule, to_timestamp(minute * 60.0))
      ) as due_minutes
    from cron.job
    where active and database = current_database()
    order by jobid`;
}

/** Runs of a stack that ended before they did, in pg_cron's own words. */
export async function failLostRuns(sql: Sql): Promise<void> {
  await sql`
    update cron.job_run_details
    set status = 'failed', return_message = 'server restarted'
    where status in ('starting', 'running')`;
}

/** pg_cron keeps them for ever, and asks for a job that deletes them. A local stack has a day. */
export async function pruneRuns(sql: Sql): Promise<void> {
  await sql`delete from cron.job_run_details where start_time < now() - interval '1 day'`;
}
