import { z } from "zod";
import { phoneDigits } from "./phone.ts";
import { createRandom } from "./random.ts";

/** What a request is for, as far as a fault may ask. */
export const ENDPOINTS = [
  "messages",
  "receipts",
  "media_upload",
  "media_url",
  "media_download",
  "media_delete",
  "templates",
] as const;
/** See {@link ENDPOINTS}. */
export type Endpoint = (typeof ENDPOINTS)[number];

const WAIT_MAX_MS = 10 * 60_000;
const wait = z.number().int().min(0).max(WAIT_MAX_MS).default(0);

const objectSchema = z.strictObject({
  /** The error code that Meta answers or reports. Not needed where the answer is lost. */
  code: z.number().int().default(131000),
  /** How many requests it strikes; `null`: every one. */
  times: z.number().int().min(1).nullable().default(1),
  /** So many matching requests pass before it. */
  skip: z.number().int().min(0).default(0),
  /**
   * `refuse`: an error answer, nothing sent. `status`: accepted, then a `failed` status.
   * `accept_then_error`: the message goes out, the answer is the error. `drop`: the connection breaks, nothing sent.
   * `accept_then_drop`: the message goes out and the connection breaks before the answer; `accept_then_cut`: within it.
   * `reset`: the connection breaks before the body is read. `pass`: nothing fails, for the delays alone.
   * `silent`: accepted, and no status follows. `held`, `paused`: accepted, and waits for `releaseHeld`.
   * `corrupt`: other bytes are downloaded, or another hash is named, than was stored.
   */
  how: z
    .enum([
      "refuse",
      "status",
      "accept_then_error",
      "drop",
      "accept_then_drop",
      "accept_then_cut",
      "reset",
      "pass",
      "silent",
      "held",
      "paused",
      "corrupt",
    ])
    .default("refuse"),
  /** The body of the error answer: Meta's JSON, a proxy's HTML page, or nothing. */
  body: z.enum(["json", "html", "empty"]).default("json"),
  /** In place of the HTTP status that belongs to the code. */
  http: z.number().int().min(200).max(599).optional(),
  is_transient: z.boolean().optional(),
  details: z.string().optional(),
  subcode: z.number().int().optional(),
  /** Waits before the request takes effect: who gives up meanwhile has sent it all the same. */
  accept_delay_ms: wait,
  /** Waits after it took effect, before the answer. */
  answer_delay_ms: wait,
  endpoint: z.enum([...ENDPOINTS, "any"]).default("messages"),
  phone_number_id: z.string().optional(),
  /** A phone in any spelling, a user id or a group id. */
  recipient: z.string().optional(),
  template: z.string().optional(),
  type: z.string().optional(),
  biz_opaque_callback_data: z.string().optional(),
  /** Drawn anew for each matching request, from `seed`: the same run draws the same. */
  probability: z.number().min(0).max(1).default(1),
  seed: z.number().int().default(1),
});

const faultInput = z.union([
  z
    .number()
    .int()
    .transform((code) => objectSchema.parse({ code })),
  objectSchema,
]);

/** One fault or several; a bare number is the code of one refusal. */
export const faultsSchema = z.union([
  z.array(faultInput),
  faultInput.transform((fault) => [fault]),
]);

/** A failure planned for requests to come; see the fields. */
export type PlannedFailure = z.output<typeof objectSchema>;
/** What plans failures. */
export type FaultsInput = z.input<typeof faultsSchema>;

/** A planned failure in the book. */
export interface Fault extends PlannedFailure {
  id: number;
  /** How many requests it struck. */
  fired: number;
}

/** What a fault may ask of a request. */
export interface FaultRequest {
  endpoint: Endpoint;
  phone_number_id?: string | undefined;
  /** All names of whom it is for. */
  recipients?: readonly string[];
  template?: string | null;
  type?: string;
  biz_opaque_callback_data?: string | null;
}

/** The failures that are planned. */
export interface FaultBook {
  isEmpty(): boolean;
  list(): Fault[];
  add(faults: readonly PlannedFailure[]): Fault[];
  /** Forgets all others. */
  replace(faults: readonly PlannedFailure[]): void;
  /** One, or all; false where there is no such fault. */
  remove(id?: number): boolean;
  /** The first fault that fits and whose draw says so; it is used up by that. */
  take(request: FaultRequest): Fault | undefined;
  /** The same among those that break the connection before the body is read. */
  takeReset(request: FaultRequest): Fault | undefined;
}

interface Entry {
  fault: Fault;
  left: number | null;
  skip: number;
  random: () => number;
}

/** Creates an empty book. */
export function createFaultBook(): FaultBook {
  let entries: Entry[] = [];
  let next_id = 1;
  const add = (faults: readonly PlannedFailure[]) => {
    const added = faults.map((planned) => ({
      fault: { ...planned, id: next_id++, fired: 0 },
      left: planned.times,
      skip: planned.skip,
      random: createRandom(planned.seed),
    }));
    entries.push(...added);
    return added.map(view);
  };
  const takeFrom = (request: FaultRequest, is_reset: boolean) => {
    if (entries.length === 0) return undefined;
    const entry = entries.find(
      (candidate) =>
        (candidate.fault.how === "reset") === is_reset &&
        fits(candidate.fault, request) &&
        strikes(candidate),
    );
    if (!entry) return undefined;
    entry.fault.fired += 1;
    if (entry.left !== null) entry.left -= 1;
    if (entry.left === 0) entries = entries.filter((other) => other !== entry);
    return view(entry);
  };
  return {
    isEmpty: () => entries.length === 0,
    list: () => entries.map(view),
    add,
    replace(faults) {
      entries = [];
      add(faults);
    },
    remove(id) {
      const before = entries.length;
      entries = id === undefined ? [] : entries.filter(({ fault }) => fault.id !== id);
      return id === undefined || entries.length < before;
    },
    take: (request) => takeFrom(request, false),
    takeReset: (request) => takeFrom(request, true),
  };
}

/** `times` says how often it still strikes. */
function view({ fault, left }: Entry): Fault {
  return { ...fault, times: left };
}

function strikes(entry: Entry): boolean {
  if (entry.skip > 0) {
    entry.skip -= 1;
    return false;
  }
  return entry.fault.probability >= 1 || entry.random() < entry.fault.probability;
}

function fits(fault: Fault, request: FaultRequest): boolean {
  const { endpoint, recipient } = fault;
  return (
    (endpoint === "any" || endpoint === request.endpoint) &&
    same(fault.phone_number_id, request.phone_number_id) &&
    same(fault.template, request.template) &&
    same(fault.type, request.type) &&
    same(fault.biz_opaque_callback_data, request.biz_opaque_callback_data) &&
    (recipient === undefined || (request.recipients ?? []).includes(nameOf(recipient)))
  );
}

/** User ids and group ids have letters; what has none is a phone in some spelling. */
function nameOf(recipient: string): string {
  return /[A-Za-z]/.test(recipient) ? recipient : phoneDigits(recipient);
}

function same(asked: string | undefined, given: string | null | undefined): boolean {
  return asked === undefined || asked === given;
}
