import {
  checkRecipient,
  formatIssues,
  groupIdSchema,
  issuesOf,
  type OutboundIssue,
  type OutboundMessage,
  parseOutboundMessage,
  phoneSchema,
  type RecipientKind,
  summaryOf,
  userIdSchema,
} from "@wabase/cloud-api/outbound";
import { z } from "zod";

// A request is Meta's own body of POST /messages, and beside it what is ours: which number or conversation, the
// idempotency key, when. So what works in Meta's documentation works here.

/** To whom, and how it is sent: all that is not the message itself. */
const envelopeSchema = z.object({
  messaging_product: z.literal("whatsapp", 'must be "whatsapp"; correct it').optional(),
  recipient_type: z
    .enum(["individual", "group"], 'is not known; write "individual" or "group"')
    .optional(),
  conversation_id: z.uuid("must be the id of a conversation; write the UUID").optional(),
  /** Meta's id of the number to send from. */
  phone_number_id: z
    .string()
    .regex(/^\d{1,32}$/, "must be Meta's id of the number, digits only; correct it")
    .optional(),
  to: z.string("must be text; write it in quotes").optional(),
  recipient: userIdSchema.optional(),
  /** The caller's: sending with the same key again finds the first message and sends nothing. */
  idempotency_key: z
    .string("must be text; write it in quotes")
    .min(1, "must not be empty; leave it out")
    .max(200, "must have at most 200 characters; shorten it")
    .optional(),
  priority: z.enum(["reply", "campaign"], 'is not known; write "reply" or "campaign"').optional(),
  scheduled_at: z.iso
    .datetime({
      offset: true,
      error: "must be a time with its zone; write it as 2026-12-01T09:00:00+01:00",
    })
    .optional(),
  /** After an answer that was lost the message may be sent again, at the risk of two. */
  allow_duplicate: z.boolean("must be true or false; write it without quotes").optional(),
  /** False: answer as soon as the message is queued. */
  wait: z.boolean("must be true or false; write it without quotes").optional(),
});

type Envelope = z.infer<typeof envelopeSchema>;

/** Meta's shape of a read receipt, with our id of the message. */
const readReceiptSchema = z.strictObject(
  {
    messaging_product: z.literal("whatsapp").optional(),
    status: z.literal("read", 'must be "read"; leave it out to send a message'),
    message_id: z.uuid("must be our id of the message; write the UUID"),
    typing_indicator: z.strictObject({ type: z.literal("text") }).optional(),
  },
  { error: "is not known in a read receipt; remove it" },
);

export interface ReadReceipt {
  message_id: string;
  /** Shows "typing…" to the person, until the reply and for 25 seconds at most. */
  typing_indicator: boolean;
}

/** One of these: who gets it. */
type Target =
  | { conversation_id: string }
  | { phone_number_id: string; to: string }
  | { phone_number_id: string; recipient: string }
  | { phone_number_id: string; group_id: string };

/** What `whatsapp_enqueue_message` takes. */
export type EnqueueRequest = Target &
  Pick<Envelope, "idempotency_key" | "priority" | "scheduled_at" | "allow_duplicate"> & {
    /** What lists show. */
    body: string | null;
    content: OutboundMessage;
  };

export type ParsedRequest =
  | { kind: "message"; message: EnqueueRequest; wait: boolean }
  | { kind: "read_receipt"; receipt: ReadReceipt }
  /** `field` and `message` are those of the first issue. */
  | { kind: "invalid"; field: string; message: string; issues: readonly OutboundIssue[] };

const ENVELOPE_FIELDS: ReadonlySet<string> = new Set(Object.keys(envelopeSchema.shape));

