import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import {
  type DenoProcess,
  makeFolder,
  resolveHome,
  type Stack,
  startDenoProcess,
  startStack,
} from "@wabase/local";
import postgres from "postgres";
import { z } from "zod";
import { type Figure, round, summarise } from "../report.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MESSAGES = 6_000;
/** The dispatcher's own: FUNCTION_LIMITS.max_in_flight. */
const CONCURRENCY = 100;
const NUMBERS = ["30000000001", "30000000002", "30000000003", "30000000004"];
const RUNS = 3;

interface Place {
  stack: Stack;
  sql: postgres.Sql;
  bare: DenoProcess;
  dispatchers: DenoProcess[];
}

export interface DrainResult {
  figures: Figure[];
  ratios: Record<string, number>;
}

/** Messages a second: through the queue, against the same calls with nothing before and after them. */
export async function measureDrain(tell: (line: string) => void): Promise<DrainResult> {
  const access_token = randomBytes(16).toString("hex");
  const worker = new Worker(new URL("emulator-worker.ts", import.meta.url), {
    workerData: { access_token, numbers: NUMBERS },
  });
  const [graph_url]: unknown[] = await once(worker, "message");
  const secrets = { WHATSAPP_ACCESS_TOKEN: access_token, WHATSAPP_GRAPH_URL: String(graph_url) };
  const state_dir = makeFolder(join(resolveHome(ROOT), "bench-outbound"));
  const stack = await startStack({ workdir: ROOT, state_dir, port: 0, secrets });
  const processes: DenoProcess[] = [];
  const sql = postgres(stack.superuser_url, { max: 2, onnotice: () => {} });
  try {
    const env = { ...secrets, ...environmentOf(stack) };
    const start = async (folder: string): Promise<DenoProcess> => {
      const config = { name: "bench", folder: join(ROOT, folder), verify_jwt: false };
      const deno = await startDenoProcess(config, { env, log: tell });
      processes.push(deno);
      await deno.ready;
      return deno;
    };
    const bare = await start("bench/outbound/bare");
    const dispatchers = [await start("supabase/functions/whatsapp-dispatch")];
    await prepare(sql);
    return await compare({ stack, sql, bare, dispatchers }, tell);
  } finally {
    await Promise.all(processes.map((deno) => deno.stop()));
    await sql.end({ timeout: 5 });
    await stack.stop();
    await worker.terminate();
    rmSync(state_dir, { recursive: true, force: true });
  }
}

async function compare(place: Place, tell: (line: string) => void): Promise<DrainResult> {
  const [bare, drained, ratios, database]: number[][] = [[], [], [], []];
  for (let run = 0; run <= RUNS; run += 1) {
    tell(`outbound: drain, run ${run} of ${RUNS}`);
    const floor = await callBare(place);
    await fill(place.sql);
    await place.sql`select extensions.pg_stat_statements_reset()`;
    const rate = await drain(place);
    // The first run warms all up.
    if (run === 0) continue;
    bare?.push(floor);
    drained?.push(rate);
    ratios?.push(rate / floor);
    database?.push(await databaseTime(place.sql));
  }
  const ratio = summarise("drain_vs_bare", "", ratios ?? []);
  return {
    figures: [
      summarise(`bare calls, ${CONCURRENCY} at once`, "/s", bare ?? []),
      summarise("drained by one dispatcher", "/s", drained ?? []),
      summarise("database time a message, lease and record", "ms", database ?? []),
    ],
    ratios: { drain_vs_bare: round(ratio.value) },
  };
}

function environmentOf({ url, keys }: Stack): Record<string, string> {
  return {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishable_key }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secret_key }),
  };
}

/** Numbers that Meta has upgraded: 1,000 a second each, so that no limit is met. */
async function prepare(sql: postgres.Sql): Promise<void> {
  await sql`update cron.job set active = false`;
  await sql`insert into public.whatsapp_tenants (name) values ('Bench')`;
  await sql`
    insert into public.whatsapp_numbers (tenant_id, phone_number_id, display_phone_number, waba_id, sends_per_second)
    select tenant.id, number, '+1 555 010 0000', '1', 1000
    from public.whatsapp_tenants as tenant, unnest(${NUMBERS}::text[]) as number`;
}

const TEMPLATE = {
  type: "template",
  template: { name: "hello_world", language: { code: "en_US" } },
};

async function fill(sql: postgres.Sql): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`select set_config('request.jwt.claims', '{"role": "service_role"}', true)`;
    await transaction`
      select whatsapp_enqueue_message(jsonb_build_object(
        'phone_number_id', (${NUMBERS}::text[])[1 + person % ${NUMBERS.length}],
        'to', '4930' || lpad(person::text, 8, '0'), 'content', ${transaction.json(TEMPLATE)}::jsonb
      ))
      from generate_series(1, ${MESSAGES}::int) as person`;
    // What was sent to the same people in the run before is no reason to wait.
    await transaction`update wabase.lanes set pair_paid_at = null`;
  });
  await sql`vacuum analyze`;
}

async function callBare({ bare }: Place): Promise<number> {
  const messages = Array.from({ length: MESSAGES }, (_, person) => ({
    id: crypto.randomUUID(),
    lease_id: crypto.randomUUID(),
    attempt: 1,
    phone_number_id: NUMBERS[person % NUMBERS.length],
    to: `4930${String(person).padStart(8, "0")}`,
    content: TEMPLATE,
  }));
  const answer = await post(bare, { messages, concurrency: CONCURRENCY });
  const { accepted, seconds } = z
    .object({ accepted: z.number(), seconds: z.number() })
    .parse(answer);
  if (accepted !== MESSAGES) throw new Error(`${MESSAGES - accepted} bare calls were refused`);
  return accepted / seconds;
}

async function drain({ stack, sql, dispatchers }: Place): Promise<number> {
  const started = performance.now();
  await Promise.all(
    dispatchers.map(async (dispatcher) => {
      let ended = "spent";
      // As hosted: each run ends after a thousand and another goes on.
      while (ended === "spent") {
        const answer = await post(dispatcher, { wait: true }, { apikey: stack.keys.secret_key });
        ({ ended } = z.object({ ended: z.string() }).parse(answer));
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const [left] = await sql`select count(*)::int from wabase.outbox`;
  if (left?.["count"] !== 0) throw new Error(`${left?.["count"]} messages are left in the queue`);
  return MESSAGES / seconds;
}

async function databaseTime(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    select sum(total_exec_time)::float8 as ms from extensions.pg_stat_statements
    where query ~ 'whatsapp_(lease|record)_sends'`;
  return (row?.ms ?? Number.NaN) / MESSAGES;
}

async function post(
  deno: DenoProcess,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${deno.port}/`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`answered ${response.status}: ${await response.text()}`);
  return await response.json();
}
