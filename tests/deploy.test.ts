import { execFile } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { randomFreePort } from "@wabase/local";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { readProjectConfig } from "../packages/local/src/functions/config.ts";
import { startFunctions } from "../packages/local/src/functions/functions.ts";
import { openConversation } from "./support/emulator.ts";
import { type Deploy, deployFunctions, unpack } from "./support/management-api.ts";
import {
  connect,
  createTenant,
  headersOf,
  newPhone,
  newWamid,
  ROOT,
  type TestTenant,
  textWebhook,
} from "./support/workbench.ts";

const MAX_SOURCE_BYTES = 1_000_000;

const stack = inject("workbench");
const { functions } = readProjectConfig(ROOT);
const names = functions.map(({ name }) => name);
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "wabase-deploy-")));
const sql = connect();
let deployment: Awaited<ReturnType<typeof deployFunctions>>;
let deployed_url: string;
const stops: (() => Promise<void>)[] = [() => sql.end()];
let tenant: TestTenant;

beforeAll(async () => {
  tenant = await createTenant(sql);
  deployment = await deployFunctions(ROOT, scratch);
  deployed_url = await host(deployment.deploys);
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  rmSync(scratch, { recursive: true, force: true });
});

describe("supabase functions deploy", () => {
  test("takes every function live, without a warning", () => {
    expect(deployment.output).not.toContain("WARN");
    expect(deployment).toMatchObject({ code: 0, live: new Set(names) });
    expect(deployment.deploys.map(({ slug }) => slug).toSorted()).toEqual(names.toSorted());
  });

  test.each(functions)("of $name sends the verify_jwt of config.toml", ({ name, verify_jwt }) => {
    expect(uploadOf(name).metadata).toEqual({
      name,
      entrypoint_path: `supabase/functions/${name}/index.ts`,
      import_map_path: `supabase/functions/${name}/deno.json`,
      static_patterns: [],
      verify_jwt,
    });
    // Asked where config.toml leaves verify_jwt out: hosted then keeps whatever it has.
    expect(deployment.requests).not.toContain("GET /v1/projects/{ref}/functions");
  });

  test.each(names)("of %s carries exactly what it imports, and its deno.json", async (name) => {
    const { files } = uploadOf(name);
    expect([...files.keys()].toSorted()).toEqual(await neededFiles(ROOT, name));
    expect([...files.keys()].filter((path) => /test|fixture|\.env|\.lock$/i.test(path))).toEqual(
      [],
    );
  });

  test.each(names)("of %s carries no secret and is small", (name) => {
    const sources = [...uploadOf(name).files.values()];
    const text = sources.map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    expect(text).not.toMatch(
      /sb_secret_\w{8}|sbp_[0-9a-f]{8}|\beyJ[\w-]{20}|\bEAA\w{20}|PRIVATE KEY-----/,
    );
    const bytes = sources.reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeLessThan(MAX_SOURCE_BYTES);
  });
});

describe("what the CLI gets wrong and still calls a success, the comparison sees", () => {
  const PART = "supabase/functions/%s/part.ts";
  const SLIPS: Record<string, { source: string; missing: string[]; extra: string[] }> = {
    "default-and-names": {
      source: 'import part, {\n  name,\n} from "./part.ts";\nconsole.log(part, name);\n',
      missing: [PART],
      extra: [],
    },
    template: {
      source: "console.log(await import(`./part.ts`));\n",
      missing: [PART],
      extra: [],
    },
    comment: {
      source: '// Keys: import them from "../../../.env" by hand.\nconsole.log(1);\n',
      missing: [],
      extra: [".env"],
    },
  };
  const workdir = join(scratch, "slips");
  let slips: Awaited<ReturnType<typeof deployFunctions>>;

  beforeAll(async () => {
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(workdir, path)), { recursive: true });
      writeFileSync(join(workdir, path), text);
    };
    write(".env", "SECRET=1\n");
    write("supabase/config.toml", 'project_id = "slips"\n');
    for (const [name, { source }] of Object.entries(SLIPS)) {
      write(`supabase/functions/${name}/deno.json`, "{}\n");
      write(`supabase/functions/${name}/part.ts`, "export default 1;\nexport const name = 2;\n");
      write(`supabase/functions/${name}/index.ts`, source);
    }
    slips = await deployFunctions(workdir, scratch);
  });

  test.each(Object.entries(SLIPS))("%s", async (name, { missing, extra }) => {
    expect(slips).toMatchObject({ code: 0, live: new Set(Object.keys(SLIPS)) });
    expect(slips.output).not.toContain("WARN");
    const uploaded = slips.deploys.find(({ slug }) => slug === name)?.files ?? new Map();
    const needed = await neededFiles(workdir, name);
    expect(needed.filter((path) => !uploaded.has(path))).toEqual(
      missing.map((path) => path.replace("%s", name)),
    );
    expect([...uploaded.keys()].filter((path) => !needed.includes(path))).toEqual(extra);
  });
});

