import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { createApi } from "./api.ts";
import { type Callers, createCallers, createFixture, type Fixture } from "./test-fixture.ts";

const { superuser_url: database_url, keys } = inject("workbench");
let callers: Callers;
let fixture: Fixture;

beforeAll(async () => {
  callers = await createCallers();
  fixture = createFixture(callers);
  const { prefix } = fixture;
  await fixture.define(`
    create table public.${prefix}_texts (
      id int primary key,
      body text unique check (length(body) < 60)
    );
    grant select, insert on public.${prefix}_texts to service_role;
    create function public.${prefix}_fail(body text) returns void language plpgsql set search_path = '' as $$
      begin
        raise exception 'refused: %', body using hint = body, detail = body;
      end $$;
    create function public.${prefix}_count(number int) returns int language sql set search_path = '' as 'select 1';
    grant execute on function public.${prefix}_fail(text), public.${prefix}_count(int) to service_role`);
});
afterAll(() => fixture.drop());

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wabase-quiet-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("nothing of what a request holds is printed, whatever the database says of it", async () => {
  const words = "what-a-customer-wrote";
  const { prefix } = fixture;
  const post = (path: string, body: object | string, apikey = keys.secret_key) => ({
    path,
    method: "POST",
    apikey,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const row = { id: 1, body: words };
  const requests = [
    post(`/rest/v1/${prefix}_texts`, { id: 2, body: words.padEnd(80, "!") }),
    post(`/rest/v1/${prefix}_texts`, row),
    post(`/rest/v1/${prefix}_texts`, { ...row, id: 3 }),
    post(`/rest/v1/${prefix}_texts`, { id: words, body: words }),
    post(`/rest/v1/${prefix}_texts`, `{"body": "${words}`),
    post(`/rest/v1/${prefix}_texts?columns=${words}`, row),
    post(`/rest/v1/rpc/${prefix}_fail`, { body: words }),
    post(`/rest/v1/rpc/${prefix}_count`, { number: words }),
    post(`/rest/v1/rpc/${words}`, { body: words }),
    post("/storage/v1/object/no-such-bucket/a.txt", words),
    post("/storage/v1/bucket", { id: words, name: words }, keys.publishable_key),
    post("/auth/v1/token?grant_type=password", { email: `${words}@x.test`, password: words }),
    post("/auth/v1/signup", { email: words, password: "x" }, keys.publishable_key),
  ];
  const script = fileURLToPath(new URL("./test-quiet-child.ts", import.meta.url));
  const options = { database_url, keys, storage_dir: makeFolder(), requests };
  const run = promisify(execFile)(process.execPath, [script, JSON.stringify(options)]);
  const { stdout, stderr } = await run;
  const lines = stdout.split("\n");
  // What is printed is the code, and the test's own paths and statuses.
  expect(lines).toContain("api: PostgresError 23514");
  expect(lines).toContain(`/rest/v1/rpc/${prefix}_fail 400`);
  expect(lines).toContain("the console prints as ever");
  const others = lines.filter((line) => !line.startsWith("/"));
  expect(others.join("\n")).not.toContain(words);
  expect(stderr).toBe("");
});

test("close() ends at once, also with requests and a change of the schema under way", async () => {
  const api = await createApi({
    database_url,
    keys,
    storage_dir: makeFolder(),
    url: "http://127.0.0.1:1",
    max_rows: 1000,
    search_path: '"public"',
    log: () => {},
  });
  const headers = { apikey: keys.secret_key };
  const path = `http://127.0.0.1:1/rest/v1/${fixture.prefix}_texts`;
  const requests = Array.from({ length: 20 }, () => api.fetch(new Request(path, { headers })));
  await fixture.sql`notify pgrst`;
  const started = performance.now();
  await api.close();
  expect(performance.now() - started).toBeLessThan(4_000);
  const answers = await Promise.all(requests);
  expect(answers.map(({ status }) => status)).toEqual(requests.map(() => 200));
});
