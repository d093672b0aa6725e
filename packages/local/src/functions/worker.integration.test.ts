import { utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isRunning, untilGone } from "../test-processes.ts";
import { makeProject, serveFunctions, type TestProject, type TestServer } from "./test-project.ts";

const OPEN = "[functions.hello]\nverify_jwt = false\n";

function says(text: string): string {
  return `Deno.serve(() => new Response(${JSON.stringify(text)}));`;
}

async function start(
  files: Record<string, string>,
  { watch = true } = {},
): Promise<{ project: TestProject; server: TestServer; hello: () => Promise<[number, string]> }> {
  const project = makeProject(files, OPEN);
  onTestFinished(() => project.remove());
  const server = await serveFunctions(project, { watch });
  onTestFinished(() => server.stop());
  const hello = async (): Promise<[number, string]> => {
    const response = await server.fetch("/hello");
    return [response.status, await response.text()];
  };
  return { project, server, hello };
}

test("a changed source is what the next request meets, be it the function's or shared", async () => {
  const { project, hello } = await start({
    "hello/deno.json":
      '{ "imports": { "@shared/": "../_shared/", "words": "../_shared/words.ts" } }',
    "hello/index.ts":
      'import { one } from "@shared/one.ts";\nimport { word } from "words";\n' +
      "Deno.serve(() => new Response(`${one} ${word} 1`));",
    "_shared/one.ts": 'export const one = "one";',
    "_shared/words.ts": 'export { word } from "./deeper.ts";',
    "_shared/deeper.ts": 'export const word = "word";',
  });
  expect(await hello()).toEqual([200, "one word 1"]);
  project.write("_shared/one.ts", 'export const one = "eins";');
  expect(await hello()).toEqual([200, "eins word 1"]);
  project.write("_shared/deeper.ts", 'export const word = "Wort";');
  expect(await hello()).toEqual([200, "eins Wort 1"]);
  project.write("_shared/new.ts", 'export const word = "neu";');
  project.write("_shared/words.ts", 'export { word } from "./new.ts";');
  expect(await hello()).toEqual([200, "eins neu 1"]);
  project.write("_shared/new.ts", 'export const word = "newer";');
  expect(await hello()).toEqual([200, "eins newer 1"]);
});

test("requests during a restart wait for it, and those under way end with the old source", async () => {
  const { project, server, hello } = await start({
    "hello/index.ts": `
      Deno.serve(async (request) => {
        if (request.url.endsWith("/slow")) {
          console.log("asked");
          await new Promise((resolve) => setTimeout(resolve, 600));
        }
        return new Response("old");
      });`,
  });
  expect(await hello()).toEqual([200, "old"]);
  const slow = server.fetch("/hello/slow").then((response) => response.text());
  await expect.poll(() => server.lines).toEqual(["[hello] asked"]);
  const run = { isDone: false };
  const seen = new Set<string>();
  const callers = Array.from({ length: 4 }, async () => {
    while (!run.isDone) seen.add((await hello()).join(" "));
  });
  for (const version of ["v1", "v2", "v3"]) {
    project.write("hello/index.ts", says(version));
    expect(await hello()).toEqual([200, version]);
  }
  run.isDone = true;
  await Promise.all(callers);
  expect([...seen].every((answer) => /^200 (old|v1|v2|v3)$/.test(answer))).toBe(true);
  expect(await slow).toBe("old");
});

test("a file that was only touched, and a file that is not part of it, restart nothing twice", async () => {
  const { project, server, hello } = await start({
    "hello/index.ts": says("here"),
    "hello/notes.txt": "a",
  });
  await hello();
  const worker = server.functions.workers[0];
  const pid = worker?.pid();
  project.write("hello/notes.txt", "b");
  await hello();
  expect(worker?.pid()).toBe(pid);
  utimesSync(join(project.folder, "hello", "index.ts"), new Date(), new Date(1_000_000));
  await hello();
  const next = worker?.pid();
  expect(next).not.toBe(pid);
  await hello();
  expect(worker?.pid()).toBe(next);
  await untilGone(pid);
});

test("without watch a changed source waits for the next start", async () => {
  const { project, hello } = await start({ "hello/index.ts": says("old") }, { watch: false });
  expect(await hello()).toEqual([200, "old"]);
  project.write("hello/index.ts", says("new"));
  expect(await hello()).toEqual([200, "old"]);
});

test.each([
  ["a syntax error", "const x = ;"],
  ["an error at its start", 'throw new Error("no secret");'],
  ["an import that is not there", 'import "./nowhere.ts";'],
  ["an end before it serves", "Deno.exit(0);"],
])("%s is 503 BOOT_ERROR within its term, and is mended by the next source", async (_, source) => {
  const { project, server, hello } = await start({ "hello/index.ts": source });
  for (let time = 0; time < 2; time += 1) {
    const response = await server.fetch("/hello");
    expect(response.status).toBe(503);
    expect(response.headers.get("sb-error-code")).toBe("BOOT_ERROR");
    expect(await response.json()).toMatchObject({ code: "BOOT_ERROR" });
  }
  project.write("hello/index.ts", says("mended"));
  expect(await hello()).toEqual([200, "mended"]);
});

test("what a function that does not boot has to say is in the log, with its name", async () => {
  const { server, hello } = await start({ "hello/index.ts": 'throw new Error("no secret");' });
  await hello();
  await expect.poll(() => server.lines.join("\n")).toContain("no secret");
  expect(server.lines.every((line) => line.startsWith("[hello] "))).toBe(true);
});

const MORTAL = `
  Deno.serve((request) => {
    if (request.url.includes("?die")) Deno.exit(3);
    return new Response("alive");
  });`;

test.each([true, false])(
  "a process that ends is 502 for who caused it, and the next request has another; watch: %s",
  async (watch) => {
    const { server, hello } = await start({ "hello/index.ts": MORTAL }, { watch });
    expect(await hello()).toEqual([200, "alive"]);
    for (let time = 0; time < 2; time += 1) {
      const response = await server.fetch("/hello?die");
      expect([response.status, response.headers.get("sb-error-code")]).toEqual([
        502,
        "WORKER_ERROR",
      ]);
      expect(await hello()).toEqual([200, "alive"]);
    }
  },
);

test("a process that somebody kills is replaced as well", async () => {
  const { server, hello } = await start({ "hello/index.ts": MORTAL }, { watch: false });
  expect(await hello()).toEqual([200, "alive"]);
  const pid = server.functions.workers[0]?.pid() ?? 0;
  process.kill(pid, "SIGKILL");
  await untilGone(pid);
  expect(await hello()).toEqual([200, "alive"]);
});

test("stop() leaves no process: neither the newest nor one that is still answering", async () => {
  const { project, server, hello } = await start({
    "hello/index.ts": 'Deno.serve(() => new Promise(() => console.log("asked")));',
    "other/index.ts": says("other"),
  });
  const pids = server.functions.workers.map((worker) => worker.pid());
  const unanswered = server.fetch("/hello").then(
    () => "answered",
    () => "cut",
  );
  await expect.poll(() => server.lines).toEqual(["[hello] asked"]);
  expect(pids.map(isRunning)).toEqual([true, true]);
  project.write("hello/index.ts", says("new"));
  expect(await hello()).toEqual([200, "new"]);
  pids.push(...server.functions.workers.map((worker) => worker.pid()));
  await server.stop();
  expect(pids.map(isRunning)).toEqual(pids.map(() => false));
  expect(await unanswered).toBe("cut");
  // Nor does who asks too late bring one back.
  const late = await server.functions.workers[0]?.withProcess(async () => "answered");
  expect(late).toBeNull();
});
