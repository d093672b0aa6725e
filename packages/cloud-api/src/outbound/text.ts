import type { z } from "zod";
import { boolean, object, text } from "./fields.ts";
import { MAX_TEXT_CHARACTERS } from "./limits.ts";

/** The `text` part of a message: `{ body, preview_url? }`. The body stays as written, with spaces and line breaks. */
export const textPartSchema = object({
  body: text({ max: MAX_TEXT_CHARACTERS }),
  preview_url: boolean().optional(),
});

export type TextPart = z.infer<typeof textPartSchema>;
