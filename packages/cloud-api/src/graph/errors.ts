import { findGraphErrorCode, type GraphErrorCategory, type RetryHint } from "./error-codes.ts";
import { resolveHttpRetry, resolveRetry } from "./retry.ts";

/** Everything that the Graph client throws; tell them apart by `code`. No part of them holds the token. */
export type GraphClientError =
  | GraphApiError
  | InvalidRequestError
  | MediaRefusedError
  | NetworkError
  | UnreadableResponseError;

/** Meta's error object with what the HTTP answer adds. */
export interface GraphApiFailure {
  http_status: number;
  graph_code: number;
  message: string | null;
  details: string | null;
  fbtrace_id: string | null;
  is_transient: boolean;
}

/** Meta read the request and said no. `message` is Meta's own. */
export class GraphApiError extends Error {
  override readonly name = "GraphApiError";
  readonly code = "graph_api_error";
  readonly http_status: number;
  /** Meta's error code: what to build on, never on texts. */
  readonly graph_code: number;
  /** Meta's message without the code in front. */
  readonly title: string;
  /** What is wrong with this very request, where Meta says so. */
  readonly details: string | null;
  /** For Meta's support. */
  readonly fbtrace_id: string | null;
  readonly is_transient: boolean;
  readonly category: GraphErrorCategory;
  readonly retry: RetryHint;

  constructor(failure: GraphApiFailure) {
    const known = findGraphErrorCode(failure.graph_code);
    const message =
      failure.message ?? known?.meaning ?? `Error ${failure.graph_code} of the Graph API.`;
    super(message);
    this.http_status = failure.http_status;
    this.graph_code = failure.graph_code;
    this.title = message.replace(/^\(#\d+\)\s*/, "");
    this.details = failure.details;
    this.fbtrace_id = failure.fbtrace_id;
    this.is_transient = failure.is_transient;
    this.category = known?.category ?? "unknown";
    this.retry = resolveRetry(failure);
  }
}

/** No answer came. `cause` is a copy of the runtime's error from which the token was removed. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
  readonly code = "network_error";
  /** "no" only where the runtime says that there was never a connection; every doubt is "maybe". */
  readonly request_sent: "no" | "maybe";
  readonly retry: Extract<RetryHint, "now" | "ambiguous">;

  constructor(message: string, options: { request_sent: "no" | "maybe"; cause?: Error }) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.request_sent = options.request_sent;
    this.retry = options.request_sent === "no" ? "now" : "ambiguous";
  }
}

/** An answer came, and it is not Meta's JSON: a proxy's page, a cut body, a success without a message id. */
export class UnreadableResponseError extends Error {
  override readonly name = "UnreadableResponseError";
  readonly code = "unreadable_response";
  readonly http_status: number;
  /** "maybe" after a success or a server's fault, "no" after a refusal (3xx, 4xx). */
  readonly request_sent: "no" | "maybe";
  readonly retry: RetryHint;

  constructor(http_status: number, problem: string) {
    super(`The Graph API's answer (HTTP ${http_status}) cannot be read: ${problem}`);
    this.http_status = http_status;
    this.retry = resolveHttpRetry(http_status);
    this.request_sent = this.retry === "ambiguous" ? "maybe" : "no";
  }
}

/** The arguments are wrong; nothing was sent. `message` names the argument and the fix. */
export class InvalidRequestError extends Error {
  override readonly name = "InvalidRequestError";
  readonly code = "invalid_request";
  readonly retry = "never";
}

/** Media that is not fetched: not from Meta, too large, or of a type that was not asked for. */
export class MediaRefusedError extends Error {
  override readonly name = "MediaRefusedError";
  readonly code = "media_refused";
  readonly reason: "host" | "redirect" | "size" | "mime_type";
  readonly retry = "never";

  constructor(reason: MediaRefusedError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}
