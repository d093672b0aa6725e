import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolder, resolveHome, startWorkbench } from "@wabase/local";
import { type Figure, type Report, round, summarise } from "../report.ts";
import { type Contestant, multiFile, ours, seedLayout } from "./contestants.ts";
import { untilQuiet } from "./counting.ts";
import { type Many, openMany } from "./many.ts";
import { replay, type Replayed } from "./replay.ts";
import { recordTrace } from "./trace.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MESSAGES = 2_000;
/** The first after a clean end, the others each after a kill. */
const LOADS = 3;
/** What a request takes from afar; the database answers a call as Storage does. */
const LATENCIES_MS = [30, 120];

interface Result {
  contestant: Contestant;
  replayed: Replayed;
  objects: number;
  /** Of each load by a new process. */
  loads: { requests: number; ms: number }[];
}

/**
 * A phone that pairs and 2,000 messages, then 300 at once: what each way to keep a session costs, over the same
 * local stack; what its requests would cost from afar is worked out from their number.
 */
export async function benchSessions(tell: (line: string) => void): Promise<Report> {
  tell(`sessions: recording ${MESSAGES} messages of real Signal code`);
  const events = await recordTrace(MESSAGES);
  const state_dir = makeFolder(join(resolveHome(ROOT), "bench-sessions"));
  const bench = await startWorkbench({ workdir: ROOT, state_dir, port: 0 });
  try {
    const { stack } = bench;
    const results: Result[] = [];
    for (const contestant of [
      ours(stack, "postgres"),
      ours(stack, "bucket"),
      multiFile(),
      seedLayout(stack),
    ]) {
      tell(`sessions: ${contestant.name}, ${events.length} calls`);
      const replayed = await replay(contestant, events);
      const objects = await contestant.objects();
      results.push({ contestant, replayed, objects, loads: await measureLoads(contestant) });
    }
    tell("sessions: 300 at once");
    const many = await openMany(stack);
    return report(results, many);
  } finally {
    await bench.stop();
    rmSync(state_dir, { recursive: true, force: true });
  }
}

async function measureLoads(contestant: Contestant): Promise<Result["loads"]> {
  const loads: Result["loads"] = [];
  for (let load = 0; load < LOADS; load += 1) {
    const before = contestant.traffic?.requests ?? 0;
    const start = performance.now();
    await contestant.load();
    const ms = performance.now() - start;
    loads.push({ requests: (contestant.traffic?.requests ?? 0) - before, ms });
    if (contestant.traffic !== null) await untilQuiet(contestant.traffic);
  }
  return loads;
}

function report(results: Result[], many: Many): Report {
  const [first, , files, seed] = results;
  if (first === undefined || files === undefined || seed === undefined)
    throw new Error("no result");
  const cold = Math.max(...first.loads.map(({ requests }) => requests));
  const seedCold = Math.max(...seed.loads.map(({ requests }) => requests));
  const { flushes } = first.replayed;
  return {
    ratios: {
      cold_load_requests: cold,
      seed_requests_vs_ours: round(seedCold / cold),
      requests_per_flush: round(first.replayed.appends / (flushes ?? Number.NaN)),
      set_wait_vs_local_files: round(mean(first.replayed.waits) / mean(files.replayed.waits)),
    },
    figures: [...results.flatMap(figuresOf), ...manyFigures(many)],
  };
}

function figuresOf({ contestant, replayed, objects, loads }: Result): Figure[] {
  const { name, traffic, lanes } = contestant;
  const { waits, rounds, requests } = replayed;
  const loaded = loads.map((load) => load.requests);
  const one = (what: string, unit: string, value: number): Figure =>
    summarise(`${name}: ${what}`, unit, [value]);
  const figures = [
    one("wait per call, mean", "ms", mean(waits)),
    one("wait per call, 99th percentile", "ms", percentile(waits, 0.99)),
    one("pairing", "ms", replayed.pairing_ms),
    one("backlog of 300", "ms", replayed.backlog_ms),
    one("objects or files at rest", "", objects),
  ];
  if (traffic === null) return figures;
  return [
    ...figures,
    one("requests", "", requests),
    one("requests per call", "", requests / waits.length),
    one("sent", "MB", replayed.bytes_up / 1e6),
    summarise(`${name}: cold load, requests`, "", loaded),
    summarise(
      `${name}: cold load`,
      "ms",
      loads.map(({ ms }) => ms),
    ),
    ...LATENCIES_MS.flatMap((latency) => [
      one(`wait per call, mean, at ${latency} ms`, "ms (model)", (rounds / waits.length) * latency),
      one(
        `cold load, at ${latency} ms`,
        "ms (model)",
        Math.ceil(Math.max(...loaded) / lanes) * latency,
      ),
    ]),
  ];
}

function manyFigures(many: Many): Figure[] {
  const one = (what: string, unit: string, value: number): Figure =>
    summarise(`${many.sessions} sessions at once: ${what}`, unit, [value]);
  return [
    one("all open", "s", many.seconds),
    one("requests each", "", many.requests_each),
    one("memory each beyond its keys", "KB", many.bytes_each / 1024),
    one("keys each", "KB", many.key_bytes_each / 1024),
  ];
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percentile(values: number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}
