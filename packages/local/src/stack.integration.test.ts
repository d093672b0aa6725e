import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { withConnection } from "../../../tests/support/workbench.ts";
import { randomFreePort } from "./free-port.ts";
import { type Stack, type StackOptions, startStack } from "./stack.ts";
import { hasSetpriv, isRunning, processesNaming, runNode, untilGone } from "./test-processes.ts";

let workdir: string;

beforeAll(() => {
  workdir = mkdtempSync(join(tmpdir(), "wabase-stack-"));
  chmodSync(workdir, 0o755);
  write("config.toml", "[functions.hello]\nverify_jwt = false\n");
  write(
    "migrations/20260101000000_notes.sql",
    `create table public.notes (id int primary key);
     grant select, insert on public.notes to service_role;`,
  );
  write(
    "functions/hello/index.ts",
    `const { MY_SECRET, SUPABASE_URL } = Deno.env.toObject();
     Deno.serve(() => new Response(MY_SECRET + " at " + SUPABASE_URL));`,
  );
});
afterAll(() => rmSync(workdir, { recursive: true }));

function write(path: string, text: string): void {
  const file = join(workdir, "supabase", path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
}

async function start(name: string, options: Partial<StackOptions> = {}): Promise<Stack> {
  return await startStack({
    workdir,
    port: 0,
    durable: false,
    state_dir: join(workdir, ".wabase", name),
    secrets: { MY_SECRET: "the secret" },
    ...options,
  });
}

function as(stack: Stack, key: "publishable_key" | "secret_key"): SupabaseClient {
  const auth = { persistSession: false, autoRefreshToken: false };
  return createClient(stack.url, stack.keys[key], { auth });
}

async function addNote(stack: Stack, id: number): Promise<void> {
  expect((await as(stack, "secret_key").from("notes").insert({ id })).error).toBeNull();
}

async function notesOf(stack: Stack): Promise<number[]> {
  const { data } = await as(stack, "secret_key").from("notes").select("id").order("id");
  return (data ?? []).map(({ id }) => Number(id));
}

function pidsOf({ pids }: Pick<Stack, "pids">): number[] {
  return [pids.postgres, ...Object.values(pids.functions)];
}

// In this order: each goes on with what the one before left.
describe("the life of a stack, beside another one", () => {
  const account = { email: "a@example.test", password: "a password" };
  let stack: Stack;
  let other: Stack;
  let keys: Stack["keys"];

  beforeAll(async () => {
    [stack, other] = await Promise.all([start("stack"), start("other")]);
    keys = stack.keys;
  });
  afterAll(async () => {
    await Promise.all([stack.stop(), other.stop()]);
  });

  test("two at once answer on ports of their own, with data, keys and functions of their own", async () => {
    expect([stack.is_new, other.is_new]).toEqual([true, true]);
    await addNote(stack, 1);
    await addNote(other, 2);
    expect([await notesOf(stack), await notesOf(other)]).toEqual([[1], [2]]);
    for (const each of [stack, other]) {
      const hello = await fetch(`${each.url}/functions/v1/hello`);
      expect(await hello.text()).toBe(`the secret at ${each.url}`);
    }
    const stranger = createClient(other.url, keys.secret_key);
    expect((await stranger.from("notes").select()).status).toBe(401);
  });

  test("a second start on the same data is refused with its process, and so is fresh", async () => {
    const message = `A Postgres server (process ${stack.pids.postgres}) already runs on`;
    await expect(start("stack")).rejects.toThrow(message);
    await expect(start("stack", { fresh: true })).rejects.toThrow(message);
    await expect(start("new", { port: stack.port })).rejects.toThrow(`${stack.port} is taken`);
    expect(await notesOf(stack)).toEqual([1]);
  });

  test("stop() ends every process of the one, and none of the other", async () => {
    const storage = as(stack, "secret_key").storage;
    await storage.createBucket("media");
    await storage.from("media").upload("a.txt", "kept", { contentType: "text/plain" });
    await as(stack, "publishable_key").auth.signUp(account);

    expect(pidsOf(stack).map(isRunning)).toEqual([true, true]);
    await stack.stop();
    expect(pidsOf(stack).map(isRunning)).toEqual([false, false]);
    expect(processesNaming(stack.state_dir)).toEqual([]);
    await expect(fetch(stack.url)).rejects.toThrow("fetch failed");
    expect(await notesOf(other)).toEqual([2]);
    expect(pidsOf(other).map(isRunning)).toEqual([true, true]);
  });

  test("a port that is taken at the very end: what was started is stopped again", async () => {
    const port = await randomFreePort();
    const server = createServer();
    const secrets = {
      // Read when the functions start: after the port was looked at, before it is listened on.
      get MY_SECRET() {
        server.listen(port, "127.0.0.1");
        return "";
      },
    };
    await expect(start("stack", { port, secrets })).rejects.toThrow("EADDRINUSE");
    expect(processesNaming(stack.state_dir)).toEqual([]);
    server.close();
  });

  test.runIf(hasSetpriv())("kill -9 of the process that started it leaves no orphan", async () => {
    const { state_dir } = stack;
    const script = new URL("./test-start-child.ts", import.meta.url);
    const node = runNode(script, { stack: { workdir, state_dir } });
    const child = startedSchema.parse(JSON.parse(await node.line()));
    expect(pidsOf(child).map(isRunning)).toEqual([true, true]);
    await withConnection(child.url, (sql) => sql`insert into public.notes values (3)`);
    node.child.kill("SIGKILL");
    await untilGone(node.child.pid, ...pidsOf(child));
    expect(processesNaming(state_dir)).toEqual([]);
  });

  test("the next start has the data, the users, the objects and the keys", async () => {
    stack = await start("stack");
    expect([stack.is_new, stack.keys]).toEqual([false, keys]);
    expect(await notesOf(stack)).toEqual(hasSetpriv() ? [1, 3] : [1]);
    const object = await as(stack, "secret_key").storage.from("media").download("a.txt");
    expect(await object.data?.text()).toBe("kept");
    const signIn = await as(stack, "publishable_key").auth.signInWithPassword(account);
    expect(signIn.error).toBeNull();
    await stack.stop();
  });

  test("fresh begins with nothing of it, and with other keys", async () => {
    stack = await start("stack", { fresh: true });
    expect([stack.is_new, await notesOf(stack)]).toEqual([true, []]);
    expect(Object.values(stack.keys)).not.toContain(keys.secret_key);
    expect((await as(stack, "secret_key").storage.listBuckets()).data).toEqual([]);
  });
});

test("a migration that fails is named, with what Postgres said of it, and no process stays", async () => {
  const name = "20260102000000_broken.sql";
  write(`migrations/${name}`, "create table public.more (id int);\nselect no_such_column;\n");
  onTestFinished(() => rmSync(join(workdir, "supabase", "migrations", name)));
  const failure: unknown = await start("broken").catch((error: unknown) => error);
  expect(String(failure)).toContain(name);
  expect(String(failure)).toContain('column "no_such_column" does not exist');
  expect(processesNaming(join(workdir, ".wabase", "broken"))).toEqual([]);

  // Mended, the same folder starts: the migration has left nothing behind.
  write(`migrations/${name}`, "create table public.more (id int);\n");
  const stack = await start("broken");
  onTestFinished(() => stack.stop());
  const tables = await withConnection(
    stack.superuser_url,
    (sql) => sql`select to_regclass('public.more') is not null as is_there`,
  );
  expect([...tables]).toEqual([{ is_there: true }]);
});

const startedSchema = z.object({
  pids: z.object({ postgres: z.number(), functions: z.record(z.string(), z.number()) }),
  url: z.string(),
});
