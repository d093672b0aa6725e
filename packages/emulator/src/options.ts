import { z } from "zod";

/** The longest delay a Node timer takes; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const delay = z.number().int().min(0).max(MAX_TIMER_MS);

/** How long after the step before it each status follows, in milliseconds. */
export const delaysSchema = z.object({
  /** From the Graph answer to `sent`. */
  sent_ms: delay,
  /** From `sent` to `delivered`. */
  delivered_ms: delay,
  /** From `delivered` to `read`; `null`: only when the phone page or the control API says so. */
  read_ms: delay.nullable(),
});

/** A webhook address: http or https. */
export const webhookUrlSchema = z.url({ protocol: /^https?$/ });

/** What a number, or all of them, may do. `"meta"`: as Meta's pages say; `"off"`: whatever is asked. */
export const limitsSchema = z.union([
  z.enum(["meta", "off"]),
  z.strictObject({
    /** The number's own messages per second, in and out together (130429). */
    throughput: z.boolean().default(false),
    /** See {@link Limits}: how messages to one person are limited (131056). */
    pair: z.enum(["borrow", "bucket"]).nullable().default(null),
    /** Different people written to within 24 hours outside their windows, per portfolio (131048). */
    portfolio: z.number().int().min(1).nullable().default(null),
    /** Calls to templates and accounts per hour and WABA (80007). */
    management_per_hour: z.number().int().min(1).nullable().default(null),
  }),
]);

/** A business number. */
export const numberSchema = z.object({
  phone_number_id: z.string().regex(/^\d+$/),
  display_phone_number: z.string().regex(/\d/),
  waba_id: z.string().regex(/^\d+$/),
  verified_name: z.string().min(1),
  /** Messages per second: 80 as Meta's default, 20 for coexistence, 1,000 when upgraded. */
  throughput: z.number().int().min(1).optional(),
  /** Messaging limits are counted per portfolio; default: all numbers are in one. */
  portfolio_id: z.string().min(1).optional(),
  /** In place of the setting `limits`. */
  limits: limitsSchema.nullable().optional(),
  /** `false`: sends get 133010. */
  registered: z.boolean().optional(),
  /** `false`: marketing templates get 131063 except on `marketing_messages`. */
  marketing_on_messages: z.boolean().optional(),
});

/** What {@link createEmulator} takes. */
export const optionsSchema = z.object({
  /** Signs webhooks. */
  app_secret: z.string().min(1),
  /** What Graph calls must carry as `Authorization: Bearer …`. */
  access_token: z.string().min(1),
  /** What the webhook handshake offers. */
  verify_token: z.string().min(1),
  /** The version that the emulator names; every `v<major>.<minor>` is accepted in a path. */
  graph_version: z
    .string()
    .regex(/^v\d+\.\d+$/)
    .default("v26.0"),
  /** The business numbers. */
  numbers: z.array(numberSchema).min(1),
  /** Where webhooks go; can be set later. */
  webhook_url: webhookUrlSchema.optional(),
  /** See {@link Delays}. Default: sent after 50 ms, delivered 150 ms later, read when the customer reads. */
  delays: delaysSchema.partial().default({}),
  /**
   * Waits between attempts of a webhook that was not answered with 200, in milliseconds. The last one repeats until
   * seven days have passed on the clock.
   */
  retry: z.array(delay).min(1).default([200, 1000, 2000, 5000, 10_000, 30_000, 60_000]),
  /** The emulator's clock, in milliseconds since 1970. Windows, link expiry and timestamps follow it. */
  now: z.custom<() => number>((value) => typeof value === "function").default(() => Date.now),
  /** Takes log lines. They hold ids, codes and times, never a message's text or a secret. */
  log: z
    .custom<(line: string) => void>((value) => typeof value === "function")
    .default(() => () => {}),
});

/** A business number of the emulator. */
export type BusinessNumber = z.output<typeof numberSchema>;
/** What {@link limitsSchema} takes. */
export type LimitsInput = z.input<typeof limitsSchema>;
/** The same with the defaults filled in. */
export type LimitsConfig = z.output<typeof limitsSchema>;
/** See the fields. */
export type Delays = z.output<typeof delaysSchema>;
/** What {@link createEmulator} takes; see the fields. */
export type EmulatorOptions = z.input<typeof optionsSchema>;
/** Options with the defaults filled in. */
export type ResolvedOptions = z.output<typeof optionsSchema>;
