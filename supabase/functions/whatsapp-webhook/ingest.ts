import type { WebhookEvent } from "@wabase/cloud-api";
import { DatabaseError, type Json, unwrap } from "@wabase/database";
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

/** How often a delivery is tried that another transaction got in the way of. */
const MAX_ATTEMPTS = 3;

/** Tries again at once what the database rolled back for another's sake; Meta would only after seconds. */
export function withRetries(ingest: Ingest): Ingest {
  return async (delivery) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ingest(delivery);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !isRolledBack(error)) throw error;
      }
    }
  };
}

/** Class 40 of the SQLSTATEs: a deadlock, a serialization failure. */
function isRolledBack(error: unknown): boolean {
  return error instanceof DatabaseError && error.code.startsWith("40");
}
