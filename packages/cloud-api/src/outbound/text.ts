import { z } from "zod";

/** Longest text body. Meta: "Maximum 4096 characters" (text messages). */
export const MAX_TEXT_CHARACTERS = 4096;

/**
 * The `text` part of an outbound message: `{ body, preview_url? }`. Length counts UTF-16 units, as String.length
 * does: Meta does not say what its "characters" are, and this is the count that is never the smaller one, so
 * what passes here is not too long for Meta. The body stays as written, with spaces and line breaks.
 */
export const textMessageSchema = z.strictObject({
  body: z
    .string("body: must be text")
    // Not .max(): zod 4.6 counts code points.
    .refine(
      (body) => body.length <= MAX_TEXT_CHARACTERS,
      `body: must have at most ${MAX_TEXT_CHARACTERS} characters (an emoji counts as two or more); split it`,
    )
    .refine((body) => body.trim() !== "", "body: must not be empty; write at least one character")
    .refine(
      (body) => body.isWellFormed() && !body.includes("\0"),
      "body: holds U+0000 or half an emoji, which cannot be stored; remove it",
    ),
  preview_url: z.boolean("preview_url: must be true or false").optional(),
});

export type TextMessage = z.infer<typeof textMessageSchema>;
