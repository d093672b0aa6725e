import type { WebhookEvent } from "@wabase/cloud-api";
import { type Json, unwrap } from "@wabase/database";
import { z } from "zod";
import type { Client } from "../_shared/clients.ts";

export interface Delivery {
  /** The POST's body, exactly. */
  body: string;
  /** Which app secret its signature fits. */
  secret_id: string;
  events: WebhookEvent[];
}

const outcomeSchema = z.object({
  journal_id: z.number(),
  events: z.number(),
  /** Events that became no row of their own, by reason: see wabase.webhook_events. */
  kept: z.record(z.string(), z.number()),
});

export type Outcome = z.infer<typeof outcomeSchema>;

export type Ingest = (delivery: Delivery) => Promise<Outcome>;

/** Stores a delivery: journal and rows in one transaction. Resolves after the commit, else throws. */
export function createIngest(client: Client): Ingest {
  return async (delivery) => {
    const deliveries: Json = [{ ...delivery }];
    const data = unwrap(await client.rpc("whatsapp_ingest", { deliveries }));
    const [outcome] = z.tuple([outcomeSchema]).parse(data);
    return outcome;
  };
}
