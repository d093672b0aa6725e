import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@wabase/database";
import {
  ConfigurationError,
  type Environment,
  platformSchema,
  readEnvironment,
} from "./environment.ts";

export type Client = SupabaseClient<Database>;

/** How long a call to the database may take before it counts as not answered. */
const DATABASE_TIMEOUT_MS = 10_000;

/** A client with the project's secret key: the role service_role, past every policy. */
export function createServiceClient(environment: Environment): Client {
  const platform = readEnvironment(platformSchema, environment);
  return create(platform.SUPABASE_URL, keyOf(platform.SUPABASE_SECRET_KEYS));
}

/**
 * A client with the caller's own rights: a user's JWT, or a secret key of the project's. Whether they are
 * valid, and what they may do, the database decides. Null where the request carries neither.
 */
export function createCallerClient(environment: Environment, request: Request): Client | null {
  const platform = readEnvironment(platformSchema, environment);
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  const key = request.headers.get("apikey");
  if (bearer !== undefined && !bearer.startsWith("sb_")) {
    return create(platform.SUPABASE_URL, keyOf(platform.SUPABASE_PUBLISHABLE_KEYS), bearer);
  }
  return key?.startsWith("sb_secret_") ? create(platform.SUPABASE_URL, key) : null;
}

function create(url: string, key: string, jwt?: string): Client {
  return createClient<Database>(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    db: { timeout: DATABASE_TIMEOUT_MS },
    ...(jwt === undefined ? {} : { global: { headers: { Authorization: `Bearer ${jwt}` } } }),
  });
}

/** The key named `default`, or the only one there is. */
function keyOf(keys: Record<string, string>): string {
  const key = keys["default"] ?? Object.values(keys)[0];
  if (key === undefined) {
    throw new ConfigurationError("SUPABASE_SECRET_KEYS, SUPABASE_PUBLISHABLE_KEYS: hold no key");
  }
  return key;
}
