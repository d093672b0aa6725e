import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { playConversation, randomFreePort, resolveHome, startWorkbench } from "@wabase/local";
import { expect, onTestFinished, test } from "vitest";
import { makeStateFolder, ROOT, waitFor, withConnection } from "./support/workbench.ts";

interface Run {
  child: ChildProcess;
  output: () => string;
  code: Promise<number | null>;
}

/** Runs a command as a terminal does: in a process group of its own. */
function run(command: string, ...args: string[]): Run {
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  onTestFinished(() => {
    const isGone = child.exitCode !== null || child.signalCode !== null;
    if (!isGone && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  });
  return { child, output: () => output, code: once(child, "exit").then(([code]) => code) };
}

async function newPort(): Promise<number> {
  const port = await randomFreePort();
  onTestFinished(() => {
    rmSync(join(resolveHome(ROOT), `stack-${port}`), { recursive: true, force: true });
  });
  return port;
}

async function npmStart(...args: string[]): Promise<Run & { port: number }> {
  const port = await newPort();
  return { ...run("npm", "start", "--", "--port", String(port), ...args), port };
}

/** The demo tenant's id, from the database that the command printed. */
async function tenantOf({ output }: Run): Promise<string | undefined> {
  const url = /postgresql:\/\/\S+/.exec(output())?.[0] ?? "";
  return await withConnection(url, async (sql) => {
    const [tenant] = await sql<{ id: string }[]>`select id from public.whatsapp_tenants`;
    return tenant?.id;
  });
}

/** Ctrl-C at a terminal: SIGINT to the whole group. */
function pressCtrlC({ child }: Run): void {
  if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
}

/** Command lines of processes that name this stack's folder. */
function processesOf(port: number): string[] {
  return processesIn(`stack-${port}/`);
}

function processesIn(folder: string): string[] {
  const all = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
  return all.filter((line) => line.includes(folder));
}

test("npm start -- --once plays one conversation, prints it and ends with 0", async () => {
  const { output, code } = await npmStart("--once");
  expect({ code: await code, output: output() }).toMatchObject({ code: 0 });
  for (const line of [
    "Wabase is ready",
    "Mara Lindt → Demo Bakery",
    "the agent reads it with supabase-js",
    "a stranger and an anonymous visitor read nothing",
    "Demo Bakery → Mara Lindt",
    "every step came about",
  ]) {
    expect(output()).toContain(line);
  }
  expect(output()).toMatch(/read +\d{4}-\d\d-\d\d/);
  expect(processesIn("/once-")).toEqual([]);
  expect(readdirSync(resolveHome(ROOT)).filter((name) => name.startsWith("once-"))).toEqual([]);
});

test("Ctrl-C stops everything in order, leaves no process and keeps the data", async () => {
  const port = await newPort();
  const command = ["packages/local/src/start-command.ts", "--port", String(port)];
  const first = run(process.execPath, ...command);
  await waitFor("Wabase is ready", async () => first.output().includes("Wabase is ready"), 60_000);
  expect(processesOf(port).length).toBeGreaterThan(0);
  const tenant = await tenantOf(first);
  pressCtrlC(first);
  expect(await first.code).toBe(0);
  expect(processesOf(port)).toEqual([]);

  const again = run(process.execPath, ...command);
  await waitFor("Wabase is ready", async () => again.output().includes("Wabase is ready"), 60_000);
  expect(await tenantOf(again)).toBe(tenant);
  pressCtrlC(again);
  expect(await again.code).toBe(0);
});

test("Ctrl-C on npm start leaves no process either", async () => {
  const started = await npmStart();
  const { output, port } = started;
  await waitFor("Wabase is ready", async () => output().includes("Wabase is ready"), 60_000);
  pressCtrlC(started);
  await started.code;
  await waitFor("the end of all processes", async () => processesOf(port).length === 0);
  expect(output()).toContain("stopping");
});

test("a wrong option and a taken port are refused with the option's name and the fix", async () => {
  const wrong = run("npm", "start", "--", "--port", "many");
  expect(await wrong.code).toBe(2);
  expect(wrong.output()).toContain("--port: many is not a port");

  const other = await npmStart();
  await waitFor("Wabase is ready", async () => other.output().includes("Wabase is ready"), 60_000);
  const second = run("npm", "start", "--", "--port", String(other.port));
  expect(await second.code).toBe(1);
  expect(second.output()).toContain(`--port: ${other.port} is taken`);
});

test("what comes and goes is shown, and never what a message says", async () => {
  const started = await npmStart();
  const { output } = started;
  await waitFor("Wabase is ready", async () => output().includes("Wabase is ready"), 60_000);
  const url = /curl (\S+)/.exec(output())?.[1] ?? "";
  const text = "nobody else reads this 4711";
  await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: { body: text } }),
  });
  await waitFor("the webhook in the log", async () => /whatsapp-webhook 200/.test(output()));
  pressCtrlC(started);
  await started.code;
  expect(output()).toMatch(/← \+491701234567 +text/);
  expect(output()).not.toContain(text);
});

test("a step that does not come about fails the conversation and is named", async () => {
  const state_dir = makeStateFolder("broken");
  const bench = await startWorkbench({ workdir: ROOT, state_dir, port: 0, durable: false });
  onTestFinished(async () => {
    await bench.stop();
    rmSync(state_dir, { recursive: true, force: true });
  });
  bench.emulator.updateSettings({ fail_next: { code: 131026, how: "refuse" } });
  await expect(playConversation(bench, () => {})).rejects.toMatchObject({
    name: "StepFailed",
    step: "the agent calls whatsapp-send",
  });
});
