import { metaJson } from "./wire/meta-json.ts";
import { signBody } from "./wire/signature.ts";
import type { Timers } from "./timers.ts";

/** Meta gives up after seven days (Overview, Throughput and No-Storage pages; another page says 36 hours). */
const GIVE_UP_AFTER_MS = 7 * 24 * 60 * 60 * 1000;
/** Meta names no timeout; this one is long enough for a debugger's short stop. */
const ATTEMPT_TIMEOUT_MS = 10_000;
/** Meta delivers concurrently; bounded, so that a burst does not use up the machine's sockets. */
const MAX_IN_FLIGHT = 100;

/** How a webhook fares. */
export interface DeliveryView {
  id: number;
  state: "pending" | "delivered" | "abandoned";
  attempts: number;
  /** The HTTP status of the last attempt; `null`: none yet, or nobody answered. */
  last_status: number | null;
  /** Why the last attempt got no answer. */
  last_error: string | null;
  /** Milliseconds since 1970. */
  created_at: number;
  /** When it is tried again; `null` unless it waits for that. */
  next_attempt_at: number | null;
}

/** One webhook with the bytes that every attempt carries. */
export interface Delivery extends DeliveryView {
  body: string;
  signature: string;
}

/** What the sender needs. */
export interface WebhookSenderOptions {
  app_secret: string;
  /** Asked at each attempt: an address that is set later heals what is waiting. */
  webhookUrl: () => string | null;
  /** Waits between attempts in milliseconds; the last repeats. */
  retry: readonly number[];
  now: () => number;
  timers: Timers;
  log: (line: string) => void;
  onChange: (delivery: DeliveryView) => void;
}

/** Delivers webhooks until they are answered with 200. */
export interface WebhookSender {
  /** Queues a body; `on_delivered` is called at the first 200. */
  enqueue(payload: unknown, on_delivered?: () => void): DeliveryView;
  deliveries(): DeliveryView[];
  find(id: number): Delivery | undefined;
  /** Ends what is in flight and tries nothing again. */
  close(): Promise<void>;
}

interface Job {
  delivery: Delivery;
  bytes: Uint8Array<ArrayBuffer>;
  on_delivered: (() => void) | undefined;
}

/** Creates a sender; nothing leaves before the first `enqueue`. */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const jobs = new Map<number, Job>();
  const ready: Job[] = [];
  const in_flight = new Set<Promise<void>>();
  const closing = new AbortController();
  let next_id = 1;

  const pump = () => {
    while (in_flight.size < MAX_IN_FLIGHT && !closing.signal.aborted) {
      const job = ready.shift();
      if (!job) return;
      const run = attempt(job).finally(() => {
        in_flight.delete(run);
        pump();
      });
      in_flight.add(run);
    }
  };
  const push = (job: Job) => {
    ready.push(job);
    pump();
  };

  async function attempt(job: Job): Promise<void> {
    const outcome = await post(options, job, closing.signal);
    if (closing.signal.aborted) return;
    const { delivery } = job;
    Object.assign(delivery, outcome, { attempts: delivery.attempts + 1, next_attempt_at: null });
    options.log(`webhook ${delivery.id} attempt ${delivery.attempts}: ${describe(outcome)}`);
    if (outcome.last_status === 200) {
      delivery.state = "delivered";
      job.on_delivered?.();
    } else retryLater(job);
    options.onChange(view(delivery));
  }

  function retryLater(job: Job): void {
    const { delivery } = job;
    const wait = options.retry[Math.min(delivery.attempts, options.retry.length) - 1] ?? 0;
    const at = options.now() + wait;
    if (at - delivery.created_at > GIVE_UP_AFTER_MS) {
      delivery.state = "abandoned";
      return;
    }
    delivery.next_attempt_at = at;
    options.timers.after(wait, () => push(job));
  }

  return {
    enqueue(payload, on_delivered) {
      const bytes = new TextEncoder().encode(metaJson(payload));
      const delivery = createDelivery(next_id++, bytes, options);
      const job = { delivery, bytes, on_delivered };
      jobs.set(delivery.id, job);
      options.onChange(view(delivery));
      push(job);
      return view(delivery);
    },
    deliveries: () => [...jobs.values()].map((job) => view(job.delivery)),
    find: (id) => jobs.get(id)?.delivery,
    async close() {
      closing.abort();
      await Promise.all(in_flight);
    },
  };
}

function createDelivery(id: number, bytes: Uint8Array, options: WebhookSenderOptions): Delivery {
  return {
    id,
    state: "pending",
    attempts: 0,
    last_status: null,
    last_error: null,
    created_at: options.now(),
    next_attempt_at: null,
    body: new TextDecoder().decode(bytes),
    signature: signBody(bytes, options.app_secret),
  };
}

type Outcome = Pick<DeliveryView, "last_status" | "last_error">;

async function post(
  options: WebhookSenderOptions,
  job: Job,
  closing: AbortSignal,
): Promise<Outcome> {
  const url = options.webhookUrl();
  if (!url) return { last_status: null, last_error: "no webhook_url is set" };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "facebookexternalua",
        "x-hub-signature-256": job.delivery.signature,
      },
      body: job.bytes,
      redirect: "manual",
      signal: AbortSignal.any([closing, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
    });
    // Read to the end, so that the socket can be used again.
    await response.arrayBuffer();
    return { last_status: response.status, last_error: null };
  } catch (error) {
    return { last_status: null, last_error: reason(error) };
  }
}

/** The system's code where there is one (ECONNREFUSED says more than "fetch failed"). */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return error.name === "TypeError" ? error.message : error.name;
}

function describe({ last_status, last_error }: Outcome): string {
  return last_status === null ? `no answer (${last_error})` : `answered ${last_status}`;
}

function view(delivery: Delivery): DeliveryView {
  const { id, state, attempts, last_status, last_error, created_at, next_attempt_at } = delivery;
  return { id, state, attempts, last_status, last_error, created_at, next_attempt_at };
}
