import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Cluster, resolveHome, startCluster } from "@wabase/local";
import type { OwnWorkbench } from "./own-workbench.ts";
import { ROOT, waitFor } from "./workbench.ts";

/** As a power cut: the server and all its children end at once, and write nothing any more. */
export async function crashPostgres(pid: number): Promise<void> {
  const children = execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  const pids = [pid, ...children.trim().split("\n").map(Number)];
  for (const each of pids) process.kill(each, "SIGKILL");
  await waitFor("the end of Postgres", async () => !pids.some(isAlive));
}

/** Postgres again, on the data and the port of the stack that lost it. */
export async function revivePostgres({ bench, state_dir }: OwnWorkbench): Promise<Cluster> {
  return await startCluster({
    home: resolveHome(ROOT),
    data_dir: join(state_dir, "data"),
    port: Number(new URL(bench.stack.superuser_url).port),
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
