import { z } from "zod";
import { phoneDigits } from "../phone.ts";
import { isMediaKind } from "../store/media-limits.ts";
import { GraphFault } from "./errors.ts";

/** The message types that the Cloud API sends. */
const MESSAGE_TYPES = [
  "audio",
  "contacts",
  "document",
  "image",
  "interactive",
  "location",
  "pin",
  "reaction",
  "sticker",
  "template",
  "text",
  "video",
];
/** Meta: text messages, "maximum 4096 characters". */
const TEXT_MAX_LENGTH = 4096;

const sendSchema = z.looseObject({
  messaging_product: z.literal("whatsapp"),
  recipient_type: z.literal("individual").default("individual"),
  to: z.string().regex(/\d/).optional(),
  recipient: z
    .string()
    .regex(/^[A-Z]{2}\.[A-Za-z0-9.]{1,128}$/)
    .optional(),
  type: z.string().default("text"),
  context: z.looseObject({ message_id: z.string() }).optional(),
  biz_opaque_callback_data: z.string().max(512).optional(),
});

const textSchema = z.looseObject({
  body: z.string().min(1).max(TEXT_MAX_LENGTH),
  preview_url: z.boolean().optional(),
});
const mediaSchema = z.looseObject({ id: z.string().optional(), link: z.url().optional() });
const templateSchema = z.looseObject({
  name: z.string().min(1),
  language: z.looseObject({ code: z.string().min(1) }),
});
const contentSchema = z.union([z.looseObject({}), z.array(z.unknown()).min(1)]);

/** A send that Meta would take as far as its form goes. */
export interface SendRequest {
  /** Whom it is for; `to` wins where both are given. */
  to: { phone: string } | { user_id: string };
  type: string;
  /** What stands under the key named by `type`. */
  content: unknown;
  /** The id of uploaded media in it. */
  media_id: string | null;
  context_id: string | null;
  biz_opaque_callback_data: string | null;
  /** `to` or `recipient`, as it came. */
  input: string;
}

/** Reads the body of a send. Throws a {@link GraphFault} as Meta would answer. */
export function parseSendRequest(body: unknown): SendRequest {
  const request = parseWith(sendSchema, body, []);
  const to = resolveRecipient(request);
  const { type } = request;
  if (!MESSAGE_TYPES.includes(type)) {
    throw new GraphFault(131009, {
      details: `Param type must be one of {${MESSAGE_TYPES.join(", ").toUpperCase()}} - got "${type}".`,
    });
  }
  const content = parseWith(schemaOf(type), request[type], [type]);
  return {
    ...to,
    type,
    content,
    media_id: mediaId(type, content),
    context_id: request.context?.message_id ?? null,
    biz_opaque_callback_data: request.biz_opaque_callback_data ?? null,
  };
}

function resolveRecipient({ to, recipient }: z.output<typeof sendSchema>) {
  if (to !== undefined) return { to: { phone: phoneDigits(to) }, input: to };
  if (recipient !== undefined) return { to: { user_id: recipient }, input: recipient };
  throw new GraphFault(131008, { details: "Parameter 'to' or 'recipient' is required." });
}

function schemaOf(type: string): z.ZodType {
  if (type === "text") return textSchema;
  if (type === "template") return templateSchema;
  return isMediaKind(type) ? mediaSchema : contentSchema;
}

function mediaId(type: string, content: unknown): string | null {
  if (!isMediaKind(type)) return null;
  const { id, link } = mediaSchema.parse(content);
  if (id === undefined && link === undefined) {
    throw new GraphFault(131008, { details: `Parameter '${type}' needs an 'id' or a 'link'.` });
  }
  return id ?? null;
}

/** Parses, and turns the first issue into Meta's words for it; `path` is where the value stands in the body. */
function parseWith<T>(schema: z.ZodType<T>, value: unknown, path: readonly string[]): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const keys = [...path, ...(issue?.path ?? []).map(String)];
  const name = keys.map((key, index) => (index === 0 ? key : `['${key}']`)).join("");
  if (name === "messaging_product" || name === "") {
    throw new GraphFault(100, { message: "(#100) The parameter messaging_product is required." });
  }
  if (issue?.code === "too_big") {
    throw new GraphFault(100, {
      message: `(#100) Param ${name} must be at most ${issue.maximum} characters long.`,
    });
  }
  const absent = valueAt(value, issue?.path ?? []) === undefined;
  throw new GraphFault(absent ? 131008 : 131009, {
    details: absent ? `Parameter '${name}' is required.` : `Parameter '${name}' is not valid.`,
  });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    value,
  );
}
