import { App, setExperimental } from "@supabase/lite";
import { Hono } from "hono";
import postgres from "postgres";
import * as z from "zod";
import { type Caller, resolveCaller } from "./caller.ts";
import { createHostedLikeConnection } from "./connection.ts";
import type { StackKeys } from "./keys.ts";
import { quietly } from "./quiet-lite.ts";
import { createFileStorage } from "./storage-files.ts";
import { listObjects, listObjectsV2 } from "./storage-list.ts";

export interface ApiOptions {
  /** Connection of the superuser: Lite takes on the caller's role for each request. */
  database_url: string;
  keys: StackKeys;
  storage_dir: string;
  /** The stack's public URL. */
  url: string;
  max_rows: number;
  log: (line: string) => void;
}

export interface Api {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** REST, Auth and Storage of a hosted project: Supabase Lite, with what it does otherwise mended. */
export async function createApi(options: ApiOptions): Promise<Api> {
  setExperimental("storage", true);
  const connection = createHostedLikeConnection(options.database_url);
  const app = new App({
    connection,
    options: { server: { admin: false, disableStudio: true } },
    api: { schemas: ["public"], max_rows: options.max_rows },
    auth: {
      enabled: true,
      jwt_secret: options.keys.jwt_secret,
      publishable_key: options.keys.publishable_key,
      secret_key: options.keys.secret_key,
      site_url: options.url,
      email: { enable_confirmations: false },
    },
    storage: { enabled: true },
  });
  app._storageAdapter = createFileStorage(options.storage_dir);
  await quietly(options.log, () => app.init());

  const sql = postgres(options.database_url, { max: 4, onnotice: () => {} });
  // PostgREST reloads its schema cache when DDL notifies it; Lite knows only the schema of its start.
  const listener = await sql.listen("pgrst", () => void connection.clearSchemaCache());
  const routes = mendedRoutes(sql, options.keys, (request) =>
    quietly(options.log, async () => await app.fetch(request)),
  );
  return {
    fetch: async (request) => await routes.fetch(request),
    close: async () => {
      await listener.unlisten();
      await sql.end({ timeout: 5 });
      await connection.close();
    },
  };
}

type Fetch = (request: Request) => Promise<Response>;

function mendedRoutes(sql: postgres.Sql, keys: StackKeys, forward: Fetch): Hono {
  const asCaller = async (
    request: Request,
    answer: (caller: Caller, body: unknown) => Promise<unknown>,
  ): Promise<Response> => {
    const caller = resolveCaller(request, keys);
    if (caller === null) return storageError(401, "Unauthorized", "Invalid API key or JWT");
    try {
      const body: unknown = await request.json();
      return Response.json(await answer(caller, body));
    } catch (error) {
      if (error instanceof z.ZodError) {
        return storageError(400, "InvalidRequest", z.prettifyError(error));
      }
      throw error;
    }
  };
  return new Hono()
    .use("*", async (context, next) => {
      await next();
      const name = "Access-Control-Allow-Origin";
      if (!context.res.headers.has(name)) context.header(name, "*");
    })
    .post("/storage/v1/object/list/:bucket", ({ req }) =>
      asCaller(req.raw, (caller, body) =>
        listObjects(sql, caller, { bucket: req.param("bucket"), body }),
      ),
    )
    .post("/storage/v1/object/list-v2/:bucket", ({ req }) =>
      asCaller(req.raw, (caller, body) =>
        listObjectsV2(sql, caller, { bucket: req.param("bucket"), body }),
      ),
    )
    .post("/storage/v1/object/sign/*", async ({ req }) => mendSignedUrls(await forward(req.raw)))
    .all("*", ({ req }) => forward(req.raw));
}

const signedSchema = z.looseObject({ signedUrl: z.string() });

/** Storage answers `signedURL`, relative to /storage/v1; Lite answers `signedUrl` with that prefix. */
async function mendSignedUrls(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const body: unknown = await response.json();
  return Response.json(Array.isArray(body) ? body.map(mendSignedUrl) : mendSignedUrl(body));
}

function mendSignedUrl(item: unknown): object {
  const { signedUrl, ...rest } = signedSchema.parse(item);
  return { ...rest, signedURL: signedUrl === "" ? null : signedUrl.replace("/storage/v1", "") };
}

function storageError(status: number, error: string, message: string): Response {
  return Response.json({ statusCode: String(status), error, message }, { status });
}
