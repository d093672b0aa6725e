import { compactEvent, parseWebhook, readWebhookJson } from "@wabase/cloud-api";
import { type Json, unwrap } from "@wabase/database";
import { isWebJournal, translateWebJournal } from "@wabase/sessions";
import { z } from "zod";
import type { Client } from "../client.ts";
import type { JournalEntry } from "../journal/entries.ts";

const outcomeSchema = z.object({
  journal_id: z.number(),
  events: z.number(),
  /** Events that still became no row of their own, by reason. */
  kept: z.record(z.string(), z.number()),
});

export type ReplayOutcome = z.infer<typeof outcomeSchema>;

/**
 * Parses a webhook of the journal with the current code and stores it again. What is stored already stays
 * as it is: any number of replays ends in the same rows.
 */
export async function replay(client: Client, entry: JournalEntry): Promise<ReplayOutcome> {
  const json = readWebhookJson(entry.body ?? "null");
  // What a WhatsApp-Web session heard lies in the same journal.
  const { events } = isWebJournal(json) ? translateWebJournal(json) : parseWebhook(json);
  const deliveries: Json = [{ journal_id: entry.id, events: events.map(compactEvent) }];
  const [outcome] = z
    .tuple([outcomeSchema])
    .parse(unwrap(await client.rpc("whatsapp_ingest", { deliveries })));
  return outcome;
}
