import { once } from "node:events";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { makeFolder, resolveHome, startWorkbench, type Workbench } from "@wabase/local";
import postgres from "postgres";
import { z } from "zod";
import { type Figure, summarise } from "../report.ts";
import { type Place, preparePlace } from "./database.ts";
import type { LoadTask } from "./load-worker.ts";

const CONNECTIONS = 64;
const DURATION_MS = 15_000;

/** Through the function under Deno at 64 connections, against what the seed documents do, on one stack. */
export async function measureHttp(): Promise<{ figures: Figure[]; ratio: number }> {
  const root = resolve(import.meta.dirname, "../..");
  const state_dir = makeFolder(join(resolveHome(root), "bench-ingest"));
  const bench = await startWorkbench({ workdir: root, state_dir, port: 0 });
  const sql = postgres(bench.stack.database_url, { max: 2, onnotice: () => {} });
  try {
    const place = await preparePlace(sql);
    const webhook = await load("webhook", bench, place);
    const seed = await load("seed", bench, place);
    return {
      figures: [...describe("whatsapp-webhook", webhook), ...describe("seed: upserts", seed)],
      ratio: webhook.length / seed.length,
    };
  } finally {
    await sql.end();
    await bench.stop();
    rmSync(state_dir, { recursive: true, force: true });
  }
}

/** Runs the work on all connections for the duration; answers how long each piece took, in ms. */
async function load(kind: LoadTask["kind"], bench: Workbench, place: Place): Promise<number[]> {
  const task: LoadTask = {
    kind,
    url: kind === "webhook" ? functionUrl(bench) : bench.stack.url,
    app_secret: bench.app_secret,
    secret_key: bench.stack.keys.secret_key,
    place,
    connections: CONNECTIONS,
    duration_ms: DURATION_MS,
  };
  const worker = new Worker(new URL("load-worker.ts", import.meta.url), { workerData: task });
  const [times]: unknown[] = await once(worker, "message");
  await worker.terminate();
  return z.array(z.number()).parse(times);
}

/** The function itself, as the seed's writes go to REST itself: neither has a proxy before it. */
function functionUrl({ stack }: Workbench): string {
  return `http://127.0.0.1:${stack.function_ports["whatsapp-webhook"]}/whatsapp-webhook`;
}

function describe(name: string, times: number[]): Figure[] {
  const sorted = times.toSorted((a, b) => a - b);
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
  const rate = (times.length * 1000) / DURATION_MS;
  return [
    summarise(`${name}: messages`, "/s", [rate]),
    summarise(`${name}: to the answer`, "ms", times),
    summarise(`${name}: to the answer, 99th percentile`, "ms", [p99]),
  ];
}
