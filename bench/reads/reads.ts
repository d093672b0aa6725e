import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  bootstrapPlatform,
  makeFolder,
  pushMigrations,
  randomFreePort,
  resolveHome,
  startCluster,
  startWorkbench,
} from "@wabase/local";
import postgres from "postgres";
import { type Figure, type Report, round } from "../report.ts";
import { measureHttp } from "./http.ts";
import { describeTimes, measure, median, signInAs, variantsAt } from "./measure.ts";
import { seedMessages, seedWorld, type World } from "./seed.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SIZES = [1e4, 1e6, 1e7];
const WORLD = { tenants: 200, conversations: 100_000, big_conversations: 60_000 };

/** The tables that grow to ten million messages, read as an agent under RLS, bare, and as the seed documents do. */
export async function benchReads(tell: (line: string) => void): Promise<Report> {
  const state_dir = makeFolder(join(resolveHome(ROOT), "bench-reads"));
  try {
    const { world, figures, medians } = await measureSizes(state_dir, tell);
    tell("reads: through REST");
    return {
      ratios: ratiosOf(medians),
      figures: [...figures, ...(await measureRest(state_dir, world))],
    };
  } finally {
    rmSync(state_dir, { recursive: true, force: true });
  }
}

/** The median of each variant, by size. */
type Medians = Map<number, Map<string, number>>;

async function measureSizes(
  state_dir: string,
  tell: (line: string) => void,
): Promise<{ world: World; figures: Figure[]; medians: Medians }> {
  const cluster = await startCluster({
    home: resolveHome(ROOT),
    data_dir: join(state_dir, "data"),
    port: await randomFreePort(),
  });
  const connect = () =>
    postgres(cluster.url("postgres", "supabase_admin"), { max: 1, onnotice: () => {} });
  const connections = { bare: connect(), agent: connect() };
  try {
    await bootstrapPlatform(cluster.url("postgres", "supabase_admin"));
    await pushMigrations(ROOT, cluster.url("postgres", "postgres"));
    await prepareBulk(connections.bare);
    const world = await seedWorld(connections.bare, WORLD);
    await signInAs(connections.agent, world.agent);
    const figures: Figure[] = [];
    const medians: Medians = new Map();
    for (const size of sizes()) {
      tell(`reads: fills the tables with ${size} messages`);
      await seedMessages(connections.bare, world, size);
      tell(`reads: at ${size} messages`);
      const times = await measure(connections, await variantsAt(connections, world));
      medians.set(size, new Map([...times].map(([name, values]) => [name, median(values)])));
      for (const [name, values] of times)
        figures.push(...describeTimes(`${size}: ${name}`, values));
    }
    return { world, figures, medians };
  } finally {
    await Promise.all([connections.bare.end(), connections.agent.end()]);
    await cluster.stop();
  }
}

/** WABASE_BENCH_MESSAGES=1e5 stops there: for those who have no time, or no 30 GB. */
function sizes(): number[] {
  const most = Number(process.env["WABASE_BENCH_MESSAGES"] ?? SIZES.at(-1));
  return [...SIZES.filter((size) => size < most), most];
}

async function prepareBulk(sql: postgres.Sql): Promise<void> {
  await sql`alter system set max_wal_size = '8GB'`;
  await sql`select pg_reload_conf()`;
  await sql`set synchronous_commit = off`;
  await sql`set maintenance_work_mem = '1GB'`;
  await sql`set work_mem = '128MB'`;
}

async function measureRest(state_dir: string, world: World): Promise<Figure[]> {
  const bench = await startWorkbench({ workdir: ROOT, state_dir, port: 0 });
  const sql = postgres(bench.stack.superuser_url, { max: 1, onnotice: () => {} });
  try {
    return await measureHttp(bench.stack, sql, world);
  } finally {
    await sql.end();
    await bench.stop();
  }
}

function ratiosOf(medians: Medians): Record<string, number> {
  const smallest = [...medians.values()][0];
  const largest = [...medians.values()].at(-1);
  const at = (size: Map<string, number> | undefined, name: string): number =>
    size?.get(name) ?? Number.NaN;
  const ratio = (name: string, other: string): number =>
    round(at(largest, name) / at(largest, other));
  const growth = (name: string): number => round(at(largest, name) / at(smallest, name));
  const firsts = [
    "conversations, first page",
    "conversations, first page of mine",
    "messages, first page",
  ];
  const deep = ["conversations, page 1,000", "messages, page 1,000"];
  return {
    // The worst of them.
    first_page_vs_bare: Math.max(...firsts.map((name) => ratio(name, `${name}, bare`))),
    first_page_1e7_vs_1e4: Math.max(...firsts.map(growth)),
    page_1000_vs_offset: Math.min(...deep.map((name) => ratio(`${name} by offset`, name))),
    search_vs_bare: ratio("search, rare", "search, rare, bare"),
    conversations_vs_bare: ratio("conversations, first page", "conversations, first page, bare"),
    // One scan, of other rows: an agent's are three parts that are merged.
    conversations_vs_one_scan: ratio(
      "conversations, first page",
      "conversations, a tenant's newest, bare",
    ),
    mine_vs_bare: ratio(
      "conversations, first page of mine",
      "conversations, first page of mine, bare",
    ),
    messages_vs_bare: ratio("messages, first page", "messages, first page, bare"),
    conversations_1000_vs_offset: ratio(
      "conversations, page 1,000 by offset",
      "conversations, page 1,000",
    ),
    messages_1000_vs_offset: ratio("messages, page 1,000 by offset", "messages, page 1,000"),
    search_number_vs_bare: ratio("search, number", "search, number, bare"),
  };
}
