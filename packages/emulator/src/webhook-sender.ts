import { createRandom, shuffled } from "./random.ts";
import type { WebhookSettings } from "./settings.ts";
import type { Timers } from "./timers.ts";
import { metaJson } from "./wire/meta-json.ts";
import { signBody } from "./wire/signature.ts";

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

interface Job {
  view: DeliveryView;
  payload: WebhookPayload;
  /** Made at the first attempt, so that a batch can grow until then. */
  sealed: { bytes: Uint8Array<ArrayBuffer>; signature: string } | null;
  on_delivered: (() => void)[];
  repeats_left: number | null;
}

/** Creates a sender; nothing leaves before the first `enqueue`. */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const jobs = new Map<number, Job>();
  const in_flight = new Set<Promise<void>>();
  const closing = new AbortController();
  const queue = createQueue<Job>();
  /** Waiting for an address, and held back by the settings. */
  let parked: Job[] = [];
  let held: Job[] = [];
  let batch: { job: Job; size: number } | null = null;
  let seed = options.disturbance().seed;
  let random = createRandom(seed);
  let next_id = 1;

  const pump = () => {
    while (in_flight.size < MAX_IN_FLIGHT && !closing.signal.aborted) {
      const job = queue.take();
      if (!job) return;
      if (options.webhookUrl() === null) {
        park(job);
        continue;
      }
      const run = attempt(job).finally(() => {
        in_flight.delete(run);
        pump();
      });
      in_flight.add(run);
    }
  };
  const park = (job: Job) => {
    job.view.last_error = "no webhook_url is set";
    parked.push(job);
    const keep = options.keep();
    if (keep !== null && parked.length > 2 * keep) parked = parked.slice(-keep);
  };
  const push = (job: Job) => {
    queue.put(job);
    pump();
  };
  const pushAfter = (wait_ms: number, job: Job) => {
    if (wait_ms <= 0) push(job);
    else options.timers.after(wait_ms, () => push(job));
  };
  const jitter = () => Math.round(random() * options.disturbance().jitter_ms);
  const dispatch = (job: Job) => {
    const { lose, hold, jitter_ms } = options.disturbance();
    if (lose > 0 && random() < lose) {
      Object.assign(job.view, { state: "abandoned", last_error: "lost, as the settings ask" });
      options.onChange({ ...job.view });
    } else if (hold) held.push(job);
    else pushAfter(jitter_ms > 0 ? jitter() : 0, job);
  };

  async function attempt(job: Job): Promise<void> {
    const outcome = await post(options, seal(job, options.app_secret), closing.signal);
    if (closing.signal.aborted) return;
    const { view } = job;
    Object.assign(view, outcome, { attempts: view.attempts + 1, next_attempt_at: null });
    options.log(`webhook ${view.id} attempt ${view.attempts}: ${describe(outcome)}`);
    if (outcome.last_status === 200) delivered(job);
    else if (view.state === "pending") retryLater(job);
    options.onChange({ ...view });
  }

  function delivered(job: Job): void {
    job.view.state = "delivered";
    for (const tell of job.on_delivered.splice(0)) tell();
    const { repeat, repeat_after_ms } = options.disturbance();
    job.repeats_left ??= repeat;
    if (job.repeats_left === 0) return;
    job.repeats_left -= 1;
    pushAfter(repeat_after_ms + jitter(), job);
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
    options.timers.after(wait, () => push(job));
  }

  const addJob = (payload: WebhookPayload, on_delivered: (() => void) | undefined): Job => {
    const view: DeliveryView = {
      id: next_id++,
      state: "pending",
      attempts: 0,
      last_status: null,
      last_error: null,
      created_at: options.now(),
      next_attempt_at: null,
    };
    const tell = on_delivered ? [on_delivered] : [];
    const job: Job = { view, payload, sealed: null, on_delivered: tell, repeats_left: null };
    jobs.set(view.id, job);
    forgetOld(jobs, options.keep());
    return job;
  };
  const closeBatch = () => {
    const full = batch;
    batch = null;
    if (full) dispatch(full.job);
  };
  const addToBatch = (payload: WebhookPayload, on_delivered: (() => void) | undefined): Job => {
    const max = options.disturbance().batch;
    if (!batch) {
      batch = { job: addJob({ ...payload, entry: [...entries(payload)] }, on_delivered), size: 1 };
      options.timers.after(options.disturbance().batch_wait_ms, closeBatch);
    } else {
      entries(batch.job.payload).push(...entries(payload));
      if (on_delivered) batch.job.on_delivered.push(on_delivered);
      batch.size += 1;
    }
    const { job, size } = batch;
    if (size >= max) closeBatch();
    return job;
  };

  return {
    enqueue(payload, on_delivered) {
      const is_batched = options.disturbance().batch > 1 && Array.isArray(payload.entry);
      const job = is_batched ? addToBatch(payload, on_delivered) : addJob(payload, on_delivered);
      options.onChange({ ...job.view });
      if (!is_batched) dispatch(job);
      return { ...job.view };
    },
    deliveries: () => [...jobs.values()].map(({ view }) => ({ ...view })),
    find(id) {
      const job = jobs.get(id);
      if (!job) return undefined;
      // Who looks at a batch sees it as it goes out.
      if (batch?.job === job) closeBatch();
      const { bytes, signature } = seal(job, options.app_secret);
      return { ...job.view, body: new TextDecoder().decode(bytes), signature };
    },
    settingsChanged() {
      const disturbance = options.disturbance();
      if (disturbance.seed !== seed) {
        ({ seed } = disturbance);
        random = createRandom(seed);
      }
      if (!disturbance.hold) {
        const released = inOrder(held.splice(0), disturbance.release, random);
        for (const job of released) queue.put(job);
      }
      if (options.webhookUrl() !== null) for (const job of parked.splice(0)) queue.put(job);
      pump();
    },
    async close() {
      closing.abort();
      await Promise.all(in_flight);
    },
  };
}

function inOrder(
  held: readonly Job[],
  release: WebhookSettings["release"],
  random: () => number,
): readonly Job[] {
  if (release === "in_order") return held;
  return release === "reversed" ? held.toReversed() : shuffled(held, random);
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

/** First in, first out, in constant time. */
function createQueue<T>() {
  let items: T[] = [];
  let head = 0;
  return {
    put: (item: T) => void items.push(item),
    take(): T | undefined {
      const item = items[head];
      if (item === undefined) return undefined;
      head += 1;
      if (head > 1000 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
  };
}

type Outcome = Pick<DeliveryView, "last_status" | "last_error">;

async function post(
  options: WebhookSenderOptions,
  { bytes, signature }: NonNullable<Job["sealed"]>,
  closing: AbortSignal,
): Promise<Outcome> {
  const url = options.webhookUrl();
  if (url === null) return { last_status: null, last_error: "no webhook_url is set" };
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
