import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";

let cluster: TestCluster;
let postgres: Sql;
let worker: Sql;

beforeAll(async () => {
  cluster = await startTestCluster();
  postgres = cluster.connect("postgres");
  await postgres`create extension if not exists pg_cron`;
  await postgres`create role worker login`;
  await postgres`grant usage on schema cron to worker`;
  worker = cluster.connect("worker");
});
afterAll(() => cluster.stop());

describe("schedules", () => {
  // 2026-03-01 is a Sunday.
  test.each([
    ["* * * * *", "2026-03-01 10:17Z", true],
    ["*/5 * * * *", "2026-03-01 10:15Z", true],
    ["*/5 * * * *", "2026-03-01 10:16Z", false],
    ["5-59/10 * * * *", "2026-03-01 10:25Z", true],
    ["0,30 8-18 * * *", "2026-03-01 18:30Z", true],
    ["0,30 8-18 * * *", "2026-03-01 19:00Z", false],
    ["0 10 * MAR sun", "2026-03-01 10:00Z", true],
    ["0 10 * * 7", "2026-03-01 10:00Z", true],
    ["0 10 * * mon-fri", "2026-03-01 10:00Z", false],
    // Either day will do, where both are given; both must hold, where one begins with a star.
    ["0 10 15 * sun", "2026-03-01 10:00Z", true],
    ["0 10 */2 * sun", "2026-03-08 10:00Z", false],
    ["@hourly", "2026-03-01 10:00Z", true],
    ["@weekly", "2026-03-02 00:00Z", false],
    // In UTC, whatever the zone of who asks.
    ["0 10 * * *", "2026-03-01 12:00+02", true],
    ["30 seconds", "2026-03-01 10:00Z", null],
  ])("«%s» at %s: %s", async (schedule, moment, expected) => {
    const [row] = await postgres`select cron._is_due(${schedule}, ${moment}::text::timestamptz)`;
    expect(row).toEqual({ _is_due: expected });
  });

  test.each(["1 second", "59 seconds", " 10  SECONDS "])(
    "«%s» is an interval",
    async (schedule) => {
      await expect(
        postgres`select cron.schedule('interval', ${schedule}, 'x')`,
      ).resolves.toBeDefined();
    },
  );

  test.each([
    "* * * *",
    "* * * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "5/10 * * * *",
    "*/0 * * * *",
    "9-3 * * * *",
    "1,, * * * *",
    "* * * foo *",
    "0 seconds",
    "60 seconds",
    "1 minute",
    "",
  ])("«%s» is refused in pg_cron's words", async (schedule) => {
    await expect(postgres`select cron.schedule('bad', ${schedule}, 'x')`).rejects.toMatchObject({
      code: "22023",
      message: `invalid schedule: ${schedule}`,
      hint: "Use cron format (e.g. 5 4 * * *), or interval format '[1-59] seconds'",
    });
  });
});

describe("jobs", () => {
  test("the same name overwrites the job and keeps its id", async () => {
    const [first] = await postgres`select cron.schedule('twice', '1 second', 'select 1') as id`;
    const [second] = await postgres`select cron.schedule('twice', '*/5 * * * *', 'select 2') as id`;
    expect(second).toEqual(first);
    expect(
      await postgres`select schedule, command, username from cron.job where jobname = 'twice'`,
    ).toEqual([{ schedule: "*/5 * * * *", command: "select 2", username: "postgres" }]);
  });

  test("the same name of another user is another job", async () => {
    const [mine] = await postgres`select cron.schedule('shared', '1 second', 'select 1') as id`;
    const [theirs] = await worker`select cron.schedule('shared', '1 second', 'select 2') as id`;
    expect(theirs).not.toEqual(mine);
  });

  test("a job belongs to the owner of the security definer function that schedules it", async () => {
    await postgres`
      create function public.schedule_as_owner() returns bigint language sql security definer
      as $$ select cron.schedule('by definer', '1 second', 'select 1') $$`;
    await postgres`grant execute on function public.schedule_as_owner() to worker`;
    await worker`select public.schedule_as_owner()`;
    expect(await postgres`select username from cron.job where jobname = 'by definer'`).toEqual([
      { username: "postgres" },
    ]);
  });

  test("a user sees, alters and removes only its own", async () => {
    const [job] = await postgres`select cron.schedule('not yours', '1 second', 'select 1') as id`;
    const id: unknown = job?.["id"];
    await worker`select cron.schedule('yours', '1 second', 'select 1')`;
    expect(await worker`select distinct username from cron.job`).toEqual([{ username: "worker" }]);
    await expect(worker`select cron.unschedule(${String(id)}::bigint)`).rejects.toMatchObject({
      code: "XX000",
      message: `could not find valid entry for job ${String(id)}`,
    });
    await expect(worker`select cron.unschedule('not yours')`).rejects.toMatchObject({
      message: "could not find valid entry for job 'not yours'",
    });
    await postgres`grant execute on function cron.alter_job to worker`;
    await expect(
      worker`select cron.alter_job(${String(id)}::bigint, active => false)`,
    ).rejects.toMatchObject({ message: `Job ${String(id)} does not exist or you don't own it` });
  });

  test("no way leads to a job in another's name", async () => {
    await expect(worker`update cron.job set username = 'postgres'`).rejects.toMatchObject({
      code: "42501",
    });
    await expect(
      worker`insert into cron._own_job (schedule, command, username) values ('1 second', 'x', 'postgres')`,
    ).rejects.toMatchObject({ code: "44000" });
    await expect(
      worker`update cron._own_job set username = 'postgres' where jobname = 'yours'`,
    ).rejects.toMatchObject({
      code: "44000",
    });
    await expect(
      postgres`select cron.schedule_in_database('x', '1 second', 'x', 'postgres', 'supabase_admin')`,
    ).rejects.toMatchObject({ message: "must be superuser to create a job for another role" });
  });

  test("alter_job changes what is given and leaves the rest", async () => {
    await postgres`select cron.schedule('altered', '1 second', 'select 1')`;
    await postgres`
      select cron.alter_job(jobid, schedule => '2 seconds', active => false)
      from cron.job where jobname = 'altered'`;
    expect(
      await postgres`select schedule, command, active from cron.job where jobname = 'altered'`,
    ).toEqual([{ schedule: "2 seconds", command: "select 1", active: false }]);
  });

  test("the role postgres reads cron.job and writes it by the functions only", async () => {
    await expect(postgres`delete from cron.job`).rejects.toMatchObject({
      code: "42501",
      message: "permission denied for table job",
    });
  });

  test.each(["anon", "authenticated", "service_role"])(
    "%s cannot reach the schema",
    async (role) => {
      await expect(
        postgres.begin(async (transaction) => {
          await transaction`set local role ${transaction(role)}`;
          await transaction`select cron.schedule('x', '1 second', 'x')`;
        }),
      ).rejects.toMatchObject({ code: "42501", message: "permission denied for schema cron" });
    },
  );
});