interface Question extends RequestInit {
  what: string;
  /** What follows the function's name. */
  query?: string;
  status: number;
}

const json = { "content-type": "application/json" };
const inbound = textWebhook("100", []);

/** One entry a function, and both the deployed one and the checkout's are asked all of it. */
const QUESTIONS: Record<string, Question[]> = {
  "whatsapp-webhook": [
    { what: "the handshake", query: handshake(stack.verify_token), status: 200 },
    { what: "a handshake with another token", query: handshake("guessed"), status: 403 },
    { what: "an unsigned POST", method: "POST", headers: json, body: inbound, status: 401 },
    { what: "a POST signed by another", ...signed(inbound, "other"), status: 401 },
    { what: "a signed POST that is not JSON", ...signed("{"), status: 400 },
    { what: "a method that it has not", method: "DELETE", status: 405 },
  ],
  "whatsapp-send": [
    { what: "the browser's preflight", method: "OPTIONS", status: 204 },
    { what: "no credentials", method: "POST", headers: json, body: "{}", status: 401 },
    { what: "a body without fields", ...withKey({}), status: 400 },
    {
      what: "a token that nobody issued",
      ...withKey({ status: "read", message_id: randomUUID() }, { authorization: "Bearer a.b.c" }),
      status: 401,
    },
    { what: "a method that it has not", method: "GET", status: 405 },
  ],
  "whatsapp-dispatch": [
    { what: "the browser's preflight", method: "OPTIONS", status: 204 },
    { what: "no credentials", method: "POST", headers: json, body: "{}", status: 401 },
    { what: "a publishable key", ...withKey({}, { apikey: "sb_publishable_x" }), status: 401 },
    { what: "a method that it has not", method: "GET", status: 405 },
  ],
  "whatsapp-media": [
    { what: "the browser's preflight", method: "OPTIONS", status: 204 },
    { what: "no credentials", method: "POST", headers: json, body: "{}", status: 401 },
    { what: "a body without fields", ...withKey({}), status: 400 },
  ],
  "whatsapp-templates": [
    { what: "the browser's preflight", method: "OPTIONS", status: 204 },
    { what: "no credentials", method: "POST", headers: json, body: "{}", status: 401 },
    { what: "a body without fields", ...withKey({}), status: 400 },
  ],
  "whatsapp-numbers": [
    { what: "the browser's preflight", method: "OPTIONS", status: 204 },
    { what: "no credentials", method: "POST", headers: json, body: "{}", status: 401 },
    { what: "a body without fields", ...withKey({}), status: 400 },
    {
      what: "a number that Meta does not show",
      ...withKey({
        tenant_id: randomUUID(),
        waba_id: "1",
        phone_number_id: "2",
        access_token: "guessed",
      }),
      status: 422,
    },
  ],
};

describe("a deployed function answers as the checkout's", () => {
  test("every function of the checkout is asked something", () => {
    expect(Object.keys(QUESTIONS).toSorted()).toEqual(names.toSorted());
  });

  const all = Object.entries(QUESTIONS).flatMap(([name, questions]) =>
    questions.map((question) => ({ name, ...question })),
  );
  test.each(all)("$name: $what", async ({ name, query = "", status, ...init }) => {
    const [there, here] = await Promise.all([
      ask(`${deployed_url}/${name}${query}`, init),
      ask(`${stack.url}/functions/v1/${name}${query}`, init),
    ]);
    expect(there).toEqual(here);
    expect(there.status).toBe(status);
  });

  test("whatsapp-webhook: a signed message is a row once it is answered 200", async () => {
    const wamids = [newWamid(), newWamid()];
    const [there, here] = await Promise.all(
      [deployed_url, `${stack.url}/functions/v1`].map((url, index) =>
        ask(
          `${url}/whatsapp-webhook`,
          signed(
            textWebhook(tenant.phone_number_id, [{ from: newPhone(), id: wamids[index] ?? "" }]),
          ),
        ),
      ),
    );
    expect(there?.status).toBe(200);
    expect(JSON.parse(there?.body ?? "")).toEqual({
      ...z.record(z.string(), z.unknown()).parse(JSON.parse(here?.body ?? "")),
      journal_id: expect.any(Number),
    });
    expect(there?.headers).toEqual(here?.headers);
    const rows =
      await sql`select wamid from public.whatsapp_messages where wamid in ${sql(wamids)}`;
    expect(rows).toHaveLength(2);
  });

  test("whatsapp-send: what the checkout has sent is found again by its key", async () => {
    // A text may be sent within 24 hours of the customer's last message.
    const { phone } = await openConversation(sql, tenant);
    const message = {
      phone_number_id: tenant.phone_number_id,
      to: `+${phone}`,
      type: "text",
      text: { body: "Your loaves are ready" },
      idempotency_key: randomUUID(),
    };
    const init = {
      method: "POST",
      headers: { ...json, ...(await headersOf(tenant.agent)) },
      body: JSON.stringify(message),
    };
    const here = await ask(`${stack.url}/functions/v1/whatsapp-send`, init);
    const there = await ask(`${deployed_url}/whatsapp-send`, init);
    expect([here.status, there.status]).toEqual([200, 200]);
    const sent = z.looseObject({ id: z.uuid(), wamid: z.string() });
    const { id, wamid } = sent.parse(JSON.parse(here.body));
    expect(JSON.parse(there.body)).toMatchObject({ id, wamid });
  });
});

