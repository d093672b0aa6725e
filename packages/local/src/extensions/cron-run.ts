import postgres, { type Sql } from "postgres";
import type { CronJob } from "./cron-jobs.ts";

/**
 * Runs a job once and records it in cron.job_run_details.
 *
 * On a connection of its own, as pg_cron does it: nothing that the command sets or leaves open
 * reaches another, and a command that forbids a transaction block (`vacuum`) runs. Several statements
 * are one transaction.
 */
export async function runJob(sql: Sql, job: CronJob): Promise<void> {
  const [run] = await sql<{ runid: string }[]>`
    insert into cron.job_run_details (jobid, database, username, command, status)
    values (${job.jobid}, current_database(), ${job.username}, ${job.command}, 'starting')
    returning runid::text as runid`;
  if (run === undefined) throw new Error("the run got no id");
  let status = "succeeded";
  let message: string;
  let own: Sql | undefined;
  try {
    own = await connectAs(sql, job.username);
    const pid = await becomeUser(own, job.username);
    await sql`
      update cron.job_run_details
      set status = 'running', job_pid = ${pid}, start_time = clock_timestamp()
      where runid = ${run.runid}`;
    message = describeResult(await own.unsafe(job.command));
  } catch (error) {
    status = "failed";
    message = describeError(error);
  } finally {
    await own?.end({ timeout: 1 });
  }
  await sql`
    update cron.job_run_details
    set status = ${status}, return_message = ${message}, end_time = clock_timestamp()
    where runid = ${run.runid}`;
}

/**
 * A connection with the role's own settings, on which current_user is the role. The login is the
 * superuser's; pg_cron logs in as the role itself, which here would need everyone's password.
 */
async function connectAs(sql: Sql, username: string): Promise<Sql> {
  const settings = await sql<{ name: string; value: string }[]>`
    select split_part(setting, '=', 1) as name, substr(setting, strpos(setting, '=') + 1) as value
    from pg_catalog.pg_db_role_setting as own
    join pg_catalog.pg_roles as role on role.oid = own.setrole
    cross join unnest(own.setconfig) as setting
    where role.rolname = ${username}
      and own.setdatabase in (
        0, (select oid from pg_catalog.pg_database where datname = current_database())
      )
    order by own.setdatabase`;
  const { host, port, path, database, user, pass, ssl } = sql.options;
  return postgres({
    ...(path ? { path } : { host: host[0], port: port[0] }),
    database,
    user,
    // Typed as null, and yet the password.
    ...(pass === null ? {} : { pass }),
    ssl,
    max: 1,
    fetch_types: false,
    onnotice: () => {},
    connection: {
      ...Object.fromEntries(settings.map(({ name, value }) => [name, value])),
      application_name: "pg_cron",
      // The client opens a lost connection again without a word: never as the superuser.
      role: username,
    },
  });
}

/**
 * Makes session_user the role too, and tells the backend's process id. A job can leave that again by
 * `reset session authorization`; on a hosted project it cannot.
 */
async function becomeUser(own: Sql, username: string): Promise<number | null> {
  const [backend] = await own<{ pid: number }[]>`
    select pg_backend_pid() as pid, set_config('session_authorization', ${username}, false)`;
  return backend?.pid ?? null;
}

/** As libpq counts: rows where rows came back, and else the command's tag. */
function describeResult(result: unknown): string {
  const last: unknown =
    Array.isArray(result) && Array.isArray(result.at(-1)) ? result.at(-1) : result;
  if (typeof last !== "object" || last === null) return "";
  const command = "command" in last && typeof last.command === "string" ? last.command : "";
  const count = "count" in last && typeof last.count === "number" ? last.count : null;
  const has_rows = "columns" in last && Array.isArray(last.columns);
  if (has_rows && count !== null) return count === 1 ? "1 row" : `${count} rows`;
  if (count === null) return command;
  return command === "INSERT" ? `INSERT 0 ${count}` : `${command} ${count}`;
}

function describeError(error: unknown): string {
  if (!(error instanceof postgres.PostgresError)) {
    return `ERROR:  ${error instanceof Error ? error.message : String(error)}\n`;
  }
  const detail = error.detail ? `DETAIL:  ${error.detail}\n` : "";
  const hint = error.hint ? `HINT:  ${error.hint}\n` : "";
  return `ERROR:  ${error.message}\n${detail}${hint}`;
}
