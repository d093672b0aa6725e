import { createGraphClient, type GraphClient, InvalidRequestError } from "@wabase/cloud-api";
import { unwrap } from "@wabase/database";
import { z } from "zod";
import { type Cached, createCached } from "./cached.ts";
import type { Client } from "./clients.ts";
import { ConfigurationError, type Environment, readEnvironment } from "./environment.ts";
import { fetchOnce } from "./fetch-once.ts";

/** How long a number's token is kept: a new one is in use after this at the latest. */
const TOKEN_TERM_MS = 60_000;

const graphSchema = z.object({
  WHATSAPP_ACCESS_TOKEN: z.string().min(1).optional(),
  /** Another server that speaks the Graph API: the emulator. */
  WHATSAPP_GRAPH_URL: z.url().optional(),
  WHATSAPP_GRAPH_VERSION: z.string().optional(),
});

/** Whose token is meant: a number's, or that of any number of an account. */
export type TokenHolder = { phone_number_id: string } | { waba_id: string };

/** The Graph API as a number or an account calls it. @throws ConfigurationError, DatabaseError */
export type GraphOf = (service: Client, holder: TokenHolder) => Promise<GraphClient>;

/** With the token that the tenant has stored, else with the environment's. */
export function createGraphs(environment: Environment): GraphOf {
  const tokens = new Map<string, Cached<string | null>>();
  return async (service, whose) => {
    // Callers give what they have, which may hold more than the key.
    const holder =
      "phone_number_id" in whose
        ? { phone_number_id: whose.phone_number_id }
        : { waba_id: whose.waba_id };
    const config = readEnvironment(graphSchema, environment);
    const key = JSON.stringify(holder);
    let token = tokens.get(key);
    if (token === undefined) {
      token = createCached(() => readToken(service, holder));
      tokens.set(key, token);
    }
    const access_token = (await token(TOKEN_TERM_MS)) ?? config.WHATSAPP_ACCESS_TOKEN;
    if (access_token === undefined) {
      throw new ConfigurationError(
        "WHATSAPP_ACCESS_TOKEN: is missing, and the tenant has stored none with whatsapp_set_secret. " +
          "Set it with: supabase secrets set WHATSAPP_ACCESS_TOKEN=…",
      );
    }
    return createGraph(access_token, config);
  };
}

async function readToken(service: Client, holder: TokenHolder): Promise<string | null> {
  // Null, which the generated types do not know of: the tenant has stored none.
  return z
    .string()
    .nullable()
    .parse(unwrap(await service.rpc("whatsapp_access_token", holder)));
}

function createGraph(access_token: string, config: z.infer<typeof graphSchema>): GraphClient {
  try {
    return createGraphClient({
      access_token,
      fetch: fetchOnce,
      ...(config.WHATSAPP_GRAPH_URL ? { base_url: config.WHATSAPP_GRAPH_URL } : {}),
      ...(config.WHATSAPP_GRAPH_VERSION ? { version: config.WHATSAPP_GRAPH_VERSION } : {}),
    });
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    throw new ConfigurationError(`WHATSAPP_ACCESS_TOKEN or WHATSAPP_GRAPH_*: ${error.message}`);
  }
}