function handshake(token: string): string {
  const query = {
    "hub.mode": "subscribe",
    "hub.verify_token": token,
    "hub.challenge": "1158201444",
  };
  return `?${new URLSearchParams(query).toString()}`;
}

function signed(body: string, secret = stack.app_secret): RequestInit {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return {
    method: "POST",
    headers: { ...json, "x-hub-signature-256": `sha256=${signature}` },
    body,
  };
}

function withKey(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { ...json, apikey: stack.keys.secret_key, ...headers },
    body: JSON.stringify(body),
  };
}

const HOW_IT_CAME = new Set([
  "date",
  "connection",
  "keep-alive",
  "content-length",
  "transfer-encoding",
]);

/** All of an answer, but when it was given and how it came. */
interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const headers = [...response.headers].filter(([name]) => !HOW_IT_CAME.has(name));
  return {
    status: response.status,
    headers: Object.fromEntries(headers),
    body: await response.text(),
  };
}

function uploadOf(name: string): Deploy {
  const found = deployment.deploys.find(({ slug }) => slug === name);
  if (found === undefined) throw new Error(`${name} was not uploaded:\n${deployment.output}`);
  return found;
}

/** Runs what was uploaded, each function in a folder that holds nothing else, against the shared stack. */
async function host(deploys: Deploy[]): Promise<string> {
  const logged: string[] = [];
  const running = await startFunctions({
    functions: deploys.map((deploy) => ({
      name: deploy.slug,
      folder: dirname(unpack(deploy, scratch)),
      verify_jwt: deploy.metadata.verify_jwt ?? true,
    })),
    env: hostedEnvironment(),
    jwt_secret: stack.keys.jwt_secret,
    watch: false,
    log: (line) => logged.push(line),
  });
  stops.push(() => running.stop());
  const server = createServer((request, response) => {
    running.handle(request, response).catch(() => response.destroy());
  });
  const port = await randomFreePort();
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  stops.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${port}/functions/v1`;
  for (const { slug } of deploys) {
    const { headers } = await ask(`${url}/${slug}`, { method: "OPTIONS" });
    if (headers["sb-error-code"] === "BOOT_ERROR") {
      throw new Error(`${slug} does not start from what was uploaded:\n${logged.join("\n")}`);
    }
  }
  return url;
}

function hostedEnvironment(): Record<string, string> {
  return {
    SUPABASE_URL: stack.url,
    SUPABASE_DB_URL: stack.database_url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.keys.publishable_key }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.keys.secret_key }),
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    SB_REGION: "local",
    WHATSAPP_APP_SECRET: stack.app_secret,
    WHATSAPP_VERIFY_TOKEN: stack.verify_token,
    WHATSAPP_ACCESS_TOKEN: "unknown-to-the-emulator",
    WHATSAPP_GRAPH_URL: stack.emulator_url,
  };
}

const graphSchema = z.object({
  modules: z.array(z.object({ specifier: z.string(), local: z.string().optional() })),
});

/** The local files of a function's module graph as Deno sees it, types included, and its deno.json. */
async function neededFiles(workdir: string, name: string): Promise<string[]> {
  const folder = join(workdir, "supabase", "functions", name);
  const config = join(folder, "deno.json");
  const { stdout } = await promisify(execFile)(
    join(ROOT, "node_modules", ".bin", "deno"),
    ["info", "--json", "--no-lock", "--config", config, join(folder, "index.ts")],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  const modules = graphSchema
    .parse(JSON.parse(stdout))
    .modules.flatMap(({ specifier, local }) =>
      specifier.startsWith("file:") && local !== undefined ? [local] : [],
    );
  return [config, ...modules]
    .map((file) => relative(workdir, file).split(sep).join("/"))
    .toSorted();
}
