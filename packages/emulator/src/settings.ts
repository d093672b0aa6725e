import { z } from "zod";
import { type Fault, type FaultBook, createFaultBook, faultsSchema } from "./faults.ts";
import {
  type Delays,
  type LimitsConfig,
  type ResolvedOptions,
  delaysSchema,
  limitsSchema,
  webhookUrlSchema,
} from "./options.ts";

const MAX_BATCH = 1000; // Meta: "up to 1000 updates"

/** What webhooks suffer on their way. */
const webhooksSchema = z.strictObject({
  /** Each goes out so many times more after it was answered with 200. */
  repeat: z.number().int().min(0).max(100),
  /** How long after that; a random time up to `jitter_ms` comes on top. */
  repeat_after_ms: z.number().int().min(0),
  /** Each waits a random time up to this before it goes out: they arrive out of order. */
  jitter_ms: z.number().int().min(0),
  /** `true`: collected; back to `false` lets them go. */
  hold: z.boolean(),
  /** The order in which collected ones go. */
  release: z.enum(["in_order", "reversed", "shuffled"]),
  /** The probability that one is never sent. */
  lose: z.number().min(0).max(1),
  /** Updates per POST. */
  batch: z.number().int().min(1).max(MAX_BATCH),
  /** How long a batch waits for more. */
  batch_wait_ms: z.number().int().min(0),
  /** What `lose`, `jitter_ms` and `shuffled` draw from. Giving it starts the draws anew. */
  seed: z.number().int(),
});

/** What `PUT /emulator/settings` takes; a key that is absent stays as it is. */
const settingsSchema = z.strictObject({
  webhook_url: webhookUrlSchema.nullable().optional(),
  delays: delaysSchema.partial().optional(),
  /** Added to the clock: 86_400_000 closes every customer service window. */
  clock_offset_ms: z.number().int().optional(),
  /** Stops the clock at this time; `null`: it runs. */
  clock_ms: z.number().int().min(0).nullable().optional(),
  /** Replaces the planned failures; `[]` plans none. */
  fail_next: faultsSchema.optional(),
  /** What all numbers may do that do not say otherwise. */
  limits: limitsSchema.optional(),
  /** Free-form messages outside the 24 hours: refused, taken and reported as failed, or taken. */
  closed_window: z.enum(["refuse", "status", "take"]).optional(),
  /** Who is no customer: taken and reported as 131026, or made a customer. */
  unknown_recipients: z.enum(["fail", "add"]).optional(),
  /** `false`: no message ever gets a status webhook. */
  statuses: z.boolean().optional(),
  /** The newest so many messages, ledger entries and webhooks are remembered; `null`: all. */
  keep: z.number().int().min(1).nullable().optional(),
  /** New templates are approved after so long; `null`: when the control API says so. */
  template_review_ms: z.number().int().min(0).nullable().optional(),
  webhooks: webhooksSchema.partial().optional(),
});

/** What changes settings; see the fields. */
export type SettingsInput = z.input<typeof settingsSchema>;
/** See {@link webhooksSchema}. */
export type WebhookSettings = z.output<typeof webhooksSchema>;

/** The settings as they are now. */
export interface SettingsView {
  webhook_url: string | null;
  delays: Delays;
  clock_offset_ms: number;
  clock_ms: number | null;
  fail_next: Fault[];
  limits: LimitsConfig;
  closed_window: "refuse" | "status" | "take";
  unknown_recipients: "fail" | "add";
  statuses: boolean;
  keep: number | null;
  template_review_ms: number | null;
  webhooks: WebhookSettings;
}

/** Settings that change while the emulator runs. */
export interface Settings {
  /** The values at hand; replaced as a whole by each change. */
  readonly current: Omit<SettingsView, "fail_next">;
  readonly faults: FaultBook;
  view(): SettingsView;
  /** Throws a ZodError where the input does not fit. */
  update(input: unknown): SettingsView;
}

const DEFAULTS: Omit<SettingsView, "fail_next"> = {
  webhook_url: null,
  delays: { sent_ms: 50, delivered_ms: 150, read_ms: null },
  clock_offset_ms: 0,
  clock_ms: null,
  limits: "off",
  closed_window: "refuse",
  unknown_recipients: "fail",
  statuses: true,
  keep: null,
  template_review_ms: null,
  webhooks: {
    repeat: 0,
    repeat_after_ms: 0,
    jitter_ms: 0,
    hold: false,
    release: "in_order",
    lose: 0,
    batch: 1,
    batch_wait_ms: 20,
    seed: 1,
  },
};

/** Creates the settings that the options ask for. */
export function createSettings(options: ResolvedOptions): Settings {
  const faults = createFaultBook();
  let current: Settings["current"] = {
    ...DEFAULTS,
    webhook_url: options.webhook_url ?? null,
    delays: { ...DEFAULTS.delays, ...given(options.delays) },
  };
  const view = () => ({ ...current, fail_next: faults.list() });
  return {
    get current() {
      return current;
    },
    faults,
    view,
    update(input) {
      const { fail_next, delays, webhooks, ...changes } = settingsSchema.parse(input);
      current = {
        ...current,
        ...given(changes),
        delays: { ...current.delays, ...given(delays ?? {}) },
        webhooks: { ...current.webhooks, ...given(webhooks ?? {}) },
      };
      if (fail_next) faults.replace(fail_next);
      return view();
    },
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only what was given: an absent key must not undo what holds. */
function given<T extends object>(changes: T): Given<T>;
function given(changes: object): object {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}
