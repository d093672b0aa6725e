import { GraphApiError } from "@wabase/cloud-api";
import { DatabaseError } from "@wabase/database";
import { type Client, createCallerClient, createServiceClient } from "../_shared/clients.ts";
import { respondDatabaseError } from "../_shared/database-errors.ts";
import { createOutbox } from "../_shared/dispatch/outbox.ts";
import { createSend } from "../_shared/dispatch/send.ts";
import { sendInOrder } from "../_shared/dispatch/send-in-order.ts";
import { ConfigurationError, type Environment } from "../_shared/environment.ts";
import { createGraphs, type GraphOf } from "../_shared/graph.ts";
import type { KeepAlive } from "../_shared/keep-alive.ts";
import { createMediaJobs } from "../_shared/media/media-jobs.ts";
import { uploadFile } from "../_shared/media/upload-file.ts";
import type { MessageState } from "../_shared/message-state.ts";
import { decodeUtf8, parseJson, readBody } from "../_shared/read-body.ts";
import { respond, respondError, respondPreflight } from "../_shared/respond.ts";
import { enqueue, markRead, readState } from "./outbox.ts";
import {
  type EnqueueRequest,
  type ParsedRequest,
  parseSendRequest,
  type ReadReceipt,
} from "./request.ts";
import { checkTemplateOf } from "./template.ts";

/** Above the largest message that the database takes. */
const MAX_REQUEST_BYTES = 64 * 1024;

interface Clients {
  caller: Client;
  service: Client;
  graphOf: GraphOf;
}

/**
 * Sends a message, or marks one as read, as the signed-in member or with a secret key. The message is a row
 * before Meta is called, and the answer carries its id, whatever Meta said.
 */
export function createSendHandler(
  environment: Environment,
  keepAlive: KeepAlive,
): (request: Request) => Promise<Response> {
  const graphOf = createGraphs(environment);
  return async (request) => {
    if (request.method === "OPTIONS") return respondPreflight();
    if (request.method !== "POST") {
      return respondError(405, { code: "method_not_allowed", message: "Use POST" });
    }
    try {
      return await handle(request, { environment, graphOf, keepAlive });
    } catch (error) {
      if (error instanceof DatabaseError) return respondDatabaseError("send", error);
      if (!(error instanceof ConfigurationError)) throw error;
      console.error(error.message);
      return respondError(500, { code: error.code, message: error.message });
    }
  };
}

interface Parts {
  environment: Environment;
  graphOf: GraphOf;
  keepAlive: KeepAlive;
}

async function handle(
  request: Request,
  { environment, graphOf, keepAlive }: Parts,
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
  if (parsed.kind === "invalid") return respondInvalid(parsed);
  const clients = {
    caller,
    service: createServiceClient(environment),
    graphOf,
  };
  if (parsed.kind === "read_receipt") return await sendReadReceipt(clients, parsed.receipt);
  const checked = await checkTemplateOf(clients, parsed);
  return checked.kind === "invalid"
    ? respondInvalid(checked)
    : await sendMessage(clients, checked, keepAlive);
}

function respondInvalid(invalid: Extract<ParsedRequest, { kind: "invalid" }>): Response {
  const { field, message, issues } = invalid;
  return respondError(400, { code: "invalid", field, message, issues });
}

/** How long a caller waits for Meta's answer. */
const WAIT_MS = 10_000;

async function sendMessage(
  { caller, service, graphOf }: Clients,
  { message, wait }: { message: EnqueueRequest; wait: boolean },
  keepAlive: KeepAlive,
): Promise<Response> {
  // A key of ours where the caller has none: this call, too, may be sent twice by the runtime.
  const queued = await enqueue(caller, { idempotency_key: crypto.randomUUID(), ...message });
  if (queued.status !== "queued") return respondState(queued);
  const sending = {
    outbox: createOutbox(service),
    send: createSend((number) => graphOf(service, number)),
    read: () => readState(service, queued.id),
  };
  const work = uploadFiles({ service, graphOf }, { message, id: queued.id }).then(() =>
    sendInOrder(sending, queued, WAIT_MS),
  );
  // A call that is under way is recorded, however long the caller waits.
  keepAlive(work.then(ignore, ignore));
  if (!wait) return respondState(queued);
  return respondState(await orAfter(work, WAIT_MS, () => readState(service, queued.id)));
}

/** The files of this message that Meta does not have yet, where nobody else is uploading them. */
async function uploadFiles(
  { service, graphOf }: Pick<Clients, "service" | "graphOf">,
  { message, id }: { message: EnqueueRequest; id: string },
): Promise<void> {
  if (!JSON.stringify(message.content).includes('"storage_path"')) return;
  const jobs = createMediaJobs(service);
  for (;;) {
    const job = await jobs.lease({ only_message: id });
    if (job?.kind !== "upload") return;
    await jobs.record(await uploadFile(job, { service, graphOf }));
  }
}

function ignore(): void {}

async function orAfter<Result>(
  work: Promise<Result>,
  wait_ms: number,
  otherwise: () => Promise<Result>,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), wait_ms);
  });
  const first = await Promise.race([work, late]);
  clearTimeout(timer);
  return first === "late" ? await otherwise() : first;
}

/** 200: Meta has it. 202: it waits, or nobody knows yet. 422: it will not be sent. */
function respondState({ error, ...state }: MessageState): Response {
  const body = error === null || error === undefined ? state : { ...state, error };
  if (["queued", "sending", "unknown"].includes(state.status)) return respond(202, body);
  return respond(state.status === "failed" ? 422 : 200, body);
}

async function sendReadReceipt(
  clients: Clients,
  { message_id, typing_indicator }: ReadReceipt,
): Promise<Response> {
  const mark = await markRead(clients.caller, message_id);
  const graph = await clients.graphOf(clients.service, mark);
  try {
    await graph.markRead({ ...mark, typing_indicator });
  } catch (error) {
    // Read in the inbox all the same; the customer's ticks stay grey.
    const details = error instanceof GraphApiError ? error.title : "Meta was not reached";
    return respondError(502, { code: "receipt_not_sent", message: details }, { message_id });
  }
  return respond(200, { message_id, status: "read" });
}
