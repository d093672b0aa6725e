import { GRAPH_API_VERSION } from "@wabase/cloud-api";
import { z } from "zod";
import { type Environment, readEnvironment } from "../_shared/environment.ts";

/** Meta's largest page; an account has fewer numbers. */
const PAGE_SIZE = 100;
const TIMEOUT_MS = 15_000;

const graphSchema = z.object({
  WHATSAPP_GRAPH_URL: z.url().default("https://graph.facebook.com"),
  WHATSAPP_GRAPH_VERSION: z.string().default(GRAPH_API_VERSION),
});

const pageSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      display_phone_number: z.string(),
      verified_name: z.string().nullish(),
    }),
  ),
});

export interface NumberQuestion {
  waba_id: string;
  phone_number_id: string;
  access_token: string;
}

export type NumberAnswer =
  | { found: true; number: z.infer<typeof pageSchema>["data"][number] }
  | { found: false; reason: "refused" | "not_in_account" | "not_reached" };

/** Asks Meta, with this token alone, for the number among those of its account. Changes nothing. */
export async function findNumber(
  environment: Environment,
  { waba_id, phone_number_id, access_token }: NumberQuestion,
): Promise<NumberAnswer> {
  const { WHATSAPP_GRAPH_URL, WHATSAPP_GRAPH_VERSION } = readEnvironment(graphSchema, environment);
  const path = `${WHATSAPP_GRAPH_VERSION}/${waba_id}/phone_numbers`;
  const query = `fields=id,display_phone_number,verified_name&limit=${PAGE_SIZE}`;
  let response: Response;
  try {
    response = await fetch(`${WHATSAPP_GRAPH_URL.replace(/\/+$/, "")}/${path}?${query}`, {
      headers: { authorization: `Bearer ${access_token}` },
      // The Graph API never redirects: following one would take the token elsewhere.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return { found: false, reason: "not_reached" };
  }
  const page = pageSchema.safeParse(await response.json().catch(() => null));
  if (response.status >= 500) return { found: false, reason: "not_reached" };
  if (!response.ok || !page.success) return { found: false, reason: "refused" };
  const number = page.data.data.find(({ id }) => id === phone_number_id);
  return number === undefined
    ? { found: false, reason: "not_in_account" }
    : { found: true, number };
}
