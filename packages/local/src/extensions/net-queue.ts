import type { Sql } from "postgres";
import type { NetRequest, NetResponse } from "./net-request.ts";

/** Takes the oldest requests off the queue; none while the extension is not there. */
export async function takeRequests(sql: Sql, limit: number): Promise<NetRequest[]> {
  if (!(await isThere(sql))) return [];
  return await sql<NetRequest[]>`
    with taken as (
      delete from net.http_request_queue
      where id in (
        select id from net.http_request_queue order by id limit ${limit} for update skip locked
      )
      returning *
    )
    select
      id::text as id,
      upper(method) as method,
      url,
      array(
        select array[key, value] from jsonb_each_text(headers) where value is not null
      ) as headers,
      body,
      timeout_milliseconds as timeout_ms
    from taken
    order by id`;
}

export async function recordResponse(sql: Sql, id: string, response: NetResponse): Promise<void> {
  const headers = response.headers === null ? null : JSON.stringify(response.headers);
  await sql`
    insert into net._http_response
      (id, status_code, content_type, headers, content, timed_out, error_msg)
    values (
      ${id}, ${response.status_code}, ${response.content_type}, ${headers}::text::jsonb,
      ${response.content}, ${response.timed_out}, ${response.error_msg}
    )`;
}

/** The six hours of the setting pg_net.ttl. */
export async function pruneResponses(sql: Sql): Promise<void> {
  if (!(await isThere(sql))) return;
  await sql`delete from net._http_response where created < now() - interval '6 hours'`;
}

async function isThere(sql: Sql): Promise<boolean> {
  const [extension] = await sql<{ is_there: boolean }[]>`
    select to_regclass('net.http_request_queue') is not null as is_there`;
  return extension?.is_there === true;
}