/** Reads a request, a message or a read receipt, and names every field that is wrong. */
export function parseSendRequest(body: unknown): ParsedRequest {
  const fields = z.record(z.string(), z.unknown()).safeParse(body);
  if (!fields.success) {
    return invalid([{ field: "body", problem: "must be an object", fix: "send JSON: {…}" }]);
  }
  if ("status" in fields.data) return parseReadReceipt(fields.data);
  const entries = Object.entries(fields.data);
  const content = parseOutboundMessage(
    Object.fromEntries(entries.filter(([name]) => !ENVELOPE_FIELDS.has(name))),
  );
  const envelope = envelopeSchema.safeParse(fields.data);
  const target = envelope.success ? readTarget(envelope.data) : null;
  const issues = [
    ...(envelope.success ? [] : issuesOf(envelope.error)),
    ...(target?.ok === false ? target.issues : []),
    ...(content.ok ? [] : content.issues),
    ...(content.ok && target?.ok === true && target.kind !== null
      ? checkRecipient(content.message, target.kind)
      : []),
  ];
  if (issues.length > 0 || !content.ok || !envelope.success || target?.ok !== true) {
    return invalid(issues);
  }
  const { idempotency_key, priority, scheduled_at, allow_duplicate, wait = true } = envelope.data;
  return {
    kind: "message",
    wait,
    message: {
      ...target.target,
      ...(idempotency_key === undefined ? {} : { idempotency_key }),
      ...(priority === undefined ? {} : { priority }),
      ...(scheduled_at === undefined ? {} : { scheduled_at }),
      ...(allow_duplicate === undefined ? {} : { allow_duplicate }),
      body: summaryOf(content.message),
      content: content.message,
    },
  };
}

function parseReadReceipt(body: Record<string, unknown>): ParsedRequest {
  const parsed = readReceiptSchema.safeParse(body);
  if (!parsed.success) return invalid(issuesOf(parsed.error));
  const { message_id, typing_indicator } = parsed.data;
  return {
    kind: "read_receipt",
    receipt: { message_id, typing_indicator: typing_indicator !== undefined },
  };
}

type ReadTarget =
  /** The kind is null for a conversation: what it is, the database knows. */
  { ok: true; target: Target; kind: RecipientKind | null } | { ok: false; issues: OutboundIssue[] };

function refuse(field: string, problem: string, fix: string): ReadTarget {
  return { ok: false, issues: [{ field, problem, fix }] };
}

function readTarget(envelope: Envelope): ReadTarget {
  const { conversation_id, phone_number_id, to, recipient, recipient_type } = envelope;
  const given = [conversation_id, to, recipient].filter((target) => target !== undefined);
  if (given.length !== 1) {
    const problem = given.length === 0 ? "says not whom the message is for" : "names two targets";
    return refuse("to", problem, "give one of conversation_id, to, recipient");
  }
  if (conversation_id !== undefined) {
    const stray = phone_number_id === undefined ? "recipient_type" : "phone_number_id";
    return envelope[stray] === undefined
      ? { ok: true, target: { conversation_id }, kind: null }
      : refuse(stray, "belongs to a message with to or recipient", "remove it");
  }
  if (phone_number_id === undefined) {
    return refuse("phone_number_id", "is missing", "give Meta's id of the number to send from");
  }
  if (recipient !== undefined) {
    return recipient_type === "group"
      ? refuse("recipient", "is a person", "write the id of the group in to")
      : { ok: true, target: { phone_number_id, recipient }, kind: "user_id" };
  }
  return readTo(phone_number_id, to, recipient_type === "group");
}

function readTo(phone_number_id: string, to: string | undefined, is_group: boolean): ReadTarget {
  const parsed = (is_group ? groupIdSchema : phoneSchema).safeParse(to);
  if (!parsed.success) return { ok: false, issues: issuesOf(parsed.error, "to") };
  return is_group
    ? { ok: true, target: { phone_number_id, group_id: parsed.data }, kind: "group" }
    : { ok: true, target: { phone_number_id, to: parsed.data }, kind: "phone" };
}

export function invalid(
  issues: readonly OutboundIssue[],
): Extract<ParsedRequest, { kind: "invalid" }> {
  const [first] = issues;
  return {
    kind: "invalid",
    field: first?.field || "body",
    message: formatIssues(first === undefined ? [] : [first]),
    issues,
  };
}
