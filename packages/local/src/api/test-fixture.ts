import { createHmac, randomUUID } from "node:crypto";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type postgres from "postgres";
import { inject } from "vitest";
import {
  connect,
  headersOf,
  signUpSomebody,
  waitFor,
} from "../../../../tests/support/workbench.ts";

export interface Callers {
  anon: SupabaseClient;
  /** Signed in, and member of nothing. */
  user: SupabaseClient;
  service: SupabaseClient;
  user_id: string;
  /** The user's JWT. */
  token: string;
}

/** supabase-js as each of the roles that the API knows, without the types of this project's tables. */
export async function createCallers(): Promise<Callers> {
  const { url, keys } = inject("workbench");
  const { client, user_id } = await signUpSomebody();
  const { authorization = "" } = await headersOf(client);
  const token = authorization.replace("Bearer ", "");
  const auth = { persistSession: false, autoRefreshToken: false };
  return {
    anon: createClient(url, keys.publishable_key, { auth }),
    user: createClient(url, keys.publishable_key, { accessToken: async () => token }),
    service: createClient(url, keys.secret_key, { auth }),
    user_id,
    token,
  };
}

/** Tables and functions of a test file's own in the shared database, made as migrations make them. */
export interface Fixture {
  /** What all their names begin with. */
  prefix: string;
  /** As the role postgres. */
  sql: postgres.Sql;
  /** Runs DDL, and waits until the API knows of it. */
  define(ddl: string): Promise<void>;
  drop(): Promise<void>;
}

export function createFixture(callers: Callers): Fixture {
  const prefix = `fixture_${randomUUID().slice(0, 8)}`;
  const sql = connect(inject("workbench").database_url);
  let count = 0;
  return {
    prefix,
    sql,
    define: async (ddl) => {
      count += 1;
      // Made with the DDL: once the API finds this function, it knows of the rest.
      const probe = `${prefix}_probe_${count}`;
      // Several statements in one text are one transaction.
      await sql.unsafe(`
        ${ddl};
        create function public.${probe}() returns int language sql set search_path = '' as 'select 1';
        grant execute on function public.${probe}() to service_role`);
      await waitFor(`${probe} in the API's schema cache`, async () => {
        const { error } = await callers.service.rpc(probe);
        if (error && error.code !== "PGRST202") throw new Error(error.message);
        return error === null;
      });
    },
    drop: async () => {
      await sql.unsafe(`
        do $$
        declare
          item record;
        begin
          for item in select oid::regclass as name from pg_class
            where relkind = 'r' and relname like '${prefix}%' and relnamespace = 'public'::regnamespace
          loop
            execute format('drop table %s cascade', item.name);
          end loop;
          for item in select oid::regprocedure as name from pg_proc
            where proname like '${prefix}%' and pronamespace = 'public'::regnamespace
          loop
            execute format('drop function %s cascade', item.name);
          end loop;
        end $$`);
      await sql.end();
    },
  };
}

/** A JWT as the stack signs it, or as somebody else might. */
export function signJwt(
  claims: object,
  { secret = inject("workbench").keys.jwt_secret, alg = "HS256" } = {},
): string {
  const body = `${encode({ alg, typ: "JWT" })}.${encode(claims)}`;
  if (alg === "none") return `${body}.`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A request to the shared stack with exactly these headers. */
export async function request(
  path: string,
  headers: Record<string, string>,
  init: RequestInit = {},
): Promise<Response> {
  return await fetch(`${inject("workbench").url}${path}`, { ...init, headers });
}

/** A private bucket of a test file's own, made as a migration makes one; `drop()` empties and removes it. */
export async function createBucket(
  callers: Callers,
  limits: { file_size_limit?: number; allowed_mime_types?: string[] } = {},
): Promise<{ name: string; sql: postgres.Sql; drop(): Promise<void> }> {
  const name = `bucket-${randomUUID().slice(0, 8)}`;
  const sql = connect(inject("workbench").database_url);
  await sql`insert into storage.buckets ${sql({ id: name, name, public: false, ...limits })}`;
  return {
    name,
    sql,
    drop: async () => {
      await callers.service.storage.emptyBucket(name);
      await callers.service.storage.deleteBucket(name);
      await sql.end();
    },
  };
}
