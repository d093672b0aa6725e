import { issuesOf, type OutboundIssue } from "@wabase/cloud-api/outbound";
import { z } from "zod";

/** Messages of one page of a conversation. */
const MAX_MESSAGES = 100;

const messageId = z.uuid("must be our id of a message; write the UUID");

const signSchema = z.strictObject({
  action: z.literal("sign"),
  message_ids: z
    .array(messageId, 'must be a list; write ["…"]')
    .min(1, "is empty; give an id")
    .max(MAX_MESSAGES, `has more than ${MAX_MESSAGES} ids; ask in several requests`),
});

const uploadSchema = z
  .strictObject({
    action: z.literal("upload"),
    conversation_id: z.uuid("must be the id of a conversation; write the UUID").optional(),
    phone_number_id: z
      .string()
      .regex(/^\d{1,32}$/, "must be Meta's id of the number, digits only; correct it")
      .optional(),
    kind: z.enum(
      ["audio", "document", "image", "sticker", "video"],
      "is not known; write audio, document, image, sticker or video",
    ),
    mime_type: z.string("must be text; write it as image/jpeg"),
    size: z.int("must be the number of bytes; correct it").min(1, "must be 1 at least; correct it"),
    voice: z.boolean("must be true or false; write it without quotes").optional(),
  })
  .refine(
    ({ conversation_id, phone_number_id }) =>
      (conversation_id === undefined) !== (phone_number_id === undefined),
    { path: ["conversation_id"], error: "or phone_number_id must be given; give one of them" },
  );

const workSchema = z.strictObject({
  action: z.literal("work"),
  wait: z.boolean("must be true or false; write it without quotes").optional(),
});

const requestSchema = z.discriminatedUnion("action", [signSchema, uploadSchema, workSchema], {
  error: "is not known; write sign, upload or work",
});

export interface UploadRequest {
  target: { conversation_id: string } | { phone_number_id: string };
  file: Pick<z.output<typeof uploadSchema>, "kind" | "mime_type"> & {
    bytes: number;
    voice: boolean;
  };
}

export type MediaRequest =
  | { action: "sign"; message_ids: string[] }
  | { action: "upload"; upload: UploadRequest }
  | { action: "work"; wait: boolean }
  | { action: "invalid"; issues: OutboundIssue[] };

/** Reads a request, and names every field that is wrong. */
export function parseMediaRequest(body: unknown): MediaRequest {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) return { action: "invalid", issues: issuesOf(parsed.error) };
  const request = parsed.data;
  if (request.action === "sign") return request;
  if (request.action === "work") return { action: "work", wait: request.wait ?? false };
  const { conversation_id, phone_number_id = "", kind, mime_type, size, voice = false } = request;
  const target = conversation_id === undefined ? { phone_number_id } : { conversation_id };
  return { action: "upload", upload: { target, file: { kind, mime_type, bytes: size, voice } } };
}
