import { type Json, unwrap } from "@wabase/database";
import type { Client } from "../clients.ts";
import type { GraphOf } from "../graph.ts";

/** Templates a page. */
const PAGE = 100;
/** Meta allows 6,000 templates to a WABA: more pages than this are a list that goes in a circle. */
const MAX_PAGES = 100;

export interface TemplateSync {
  /** How many Meta lists. */
  listed: number;
  /** How many were here and are not at Meta any more. */
  removed: number;
}

/** Lists all templates of a WABA and stores them, page by page. @throws GraphClientError, DatabaseError */
export async function syncTemplates(
  { service, graphOf }: { service: Client; graphOf: GraphOf },
  waba_id: string,
): Promise<TemplateSync> {
  const graph = await graphOf(service, { waba_id });
  const read_at = new Date().toISOString();
  let listed = 0;
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const options: { limit: number; after?: string } = { limit: PAGE };
    if (after !== null) options.after = after;
    const found = await graph.templates.list(waba_id, options);
    await storeTemplates(service, { waba_id, read_at, templates: found.templates });
    listed += found.templates.length;
    after = found.after;
    if (after === null) break;
  }
  // Of a list that was not read to its end nobody knows what is missing.
  const ended =
    after === null
      ? unwrap(await service.rpc("whatsapp_end_template_sync", { waba_id, read_at }))
      : 0;
  return { listed, removed: ended };
}

export interface StoredTemplates {
  waba_id: string;
  /** When Meta was asked: what a webhook has told since then is newer. */
  read_at: string;
  templates: readonly object[];
}

export async function storeTemplates(service: Client, stored: StoredTemplates): Promise<void> {
  if (stored.templates.length === 0) return;
  const templates: Json = JSON.parse(JSON.stringify(stored.templates));
  unwrap(await service.rpc("whatsapp_store_templates", { ...stored, templates }));
}
