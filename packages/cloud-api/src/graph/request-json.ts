import { z } from "zod";
import type { JsonValue } from "../json/json.ts";
import { toStorable } from "../json/to-storable.ts";
import { classifyConnectionFailure } from "./connection-failure.ts";
import { GraphApiError, NetworkError, UnreadableResponseError } from "./errors.ts";
import { redactError, type Redact } from "./redact.ts";

/** As much of fetch as is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Connection {
  access_token: string;
  fetch: Fetch;
  /** For the whole exchange, reading included. */
  timeout_ms: number;
  redact: Redact;
}

/** A success: its status and the JSON that it carries. */
export interface JsonResponse {
  http_status: number;
  body: unknown;
}

const text = z.string().nullable().catch(null);

const failureSchema = z.object({
  error: z.object({
    code: z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]),
    message: text,
    fbtrace_id: text,
    is_transient: z.boolean().catch(false),
    error_data: z.object({ details: text }).nullable().catch(null),
  }),
});

/**
 * POSTs JSON to the Graph API and returns the JSON of a success.
 * Throws GraphApiError (Meta said no), NetworkError (no answer), UnreadableResponseError (not Meta's JSON).
 */
export async function postJson(
  connection: Connection,
  url: string,
  payload: object,
): Promise<JsonResponse> {
  const { status, ok, body_text } = await exchange(connection, url, payload);
  const body = parseJson(body_text);
  if (body === undefined) throw new UnreadableResponseError(status, "it is not JSON");
  const failure = failureSchema.safeParse(body);
  if (failure.success) {
    const { code, message, fbtrace_id, is_transient, error_data } = failure.data.error;
    const redactOrNull = (part: string | null) => (part === null ? null : connection.redact(part));
    throw new GraphApiError({
      http_status: status,
      graph_code: code,
      message: redactOrNull(message),
      details: redactOrNull(error_data?.details ?? null),
      fbtrace_id: redactOrNull(fbtrace_id),
      is_transient,
    });
  }
  if (!ok) throw new UnreadableResponseError(status, "it has no error object of Meta's");
  return { http_status: status, body };
}

interface Exchange {
  status: number;
  ok: boolean;
  body_text: string;
}

async function exchange(connection: Connection, url: string, payload: object): Promise<Exchange> {
  const { access_token, fetch, timeout_ms, redact } = connection;
  const request_body = JSON.stringify(payload);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: request_body,
      // The Graph API never redirects: following one would take the request, or the token, elsewhere.
      redirect: "manual",
      signal: AbortSignal.timeout(timeout_ms),
    });
    return { status: response.status, ok: response.ok, body_text: await response.text() };
  } catch (error) {
    const request_sent = classifyConnectionFailure(error);
    const is_timeout = error instanceof Error && error.name === "TimeoutError";
    throw new NetworkError(describeFailure(request_sent, is_timeout ? timeout_ms : null), {
      request_sent,
      cause: redactError(error, redact),
    });
  }
}

function describeFailure(request_sent: "no" | "maybe", timeout_ms: number | null): string {
  if (request_sent === "no") return "The Graph API was not reached; nothing was sent.";
  const what = timeout_ms === null ? "The connection broke" : `No answer in ${timeout_ms} ms`;
  return `${what}; the Graph API may have taken the request.`;
}

function parseJson(body_text: string): JsonValue | undefined {
  try {
    return toStorable(JSON.parse(body_text));
  } catch {
    return undefined;
  }
}
