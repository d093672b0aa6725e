import { z } from "zod";
import { numberSchema } from "../options.ts";
import { phoneDigits } from "../phone.ts";
import {
  TEMPLATE_CATEGORIES,
  TEMPLATE_QUALITIES,
  TEMPLATE_STATUSES,
} from "../templates/template.ts";

const phone = z
  .string()
  .transform(phoneDigits)
  .pipe(z.string().regex(/^\d{7,15}$/, "must have 7 to 15 digits"));

export const customerSchema = z.strictObject({
  /** Any spelling; its digits are the customer's key. */
  phone,
  name: z.string().trim().min(1),
  /** Business-scoped user id; default: derived from the phone. */
  bsuid: z
    .string()
    .regex(/^[A-Z]{2}\.[A-Za-z0-9.]{1,128}$/, "must look like DE.123")
    .optional(),
  username: z.string().min(1).optional(),
  /** `false`: the business learns the user id only. */
  share_phone: z.boolean().default(true),
});

export const webhookSchema = z.union([
  /** The whole body, sent as it is. */
  z.strictObject({ body: z.record(z.string(), z.unknown()) }),
  /** The value of one change; the envelope is put around it. */
  z.strictObject({
    value: z.record(z.string(), z.unknown()),
    field: z.string().min(1).default("messages"),
    phone_number_id: z.string().optional(),
  }),
]);

export const chatFilterSchema = z.strictObject({ phone_number_id: z.string().optional() });

/** Numbers come as text where they come in a query. */
const count = z.coerce.number().int().min(1);

export const ledgerFilterSchema = z.strictObject({
  phone_number_id: z.string().optional(),
  /** A phone in any spelling, a user id or a group id. */
  recipient: z
    .string()
    .transform((name) => (/[A-Za-z]/.test(name) ? name : phoneDigits(name)))
    .optional(),
  biz_opaque_callback_data: z.string().optional(),
  template: z.string().optional(),
  /** Milliseconds since 1970, included. */
  since: z.coerce.number().optional(),
  /** The newest so many. */
  limit: count.optional(),
});

export const summaryFilterSchema = ledgerFilterSchema.extend({
  /** The window of `peaks`; default: 1000. */
  window_ms: count.optional(),
});

export const numberInputSchema = z.strictObject(numberSchema.shape);
export const numberChangesSchema = z.strictObject(numberSchema.partial().shape);

export const groupSchema = z.strictObject({
  subject: z.string().min(1),
  /** Phones or user ids of customers; Meta allows eight. */
  participants: z.array(z.string()).max(8),
  phone_number_id: z.string().optional(),
});

export const pressSchema = z.strictObject({
  message_id: z.string(),
  /** The label, the id, or the place of what is pressed, counted from 0. */
  choice: z.union([z.string(), z.number().int().min(0)]).default(0),
  /** Keys that take the place of the reply's own, as the answers of a flow. */
  reply: z.record(z.string(), z.unknown()).optional(),
});

export const playSchema = z.strictObject({ message_id: z.string() });

export const preferencesSchema = z.strictObject({
  marketing: z.enum(["stop", "resume"]),
  phone_number_id: z.string().optional(),
});

export const releaseSchema = z.strictObject({
  outcome: z.enum(["send", "drop"]).default("send"),
  /** Of the failed status of what is dropped. */
  code: z.number().int().default(132015),
  template: z.string().optional(),
  phone_number_id: z.string().optional(),
});

const MAX_DOWN_MS = 10 * 60_000;
export const networkSchema = z.strictObject({ down_ms: z.number().int().min(1).max(MAX_DOWN_MS) });

export const templateSchema = z.strictObject({
  name: z.string(),
  language: z.string().default("en_US"),
  category: z.enum(TEMPLATE_CATEGORIES).default("UTILITY"),
  components: z.array(z.unknown()),
  parameter_format: z.enum(["POSITIONAL", "NAMED"]).default("POSITIONAL"),
  status: z.enum(TEMPLATE_STATUSES).default("APPROVED"),
  waba_id: z.string().optional(),
});

export const templateChangesSchema = z.strictObject({
  status: z.enum(TEMPLATE_STATUSES).optional(),
  /** Of the status webhook; Meta sends `null` with DELETED. */
  reason: z.string().nullable().optional(),
  rejection: z.strictObject({ reason: z.string(), recommendation: z.string() }).optional(),
  quality: z.enum(TEMPLATE_QUALITIES).optional(),
  category: z.enum(TEMPLATE_CATEGORIES).optional(),
  /** Announces that the category will change tomorrow. */
  correct_category: z.enum(TEMPLATE_CATEGORIES).optional(),
  /** Which of several of this name. */
  language: z.string().optional(),
  waba_id: z.string().optional(),
});

export const mediaChangesSchema = z.strictObject({
  /** Milliseconds since 1970. */
  expires_at: z.number().optional(),
  /** Downloads give other bytes than the hash is of. */
  corrupt: z.boolean().optional(),
  mime_type: z.string().optional(),
});
