import {
  exceedsDepth,
  MAX_BODY_DEPTH,
  MAX_WEBHOOK_BYTES,
  parseWebhook,
  readWebhookJson,
  type SignatureResult,
  verifyHandshake,
  verifySignature,
  type WebhookEvent,
} from "@wabase/cloud-api";
import { DatabaseError } from "@wabase/database";
import type { Cached } from "../_shared/cached.ts";
import { ConfigurationError, type Environment, readAppSecrets } from "../_shared/environment.ts";
import { decodeUtf8, readBody } from "../_shared/read-body.ts";
import { respond, respondError } from "../_shared/respond.ts";
import { type Delivery, type Ingest, withRetries } from "./ingest.ts";
import { findVouchers, NO_TENANT_SECRETS, type TenantSecrets } from "./tenant-secrets.ts";

/** How old tenants' secrets may be. Where none of them fits, they are read anew: one may have been stored since. */
const SECRETS_TERM_MS = 60_000;
const SECRETS_TERM_AFTER_MISS_MS = 5_000;

interface Parts {
  environment: Environment;
  ingest: Ingest;
  tenantSecrets: Cached<TenantSecrets>;
}

/**
 * The endpoint that Meta calls. GET: the handshake. POST: a signed batch of events, answered 200 only
 * after they are committed; any other answer makes Meta send the same body again, for days.
 */
export function createWebhookHandler(
  environment: Environment,
  createIngest: () => Ingest,
  tenantSecrets: Cached<TenantSecrets> = () => Promise.resolve(NO_TENANT_SECRETS),
): (request: Request) => Promise<Response> {
  let ingest: Ingest | null = null;
  return async (request) => {
    try {
      if (request.method === "GET") return await handshake(request, environment, tenantSecrets);
      if (request.method === "POST") {
        ingest ??= withRetries(createIngest());
        return await receive(request, { environment, ingest, tenantSecrets });
      }
      return respondError(405, { code: "method_not_allowed", message: "Use GET or POST" });
    } catch (error) {
      if (error instanceof DatabaseError) {
        console.error(`webhook not checked: ${describeFailure(error)}`);
        return respondError(503, {
          code: "not_checked",
          message: "Could not be checked; send it again",
        });
      }
      if (!(error instanceof ConfigurationError)) throw error;
      console.error(error.message);
      return respondError(500, { code: error.code, message: error.message });
    }
  };
}

async function handshake(
  request: Request,
  environment: Environment,
  tenantSecrets: Cached<TenantSecrets>,
): Promise<Response> {
  const url = new URL(request.url);
  const own = environment["WHATSAPP_VERIFY_TOKEN"] ?? "";
  let result = own === "" ? null : await verifyHandshake(url, own);
  if (result === null || (!result.ok && result.reason === "wrong_token")) {
    const { verify_tokens } = await tenantSecrets(SECRETS_TERM_AFTER_MISS_MS);
    for (const token of verify_tokens) {
      const tried = await verifyHandshake(url, token);
      if (tried.ok || result === null) result = tried;
    }
  }
  if (result === null) {
    throw new ConfigurationError(
      "WHATSAPP_VERIFY_TOKEN: is missing. Choose one, and run: supabase secrets set WHATSAPP_VERIFY_TOKEN=…",
    );
  }
  if (!result.ok) {
    return respondError(403, {
      code: result.reason,
      message: "The handshake does not fit: hub.mode, hub.verify_token or hub.challenge",
      hint: "Give Meta the value of WHATSAPP_VERIFY_TOKEN as the verify token.",
    });
  }
  return new Response(result.challenge, { headers: { "content-type": "text/plain" } });
}

async function receive(request: Request, parts: Parts): Promise<Response> {
  const bytes = await readBody(request, MAX_WEBHOOK_BYTES);
  if (bytes === null) {
    return respondError(413, { code: "too_large", message: "body: is over 3 MB, Meta's limit" });
  }
  const signed = { body: bytes, header: request.headers.get("x-hub-signature-256") };
  const signature = await verifyAnybody(signed, parts);
  if (!signature.ok && signature.reason === "no_secrets") throw missingAppSecret();
  if (!signature.ok) {
    return respondError(401, {
      code: `signature_${signature.reason}`,
      message: `X-Hub-Signature-256: ${signature.reason}`,
      hint: "Is WHATSAPP_APP_SECRET the secret of the app that sends these webhooks?",
    });
  }
  const webhook = readWebhook(bytes);
  if ("refusal" in webhook) return webhook.refusal;
  return await store({ ...webhook, secret_id: signature.secret_id }, parts.ingest);
}

interface SignedBody {
  body: Uint8Array;
  header: string | null;
}

/** By the environment's app, which asks nobody; else by the app of the tenant that the events belong to. */
async function verifyAnybody(
  signed: SignedBody,
  { environment, tenantSecrets }: Parts,
): Promise<SignatureResult> {
  const result = await verifySignature({ ...signed, secrets: readAppSecrets(environment) });
  if (result.ok || (result.reason !== "mismatch" && result.reason !== "no_secrets")) return result;
  for (const term_ms of [SECRETS_TERM_MS, SECRETS_TERM_AFTER_MISS_MS]) {
    const stored = await tenantSecrets(term_ms);
    if (stored.tenants.length === 0) continue;
    const webhook = readWebhook(signed.body);
    if ("refusal" in webhook) return { ok: false, reason: "mismatch" };
    const secrets = findVouchers(stored, webhook.events);
    const tried = await verifySignature({ ...signed, secrets });
    if (tried.ok) return tried;
    if (term_ms === SECRETS_TERM_AFTER_MISS_MS) return { ok: false, reason: "mismatch" };
  }
  return result;
}

function missingAppSecret(): ConfigurationError {
  return new ConfigurationError(
    "WHATSAPP_APP_SECRET: is missing. Copy it from your Meta app (App settings, Basic) and run: " +
      "supabase secrets set WHATSAPP_APP_SECRET=…",
  );
}

type Webhook = { body: string; events: WebhookEvent[] } | { refusal: Response };

function readWebhook(bytes: Uint8Array): Webhook {
  const body = decodeUtf8(bytes);
  if (body === null) return refuseBody("not_utf8", "is not valid UTF-8");
  if (exceedsDepth(body, MAX_BODY_DEPTH)) {
    return refuseBody("too_deep", `is nested deeper than ${MAX_BODY_DEPTH} levels`);
  }
  const json = readWebhookJson(body);
  if (json === undefined) return refuseBody("not_json", body === "" ? "is empty" : "is not JSON");
  return { body, events: parseWebhook(json).events };
}

async function store(delivery: Delivery, ingest: Ingest): Promise<Response> {
  try {
    const outcome = await ingest(delivery);
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

function refuseBody(code: string, problem: string): { refusal: Response } {
  return { refusal: respondError(400, { code, message: `body: ${problem}` }) };
}
