import { setTimeout as delay } from "node:timers/promises";
import type { Sql } from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type CronTimer, startCronTimer } from "./cron-timer.ts";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";
import { waitUntil } from "./wait-until.ts";

let cluster: TestCluster;
let admin: Sql;
let postgres: Sql;
let timer: CronTimer | undefined;
let logged: string[] = [];

function log(message: string): void {
  logged.push(message);
}

function start(now?: () => number): CronTimer {
  timer = startCronTimer({ sql: admin, log, ...(now ? { now } : {}) });
  return timer;
}

async function runsOf(jobname: string): Promise<{ status: string; return_message: string }[]> {
  return await admin`
    select run.status, run.return_message
    from cron.job_run_details as run join cron.job using (jobid)
    where job.jobname = ${jobname} order by runid`;
}

async function untilRun(jobname: string, status: string, count = 1): Promise<void> {
  await waitUntil(async () => {
    const runs = await runsOf(jobname);
    return runs.filter((run) => run.status === status).length >= count;
  });
}

beforeAll(async () => {
  cluster = await startTestCluster();
  admin = cluster.connect("supabase_admin");
  postgres = cluster.connect("postgres");
  await postgres`create table public.seen (who name, session name, path text)`;
});
afterAll(() => cluster.stop());

beforeEach(async () => {
  logged = [];
  await postgres`create extension if not exists pg_cron`;
  await postgres`truncate public.seen`;
});
afterEach(async () => {
  await timer?.stop();
  await postgres`drop extension if exists pg_cron cascade`;
});

test("an interval job runs within three seconds, as its owner and with its owner's settings", async () => {
  start();
  await postgres`select cron.schedule('see', '1 second', $$
    insert into seen values (current_user, session_user, current_setting('search_path'))
  $$)`;
  await waitUntil(async () => (await postgres`select from seen`).length > 0, { within_ms: 3_000 });
  expect(await postgres`select distinct * from seen`).toEqual([
    { who: "postgres", session: "postgres", path: '"$user", public, extensions' },
  ]);
  await untilRun("see", "succeeded");
  expect(await runsOf("see")).toContainEqual({ status: "succeeded", return_message: "INSERT 0 1" });
  expect(logged).toEqual([]);
});

test("each user's job runs as that user", async () => {
  await postgres`create role clerk login`;
  await postgres`grant usage on schema cron to clerk`;
  await postgres`grant insert on seen to clerk`;
  const clerk = cluster.connect("clerk");
  start();
  await clerk`select cron.schedule('see', '1 second', 'insert into seen values (current_user)')`;
  await postgres`select cron.schedule('see', '1 second', 'insert into seen values (current_user)')`;
  await waitUntil(async () => (await postgres`select distinct who from seen`).length === 2);
  expect(await clerk`select distinct username from cron.job_run_details`).toEqual([
    { username: "clerk" },
  ]);
});

test("a failing job is recorded with its error, and the others go on", async () => {
  start();
  await postgres`select cron.schedule('bad', '1 second', 'select 1 / 0')`;
  await postgres`select cron.schedule('good', '1 second', 'select 1')`;
  await untilRun("bad", "failed", 2);
  await untilRun("good", "succeeded", 2);
  expect((await runsOf("bad"))[0]?.return_message).toBe("ERROR:  division by zero\n");
  expect((await runsOf("good"))[0]?.return_message).toBe("1 row");
});

test("several statements are one transaction, and a lone vacuum is none", async () => {
  start();
  await postgres`select cron.schedule('half', '1 second', $$
    insert into seen values ('half'); select 1 / 0
  $$)`;
  await postgres`select cron.schedule('vacuum', '1 second', 'vacuum public.seen')`;
  await untilRun("half", "failed");
  await untilRun("vacuum", "succeeded");
  expect(await postgres`select from seen`).toHaveLength(0);
});

test("a job that is still running does not start again, and its turn is not lost", async () => {
  start();
  await postgres`select cron.schedule('slow', '1 second', 'select pg_sleep(1.2)')`;
  await untilRun("slow", "succeeded", 2);
  const overlapping = await admin`
    select from cron.job_run_details as one
    join cron.job_run_details as other on other.runid > one.runid
      and other.start_time < coalesce(one.end_time, 'infinity')`;
  expect(overlapping).toHaveLength(0);
});

test("no more than eight run at once, and the ninth gets its turn", async () => {
  start();
  for (let index = 0; index < 9; index += 1) {
    await postgres`select cron.schedule(${`crowd ${index}`}, '1 second', 'select pg_sleep(1.2)')`;
  }
  let most = 0;
  await waitUntil(async () => {
    const [row] = await admin<{ running: number; started: number }[]>`
      select
        count(*) filter (where status in ('starting', 'running'))::int as running,
        count(distinct jobid)::int as started
      from cron.job_run_details`;
    most = Math.max(most, row?.running ?? 0);
    return row?.started === 9;
  });
  expect(most).toBe(8);
});

test("an unscheduled job stops", async () => {
  start();
  await postgres`select cron.schedule('gone', '1 second', 'insert into seen values (current_user)')`;
  await untilRun("gone", "succeeded");
  await postgres`select cron.unschedule('gone')`;
  // A run of the second in which it was unscheduled may be under way.
  await delay(1_100);
  await postgres`truncate seen`;
  await delay(2_100);
  expect(await postgres`select from seen`).toHaveLength(0);
});

test("a cron job runs once at its minute of UTC, and old runs go", async () => {
  await postgres`select cron.schedule('now', '30 3 * * sun', 'select 1')`;
  await postgres`select cron.schedule('later', '31 3 * * sun', 'select 1')`;
  await admin`
    insert into cron.job_run_details (jobid, status, start_time)
    values (999, 'succeeded', now() - interval '25 hours')`;
  // Two seconds before half past three on a Sunday.
  const shift_ms = Date.UTC(2026, 2, 1, 3, 29, 58) - Date.now();
  start(() => Date.now() + shift_ms);
  await untilRun("now", "succeeded");
  await delay(1_500);
  expect(await runsOf("now")).toHaveLength(1);
  expect(await runsOf("later")).toHaveLength(0);
  expect(await admin`select from cron.job_run_details where jobid = 999`).toHaveLength(0);
});

test("while the extension is not there nothing happens, and it may come later", async () => {
  await postgres`drop extension pg_cron`;
  start();
  await delay(1_500);
  await postgres`create extension pg_cron`;
  await postgres`select cron.schedule('late', '1 second', 'select 1')`;
  await untilRun("late", "succeeded");
  expect(logged).toEqual([]);
});

test("stop waits for the run under way and starts no other", async () => {
  const stopped = start();
  await postgres`select cron.schedule('slow', '1 second', 'select pg_sleep(1)')`;
  await untilRun("slow", "running");
  await stopped.stop();
  const runs = await runsOf("slow");
  expect(runs.at(-1)).toEqual({ status: "succeeded", return_message: "1 row" });
  await delay(1_500);
  expect(await runsOf("slow")).toHaveLength(runs.length);
});

test("a run that a crash cut off is failed at the next start", async () => {
  await postgres`select cron.schedule('cut', '59 seconds', 'select 1')`;
  await admin`
    insert into cron.job_run_details (jobid, status, start_time)
    select jobid, 'running', now() from cron.job`;
  start();
  await untilRun("cut", "failed");
  expect(await runsOf("cut")).toEqual([{ status: "failed", return_message: "server restarted" }]);
});
