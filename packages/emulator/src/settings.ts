import { z } from "zod";
import { type Delays, type ResolvedOptions, delaysSchema, webhookUrlSchema } from "./options.ts";

const failureSchema = z.object({
  /** The error code that Meta answers or reports. Not needed where the answer is dropped. */
  code: z.number().int().default(131000),
  /** How many sends fail so. */
  times: z.number().int().min(1).default(1),
  /**
   * `refuse`: an error answer, nothing sent. `status`: accepted, then a `failed` status.
   * `accept_then_error`: the message goes out, the answer is the error. `drop`: the connection breaks, nothing sent.
   * `accept_then_drop`: the message goes out and the connection breaks before the answer.
   */
  how: z
    .enum(["refuse", "status", "accept_then_error", "drop", "accept_then_drop"])
    .default("refuse"),
});

const failureInput = z.union([
  z
    .number()
    .int()
    .transform((code) => failureSchema.parse({ code })),
  failureSchema,
]);

/** What `PUT /emulator/settings` takes; a key that is absent stays as it is. */
const settingsSchema = z.strictObject({
  webhook_url: webhookUrlSchema.nullable().optional(),
  delays: delaysSchema.partial().optional(),
  /** Added to the clock: 86_400_000 closes every customer service window. */
  clock_offset_ms: z.number().int().optional(),
  /** Replaces the failures planned for the next sends, in order; `[]` plans none. */
  fail_next: z.union([z.array(failureInput), failureInput.transform((rule) => [rule])]).optional(),
});

/** A failure planned for the next sends; see the fields. */
export type PlannedFailure = z.output<typeof failureSchema>;
/** What changes settings; see the fields. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** The settings as they are now. */
export interface SettingsView {
  webhook_url: string | null;
  delays: Delays;
  clock_offset_ms: number;
  fail_next: PlannedFailure[];
}

/** Settings that change while the emulator runs. */
export interface Settings {
  view(): SettingsView;
  /** Throws a ZodError where the input does not fit. */
  update(input: unknown): SettingsView;
  /** Takes the failure planned for the send at hand, if there is one. */
  takeFailure(): PlannedFailure | undefined;
}

/** Creates the settings that the options ask for. */
export function createSettings(options: ResolvedOptions): Settings {
  let webhook_url = options.webhook_url ?? null;
  let delays: Delays = { sent_ms: 50, delivered_ms: 150, read_ms: null };
  let clock_offset_ms = 0;
  let fail_next: PlannedFailure[] = [];
  const view = () => ({ webhook_url, delays, clock_offset_ms, fail_next: [...fail_next] });
  const setDelays = (input: z.output<typeof settingsSchema>["delays"]) => {
    delays = {
      sent_ms: input?.sent_ms ?? delays.sent_ms,
      delivered_ms: input?.delivered_ms ?? delays.delivered_ms,
      read_ms: input?.read_ms === undefined ? delays.read_ms : input.read_ms,
    };
  };
  setDelays(options.delays);
  return {
    view,
    update(input) {
      const changes = settingsSchema.parse(input);
      if (changes.webhook_url !== undefined) webhook_url = changes.webhook_url;
      setDelays(changes.delays);
      clock_offset_ms = changes.clock_offset_ms ?? clock_offset_ms;
      fail_next = changes.fail_next ?? fail_next;
      return view();
    },
    takeFailure() {
      const [first, ...rest] = fail_next;
      if (!first) return undefined;
      fail_next = first.times > 1 ? [{ ...first, times: first.times - 1 }, ...rest] : rest;
      return first;
    },
  };
}
