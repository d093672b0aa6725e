import type { RetryHint } from "./error-codes.ts";
import { findGraphErrorCode } from "./error-codes.ts";

/** The parts of an error answer that decide whether to send again. */
export interface Refusal {
  graph_code: number;
  http_status: number;
  is_transient: boolean;
}

/**
 * Whether to send again after an error in Meta's form. The table decides; a code that is not in it goes by the
 * HTTP status. Meta's `is_transient` turns a "never" into "later", and nothing else: what may have gone out
 * stays ambiguous, and what has a hint of its own keeps it.
 */
export function resolveRetry({ graph_code, http_status, is_transient }: Refusal): RetryHint {
  const hint = findGraphErrorCode(graph_code)?.retry ?? resolveHttpRetry(http_status);
  return hint === "never" && is_transient ? "later" : hint;
}

/**
 * Whether to send again after an answer that says nothing but its HTTP status: a success that cannot be read
 * and a fault behind the door may both have sent the message, a refusal at the door has not.
 */
export function resolveHttpRetry(http_status: number): RetryHint {
  if (http_status === 429) return "later";
  const is_refusal = http_status >= 300 && http_status < 500 && http_status !== 408;
  return is_refusal ? "never" : "ambiguous";
}
