import type { WebhookSettings } from "./settings.ts";
import type { Timers } from "./timers.ts";
import { NO_ADDRESS, createPump } from "./webhook-pump.ts";
import { createTrouble } from "./webhook-trouble.ts";
import { metaJson } from "./wire/meta-json.ts";
import { signBody } from "./wire/signature.ts";

/** Meta gives up after seven days (Overview, Throughput and No-Storage pages; another page says 36 hours). */
const GIVE_UP_AFTER_MS = 7 * 24 * 60 * 60 * 1000;
/** Meta names no timeout; this one is long enough for a debugger's short stop. */
const ATTEMPT_TIMEOUT_MS = 10_000;

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

/** A webhook's body before it is bytes. */
export interface WebhookPayload {
  object?: unknown;
  entry?: unknown;
}

/** What the sender needs. */
export interface WebhookSenderOptions {
  app_secret: string;
  /** Asked at each attempt: an address that is set later heals what is waiting. */
  webhookUrl: () => string | null;
  /** What webhooks suffer on their way, asked each time. */
  disturbance: () => WebhookSettings;
  /** How many are remembered; `null`: all. */
  keep: () => number | null;
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
  enqueue(payload: WebhookPayload, on_delivered?: () => void): DeliveryView;
  deliveries(): DeliveryView[];
  find(id: number): Delivery | undefined;
  /** Looks at the settings again: an address was set, held webhooks may go, the seed is another. */
  settingsChanged(): void;
  /** Ends what is in flight and tries nothing again. */
  close(): Promise<void>;
}

/** A webhook while it is being delivered. */
export interface Job {
  view: DeliveryView;
  payload: WebhookPayload;
  /** Made at the first attempt, so that a batch can grow until then. */
  sealed: { bytes: Uint8Array<ArrayBuffer>; signature: string } | null;
  on_delivered: (() => void)[];
  repeats_left: number | null;
}

/** Creates a sender; nothing leaves before the first `enqueue`. */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const jobs = createJobs(options);
  const closing = new AbortController();
  const post = createPost(options, closing.signal);
  const pump = createPump({
    run: attempt,
    isOpen: () => options.webhookUrl() !== null,
    ...options,
  });
  const trouble = createTrouble({ ...options, push: (job) => pump.push(job) });
  const batches = createBatches({
    ...options,
    addJob: jobs.add,
    onFull: (job) => trouble.dispatch(job),
  });

  async function attempt(job: Job): Promise<void> {
    const outcome = await post(seal(job, options.app_secret));
    if (closing.signal.aborted) return;
    const { view } = job;
    Object.assign(view, outcome, { attempts: view.attempts + 1, next_attempt_at: null });
    options.log(`webhook ${view.id} attempt ${view.attempts}: ${describe(outcome)}`);
    if (outcome.last_status === 200) {
      view.state = "delivered";
      for (const tell of job.on_delivered.splice(0)) tell();
      trouble.repeat(job);
    } else if (view.state === "pending") retryLater(job);
    options.onChange({ ...view });
  }

  function retryLater(job: Job): void {
    const { view } = job;
    const wait = options.retry[Math.min(view.attempts, options.retry.length) - 1] ?? 0;
    const at = options.now() + wait;
    if (at - view.created_at > GIVE_UP_AFTER_MS) {
      view.state = "abandoned";
      return;
    }
    view.next_attempt_at = at;
    options.timers.after(wait, () => pump.push(job));
  }

  return {
    enqueue(payload, on_delivered) {
      const is_batched = options.disturbance().batch > 1 && Array.isArray(payload.entry);
      const add = is_batched ? batches.add : jobs.add;
      const job = add(payload, on_delivered);
      options.onChange({ ...job.view });
      if (!is_batched) trouble.dispatch(job);
      return { ...job.view };
    },
    deliveries: () => jobs.all().map(({ view }) => ({ ...view })),
    find(id) {
      const job = jobs.find(id);
      if (!job) return undefined;
      // Who looks at a batch sees it as it goes out.
      batches.closeIf(job);
      const { bytes, signature } = seal(job, options.app_secret);
      return { ...job.view, body: new TextDecoder().decode(bytes), signature };
    },
    settingsChanged() {
      trouble.settingsChanged();
      pump.resume();
    },
    async close() {
      closing.abort();
      await pump.close();
    },
  };
}

