import { z } from "zod";
import { boolean, integer, object, oneOf, wamid } from "./fields.ts";
import { contactsPartSchema } from "./contacts.ts";
import { checkDirectSend } from "./direct-send.ts";
import { interactivePartSchema } from "./interactive/interactive.ts";
import { unknownType } from "./interactive/parts.ts";
import { issuesOf, say, type OutboundIssue } from "./issues.ts";
import { DIRECT_SEND_TTL_SECONDS, MARKETING_TTL_SECONDS } from "./limits.ts";
import { locationPartSchema } from "./location.ts";
import {
  audioPartSchema,
  captionedMediaSchema,
  documentPartSchema,
  plainMediaSchema,
} from "./media.ts";
import { pinPartSchema, reactionPartSchema } from "./reaction.ts";
import { templateNameSchema, templatePartSchema } from "./template/template.ts";
import { textPartSchema } from "./text.ts";

/** The message that this one answers. Every type may be an answer, a reaction apart. */
const answer = { context: object({ message_id: wamid() }).optional() };

/** Direct Send: a message outside the 24-hour window of which Meta makes a template. */
const directSend = {
  category: oneOf(["utility", "authentication"]).optional(),
  message_send_ttl_seconds: integer(
    DIRECT_SEND_TTL_SECONDS.min,
    DIRECT_SEND_TTL_SECONDS.max,
  ).optional(),
  direct_send_config: object({ template_name: templateNameSchema }).optional(),
};

/** Marketing Messages API: with `product_policy` the message goes to /marketing_messages. */
const marketing = {
  product_policy: oneOf(["CLOUD_API_FALLBACK", "STRICT"]).optional(),
  message_activity_sharing: boolean().optional(),
  message_send_ttl_seconds: integer(
    MARKETING_TTL_SECONDS.min,
    MARKETING_TTL_SECONDS.max,
  ).optional(),
};

const textSchema = object({
  type: oneOf(["text"]),
  text: textPartSchema,
  ...answer,
  ...directSend,
}).superRefine(checkDirectSend);

const interactiveSchema = object({
  type: oneOf(["interactive"]),
  interactive: interactivePartSchema,
  ...answer,
  ...directSend,
}).superRefine(checkDirectSend);

const templateSchema = object({
  type: oneOf(["template"]),
  template: templatePartSchema,
  ...answer,
  ...marketing,
}).superRefine(({ product_policy, ...message }, context) => {
  if (product_policy !== undefined) return;
  for (const field of ["message_activity_sharing", "message_send_ttl_seconds"] as const) {
    if (message[field] === undefined) continue;
    const fix = 'add product_policy: "CLOUD_API_FALLBACK", or remove it';
    const text = say("belongs to the Marketing Messages API", fix);
    context.addIssue({ code: "custom", path: [field], message: text });
  }
});

/** The types of message that can be sent. */
export const MESSAGE_TYPES = [
  "text",
  "image",
  "audio",
  "video",
  "document",
  "sticker",
  "location",
  "contacts",
  "reaction",
  "interactive",
  "template",
  "pin",
] as const;

const outboundMessageSchema = z.discriminatedUnion(
  "type",
  [
    textSchema,
    object({ type: oneOf(["image"]), image: captionedMediaSchema, ...answer }),
    object({ type: oneOf(["audio"]), audio: audioPartSchema, ...answer }),
    object({ type: oneOf(["video"]), video: captionedMediaSchema, ...answer }),
    object({ type: oneOf(["document"]), document: documentPartSchema, ...answer }),
    object({ type: oneOf(["sticker"]), sticker: plainMediaSchema, ...answer }),
    object({ type: oneOf(["location"]), location: locationPartSchema, ...answer }),
    object({ type: oneOf(["contacts"]), contacts: contactsPartSchema, ...answer }),
    object({ type: oneOf(["reaction"]), reaction: reactionPartSchema }),
    interactiveSchema,
    templateSchema,
    object({ type: oneOf(["pin"]), pin: pinPartSchema }),
  ],
  { error: unknownType(MESSAGE_TYPES) },
);

/**
 * What is sent, in Meta's own shape and without what belongs to one sending of it: `messaging_product`, whom it
 * goes to, `recipient_type`, `biz_opaque_callback_data`. This is what a message row keeps as its content.
 */
export type OutboundMessage = z.infer<typeof outboundMessageSchema>;

export type ParsedOutboundMessage =
  | { ok: true; message: OutboundMessage }
  | { ok: false; issues: OutboundIssue[] };

/**
 * Reads a message of any kind and checks it against Meta's documented limits. Never throws. Fields that are not
 * Meta's, or not of this kind of message, are refused, so nothing reaches Meta that was not looked at.
 */
export function parseOutboundMessage(value: unknown): ParsedOutboundMessage {
  const parsed = outboundMessageSchema.safeParse(value);
  return parsed.success
    ? { ok: true, message: parsed.data }
    : { ok: false, issues: issuesOf(parsed.error) };
}
