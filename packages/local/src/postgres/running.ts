import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a server that is shutting down is waited for: one whose stack was killed, most often. */
const STOPPING_TERM_MS = 10_000;

/**
 * Makes sure that no server uses the data folder.
 *
 * @throws Error that names the process which does
 */
export async function refuseWhenRunning(data_dir: string): Promise<void> {
  const pidFile = join(data_dir, "postmaster.pid");
  const deadline = Date.now() + STOPPING_TERM_MS;
  for (;;) {
    const server = readServer(pidFile);
    if (server === null) return;
    if (!isPostgres(server.pid)) {
      // The machine went down under it, and somebody else has its process id by now. Postgres would
      // take that for a server of its own.
      rmSync(pidFile, { force: true });
      return;
    }
    if (server.status !== "stopping" || Date.now() > deadline) {
      throw new Error(
        `A Postgres server (process ${server.pid}) already runs on ${data_dir}. ` +
          "Stop the other stack, or start this one on another port: npm start -- --port 54400",
      );
    }
    await sleep(25);
  }
}

/** https://www.postgresql.org/docs/17/storage-file-layout.html: the pid first, the status in line 8. */
function readServer(pidFile: string): { pid: number; status: string } | null {
  if (!existsSync(pidFile)) return null;
  const lines = readFileSync(pidFile, "utf8").split("\n");
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0 ? { pid, status: lines[7]?.trim() ?? "" } : null;
}

function isPostgres(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "postgres";
  } catch {
    // Not Linux, or gone just now: rather refuse once too often than start on a folder in use.
    return isAlive(pid);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
