import { compactEvent, MAX_WEBHOOK_BYTES, type WebhookEvent } from "@wabase/cloud-api";
import { DatabaseError, type Json, unwrap } from "@wabase/database";
import { z } from "zod";
import type { Client } from "../_shared/clients.ts";
import { createGroupCommit } from "../_shared/group-commit.ts";

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

/** Bodies that go together in one transaction, in characters: as many as one POST of Meta's may hold. */
const MAX_GROUP_CHARACTERS = MAX_WEBHOOK_BYTES;

/**
 * Stores deliveries: journal and rows in one transaction. Resolves after the commit, else throws. What comes
 * while a transaction is under way goes together in the next.
 */
export function createIngest(client: Client): Ingest {
  const commitAll = async (group: Delivery[]): Promise<Outcome[]> => {
    const deliveries: Json = group.map(({ events, ...delivery }) => ({
      ...delivery,
      events: events.map(compactEvent),
    }));
    const data = unwrap(await client.rpc("whatsapp_ingest", { deliveries }));
    return z.array(outcomeSchema).length(group.length).parse(data);
  };
  return createGroupCommit(commitAll, {
    max_size: MAX_GROUP_CHARACTERS,
    sizeOf: ({ body }) => body.length,
    concernsAll: isUnavailable,
  });
}

/** Nobody answers, or the server has trouble of its own (classes 08, 53, 57, 58): no delivery's fault. */
function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseError && /^($|08|53|57|58|PGRST00)/.test(error.code);
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
