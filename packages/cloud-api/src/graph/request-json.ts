import { z } from "zod";
import { describeIssues } from "../describe-issues.ts";
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

export interface JsonRequest {
  method: "GET" | "POST" | "DELETE";
  url: string;
  /** JSON, or a body that says itself of what type it is. */
  payload?: object;
  body?: { content_type: string; content: Blob | ReadableStream<Uint8Array> };
}

/**
 * Calls the Graph API and returns the JSON of a success.
 * Throws GraphApiError (Meta said no), NetworkError (no answer), UnreadableResponseError (not Meta's JSON).
 */
export async function requestJson(
  connection: Connection,
  request: JsonRequest,
): Promise<JsonResponse> {
  const { status, ok, body_text } = await exchange(connection, request);
  const body = parseJson(body_text);
  if (body === undefined) throw new UnreadableResponseError(status, "it is not JSON");
  const failure = readFailure(connection.redact, status, body);
  if (failure !== null) throw failure;
  if (!ok) throw new UnreadableResponseError(status, "it has no error object of Meta's");
  return { http_status: status, body };
}

/** The answer as it must be; throws UnreadableResponseError. */
export function readBody<T>(schema: z.ZodType<T>, { http_status, body }: JsonResponse): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new UnreadableResponseError(http_status, describeIssues(parsed.error));
}

/** Meta's error in an answer, if that is what it holds. */
export function readFailure(
  redact: Redact,
  http_status: number,
  body: JsonValue,
): GraphApiError | null {
  const failure = failureSchema.safeParse(body);
  if (!failure.success) return null;
  const { code, message, fbtrace_id, is_transient, error_data } = failure.data.error;
  const redactOrNull = (part: string | null) => (part === null ? null : redact(part));
  return new GraphApiError({
    http_status,
    graph_code: code,
    message: redactOrNull(message),
    details: redactOrNull(error_data?.details ?? null),
    fbtrace_id: redactOrNull(fbtrace_id),
    is_transient,
  });
}

interface Exchange {
  status: number;
  ok: boolean;
  body_text: string;
}

async function exchange(connection: Connection, request: JsonRequest): Promise<Exchange> {
  const { access_token, fetch, timeout_ms } = connection;
  const init: RequestInit & { duplex?: "half" } = {
    method: request.method,
    headers: { authorization: `Bearer ${access_token}`, ...contentType(request) },
    // The Graph API never redirects: following one would take the request, or the token, elsewhere.
    redirect: "manual",
    signal: AbortSignal.timeout(timeout_ms),
  };
  if (request.payload !== undefined) init.body = JSON.stringify(request.payload);
  if (request.body !== undefined) {
    init.body = request.body.content;
    init.duplex = "half";
  }
  try {
    const response = await fetch(request.url, init);
    return { status: response.status, ok: response.ok, body_text: await response.text() };
  } catch (error) {
    throw networkError(connection, error);
  }
}

function contentType({ payload, body }: JsonRequest): Record<string, string> {
  if (payload !== undefined) return { "content-type": "application/json" };
  return body === undefined ? {} : { "content-type": body.content_type };
}

/** What a fetch threw, as ours: whether the request can have left, and no token in it. */
export function networkError({ redact, timeout_ms }: Connection, error: unknown): NetworkError {
  const request_sent = classifyConnectionFailure(error);
  const is_timeout = error instanceof Error && error.name === "TimeoutError";
  return new NetworkError(describeFailure(request_sent, is_timeout ? timeout_ms : null), {
    request_sent,
    cause: redactError(error, redact),
  });
}

function describeFailure(request_sent: "no" | "maybe", timeout_ms: number | null): string {
  if (request_sent === "no") return "The Graph API was not reached; nothing was sent.";
  const what = timeout_ms === null ? "The connection broke" : `No answer in ${timeout_ms} ms`;
  return `${what}; the Graph API may have taken the request.`;
}

/** JSON that can be stored; undefined where the text is none. */
export function parseJson(body_text: string): JsonValue | undefined {
  try {
    return toStorable(JSON.parse(body_text));
  } catch {
    return undefined;
  }
}
