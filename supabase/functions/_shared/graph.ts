import { createGraphClient, type GraphClient, InvalidRequestError } from "@wabase/cloud-api";
import { z } from "zod";
import { ConfigurationError, type Environment, readEnvironment } from "./environment.ts";
import { fetchOnce } from "./fetch-once.ts";

const graphSchema = z.object({
  WHATSAPP_ACCESS_TOKEN: z.string().min(1),
  /** Another server that speaks the Graph API: the emulator. */
  WHATSAPP_GRAPH_URL: z.url().optional(),
  WHATSAPP_GRAPH_VERSION: z.string().optional(),
});

/** A client of the Graph API that sends every request once. @throws ConfigurationError */
export function createGraph(environment: Environment): GraphClient {
  const config = readEnvironment(graphSchema, environment);
  try {
    return createGraphClient({
      access_token: config.WHATSAPP_ACCESS_TOKEN,
      fetch: fetchOnce,
      ...(config.WHATSAPP_GRAPH_URL ? { base_url: config.WHATSAPP_GRAPH_URL } : {}),
      ...(config.WHATSAPP_GRAPH_VERSION ? { version: config.WHATSAPP_GRAPH_VERSION } : {}),
    });
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    throw new ConfigurationError(`WHATSAPP_ACCESS_TOKEN or WHATSAPP_GRAPH_*: ${error.message}`);
  }
}
