/** System calls that come before the first byte of a request. */
const BEFORE_SENDING = new Set(["connect", "getaddrinfo"]);

/** Node's codes that only arise before the first byte: no address, no connection, no trusted certificate. */
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Deno sets no codes; hyper's words for its connect phase (DNS, TCP, TLS), of today and before 1.44. */
const DENO_NOT_CONNECTED = /client error \(Connect\)|error trying to connect/;

/** How many levels of `cause` to follow; the runtimes use two. */
const MAX_CAUSES = 5;

/**
 * Whether a failed fetch may have reached the server. "no" only where Node (undici) or Deno says that the
 * connection was never made; timeouts, resets and everything unknown are "maybe".
 */
export function classifyConnectionFailure(error: unknown): "no" | "maybe" {
  let current = error;
  for (let level = 0; level < MAX_CAUSES && current instanceof Error; level += 1) {
    if (wasNeverConnected(current)) return "no";
    current = current.cause;
  }
  return "maybe";
}

function wasNeverConnected(error: Error): boolean {
  // Node tries the addresses of a name in turn: sent to none only if it was sent to none of them.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.every((part) => part instanceof Error && wasNeverConnected(part));
  }
  if ("syscall" in error && BEFORE_SENDING.has(String(error.syscall))) return true;
  if ("code" in error && NOT_CONNECTED.has(String(error.code))) return true;
  // Deno without --allow-net.
  return error.name === "NotCapable" || DENO_NOT_CONNECTED.test(error.message);
}
