import { readFileSync } from "node:fs";
import { getAuthSchemaSql, getStorageSchemaSql } from "@supabase/lite";
import postgres from "postgres";

/**
 * Makes an empty database the platform that a hosted Supabase project starts from: its roles, grants
 * and default privileges, its schemas auth, storage, extensions, realtime and vault.
 *
 * One transaction, and nothing where it has been done: a start that was killed half way is no matter.
 *
 * @param url connection of the superuser `supabase_admin`
 */
export async function bootstrapPlatform(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql.begin(async (transaction) => {
      const [row] = await transaction`select to_regnamespace('storage') is not null as is_done`;
      if (row?.is_done === true) return;
      for (const script of platformScripts()) await transaction.unsafe(script);
    });
  } finally {
    await sql.end();
  }
}

function platformScripts(): string[] {
  return [
    read("roles.sql"),
    // The login that migrations and the Supabase CLI use; the password of Supabase's own local stack.
    "alter role postgres password 'postgres'",
    getAuthSchemaSql(),
    getStorageSchemaSql(),
    read("services.sql"),
  ];
}

function read(name: string): string {
  return readFileSync(new URL(`../../platform/${name}`, import.meta.url), "utf8");
}
