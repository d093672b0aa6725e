import { describeIssues, phoneSchema, textMessageSchema } from "@wabase/cloud-api";
import { z } from "zod";

const idempotencyKeySchema = z.string().min(1).max(200);

const textParts = {
  type: z.literal("text"),
  text: textMessageSchema,
  /** The message that this one answers. */
  context: z.strictObject({ message_id: z.string().min(1) }).optional(),
  /** The caller's: sending with the same key again finds the first message and sends nothing. */
  idempotency_key: idempotencyKeySchema.optional(),
};

const toPhoneSchema = z.strictObject({
  /** Meta's id of the number to send from. */
  phone_number_id: z.string().regex(/^\d{1,32}$/, "must be Meta's id of the number, digits only"),
  to: phoneSchema,
  ...textParts,
});

const toConversationSchema = z.strictObject({ conversation_id: z.uuid(), ...textParts });

/** Meta's shape of a read receipt, with our id of the message. */
const readReceiptSchema = z.strictObject({ status: z.literal("read"), message_id: z.uuid() });

export type ReadReceipt = z.infer<typeof readReceiptSchema>;
export type Outgoing = z.infer<typeof toPhoneSchema> | z.infer<typeof toConversationSchema>;

export type ParsedRequest =
  | { kind: "message"; message: Outgoing }
  | { kind: "read_receipt"; receipt: ReadReceipt }
  | { kind: "invalid"; field: string; message: string };

/** Which of the three shapes a body means is told by its fields, so that errors name the right ones. */
export function parseSendRequest(body: unknown): ParsedRequest {
  const fields = z.record(z.string(), z.unknown()).safeParse(body);
  if (!fields.success)
    return { kind: "invalid", field: "body", message: "body: must be an object" };
  if ("status" in fields.data) {
    const receipt = readReceiptSchema.safeParse(body);
    return receipt.success
      ? { kind: "read_receipt", receipt: receipt.data }
      : invalid(receipt.error);
  }
  const schema = "conversation_id" in fields.data ? toConversationSchema : toPhoneSchema;
  const message = schema.safeParse(body);
  return message.success ? { kind: "message", message: message.data } : invalid(message.error);
}

function invalid(error: z.ZodError): ParsedRequest {
  return {
    kind: "invalid",
    field: error.issues[0]?.path.map(String).join(".") || "body",
    message: describeIssues(error),
  };
}
