import { setTimeout as sleep } from "node:timers/promises";

export interface PatientFetchOptions {
  /** How long one call may wait for others' limits to pass, in all. Default 60,000. */
  max_wait_ms?: number;
  /** How long one try may take. Default 30,000. */
  timeout_ms?: number;
  fetch?: typeof fetch;
}

/** Told to come back later, or stopped on the way: every request of ours may be sent again. */
const RETRIED_STATUSES = new Set([408, 429, 500, 502, 503, 504]);
/** An error of the server's own may pass or not: not for as long. */
const MAX_TRIES_AFTER_500 = 3;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/**
 * A fetch that waits out what Supabase says of limits: `Retry-After` where there is one, else twice as long each
 * time, with jitter so that hundreds of sessions do not come back at once.
 */
export function createPatientFetch(options: PatientFetchOptions = {}): typeof fetch {
  const { max_wait_ms = 60_000, timeout_ms = 30_000, fetch: inner = fetch } = options;
  return async (input, init) => {
    const deadline = performance.now() + max_wait_ms;
    for (let tries = 0; ; tries += 1) {
      const answer = await attempt(inner, input, withTimeout(init, timeout_ms));
      const delay = delayOf(answer, tries);
      if (delay === null || performance.now() + delay > deadline || init?.signal?.aborted) {
        if ("response" in answer) return answer.response;
        throw answer.error;
      }
      await sleep(delay);
    }
  };
}

function withTimeout(init: RequestInit | undefined, timeout_ms: number): RequestInit {
  const timeout = AbortSignal.timeout(timeout_ms);
  return { ...init, signal: init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout };
}

/** Not told apart by `instanceof Response`: servers such as Hono's put another class in its place. */
type Answer = { response: Response } | { error: unknown };

async function attempt(
  inner: typeof fetch,
  ...[input, init]: Parameters<typeof fetch>
): Promise<Answer> {
  try {
    return { response: await inner(input, init) };
  } catch (error) {
    return { error };
  }
}

/** Milliseconds until the next try; null where the answer is an answer. */
function delayOf(answer: Answer, tries: number): number | null {
  const response = "response" in answer ? answer.response : null;
  if (response !== null) {
    if (!RETRIED_STATUSES.has(response.status)) return null;
    if (response.status === 500 && tries + 1 >= MAX_TRIES_AFTER_500) return null;
  }
  const asked = response === null ? null : retryAfter(response);
  const backoff = Math.min(FIRST_DELAY_MS * 2 ** tries, MAX_DELAY_MS);
  return Math.max(asked ?? 0, backoff * (0.5 + Math.random()));
}

function retryAfter({ headers }: Response): number | null {
  const value = headers.get("retry-after");
  if (value === null) return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
