import { createSessionBackend, type SessionBackend } from "../backend.ts";
import type { SessionManagerOptions } from "../connection/session-manager.ts";
import { createServiceClient, resolveSupabase } from "../supabase/service-client.ts";

export interface WhatsAppSessionsOptions extends Pick<
  SessionManagerOptions,
  "settings" | "times" | "ack_timeout_ms" | "auth"
> {
  /** Where sessions lie. By default as SESSION_STORAGE_TYPE and its companions say. */
  backend?: SessionBackend;
  /**
   * The database that hears of sessions and messages: tenants are then ids of whatsapp_tenants. By default the
   * project of SUPABASE_URL; null keeps sessions, and stores nothing of what they hear.
   */
  client?: SessionManagerOptions["client"] | null;
}

export interface ResolvedOptions {
  backend: SessionBackend;
  manager: SessionManagerOptions;
}

/** What is asked for by name: Nest's ConfigService, or `{ get: (name) => process.env[name] }`. */
export interface Configuration {
  get(name: string): unknown;
}

const VARIABLES = [
  "SESSION_STORAGE_TYPE",
  "SESSION_STORAGE_DIR",
  "SESSION_TAIL",
  "SESSION_ENCRYPTION_KEYS",
  "SUPABASE_URL",
  "SUPABASE_SECRET_KEY",
  "SUPABASE_SERVICE_KEY",
] as const;

/**
 * Fills in from the configuration what the options leave out.
 * @throws SessionError with code `configuration`, naming the variable and the fix
 */
export function resolveOptions(
  configuration: Configuration,
  options: WhatsAppSessionsOptions = {},
): ResolvedOptions {
  const environment: Record<string, string> = {};
  for (const name of VARIABLES) {
    const value = configuration.get(name);
    if (typeof value === "string") environment[name] = value;
  }
  const { backend = createSessionBackend(environment), client, auth, ...rest } = options;
  const is_wanted = client === undefined && environment["SUPABASE_URL"] !== undefined;
  const chosen = is_wanted ? createServiceClient(resolveSupabase(environment)) : client;
  return {
    backend,
    manager: { ...rest, auth: { ...auth, backend }, ...(chosen && { client: chosen }) },
  };
}
