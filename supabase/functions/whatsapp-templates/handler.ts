import {
  GraphApiError,
  type GraphClient,
  NetworkError,
  UnreadableResponseError,
} from "@wabase/cloud-api";
import { formatIssues } from "@wabase/cloud-api/outbound";
import { unwrap } from "@wabase/database";
import { answerPosts, respondNotSignedIn } from "../_shared/answer-posts.ts";
import { type Client, createCallerClient, createServiceClient } from "../_shared/clients.ts";
import type { Environment } from "../_shared/environment.ts";
import { createGraphs, type GraphOf } from "../_shared/graph.ts";
import type { KeepAlive } from "../_shared/keep-alive.ts";
import { respond, respondError } from "../_shared/respond.ts";
import { storeTemplates, syncTemplates } from "../_shared/templates/sync.ts";
import { parseTemplatesRequest, type TemplatesRequest } from "./request.ts";

interface Clients {
  caller: Client;
  service: Client;
  graphOf: GraphOf;
}

/**
 * Creates, deletes and lists templates at Meta, for admins of a tenant that has a number of the WABA, and for the
 * secret key. Reading them is a select on whatsapp_templates.
 */
export function createTemplatesHandler(
  environment: Environment,
  keepAlive: KeepAlive,
): (request: Request) => Promise<Response> {
  const graphOf = createGraphs(environment);
  return answerPosts("templates", async (request, body) => {
    const caller = createCallerClient(environment, request);
    if (caller === null) return respondNotSignedIn();
    const parsed = parseTemplatesRequest(body);
    if (parsed.action === "invalid") {
      const [first] = parsed.issues;
      const message = formatIssues(parsed.issues.slice(0, 1));
      const field = first?.field || "body";
      return respondError(400, { code: "invalid", field, message, issues: parsed.issues });
    }
    const service = createServiceClient(environment);
    const clients = { caller, service, graphOf };
    if (parsed.action === "sync_due") return await startSyncs(clients, keepAlive);
    try {
      return await perform(clients, parsed);
    } catch (error) {
      return respondMetaError(error);
    }
  });
}

type Change = Exclude<TemplatesRequest, { action: "invalid" | "sync_due" }>;

async function perform(clients: Clients, request: Change): Promise<Response> {
  const administrated = unwrap(await clients.caller.rpc("whatsapp_administrated_wabas"));
  const wanted = request.waba_id === undefined ? administrated : [request.waba_id];
  const [waba_id] = wanted;
  if (waba_id === undefined || !wanted.every((one) => administrated.includes(one))) {
    return respondError(403, {
      code: "forbidden",
      field: "waba_id",
      message: "waba_id: none of the WhatsApp Business Accounts that you administrate has this id",
      hint: "Templates are for admins; whatsapp_numbers.waba_id says of which accounts.",
    });
  }
  if (request.action === "sync") return await syncAll(clients, wanted);
  if (wanted.length > 1) {
    return respondError(400, {
      code: "invalid",
      field: "waba_id",
      message: "waba_id: is missing, and you administrate several",
      hint: `Give one of ${wanted.join(", ")}.`,
    });
  }
  return request.action === "create"
    ? await create(clients, waba_id, request.draft)
    : await remove(clients, waba_id, request);
}

async function create(
  { service, graphOf }: Clients,
  waba_id: string,
  draft: Parameters<GraphClient["templates"]["create"]>[1],
): Promise<Response> {
  const graph = await graphOf(service, { waba_id });
  const read_at = new Date().toISOString();
  const created = await graph.templates.create(waba_id, draft);
  await storeTemplates(service, { waba_id, read_at, templates: [{ ...draft, ...created }] });
  const { id: template_id, status, category } = created;
  return respond(200, { waba_id, template_id, status, category });
}

async function remove(
  clients: Clients,
  waba_id: string,
  { name, template_id }: Extract<Change, { action: "delete" }>,
): Promise<Response> {
  const graph = await clients.graphOf(clients.service, { waba_id });
  await graph.templates.remove(waba_id, {
    name,
    ...(template_id === undefined ? {} : { template_id }),
  });
  const { removed } = await syncTemplates(clients, waba_id);
  return respond(200, { waba_id, removed });
}

async function syncAll(clients: Clients, wabas: readonly string[]): Promise<Response> {
  const synced: object[] = [];
  for (const waba_id of wabas) {
    synced.push({ waba_id, ...(await syncTemplates(clients, waba_id)) });
  }
  return respond(200, { synced });
}

/** Only the secret key may: the database says so. */
async function startSyncs(clients: Clients, keepAlive: KeepAlive): Promise<Response> {
  const due = unwrap(await clients.caller.rpc("whatsapp_due_template_syncs"));
  keepAlive(syncEach(clients, due));
  return respond(202, { started: due });
}

async function syncEach(clients: Clients, wabas: readonly string[]): Promise<void> {
  for (const waba_id of wabas) {
    try {
      await syncTemplates(clients, waba_id);
    } catch (error) {
      // It comes again in some minutes, and goes on with the next now.
      const problem = error instanceof GraphApiError ? error.title : "no answer";
      console.error(`templates: WABA ${waba_id} could not be listed: ${problem}`);
    }
  }
}

function respondMetaError(error: unknown): Response {
  if (error instanceof GraphApiError) {
    const { graph_code: code, title, details } = error;
    return respondError(
      422,
      { code: "refused_by_meta", message: details ?? title },
      { meta: { code, title, details } },
    );
  }
  if (!(error instanceof NetworkError || error instanceof UnreadableResponseError)) throw error;
  return respondError(502, {
    code: "meta_not_reached",
    message: "Meta did not answer",
    hint: 'It may have been done all the same: call with {"action": "sync"} and look.',
  });
}
