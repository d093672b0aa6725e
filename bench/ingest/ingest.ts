import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  bootstrapPlatform,
  makeFolder,
  pushMigrations,
  randomFreePort,
  resolveHome,
  startCluster,
} from "@wabase/local";
import postgres from "postgres";
import { type Figure, type Report, round, summarise } from "../report.ts";
import { fillMessages, preparePlace } from "./database.ts";
import { measureHttp } from "./http.ts";
import { costPerMessage, measureSql } from "./sql.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SIZES = [1e4, 1e6, 1e7];

/**
 * What an ingest costs: against bare inserts and updates of the same table, as the table grows to ten
 * million messages, and over HTTP through the function against the upserts of the seed documents.
 */
export async function benchIngest(tell: (line: string) => void): Promise<Report> {
  const state_dir = makeFolder(join(resolveHome(ROOT), "bench-database"));
  const cluster = await startCluster({
    home: resolveHome(ROOT),
    data_dir: join(state_dir, "data"),
    port: await randomFreePort(),
  });
  try {
    await bootstrapPlatform(cluster.url("postgres", "supabase_admin"));
    await pushMigrations(ROOT, cluster.url("postgres", "postgres"));
    const sql = postgres(cluster.url("postgres", "supabase_admin"), { max: 1, onnotice: () => {} });
    const place = await preparePlace(sql);
    await fillMessages(sql, place, 1e4);
    tell("ingest: SQL, side by side");
    const { figures, rates } = await measureSql(sql, place);
    const growth: Figure[] = [];
    for (const rows of SIZES) {
      tell(`ingest: at ${rows} messages`);
      await fillMessages(sql, place, rows);
      growth.push(
        summarise(`cost per message at ${rows} messages`, "ms", await costPerMessage(sql)),
      );
    }
    await sql.end();
    tell("ingest: over HTTP, 64 connections");
    const http = await measureHttp();
    return {
      ratios: { ...ratiosOf(rates), http_vs_seed: round(http.ratio), ...growthOf(growth) },
      figures: [...figures, ...growth, ...http.figures],
    };
  } finally {
    await cluster.stop();
    rmSync(state_dir, { recursive: true, force: true });
  }
}

function ratiosOf(rates: Record<string, number>): Record<string, number> {
  const ratio = (ours: string, bare: string): number =>
    round((rates[ours] ?? Number.NaN) / (rates[bare] ?? Number.NaN));
  return {
    sql_1_vs_bare: ratio("ingest, 1 a call", "bare insert, 1 a statement"),
    sql_100_vs_bare: ratio("ingest, 100 a call", "bare insert, 100 a statement"),
    status_100_vs_bare: ratio("ingest of statuses, 100 a call", "bare update, 100 a statement"),
  };
}

function growthOf(growth: Figure[]): Record<string, number> {
  const first = growth[0]?.value ?? Number.NaN;
  const last = growth.at(-1)?.value ?? Number.NaN;
  return { growth_1e7_vs_1e4: round(last / first) };
}
