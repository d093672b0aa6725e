import { type Kysely, sql } from "kysely";
import * as z from "zod";
import { noteRole } from "./postgrest-errors.ts";

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

/** The role that PostgREST logs in as; a request's role is taken on from there. */
const LOGIN = "authenticator";

export interface RequestContexts {
  /** Makes the transaction the caller's: role, claims, the settings of the role. */
  apply(transaction: Kysely<unknown>, context: unknown): Promise<void>;
  /** Gives the transaction the function's own `set statement_timeout`, which PostgREST hoists. */
  applyFunction(transaction: Kysely<unknown>, name: string): Promise<void>;
  /** After `alter role … set` and `notify pgrst`. */
  forgetSettings(): void;
}

export function createRequestContexts(search_path: string): RequestContexts {
  let settings: RoleSetting[] | null = null;
  return {
    apply: async (transaction, rawContext) => {
      const { auth, storage } = requestContextSchema.parse(rawContext);
      settings ??= await readSettings(transaction);
      const role = auth?.role ?? "anon";
      const operation = storage?.operation ?? "";
      noteRole(role);
      await setLocally(transaction, {
        // First, so that nothing that runs below is the superuser's session any more: `reset role` in
        // a function must not lead there.
        session_authorization: LOGIN,
        role,
        search_path,
        ...settingsOf(settings, role),
        "request.jwt.claim.sub": auth?.uid ?? "",
        "request.jwt.claim.role": role,
        "request.jwt.claims": JSON.stringify(auth?.jwt ?? { role }),
        "storage.operation": operation,
        "storage.allow_delete_query": operation === "" ? "false" : "true",
      });
    },
    applyFunction: async (transaction, name) => {
      await sql`
        select set_config('statement_timeout', split_part(entry, '=', 2), true)
        from pg_catalog.pg_proc, unnest(proconfig) as entry
        where proname = ${name} and pronamespace = 'public'::regnamespace
          and entry like 'statement_timeout=%'
        limit 1
      `.execute(transaction);
    },
    forgetSettings: () => {
      settings = null;
    },
  };
}

interface RoleSetting {
  role: string;
  name: string;
  value: string;
}

/** `alter role … set`, as far as any role may set it for itself. */
async function readSettings(transaction: Kysely<unknown>): Promise<RoleSetting[]> {
  const { rows } = await sql<RoleSetting>`
    select rolname as role, s.name, substr(entry, strpos(entry, '=') + 1) as value
    from pg_catalog.pg_roles, unnest(rolconfig) as entry
    join pg_catalog.pg_settings as s on s.name = split_part(entry, '=', 1) and s.context = 'user'
  `.execute(transaction);
  return rows;
}

/** PostgREST applies the settings of the role it takes on, over those of the role it logs in as. */
function settingsOf(settings: RoleSetting[], role: string): Record<string, string> {
  const of = (owner: string): [string, string][] =>
    settings.filter((entry) => entry.role === owner).map(({ name, value }) => [name, value]);
  return Object.fromEntries([...of(LOGIN), ...of(role).filter(([name]) => name !== "search_path")]);
}

async function setLocally(
  transaction: Kysely<unknown>,
  settings: Record<string, string>,
): Promise<void> {
  const calls = Object.entries(settings).map(
    ([name, value]) => sql`set_config(${name}, ${value}, true)`,
  );
  await sql`select ${sql.join(calls)}`.execute(transaction);
}
