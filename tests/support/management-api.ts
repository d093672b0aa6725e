import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { dirname, join, relative, resolve } from "node:path";
import { runSupabaseCli } from "@wabase/local";
import { z } from "zod";

const PROJECT_REF = "abcdefghijklmnopqrst";
const ACCESS_TOKEN = `sbp_${"0123456789".repeat(4)}`;

/** What the CLI says of a function beside its files. Paths are relative to the folder of `supabase/`. */
const metadataSchema = z.strictObject({
  name: z.string(),
  entrypoint_path: z.string(),
  import_map_path: z.string(),
  static_patterns: z.array(z.string()),
  /** Missing where config.toml does not say: hosted then keeps the value that it has. */
  verify_jwt: z.boolean().optional(),
});

const bulkUpdateSchema = z.array(z.looseObject({ slug: z.string(), version: z.int() }));

export interface Deploy {
  slug: string;
  metadata: z.infer<typeof metadataSchema>;
  /** The uploaded sources by their path. */
  files: Map<string, Uint8Array>;
}

export interface ManagementApi {
  url: string;
  /** Every upload, in order of arrival. */
  deploys: Deploy[];
  /** The functions that are live: a bundle alone is not, before the CLI's bulk update. */
  live: Set<string>;
  /** Every request, as `GET /v1/…`. */
  requests: string[];
  stop(): Promise<void>;
}

/** Deploys all functions of a project with the real CLI, to a stand-in of Supabase's Management API. */
export async function deployFunctions(
  workdir: string,
  scratch: string,
): Promise<ManagementApi & { code: number; output: string }> {
  const api = await startManagementApi();
  const profile = join(scratch, `profile-${randomUUID()}.yaml`);
  writeFileSync(
    profile,
    `name: loopback\napi_url: ${api.url}\ndashboard_url: ${api.url}\nproject_host: localhost\n`,
  );
  try {
    const { code, stdout, stderr } = await runSupabaseCli(
      workdir,
      [
        "functions",
        "deploy",
        "--use-api",
        "--yes",
        `--remote=${PROJECT_REF}`,
        "--profile",
        profile,
      ],
      { SUPABASE_ACCESS_TOKEN: ACCESS_TOKEN, NO_PROXY: "127.0.0.1" },
    );
    return { ...api, code, output: `${stdout}${stderr}` };
  } finally {
    rmSync(profile);
    await api.stop();
  }
}

/** Writes what was uploaded, and nothing else, into a new folder; answers the entry point's place. */
export function unpack({ slug, files, metadata }: Deploy, scratch: string): string {
  const root = join(scratch, slug);
  mkdirSync(root);
  for (const [path, bytes] of files) {
    const file = resolve(root, path);
    if (relative(root, file).startsWith("..")) throw new Error(`${path} leaves the folder`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return join(root, metadata.entrypoint_path);
}

interface Answer {
  status: number;
  body: unknown;
}

type State = Pick<ManagementApi, "deploys" | "live" | "requests">;

/** The routes that `supabase functions deploy` calls, on a free port of 127.0.0.1. */
async function startManagementApi(): Promise<ManagementApi> {
  const state: State = { deploys: [], live: new Set(), requests: [] };
  const server = createServer((request, response) => {
    void respond(request, response, state);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    ...state,
    url: `http://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  state: State,
): Promise<void> {
  const { status, body } = await answer(request, state).catch((error: unknown) => ({
    status: 500,
    body: { message: String(error) },
  }));
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function answer(request: IncomingMessage, state: State): Promise<Answer> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const route = `${request.method} ${url.pathname.replace(`/projects/${PROJECT_REF}`, "/projects/{ref}")}`;
  state.requests.push(route);
  const body = await readBody(request);
  if (request.headers.authorization !== `Bearer ${ACCESS_TOKEN}`) {
    return { status: 401, body: { message: "Unauthorized" } };
  }
  switch (route) {
    case "POST /v1/projects/{ref}/functions/deploy":
      return await deploy(url.searchParams, await parseForm(request, body), state);
    case "PUT /v1/projects/{ref}/functions":
      return bulkUpdate(JSON.parse(new TextDecoder().decode(body)), state);
    // The CLI would note an answer in the checkout's supabase/.temp, as the project that it is linked to.
    case "GET /v1/projects/{ref}":
      return { status: 404, body: { message: "Project not found" } };
    case "GET /v1/projects/{ref}/functions":
      return { status: 200, body: [] };
    default:
      return { status: 404, body: { message: `Cannot ${route}` } };
  }
}

/** v1-deploy-a-function: one function's sources. With `bundleOnly` it goes live by the bulk update. */
async function deploy(query: URLSearchParams, form: FormData, state: State): Promise<Answer> {
  const metadata = metadataSchema.parse(JSON.parse(z.string().parse(form.get("metadata"))));
  const slug = query.get("slug") ?? metadata.name;
  const files = new Map<string, Uint8Array>();
  const hash = createHash("sha256");
  for (const file of form.getAll("file")) {
    if (typeof file === "string") continue;
    const bytes = new Uint8Array(await file.arrayBuffer());
    files.set(file.name, bytes);
    hash.update(file.name).update(bytes);
  }
  if (!files.has(metadata.entrypoint_path)) {
    const message = `Entrypoint path does not exist - /tmp/source/${metadata.entrypoint_path}`;
    return { status: 400, body: { message } };
  }
  state.deploys.push({ slug, metadata, files });
  if (query.get("bundleOnly") !== "true") state.live.add(slug);
  const { entrypoint_path, import_map_path, verify_jwt = true } = metadata;
  const remote = { id: randomUUID(), slug, name: metadata.name, status: "ACTIVE", version: 1 };
  const paths = { entrypoint_path, import_map_path, import_map: import_map_path !== "" };
  const times = { created_at: Date.now(), updated_at: Date.now() };
  const body = { ...remote, ...paths, ...times, verify_jwt, ezbr_sha256: hash.digest("hex") };
  return { status: 201, body };
}

/** v1-bulk-update-functions: makes the bundles live, all at once. */
function bulkUpdate(json: unknown, { live }: State): Answer {
  const functions = bulkUpdateSchema.parse(json);
  for (const { slug } of functions) live.add(slug);
  return { status: 200, body: { functions } };
}

async function parseForm(
  request: IncomingMessage,
  body: Uint8Array<ArrayBuffer>,
): Promise<FormData> {
  const headers = { "content-type": request.headers["content-type"] ?? "" };
  return await new Response(body, { headers }).formData();
}

async function readBody(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return new Uint8Array(Buffer.concat(chunks));
}
