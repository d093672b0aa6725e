import { setTimeout as sleep } from "node:timers/promises";
import { App, setExperimental } from "@supabase/lite";
import { Hono } from "hono";
import postgres from "postgres";
import { createHostedLikeConnection } from "./connection.ts";
import type { StackKeys } from "./keys.ts";
import { refuseMalformedToken, withPostgrestErrors } from "./postgrest-errors.ts";
import { quietly } from "./quiet-lite.ts";
import { createFileStorage } from "./storage-files.ts";
import { storageRoutes } from "./storage-routes.ts";

/** How long close() waits for requests that are being answered, and then for the database. */
const CLOSE_TERM_MS = 5_000;

export interface ApiOptions {
  /** Connection of the superuser: Lite takes on the caller's role for each request. */
  database_url: string;
  keys: StackKeys;
  storage_dir: string;
  /** The stack's public URL. */
  url: string;
  max_rows: number;
  /** The search path of a request, as PostgREST sets it. */
  search_path: string;
  log: (line: string) => void;
}

export interface Api {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** REST, Auth and Storage of a hosted project: Supabase Lite, with what it does otherwise mended. */
export async function createApi(options: ApiOptions): Promise<Api> {
  setExperimental("storage", true);
  const { connection, reloadSchema } = createHostedLikeConnection(
    options.database_url,
    options.search_path,
  );
  const app = new App({
    connection,
    options: { server: { admin: false, disableStudio: true } },
    // As hosted, where pg_safeupdate is loaded for the API's roles.
    api: { schemas: ["public"], max_rows: options.max_rows, pg_safe_update: true },
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
  let reloading = Promise.resolve();
  const reload = (): void => {
    reloading = quietly(options.log, reloadSchema).catch((error) =>
      options.log(`api: ${String(error)}`),
    );
  };
  // Also after a lost connection, during which a notification may have gone by.
  const listener = await sql.listen("pgrst", reload, reload);
  const forward = (request: Request): Promise<Response> =>
    quietly(options.log, async () => await app.fetch(request));
  const routes = new Hono()
    .use("*", async (context, next) => {
      await next();
      const name = "Access-Control-Allow-Origin";
      if (!context.res.headers.has(name)) context.header(name, "*");
    })
    .all(
      "/rest/v1/*",
      ({ req }) => refuseMalformedToken(req.raw) ?? withPostgrestErrors(() => forward(req.raw)),
    )
    .route("/", storageRoutes({ sql, keys: options.keys, forward }))
    .all("*", ({ req }) => forward(req.raw));
  const inFlight = new Set<Promise<unknown>>();
  return {
    fetch: async (request) => {
      const answer = Promise.resolve(routes.fetch(request));
      inFlight.add(answer);
      return await answer.finally(() => inFlight.delete(answer));
    },
    close: async () => {
      await listener.unlisten();
      // postgres.js forgets queries that wait for a connection when it ends, and then never ends.
      await Promise.race([
        Promise.allSettled([...inFlight, reloading]),
        sleep(CLOSE_TERM_MS, undefined, { ref: false }),
      ]);
      const timeout = CLOSE_TERM_MS / 1000;
      await Promise.all([sql.end({ timeout }), connection.driver.end({ timeout })]);
    },
  };
}
