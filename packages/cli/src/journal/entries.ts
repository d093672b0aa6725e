import { unwrap } from "@wabase/database";
import { z } from "zod";
import type { Client } from "../client.ts";

const entrySchema = z.object({
  id: z.number(),
  received_at: z.string(),
  replayed_at: z.string().nullable(),
  secret_id: z.string().nullable(),
  /** stored: all became rows. kept: some wait in webhook_events. failed: some could not be stored. */
  outcome: z.enum(["stored", "kept", "failed"]),
  events: z.number(),
  body: z.string().nullable(),
  kept: z
    .array(z.object({ reason: z.string(), field: z.string(), detail: z.string().nullable() }))
    .nullable(),
});

/** A webhook as the journal holds it; `body` only where it was asked for. */
export type JournalEntry = z.infer<typeof entrySchema>;

export interface JournalFilter {
  id?: number;
  outcome?: JournalEntry["outcome"];
  since?: string;
  until?: string;
  with_body?: boolean;
}

/** Few, since with their bodies they may be 3 MB each. */
const PAGE_SIZE = 20;

/** All entries that the filter names, by id, read page by page. */
export async function* readJournal(
  client: Client,
  filter: JournalFilter,
): AsyncGenerator<JournalEntry> {
  for (let after_id = 0; ;) {
    const page = z.array(entrySchema).parse(
      unwrap(
        await client.rpc("whatsapp_journal", {
          filter: { ...filter, after_id, limit: PAGE_SIZE },
        }),
      ),
    );
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_SIZE) return;
    after_id = last.id;
  }
}
