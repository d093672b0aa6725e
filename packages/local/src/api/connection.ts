import { createPostgresConnection, type PostgresConnection } from "@supabase/lite/postgres";
import { type Kysely, sql } from "kysely";
import * as z from "zod";

/**
 * Supabase Lite's connection to Postgres, made to behave as a hosted project's PostgREST does:
 *
 * 1. Lite grants ALL on every table to every role at its first request; here it grants nothing.
 * 2. Lite encodes a json argument of `rpc()` twice; here a string goes in as it is.
 * 3. Lite leaves out the settings that a role has in the database (`statement_timeout`) and the claims
 *    of a caller without a JWT; here they are set for each request.
 *
 * Lite keeps the two methods private, so they are replaced by name; a test notices when a new version
 * of Lite calls them otherwise.
 */
export function createHostedLikeConnection(url: string): PostgresConnection {
  const connection = createPostgresConnection({
    url,
    postgresOptions: {
      max: 20,
      onnotice: () => {},
      types: { json: jsonType(114), jsonb: jsonType(3802) },
    },
  });
  replaceMethod(connection, "ensureRlsContext", async () => true);
  const timeouts = new Map<string, string>();
  replaceMethod(connection, "applyJwtSessionContext", async (...args: unknown[]) => {
    const [transaction, context] = args;
    if (!isKysely(transaction)) throw new Error("Supabase Lite calls applyJwtSessionContext anew");
    await applyRequestContext(transaction, requestContextSchema.parse(context), timeouts);
  });
  return connection;
}

const requestContextSchema = z.object({
  auth: z
    .looseObject({
      role: z.string().nullish(),
      uid: z.string().nullish(),
      jwt: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
  storage: z.looseObject({ operation: z.string().nullish() }).nullish(),
});

type RequestContext = z.infer<typeof requestContextSchema>;

async function applyRequestContext(
  transaction: Kysely<unknown>,
  context: RequestContext,
  timeouts: Map<string, string>,
): Promise<void> {
  const role = context.auth?.role ?? "anon";
  const claims = context.auth?.jwt ?? { role };
  const operation = context.storage?.operation ?? "";
  if (timeouts.size === 0) await loadTimeouts(transaction, timeouts);
  await sql`select
    set_config('role', ${role}, true),
    set_config('statement_timeout', ${timeouts.get(role) ?? timeouts.get("authenticator") ?? "0"}, true),
    set_config('request.jwt.claim.sub', ${context.auth?.uid ?? ""}, true),
    set_config('request.jwt.claim.role', ${role}, true),
    set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
    set_config('storage.operation', ${operation}, true),
    set_config('storage.allow_delete_query', ${operation === "" ? "false" : "true"}, true)
  `.execute(transaction);
}

/** PostgREST applies `alter role … set statement_timeout`, for the role that it takes on. */
async function loadTimeouts(
  transaction: Kysely<unknown>,
  timeouts: Map<string, string>,
): Promise<void> {
  const { rows } = await sql<{ rolname: string; setting: string }>`
    select rolname, split_part(entry, '=', 2) as setting
    from pg_catalog.pg_roles, unnest(rolconfig) as entry
    where entry like 'statement_timeout=%'
  `.execute(transaction);
  for (const { rolname, setting } of rows) timeouts.set(rolname, setting);
}

function jsonType(oid: number) {
  return {
    to: oid,
    from: [oid],
    serialize: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
    parse: (text: string): unknown => JSON.parse(text),
  };
}

function replaceMethod(
  target: PostgresConnection,
  name: string,
  method: (...args: unknown[]) => Promise<unknown>,
): void {
  if (typeof Reflect.get(target, name) !== "function") {
    throw new Error(`Supabase Lite has no method ${name} any more: see packages/local/src/api`);
  }
  Object.defineProperty(target, name, { value: method });
}

function isKysely(value: unknown): value is Kysely<unknown> {
  return typeof value === "object" && value !== null && "getExecutor" in value;
}