type AddJob = (payload: WebhookPayload, on_delivered: (() => void) | undefined) => Job;

/** Every webhook that is remembered. */
function createJobs({ now, keep }: Pick<WebhookSenderOptions, "now" | "keep">) {
  const jobs = new Map<number, Job>();
  let next_id = 1;
  const add: AddJob = (payload, on_delivered) => {
    const view = createView(next_id++, now());
    const tell = on_delivered ? [on_delivered] : [];
    const job: Job = { view, payload, sealed: null, on_delivered: tell, repeats_left: null };
    jobs.set(view.id, job);
    forgetOld(jobs, keep());
    return job;
  };
  return { add, find: (id: number) => jobs.get(id), all: () => [...jobs.values()] };
}

interface BatchOptions extends Pick<WebhookSenderOptions, "disturbance" | "timers"> {
  addJob: AddJob;
  onFull: (job: Job) => void;
}

/** Gathers updates into one webhook until it is full or has waited long enough. */
function createBatches({ disturbance, timers, addJob, onFull }: BatchOptions) {
  let open: { job: Job; size: number } | null = null;
  const close = () => {
    const full = open;
    open = null;
    if (full) onFull(full.job);
  };
  const add: AddJob = (payload, on_delivered) => {
    if (!open) {
      open = { job: addJob({ ...payload, entry: [...entries(payload)] }, on_delivered), size: 1 };
      timers.after(disturbance().batch_wait_ms, close);
    } else {
      entries(open.job.payload).push(...entries(payload));
      if (on_delivered) open.job.on_delivered.push(on_delivered);
      open.size += 1;
    }
    const { job, size } = open;
    if (size >= disturbance().batch) close();
    return job;
  };
  return {
    add,
    closeIf(job: Job) {
      if (open?.job === job) close();
    },
  };
}

function createView(id: number, created_at: number): DeliveryView {
  return {
    id,
    state: "pending",
    attempts: 0,
    last_status: null,
    last_error: null,
    created_at,
    next_attempt_at: null,
  };
}

function entries({ entry }: WebhookPayload): unknown[] {
  return Array.isArray(entry) ? entry : [];
}

/** Drops the oldest, whatever became of them: a bound that some could escape would be none. */
function forgetOld(jobs: Map<number, Job>, keep: number | null): void {
  if (keep === null) return;
  for (const id of jobs.keys()) {
    if (jobs.size <= keep) return;
    jobs.delete(id);
  }
}

function seal(job: Job, app_secret: string) {
  if (!job.sealed) {
    const bytes = new TextEncoder().encode(metaJson(job.payload));
    job.sealed = { bytes, signature: signBody(bytes, app_secret) };
  }
  return job.sealed;
}

type Outcome = Pick<DeliveryView, "last_status" | "last_error">;

/** One attempt at the address that is set now. */
function createPost({ webhookUrl }: WebhookSenderOptions, closing: AbortSignal) {
  return async ({ bytes, signature }: NonNullable<Job["sealed"]>): Promise<Outcome> => {
    const url = webhookUrl();
    if (url === null) return { last_status: null, last_error: NO_ADDRESS };
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "user-agent": "facebookexternalua",
          "x-hub-signature-256": signature,
        },
        body: bytes,
        redirect: "manual",
        signal: AbortSignal.any([closing, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
      });
      // Read to the end, so that the socket can be used again.
      await response.arrayBuffer();
      return { last_status: response.status, last_error: null };
    } catch (error) {
      return { last_status: null, last_error: reason(error) };
    }
  };
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
