import { createServer, type IncomingMessage, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Sql } from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type NetWorker, startNetWorker } from "./net-worker.ts";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";
import { waitUntil } from "./wait-until.ts";

interface Hit {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}

interface ResponseRow {
  status_code: number | null;
  content_type: string | null;
  content: string | null;
  timed_out: boolean;
  error_msg: string | null;
}

let cluster: TestCluster;
let postgres: Sql;
let worker: NetWorker;
let server: Server;
let origin: string;
let hits: Hit[] = [];
let logged: string[] = [];

/** Answers every request with 201, and «/slow» after two seconds. */
function startServer(): Promise<Server> {
  const made = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      hits.push({ method: request.method, url: request.url, headers: request.headers, body });
      response.writeHead(201, { "content-type": "text/plain", "x-answer": "yes" });
      setTimeout(() => response.end("done"), request.url === "/slow" ? 2_000 : 0);
    });
  });
  return new Promise((resolve) => made.listen(0, "127.0.0.1", () => resolve(made)));
}

async function responseTo(id: string | undefined): Promise<ResponseRow> {
  let row: ResponseRow | undefined;
  await waitUntil(async () => {
    [row] = await postgres<ResponseRow[]>`
      select status_code, content_type, content, timed_out, error_msg
      from net._http_response where id = ${id ?? null}`;
    return row !== undefined;
  });
  if (row === undefined) throw new Error("no response");
  return row;
}

function log(message: string): void {
  logged.push(message);
}

function startWorker(): NetWorker {
  return startNetWorker({ sql: cluster.connect("supabase_admin"), log });
}

beforeAll(async () => {
  cluster = await startTestCluster();
  postgres = cluster.connect("postgres");
  server = await startServer();
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await cluster.stop();
});

beforeEach(async () => {
  hits = [];
  logged = [];
  worker = startWorker();
  await postgres`create extension if not exists pg_net with schema extensions`;
});
afterEach(async () => {
  await worker.stop();
  await postgres`delete from net.http_request_queue`;
});

test("a post is sent after the commit and its answer recorded", async () => {
  const id = await postgres.begin(async (transaction) => {
    const [row] = await transaction<{ id: string }[]>`
      select net.http_post(
        ${`${origin}/hook`}, body => '{"hello": "world"}', headers => '{"apikey": "k"}'
      ) as id`;
    await delay(500);
    expect(hits).toEqual([]);
    return row?.id;
  });
  expect(await responseTo(id)).toEqual({
    status_code: 201,
    content_type: "text/plain",
    content: "done",
    timed_out: false,
    error_msg: null,
  });
  expect(hits).toMatchObject([
    {
      method: "POST",
      url: "/hook",
      body: '{"hello": "world"}',
      headers: { apikey: "k", "content-type": "application/json", "user-agent": "pg_net/0.19" },
    },
  ]);
  expect(await postgres`select headers ->> 'x-answer' as answer from net._http_response`).toEqual([
    { answer: "yes" },
  ]);
});

test("a post of a transaction that was rolled back is never sent", async () => {
  await postgres
    .begin(async (transaction) => {
      await transaction`select net.http_post(${`${origin}/ghost`})`;
      throw new Error("rolled back");
    })
    .catch(() => {});
  await delay(700);
  expect(hits).toEqual([]);
});

test("a request that takes too long is recorded as timed out", async () => {
  const [row] = await postgres<{ id: string }[]>`
    select net.http_get(${`${origin}/slow`}, timeout_milliseconds => 200) as id`;
  const response = await responseTo(row?.id);
  expect(response).toMatchObject({ status_code: null, content: null, timed_out: true });
  expect(response.error_msg).toMatch(/^Timeout of 200 ms reached\./);
});

test("a server that is not there is an error without a timeout", async () => {
  const [row] = await postgres<{ id: string }[]>`
    select net.http_get('http://127.0.0.1:47/') as id`;
  const response = await responseTo(row?.id);
  expect(response).toMatchObject({ status_code: null, timed_out: false });
  expect(response.error_msg).toContain("ECONNREFUSED");
});

test("parameters are encoded into the URL, and a delete goes out with its body", async () => {
  const [row] = await postgres<{ id: string }[]>`
    select net.http_delete(
      ${`${origin}/rows?kind=a`}, params => '{"q": "é & b"}', body => '{"ids": [1]}'
    ) as id`;
  await responseTo(row?.id);
  expect(hits).toMatchObject([
    { method: "DELETE", url: "/rows?kind=a&q=%C3%A9%20%26%20b", body: '{"ids": [1]}' },
  ]);
});

test("a post that is not json is refused in pg_net's words", async () => {
  await expect(
    postgres`select net.http_post(${origin}, headers => '{"content-type": "text/plain"}')`,
  ).rejects.toMatchObject({ message: 'Content-Type header must be "application/json"' });
});

test("no log line and no error tells a URL, a header or a body", async () => {
  const [row] = await postgres<{ id: string }[]>`
    select net.http_post(
      ${`${origin}/hook?token=sk-url`}, body => '{"key": "sk-body"}',
      headers => jsonb_build_object('apikey', E'sk-header\n')
    ) as id`;
  const [other] = await postgres<{ id: string }[]>`
    select net.http_post('http://127.0.0.1:1/?token=sk-url', headers => '{"apikey": "sk-header"}') as id`;
  const [third] = await postgres<{ id: string }[]>`
    select net.http_post('no url sk-url', headers => jsonb_build_object('apikey', E'sk-\u0001')) as id`;
  const errors = [
    (await responseTo(row?.id)).error_msg,
    (await responseTo(other?.id)).error_msg,
    (await responseTo(third?.id)).error_msg,
  ];
  expect(logged.length).toBeGreaterThan(0);
  expect([...logged, ...errors].join("\n")).not.toContain("sk-");
});

test("requests that were queued while no worker ran are sent when one starts", async () => {
  await worker.stop();
  const [row] = await postgres<{ id: string }[]>`select net.http_get(${origin}) as id`;
  worker = startWorker();
  expect(await responseTo(row?.id)).toMatchObject({ status_code: 201 });
});

test("more requests than may be under way at once are all sent", async () => {
  await postgres`select net.http_get(${origin}) from generate_series(1, 450)`;
  // Well before the poll comes to look.
  await waitUntil(async () => hits.length >= 450, { within_ms: 4_000 });
  expect(hits).toHaveLength(450);
});

test("anon may send, as on a hosted project", async () => {
  await postgres.begin(async (transaction) => {
    await transaction`set local role anon`;
    await transaction`select net.http_get(${`${origin}/anon`})`;
  });
  await waitUntil(async () => hits.length > 0);
  expect(hits).toMatchObject([{ method: "GET", url: "/anon" }]);
});

test("answers older than six hours go, the others stay", async () => {
  await postgres`
    insert into net._http_response (id, created)
    values (-1, now() - interval '6 hours 1 minute'), (-2, now() - interval '5 hours')`;
  await waitUntil(
    async () => (await postgres`select from net._http_response where id = -1`).length === 0,
  );
  expect(await postgres`select from net._http_response where id = -2`).toHaveLength(1);
});

test("stop breaks off what is under way and records it", async () => {
  const [row] = await postgres<{ id: string }[]>`
    select net.http_get(${`${origin}/slow`}, timeout_milliseconds => 60000) as id`;
  await waitUntil(async () => hits.length > 0);
  await worker.stop();
  expect(await responseTo(row?.id)).toMatchObject({ timed_out: false, status_code: null });
});
