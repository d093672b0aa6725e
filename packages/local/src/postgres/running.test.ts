import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { refuseWhenRunning } from "./running.ts";

let data_dir: string;

beforeEach(() => {
  data_dir = mkdtempSync(join(tmpdir(), "wabase-running-"));
  const path = data_dir;
  onTestFinished(() => rmSync(path, { recursive: true }));
});

function writePidFile(pid: number, status: string): string {
  const file = join(data_dir, "postmaster.pid");
  const lines = [pid, data_dir, 1_800_000_000, 54322, "", "127.0.0.1", "", status];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

/** A process that has Postgres' name. */
function startNamesake(): { pid: number; end: () => void } {
  const program = join(data_dir, "postgres");
  copyFileSync("/bin/sleep", program);
  const child = spawn(program, ["60"], { stdio: "ignore" });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return { pid: child.pid ?? 0, end: () => child.kill("SIGKILL") };
}

test("a folder without a server is free", async () => {
  await expect(refuseWhenRunning(data_dir)).resolves.toBeUndefined();
  await expect(refuseWhenRunning(join(data_dir, "not-there"))).resolves.toBeUndefined();
});

test("a server that is gone, or a pid file that holds none, does not count", async () => {
  writePidFile(2 ** 22 + 1, "ready");
  await expect(refuseWhenRunning(data_dir)).resolves.toBeUndefined();
  writeFileSync(join(data_dir, "postmaster.pid"), "");
  await expect(refuseWhenRunning(data_dir)).resolves.toBeUndefined();
});

test.runIf(process.platform === "linux")(
  "a pid that is another program's by now does not count, and Postgres will not stumble over it",
  async () => {
    const file = writePidFile(process.pid, "ready");
    await refuseWhenRunning(data_dir);
    expect(existsSync(file)).toBe(false);
  },
);

test.runIf(process.platform === "linux")("a server that runs is named", async () => {
  const { pid } = startNamesake();
  const file = writePidFile(pid, "ready");
  await expect(refuseWhenRunning(data_dir)).rejects.toThrow(
    new RegExp(`process ${pid}\\) already runs on ${data_dir}.*npm start -- --port`),
  );
  expect(existsSync(file)).toBe(true);
});

test.runIf(process.platform === "linux")(
  "a server that is stopping, as after a kill of its stack, is waited for",
  async () => {
    const { pid, end } = startNamesake();
    writePidFile(pid, "stopping");
    let isFree = false;
    const free = refuseWhenRunning(data_dir).then(() => (isFree = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isFree).toBe(false);
    end();
    await free;
  },
);
