import { GraphApiError, NetworkError } from "@wabase/cloud-api";
import { checkTemplate, parseTemplateDefinition, summaryOf } from "@wabase/cloud-api/outbound";
import { type Json, unwrap } from "@wabase/database";
import { z } from "zod";
import type { Client } from "../_shared/clients.ts";
import { ConfigurationError } from "../_shared/environment.ts";
import type { GraphOf } from "../_shared/graph.ts";
import { syncTemplates } from "../_shared/templates/sync.ts";
import { invalid, type ParsedRequest } from "./request.ts";

interface Clients {
  caller: Client;
  service: Client;
  graphOf: GraphOf;
}

type Message = Extract<ParsedRequest, { kind: "message" }>;

const foundSchema = z
  .object({ waba_id: z.string().nullable(), definition: z.json().nullable() })
  .nullable();

/**
 * Checks a template's parameters against the stored definition, and fills it in for lists. Where the WABA's
 * templates were never listed, they are now; where that fails, Meta checks. Whether the template is there and may be
 * sent, the database says when it queues.
 */
export async function checkTemplateOf(
  clients: Clients,
  parsed: Message,
): Promise<Message | Extract<ParsedRequest, { kind: "invalid" }>> {
  const { message } = parsed;
  const { content } = message;
  if (content.type !== "template") return parsed;
  const found = await findDefinition(clients, message);
  if (found === null) return parsed;
  const issues = checkTemplate(found, content.template);
  if (issues.length > 0) return invalid(issues);
  return { ...parsed, message: { ...message, body: summaryOf(content, found) } };
}

async function findDefinition(clients: Clients, message: Message["message"]) {
  const first = await askDatabase(clients.caller, message);
  if (first === null || first.definition !== null || first.waba_id === null) {
    return parseTemplateDefinition(first?.definition);
  }
  if (!(await syncAtFirst(clients, first.waba_id))) return null;
  return parseTemplateDefinition((await askDatabase(clients.caller, message))?.definition);
}

async function askDatabase(caller: Client, message: Message["message"]) {
  const { content, ...target } = message;
  const { name, language } = content.type === "template" ? content.template : {};
  const json: { target: Json; template: Json } = JSON.parse(
    JSON.stringify({ target, template: { name, language } }),
  );
  return foundSchema.parse(unwrap(await caller.rpc("whatsapp_find_template", json)));
}

/** Whether this call has listed the WABA's templates, as nobody had before. */
async function syncAtFirst({ service, graphOf }: Clients, waba_id: string): Promise<boolean> {
  const is_first = unwrap(await service.rpc("whatsapp_start_first_template_sync", { waba_id }));
  if (!is_first) return false;
  try {
    await syncTemplates({ service, graphOf }, waba_id);
    return true;
  } catch (error) {
    // The message goes on; the daily sync tries again.
    if (
      error instanceof GraphApiError ||
      error instanceof NetworkError ||
      error instanceof ConfigurationError
    ) {
      return false;
    }
    throw error;
  }
}
