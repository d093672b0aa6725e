import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolder, randomFreePort, resolveHome, startCluster } from "@wabase/local";
import { type Report, round, summarise } from "./report.ts";

const ROOT = resolve(import.meta.dirname, "..");
const RUNS = 5;

/**
 * Seconds from `npm start` to «Wabase is ready», on an empty data folder and on one that is there,
 * against the bare server underneath: initdb and the start of Postgres.
 */
export async function benchStart(tell: (line: string) => void): Promise<Report> {
  const [bare, fresh, kept]: number[][] = [[], [], []];
  for (let run = 1; run <= RUNS; run += 1) {
    tell(`start: run ${run} of ${RUNS}`);
    const port = await randomFreePort();
    bare?.push(await secondsOf(startBarePostgres));
    fresh?.push(await secondsOfNpmStart(port));
    kept?.push(await secondsOfNpmStart(port));
    rmSync(join(resolveHome(ROOT), `stack-${port}`), { recursive: true, force: true });
  }
  const figures = [
    summarise("bare Postgres: initdb and start", "s", bare ?? []),
    summarise("npm start, nothing there yet", "s", fresh ?? []),
    summarise("npm start, data kept", "s", kept ?? []),
  ];
  const [bareMedian, freshMedian, keptMedian] = figures.map(({ value }) => value);
  return {
    ratios: {
      fresh_vs_bare_postgres: round((freshMedian ?? 0) / (bareMedian ?? 1)),
      kept_vs_fresh: round((keptMedian ?? 0) / (freshMedian ?? 1)),
    },
    figures,
  };
}

async function startBarePostgres(): Promise<void> {
  const home = resolveHome(ROOT);
  const folder = makeFolder(join(home, "bench-postgres"));
  const port = await randomFreePort();
  const cluster = await startCluster({ home, data_dir: join(folder, "data"), port });
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function secondsOfNpmStart(port: number): Promise<number> {
  const start = performance.now();
  const child = spawn("npm", ["start", "--", "--port", String(port)], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  await new Promise<void>((done, fail) => {
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      if (output.includes("Wabase is ready")) done();
    });
    child.once("exit", () => fail(new Error(`npm start ended:\n${output}`)));
  });
  const seconds = (performance.now() - start) / 1000;
  child.removeAllListeners("exit");
  // As Ctrl-C does: to the whole group.
  if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
  await once(child, "exit");
  return seconds;
}
