import { DatabaseError } from "@wabase/database";
import { type Client, createCallerClient } from "../_shared/clients.ts";
import {
  dispatch,
  type DispatchReport,
  FUNCTION_LIMITS,
  RECORD_INTERVAL_MS,
} from "../_shared/dispatch/dispatcher.ts";
import { createOutbox } from "../_shared/dispatch/outbox.ts";
import { createSend } from "../_shared/dispatch/send.ts";
import { ConfigurationError, type Environment } from "../_shared/environment.ts";
import { createGraphs, type GraphOf } from "../_shared/graph.ts";
import type { KeepAlive } from "../_shared/keep-alive.ts";
import { respond, respondError, respondPreflight } from "../_shared/respond.ts";

/**
 * Sends what is queued, as long as there is something and this function may run. pg_cron calls it every few
 * seconds with the project's secret key and waits for nothing; `{"wait": true}` answers when it has ended.
 */
export function createDispatchHandler(
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
      return respondFailure(error);
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
  // Only the secret key may lease: the database says so, at the first call.
  const client = request.headers.get("apikey")?.startsWith("sb_secret_")
    ? createCallerClient(environment, request)
    : null;
  if (client === null) {
    return respondError(401, {
      code: "not_signed_in",
      message: "apikey: no secret key",
      hint: "This function is for pg_cron: see docs/deploy.md for the two secrets that it needs.",
    });
  }
  const send = createSend((number) => graphOf(client, number));
  const run = async (): Promise<DispatchReport> => {
    const outbox = createOutbox(client, { record_interval_ms: RECORD_INTERVAL_MS });
    const report = await dispatch({ outbox, send }, FUNCTION_LIMITS);
    if (report.ended === "spent") await callNext(client);
    return report;
  };
  const { wait } = await readOptions(request);
  if (wait) return respond(200, await run());
  keepAlive(untilDone(run()));
  return respond(202, { started: true });
}

async function untilDone(run: Promise<DispatchReport>): Promise<void> {
  try {
    await run;
  } catch (error) {
    reportFailure(error);
  }
}

/** Where this one may do no more, another goes on; were it not called, cron would. */
async function callNext(client: Client): Promise<void> {
  await client.rpc("whatsapp_wake_dispatcher");
}

async function readOptions(request: Request): Promise<{ wait: boolean }> {
  const text = await request.text();
  return { wait: /"wait"\s*:\s*true/.test(text) };
}

function respondFailure(error: unknown): Response {
  if (error instanceof ConfigurationError) {
    console.error(error.message);
    return respondError(500, { code: error.code, message: error.message });
  }
  if (!(error instanceof DatabaseError)) throw error;
  reportFailure(error);
  if (error.http_status === 401) {
    return respondError(401, { code: "not_signed_in", message: "The key is not valid" });
  }
  return respondError(503, { code: "database_unavailable", message: "Try again in a moment" });
}

/** Codes alone: a database's message may quote what it refused. */
function reportFailure(error: unknown): void {
  const code = error instanceof DatabaseError ? error.code || "(no answer)" : "";
  console.error(
    `dispatch: ${error instanceof DatabaseError ? "database error" : "failed"} ${code}`,
  );
}
