import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@wabase/database";
import { UsageError } from "./command.ts";

export type Client = SupabaseClient<Database>;

/** A client with the project's secret key, from the environment. @throws UsageError naming what is missing */
export function createServiceClient(environment: Record<string, string | undefined>): Client {
  const url = environment["SUPABASE_URL"];
  const key = environment["SUPABASE_SECRET_KEY"];
  if (!url) throw new UsageError("SUPABASE_URL: is missing. Set it to https://<ref>.supabase.co.");
  if (!URL.canParse(url)) throw new UsageError("SUPABASE_URL: is no URL.");
  if (!key) {
    throw new UsageError("SUPABASE_SECRET_KEY: is missing. Copy it from the dashboard, API keys.");
  }
  if (!key.startsWith("sb_secret_")) {
    throw new UsageError("SUPABASE_SECRET_KEY: is not a secret key, which starts with sb_secret_.");
  }
  return createClient<Database>(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
}
