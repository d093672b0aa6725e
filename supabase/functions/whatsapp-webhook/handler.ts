import {
  type AppSecret,
  exceedsDepth,
  MAX_BODY_DEPTH,
  MAX_WEBHOOK_BYTES,
  parseWebhook,
  readWebhookJson,
  verifyHandshake,
  verifySignature,
} from "@wabase/cloud-api";
import { DatabaseError } from "@wabase/database";
import { ConfigurationError, type Environment, readAppSecrets } from "../_shared/environment.ts";
import { decodeUtf8, readBody } from "../_shared/read-body.ts";
import { respond, respondError } from "../_shared/respond.ts";
import { type Ingest, withRetries } from "./ingest.ts";

/**
 * The endpoint that Meta calls. GET: the handshake. POST: a signed batch of events, answered 200 only
 * after they are committed; any other answer makes Meta send the same body again, for days.
 */
export function createWebhookHandler(
  environment: Environment,
  createIngest: () => Ingest,
): (request: Request) => Promise<Response> {
  let ingest: Ingest | null = null;
  return async (request) => {
    try {
      if (request.method === "GET") return await handshake(request, environment);
      if (request.method === "POST") {
        const secrets = readAppSecrets(environment);
        ingest ??= withRetries(createIngest());
        return await receive(request, secrets, ingest);
      }
      return respondError(405, { code: "method_not_allowed", message: "Use GET or POST" });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      console.error(error.message);
      return respondError(500, { code: error.code, message: error.message });
    }
  };
}

async function handshake(request: Request, environment: Environment): Promise<Response> {
  const token = environment["WHATSAPP_VERIFY_TOKEN"];
  if (token === undefined || token === "") {
    throw new ConfigurationError(
      "WHATSAPP_VERIFY_TOKEN: is missing. Choose one, and run: supabase secrets set WHATSAPP_VERIFY_TOKEN=…",
    );
  }
  const result = await verifyHandshake(new URL(request.url), token);
  if (!result.ok) {
    return respondError(403, {
      code: result.reason,
      message: "The handshake does not fit: hub.mode, hub.verify_token or hub.challenge",
      hint: "Give Meta the value of WHATSAPP_VERIFY_TOKEN as the verify token.",
    });
  }
  return new Response(result.challenge, { headers: { "content-type": "text/plain" } });
}

async function receive(request: Request, secrets: AppSecret[], ingest: Ingest): Promise<Response> {
  const bytes = await readBody(request, MAX_WEBHOOK_BYTES);
  if (bytes === null) {
    return respondError(413, { code: "too_large", message: "body: is over 3 MB, Meta's limit" });
  }
  const header = request.headers.get("x-hub-signature-256");
  const signature = await verifySignature({ body: bytes, header, secrets });
  if (!signature.ok) {
    return respondError(401, {
      code: `signature_${signature.reason}`,
      message: `X-Hub-Signature-256: ${signature.reason}`,
      hint: "Is WHATSAPP_APP_SECRET the secret of the app that sends these webhooks?",
    });
  }
  const text = decodeUtf8(bytes);
  if (text === null) return refuseBody("not_utf8", "is not valid UTF-8");
  if (exceedsDepth(text, MAX_BODY_DEPTH)) {
    return refuseBody("too_deep", `is nested deeper than ${MAX_BODY_DEPTH} levels`);
  }
  const json = readWebhookJson(text);
  if (json === undefined) return refuseBody("not_json", text === "" ? "is empty" : "is not JSON");
  return await store({ body: text, secret_id: signature.secret_id }, json, ingest);
}

async function store(
  delivery: { body: string; secret_id: string },
  json: unknown,
  ingest: Ingest,
): Promise<Response> {
  const { events } = parseWebhook(json);
  try {
    const outcome = await ingest({ ...delivery, events });
    reportKept(outcome.kept, outcome.journal_id);
    return respond(200, outcome);
  } catch (error) {
    // Not acknowledged: Meta keeps the body and sends it again.
    console.error(`webhook not stored: ${describeFailure(error)}`);
    return respondError(503, { code: "not_stored", message: "Could not be stored; send it again" });
  }
}

/** A database's message may quote what it refused: only its code goes into a log. */
function describeFailure(error: unknown): string {
  if (!(error instanceof DatabaseError)) return error instanceof Error ? error.name : "unknown";
  return error.code === "" ? "the database does not answer" : `database error ${error.code}`;
}

/** For the operator: names and numbers, never what a message says. */
function reportKept(kept: Record<string, number>, journal_id: number): void {
  if (Object.keys(kept).length === 0) return;
  const reasons = Object.entries(kept).map(([reason, count]) => `${count} × ${reason}`);
  console.warn(`webhook ${journal_id}: kept in the journal: ${reasons.join(", ")}`);
}

function refuseBody(code: string, problem: string): Response {
  return respondError(400, { code, message: `body: ${problem}` });
}
