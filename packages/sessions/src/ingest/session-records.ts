import type { WebhookEvent } from "@wabase/cloud-api";
import { type Database, type Json, unwrap } from "@wabase/database";
import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import type { SessionReport } from "../connection/connection-events.ts";
import type { Pair } from "./journal.ts";

/** Which session reports, and in which of its openings. */
export interface Reporter {
  /** The id of a row of whatsapp_tenants. */
  tenant_id: string;
  name: string;
  epoch: number;
  /** Who we are, for people. */
  holder: string;
}

/** The number that the session's messages belong to; null until it is paired. */
export interface WebNumber {
  id: string;
  phone_number_id: string;
}

/** What a session writes into the database, apart from its keys. */
export interface SessionRecords {
  /** Where the session stands (whatsapp_sessions), and for a paired one its number. */
  report(reporter: Reporter, report: SessionReport): Promise<WebNumber | null>;
  /** The journal and the rows made of it, in one transaction. Resolves after the commit. */
  store(delivery: { body: string; events: WebhookEvent[] }): Promise<void>;
  /** Hidden identities whose phone is known now: what was two contacts becomes one. */
  linkPeople(tenant_id: string, people: Pair[]): Promise<void>;
}

const recordedSchema = z.object({
  number_id: z.string().nullish(),
  phone_number_id: z.string().nullish(),
});

/** @param client with the secret key */
export function createSessionRecords(client: SupabaseClient<Database>): SessionRecords {
  return {
    report: async (reporter, report) => {
      const { error, next_attempt_at, pairing } = report;
      const body: Json = {
        ...reporter,
        state: report.state,
        phone: report.phone,
        error,
        next_attempt_at: next_attempt_at?.toISOString() ?? null,
        pairing:
          pairing === null
            ? null
            : {
                kind: pairing.kind,
                value: pairing.value,
                expires_in_s: Math.ceil((pairing.expires_at.getTime() - Date.now()) / 1000),
              },
      };
      const answer = unwrap(await client.rpc("whatsapp_record_session", { report: body }));
      const { number_id, phone_number_id } = recordedSchema.parse(answer);
      return number_id && phone_number_id ? { id: number_id, phone_number_id } : null;
    },
    store: async ({ body, events }) => {
      unwrap(await client.rpc("whatsapp_ingest", { deliveries: [{ body, events }] }));
    },
    linkPeople: async (of_tenant, people) => {
      unwrap(await client.rpc("whatsapp_link_people", { of_tenant, people }));
    },
  };
}
