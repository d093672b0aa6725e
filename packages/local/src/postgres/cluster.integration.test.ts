import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import {
  makeStateFolder,
  ROOT,
  waitFor,
  withConnection,
} from "../../../../tests/support/workbench.ts";
import { isPortFree, randomFreePort } from "../free-port.ts";
import { hasSetpriv, isRunning, processesNaming, runNode, untilGone } from "../test-processes.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { isRoot, resolveHome } from "./home.ts";

const SCRIPT = new URL("../test-start-child.ts", import.meta.url);
const home = resolveHome(ROOT);
const startedSchema = z.object({
  pid: z.number(),
  is_new: z.boolean(),
  home: z.string(),
  url: z.string(),
});

/** A data folder with the row that must not get lost; every test stops what it starts on it. */
let state_dir: string;

beforeAll(async () => {
  state_dir = makeStateFolder("cluster");
  const data_dir = join(state_dir, "data");
  const cluster = await startCluster({ home, data_dir, port: await randomFreePort() });
  await ask(superuser(cluster), "create table kept as select 42 as answer");
  await cluster.stop();
  return () => rmSync(state_dir, { recursive: true });
});

async function start(folder = state_dir, port?: number): Promise<Cluster> {
  const cluster = await startCluster({
    home,
    data_dir: join(folder, "data"),
    port: port ?? (await randomFreePort()),
  });
  onTestFinished(() => cluster.stop());
  return cluster;
}

async function ask(url: string, query: string): Promise<unknown[]> {
  return await withConnection(url, async (sql) => [...(await sql.unsafe(query))]);
}

function superuser(cluster: Cluster): string {
  return cluster.url("postgres", "supabase_admin");
}

async function expectKept(cluster: Cluster): Promise<void> {
  expect(cluster.is_new).toBe(false);
  expect(await ask(superuser(cluster), "select answer from kept")).toEqual([{ answer: 42 }]);
}

test("data stays, a second start meanwhile is refused with the process's id, stop() ends it", async () => {
  const cluster = await start();
  await expect(start()).rejects.toThrow(
    `A Postgres server (process ${cluster.pid}) already runs on ${join(state_dir, "data")}`,
  );
  await expectKept(cluster);
  await cluster.stop();
  await cluster.exited;
  expect(isRunning(cluster.pid)).toBe(false);
  expect(processesNaming(state_dir)).toEqual([]);
  expect(existsSync(join(state_dir, "data", "postmaster.pid"))).toBe(false);
});

test("a crash of the server loses nothing that was committed, and does not hinder the next start", async () => {
  const cluster = await start();
  const port = cluster.port;
  await ask(superuser(cluster), "create table if not exists later as select 43 as answer");
  process.kill(cluster.pid, "SIGKILL");
  await cluster.exited;
  // Its children notice by themselves.
  await waitFor("the end of the server's children", () => isPortFree(port));
  const next = await start();
  await expectKept(next);
  expect(await ask(superuser(next), "select answer from later")).toEqual([{ answer: 43 }]);
});

test("a server that cannot start says why, nothing of it stays, and the data is unharmed", async () => {
  const port = await randomFreePort();
  const server = createServer().listen(port, "127.0.0.1");
  await expect(start(state_dir, port)).rejects.toThrow(/Address already in use/);
  expect(processesNaming(state_dir)).toEqual([]);
  server.close();
  await expectKept(await start());
});

test.runIf(isRoot())("started by root, Postgres runs as somebody else", async () => {
  const cluster = await start();
  const [row] = await ask(
    superuser(cluster),
    "select pg_read_file('/proc/self/status') ~ 'Uid:\\s+0\\s' as is_root",
  );
  expect(row).toEqual({ is_root: false });
});

test("initdb killed half way: the next start makes the folder anew and works", async () => {
  const folder = makeStateFolder("initdb");
  onTestFinished(() => rmSync(folder, { recursive: true }));
  while (!(await isLeftHalfWay(folder))) rmSync(join(folder, "data"), { recursive: true });
  // What lies there where initdb itself had no time to tidy up.
  mkdirSync(join(folder, "data.new", "base"), { recursive: true });
  writeFileSync(join(folder, "data.new", "PG_VERSION"), "17\n");

  const started = await start(folder);
  expect(started.is_new).toBe(true);
  expect(await ask(superuser(started), "select 1 as one")).toEqual([{ one: 1 }]);
  expect(readdirSync(folder)).not.toContain("data.new");
  await started.stop();
});

/** Kills a start during its initdb; false where that was the faster. */
async function isLeftHalfWay(folder: string): Promise<boolean> {
  const data_dir = join(folder, "data");
  const cluster = { workdir: ROOT, data_dir, port: await randomFreePort() };
  const { child } = runNode(SCRIPT, { cluster });
  const unfinished = join(`${data_dir}.new`, "base", "1");
  await waitFor("initdb's files", async () => existsSync(unfinished) || existsSync(data_dir));
  child.kill("SIGKILL");
  await untilGone(child.pid);
  if (hasSetpriv()) {
    await waitFor("the end of initdb", async () => processesNaming(folder).length === 0);
  }
  return existsSync(`${data_dir}.new`) && !existsSync(data_dir);
}

describe.runIf(isRoot())("a checkout of root's that others may not enter", () => {
  test("works from /var/lib/wabase, under umask 077 and from within the closed folder", async () => {
    const workdir = mkdtempSync(join(tmpdir(), "wabase-closed-"));
    onTestFinished(() => rmSync(workdir, { recursive: true }));
    const cluster = { workdir, port: await randomFreePort() };
    const node = runNode(SCRIPT, { umask: 0o077, cluster }, { cwd: workdir });
    const started = startedSchema.parse(JSON.parse(await node.line()));
    onTestFinished(() => rmSync(started.home, { recursive: true, force: true }));
    expect(started.is_new).toBe(true);
    expect(started.home.startsWith("/var/lib/wabase/")).toBe(true);
    // Also what lies beside the server's program: its share folder and its libraries.
    await ask(started.url, "create extension pgcrypto");
    expect(await ask(started.url, "select length(gen_random_bytes(4)) as bytes")).toEqual([
      { bytes: 4 },
    ]);
    node.child.kill("SIGTERM");
    await untilGone(node.child.pid, started.pid);
  });
});
