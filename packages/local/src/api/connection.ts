import { createPostgresConnection, type PostgresConnection } from "@supabase/lite/postgres";
import type { Kysely } from "kysely";
import * as z from "zod";
import { encodeJson } from "./json-values.ts";
import { noteDatabaseError } from "./postgrest-errors.ts";
import { createRequestContexts } from "./request-context.ts";
import { createSchemaCache } from "./schema-cache.ts";

export interface HostedLikeConnection {
  connection: PostgresConnection;
  /** To call on `notify pgrst`. */
  reloadSchema: () => Promise<void>;
}

/**
 * Supabase Lite's connection to Postgres, made to behave as a hosted project's PostgREST does:
 *
 * 1. Lite grants ALL on every table to every role at its first request; here it grants nothing.
 * 2. Lite encodes a json argument of `rpc()` twice, and a string in one not at all; here each once.
 * 3. Lite leaves out the settings that a role has in the database (`statement_timeout`), the claims of a
 *    caller without a JWT, and who the session belongs to; here they are set for each request.
 * 4. Lite knows the schema of its start; here `reloadSchema()` reads it anew.
 *
 * Lite keeps some of the methods private, so they are replaced by name; tests notice when a new version
 * of Lite calls them otherwise.
 */
export function createHostedLikeConnection(url: string, search_path: string): HostedLikeConnection {
  const connection = createPostgresConnection({
    url,
    postgresOptions: {
      max: 20,
      onnotice: () => {},
      types: { json: jsonType(114), jsonb: jsonType(3802) },
      // Lite deletes an object's row outside of the request's context, which says «false» for SQL.
      connection: { "storage.allow_delete_query": "true" },
    },
  });
  const cache = createSchemaCache(connection.introspect.bind(connection));
  connection.introspect = cache.introspect;
  const check = connection.onPostgrestAST.bind(connection);
  connection.onPostgrestAST = async (ast) =>
    encodeJson(await check(ast), await cache.introspect({ useCache: true }));
  connection.normalizeDbError = (error) => {
    noteDatabaseError(error);
    return error;
  };
  const contexts = createRequestContexts(search_path);
  replaceMethod(connection, "ensureRlsContext", () => async () => true);
  replaceMethod(connection, "applyJwtSessionContext", () => async (transaction, context) => {
    await contexts.apply(expectKysely(transaction), context);
  });
  replaceMethod(connection, "applyRpcRequestGucs", (original) => async (transaction, request) => {
    await original(transaction, request);
    const { path } = rpcRequestSchema.parse(request);
    await contexts.applyFunction(expectKysely(transaction), path.replace(/^\/rpc\//, ""));
  });
  return {
    connection,
    reloadSchema: async () => {
      contexts.forgetSettings();
      await cache.reload();
    },
  };
}

const rpcRequestSchema = z.looseObject({ path: z.string().startsWith("/rpc/") });

function jsonType(oid: number) {
  return {
    to: oid,
    from: [oid],
    // A string is JSON text by now: see encodeJson().
    serialize: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
    parse: (text: string): unknown => JSON.parse(text),
  };
}

type Method = (...args: unknown[]) => Promise<unknown>;

function replaceMethod(
  target: PostgresConnection,
  name: string,
  make: (original: Method) => Method,
): void {
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== "function") {
    throw new Error(`Supabase Lite has no method ${name} any more: see packages/local/src/api`);
  }
  const call: Method = async (...args) => await Reflect.apply(original, target, args);
  Object.defineProperty(target, name, { value: make(call) });
}

function expectKysely(value: unknown): Kysely<unknown> {
  if (isKysely(value)) return value;
  throw new Error("Supabase Lite hands over no transaction: see packages/local/src/api");
}

function isKysely(value: unknown): value is Kysely<unknown> {
  return typeof value === "object" && value !== null && "getExecutor" in value;
}
