import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@wabase/database";
import { SessionError } from "../errors.ts";
import { createPatientFetch, type PatientFetchOptions } from "./patient-fetch.ts";

export type ServiceClient = SupabaseClient<Database>;

export interface SupabaseSettings {
  url: string;
  /** sb_secret_…, or the service_role key of before. */
  secret_key: string;
}

type Environment = Record<string, string | undefined>;

/**
 * `SUPABASE_URL` and `SUPABASE_SECRET_KEY`; `SUPABASE_SERVICE_KEY` where there is only that.
 * @throws SessionError with code `configuration`, naming the variable and the fix
 */
export function resolveSupabase(environment: Environment): SupabaseSettings {
  const variable =
    environment["SUPABASE_SECRET_KEY"] === undefined && environment["SUPABASE_SERVICE_KEY"]
      ? "SUPABASE_SERVICE_KEY"
      : "SUPABASE_SECRET_KEY";
  const url = environment["SUPABASE_URL"] ?? "";
  if (!URL.canParse(url)) {
    const problem = url === "" ? "is missing" : "is no URL";
    throw refuse(`SUPABASE_URL: ${problem}. Set it to https://<ref>.supabase.co.`);
  }
  return { url, secret_key: checkSecretKey(environment[variable] ?? "", variable) };
}

/** Answers the key. @throws SessionError with code `configuration` */
export function checkSecretKey(key: string, variable: string): string {
  const fix = "Copy the secret key (sb_secret_…) from the dashboard, API keys.";
  if (key === "") throw refuse(`${variable}: is missing. ${fix}`);
  if (key.startsWith("sb_secret_")) return key;
  const role = roleOf(key);
  if (role === "service_role") return key;
  if (key.startsWith("sb_publishable_") || role === "anon") {
    const reason = "which every browser has and which may not read sessions";
    throw refuse(`${variable}: is a publishable key, ${reason}. ${fix}`);
  }
  throw refuse(`${variable}: is not a secret key. ${fix}`);
}

export function createServiceClient(
  { url, secret_key }: SupabaseSettings,
  options: PatientFetchOptions = {},
): ServiceClient {
  return createClient<Database>(url, checkSecretKey(secret_key, "secret_key"), {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: createPatientFetch(options) },
    db: { retry: false },
  });
}

/** The role in a key of before 2026, which is a JWT. Not verified: the server does that. */
function roleOf(key: string): string | null {
  const [, payload] = key.split(".");
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    const role = typeof claims === "object" && claims !== null && "role" in claims && claims.role;
    return typeof role === "string" ? role : null;
  } catch {
    return null;
  }
}

function refuse(message: string): SessionError {
  return new SessionError("configuration", message);
}
