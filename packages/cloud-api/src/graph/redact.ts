/** Replaces what must not be read in errors and logs. */
export type Redact = (text: string) => string;

const HIDDEN = "[access token]";

/** Meta's tokens as they look in its error texts ("Malformed access token EAAG…"), ours or not. */
const META_TOKEN = /\bEA[A-Z][A-Za-z0-9]{20,}/g;

/** How many levels of `cause` to copy. */
const MAX_CAUSES = 5;

/** Removes the given token, and whatever looks like one of Meta's, from texts. The token is not empty. */
export function createRedactor(access_token: string): Redact {
  return (text) => text.replaceAll(access_token, HIDDEN).replaceAll(META_TOKEN, HIDDEN);
}

/**
 * A copy of an error with its name, code, message and causes, redacted. The original is not kept: runtimes put
 * headers into messages, and custom fetches put whole requests into properties.
 */
export function redactError(error: unknown, redact: Redact, level = 0): Error {
  if (!(error instanceof Error)) return new Error("The fetch failed with something not an Error.");
  const has_cause = error.cause !== undefined && level < MAX_CAUSES;
  const cause = has_cause ? { cause: redactError(error.cause, redact, level + 1) } : {};
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return new Error(redact(`${error.name}: ${error.message}${code}`), cause);
}
