import { GraphApiError, type GraphClient } from "@wabase/cloud-api";
import { DatabaseError } from "@wabase/database";
import { type Client, createCallerClient, createServiceClient } from "../_shared/clients.ts";
import { respondDatabaseError } from "../_shared/database-errors.ts";
import { ConfigurationError, type Environment } from "../_shared/environment.ts";
import { createGraphs, type GraphOf } from "../_shared/graph.ts";
import { decodeUtf8, parseJson, readBody } from "../_shared/read-body.ts";
import { respond, respondError, respondPreflight } from "../_shared/respond.ts";
import {
  enqueue,
  markRead,
  recordSend,
  type SendOutcome,
  type StartedSend,
  startSend,
} from "./outbox.ts";
import { parseSendRequest, type Outgoing } from "./request.ts";
import { sendNow } from "./send-now.ts";

/** Far above the longest text message in JSON. */
const MAX_REQUEST_BYTES = 64 * 1024;

interface Clients {
  caller: Client;
  service: Client;
  graphOf: GraphOf;
}

/**
 * Sends a text message, or marks one as read, as the signed-in member or with a secret key. The message
 * is a row before Meta is called, and the answer carries its id, whatever Meta said.
 */
export function createSendHandler(
  environment: Environment,
): (request: Request) => Promise<Response> {
  const graphOf = createGraphs(environment);
  return async (request) => {
    if (request.method === "OPTIONS") return respondPreflight();
    if (request.method !== "POST") {
      return respondError(405, { code: "method_not_allowed", message: "Use POST" });
    }
    try {
      return await handle(request, environment, graphOf);
    } catch (error) {
      if (error instanceof DatabaseError) return respondDatabaseError(error);
      if (!(error instanceof ConfigurationError)) throw error;
      console.error(error.message);
      return respondError(500, { code: error.code, message: error.message });
    }
  };
}

async function handle(
  request: Request,
  environment: Environment,
  graphOf: GraphOf,
): Promise<Response> {
  const caller = createCallerClient(environment, request);
  if (caller === null) {
    return respondError(401, {
      code: "not_signed_in",
      message: "Authorization: no user's token, and apikey: no secret key",
      hint: "Sign in with supabase-js and use functions.invoke(), or send a secret key in `apikey`.",
    });
  }
  const bytes = await readBody(request, MAX_REQUEST_BYTES);
  if (bytes === null)
    return respondError(413, { code: "too_large", message: "body: is over 64 kB" });
  const parsed = parseSendRequest(parseJson(decodeUtf8(bytes) ?? ""));
  if (parsed.kind === "invalid") {
    return respondError(400, { code: "invalid", field: parsed.field, message: parsed.message });
  }
  const clients = { caller, service: createServiceClient(environment), graphOf };
  return parsed.kind === "message"
    ? await sendMessage(clients, parsed.message)
    : await sendReadReceipt(clients, parsed.receipt.message_id);
}

async function sendMessage(clients: Clients, message: Outgoing): Promise<Response> {
  // A key of ours where the caller has none: this call, too, may be sent twice by the runtime.
  const queued = await enqueue(clients.caller, {
    idempotency_key: crypto.randomUUID(),
    ...message,
  });
  if (queued.status !== "queued") return respond(200, queued);
  const started = await startSend(clients.service, queued.id);
  // Another sender has it: its state will tell.
  if (started === null) return respond(202, queued);
  const outcome = await send(clients, started);
  const state = await recordSend(clients.service, queued.id, outcome);
  if (outcome.status === "accepted") return respond(200, state);
  if (outcome.status === "unknown") return respond(202, { ...state, error: outcome.error });
  return respond(422, { ...state, error: outcome.error });
}

/** What keeps us from Meta at all is an outcome too: the message is failed, not `sending` for ever. */
async function send({ service, graphOf }: Clients, started: StartedSend): Promise<SendOutcome> {
  let graph: GraphClient;
  try {
    graph = await graphOf(service, started.phone_number_id);
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof DatabaseError)) throw error;
    const title = error instanceof ConfigurationError ? error.message : "No access token was read";
    console.error(`send: ${title}`);
    return { status: "failed", error: { code: error.code, title, message: title, details: null } };
  }
  return await sendNow(graph, started);
}

async function sendReadReceipt(clients: Clients, message_id: string): Promise<Response> {
  const mark = await markRead(clients.caller, message_id);
  const graph = await clients.graphOf(clients.service, mark.phone_number_id);
  try {
    await graph.markRead(mark);
  } catch (error) {
    // Read in the inbox all the same; the customer's ticks stay grey.
    const details = error instanceof GraphApiError ? error.title : "Meta was not reached";
    return respondError(502, { code: "receipt_not_sent", message: details }, { message_id });
  }
  return respond(200, { message_id, status: "read" });
}
