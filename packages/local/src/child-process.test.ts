import { once } from "node:events";
import { tmpdir } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { spawnChild, stopChild } from "./child-process.ts";

async function start(script: string, options: Parameters<typeof spawnChild>[1] = {}) {
  const child = spawnChild([process.execPath, "-e", script], options);
  onTestFinished(() => stopChild(child, "SIGKILL"));
  const [line] = child.stdout ? await once(child.stdout, "data") : [];
  return { child, line: String(line).trim() };
}

const STAY = "setInterval(() => {}, 1000);";

test("stopChild sends the signal and returns when the child is gone, at once when it was", async () => {
  const { child } = await start(`console.log("here"); ${STAY}`);
  await stopChild(child, "SIGTERM");
  expect(child.signalCode).toBe("SIGTERM");
  await stopChild(child, "SIGTERM");
});

test("a child that ignores the signal is killed after the term", async () => {
  const { child } = await start(`process.on("SIGTERM", () => {}); console.log("here"); ${STAY}`);
  await stopChild(child, "SIGTERM", 50);
  expect(child.signalCode).toBe("SIGKILL");
});

test("a child has the environment and the folder that it is given, and no terminal's signals", async () => {
  const script = `console.log(JSON.stringify([process.env.ONLY, process.env.HOME, process.cwd(), process.pid]));`;
  const env = { ONLY: "this", PATH: process.env.PATH };
  const { child, line } = await start(`${script} ${STAY}`, { env, cwd: tmpdir() });
  expect(JSON.parse(line)).toEqual(["this", null, tmpdir(), child.pid]);
  // A process group of its own: Ctrl-C goes to the stack, which stops its children in order.
  expect(() => process.kill(-(child.pid ?? 0), 0)).not.toThrow();
});
