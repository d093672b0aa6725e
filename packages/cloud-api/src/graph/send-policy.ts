import {
  findGraphErrorCode,
  graphErrorCodes,
  type GraphErrorCategory,
  type SendAction,
} from "./error-codes.ts";
import {
  GraphApiError,
  InvalidRequestError,
  NetworkError,
  UnreadableResponseError,
} from "./errors.ts";
import { resolveHttpRetry } from "./retry.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

interface Timing {
  /** Before the second attempt. */
  base_delay_ms: number;
  /** By how much each further delay is longer. */
  factor: number;
  max_delay_ms: number;
  /** How long a pause lasts; null: until somebody ends it. Null for what is no pause, too. */
  resume_after_ms: number | null;
  /** The attempt after which it is given up; null: never. */
  give_up_after: number | null;
}

/** What to do about an error code, and when. */
export interface SendPolicy extends Timing {
  code: number;
  category: GraphErrorCategory;
  action: SendAction;
  meaning: string;
}

const NEVER: Timing = {
  base_delay_ms: 0,
  factor: 1,
  max_delay_ms: 0,
  resume_after_ms: null,
  give_up_after: null,
};

const TIMINGS: Readonly<Record<SendAction, Timing>> = {
  // 2 s, 4 s, … 5 min: two hours in all.
  retry: {
    ...NEVER,
    base_delay_ms: 2 * SECOND,
    factor: 2,
    max_delay_ms: 5 * MINUTE,
    give_up_after: 30,
  },
  // Meta: "retry after 4^X seconds".
  retry_recipient: {
    ...NEVER,
    base_delay_ms: 4 * SECOND,
    factor: 4,
    max_delay_ms: 64 * MINUTE,
  },
  // Throughput is counted by the second: the bucket in the database is what keeps it from coming back.
  retry_number: { ...NEVER, base_delay_ms: SECOND, factor: 2, max_delay_ms: MINUTE },
  pause_number: NEVER,
  pause_template: NEVER,
  never: NEVER,
  // Only where the caller said that a second message is acceptable.
  unknown: { ...NEVER, base_delay_ms: MINUTE, factor: 2, max_delay_ms: 15 * MINUTE },
};

/** Faults that somebody mends outside: a message is tried now and then, and finds out when it is mended. */
const MENDED_OUTSIDE: Partial<Timing> = { resume_after_ms: 15 * MINUTE };

/** Either the number may not do anything, or this one message asks for too much: after three attempts it is the message. */
const PERMISSION: Partial<Timing> = { resume_after_ms: 5 * MINUTE, give_up_after: 3 };

/** Meta counts these by the hour. */
const API_LIMIT: Partial<Timing> = { base_delay_ms: MINUTE, max_delay_ms: 15 * MINUTE };

const EXCEPTIONS: ReadonlyMap<number, Partial<Timing>> = new Map([
  [0, MENDED_OUTSIDE],
  [190, MENDED_OUTSIDE],
  [3, PERMISSION],
  [10, PERMISSION],
  [131005, PERMISSION],
  [131037, MENDED_OUTSIDE],
  [131042, MENDED_OUTSIDE],
  [131045, MENDED_OUTSIDE],
  [133006, MENDED_OUTSIDE],
  [133010, MENDED_OUTSIDE],
  [133015, MENDED_OUTSIDE],
  [4, API_LIMIT],
  [80007, API_LIMIT],
  // Meta: an upgrade takes up to a minute.
  [131057, { base_delay_ms: MINUTE, max_delay_ms: 5 * MINUTE }],
  // Meta: "wait 10 minutes".
  [134101, { resume_after_ms: 10 * MINUTE }],
]);

/** What to do about an error code; null where Meta's code is not known here. 200 to 299 are all permissions. */
export function findSendPolicy(code: number): SendPolicy | null {
  const known = findGraphErrorCode(code);
  if (known === null) return null;
  const { category, action, meaning } = known;
  const exception = EXCEPTIONS.get(code) ?? (category === "permission" ? PERMISSION : {});
  return { code, category, action, meaning, ...TIMINGS[action], ...exception };
}

/** The whole table, for documentation and for the database. 200 to 299 are not in it. */
export const sendPolicies: readonly SendPolicy[] = graphErrorCodes.flatMap(
  ({ code }) => findSendPolicy(code) ?? [],
);

/** An error as a message row keeps it. */
export interface SendError {
  /** Meta's code, or ours where no answer of Meta's came. */
  code: number | string;
  title: string;
  message: string;
  details: string | null;
}

export type SendDecision = { error: SendError } & (
  | { action: "retry" | "retry_recipient" | "retry_number"; delay_ms: number }
  | {
      action: "pause_number" | "pause_template";
      reason: string;
      /** Null: until somebody ends the pause. */
      resume_after_ms: number | null;
    }
  | { action: "never"; reason: string }
  /** `delay_ms`: not before this is it sent again, where the caller said that two are acceptable. */
  | { action: "unknown"; delay_ms: number }
);

export interface Attempt {
  /** 1 for the first. */
  attempt: number;
  /** From 0 to 1; Math.random. */
  random?: () => number;
}

/** Delays are up to half as long again, so that what failed together does not come back together. */
const JITTER = 0.5;

/**
 * What to do after sendMessage has thrown. Meta's table decides; a code that is not in it, and an answer without
 * one, go by the HTTP status; without an answer it counts whether the request can have left. Whatever else was
 * thrown may have come after the request, so it is `unknown`.
 */
export function decideSend(
  error: unknown,
  { attempt, random = Math.random }: Attempt,
): SendDecision {
  const decided = decideTiming(error);
  const described = describeSendError(error);
  const { action, reason, timing } = decided;
  if (timing.give_up_after !== null && attempt >= timing.give_up_after) {
    return {
      error: described,
      action: "never",
      reason: `${reason} Given up after ${attempt} attempts.`,
    };
  }
  switch (action) {
    case "never":
      return { error: described, action, reason };
    case "pause_number":
    case "pause_template":
      return { error: described, action, reason, resume_after_ms: timing.resume_after_ms };
    case "retry":
    case "retry_recipient":
    case "retry_number":
    case "unknown":
      return { error: described, action, delay_ms: delayOf(timing, attempt, random()) };
    default:
      return action satisfies never;
  }
}

function delayOf(timing: Timing, attempt: number, random: number): number {
  const grown = timing.base_delay_ms * timing.factor ** Math.max(0, attempt - 1);
  return Math.round(Math.min(grown, timing.max_delay_ms) * (1 + JITTER * random));
}

interface Decided {
  action: SendAction;
  reason: string;
  timing: Timing;
}

function decideTiming(error: unknown): Decided {
  if (error instanceof GraphApiError) return decideRefusal(error);
  if (error instanceof InvalidRequestError) return by("never", error.message);
  if (error instanceof NetworkError) {
    return by(error.request_sent === "no" ? "retry" : "unknown", error.message);
  }
  if (error instanceof UnreadableResponseError) {
    return by(actionByStatus(error.http_status), error.message);
  }
  return by("unknown", "Something failed that may have come after the request.");
}

function by(action: SendAction, reason: string): Decided {
  return { action, reason, timing: TIMINGS[action] };
}

function decideRefusal(error: GraphApiError): Decided {
  const policy = findSendPolicy(error.graph_code);
  if (policy === null) {
    const action = actionByStatus(error.http_status);
    return by(action === "never" && error.is_transient ? "retry" : action, error.title);
  }
  if (policy.action === "never" && error.is_transient) return by("retry", policy.meaning);
  return { action: policy.action, reason: policy.meaning, timing: policy };
}

/** A 429 without a code of Meta's is about the caller, not about one message. */
function actionByStatus(http_status: number): SendAction {
  const hint = resolveHttpRetry(http_status);
  if (hint === "ambiguous") return "unknown";
  return hint === "later" ? "retry_number" : "never";
}

function describeSendError(error: unknown): SendError {
  if (error instanceof GraphApiError) {
    const { graph_code: code, title, message, details } = error;
    return { code, title, message, details };
  }
  if (
    error instanceof NetworkError ||
    error instanceof UnreadableResponseError ||
    error instanceof InvalidRequestError
  ) {
    return { code: error.code, title: error.message, message: error.message, details: null };
  }
  // What an unknown error says is not known to be free of message text.
  const message = "An unexpected error; see the log of the function.";
  return { code: "unexpected", title: message, message, details: null };
}
