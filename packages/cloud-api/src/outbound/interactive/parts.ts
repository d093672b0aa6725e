import { z } from "zod";
import { line, object, oneOf, text, url } from "../fields.ts";
import { say } from "../issues.ts";
import {
  MAX_BODY_CHARACTERS,
  MAX_BUTTON_LABEL_CHARACTERS,
  MAX_FOOTER_CHARACTERS,
  MAX_HEADER_CHARACTERS,
} from "../limits.ts";
import { headerDocumentSchema, plainMediaSchema } from "../media.ts";

// What the interactive messages have in common.

export const bodySchema = object({ text: text({ max: MAX_BODY_CHARACTERS }) });
export const footerSchema = object({ text: line(MAX_FOOTER_CHARACTERS) });

export const textHeaderSchema = object({
  type: oneOf(["text"]),
  text: line(MAX_HEADER_CHARACTERS),
});

const imageHeaderSchema = object({ type: oneOf(["image"]), image: plainMediaSchema });
const videoHeaderSchema = object({ type: oneOf(["video"]), video: plainMediaSchema });
const documentHeaderSchema = object({ type: oneOf(["document"]), document: headerDocumentSchema });

/** What to say where `type` names no member of a union. */
export function unknownType(known: readonly string[]): (issue: { input?: unknown }) => string {
  const words = `write ${known.map((word) => `"${word}"`).join(", ")}`;
  return ({ input }) => {
    if (input === undefined) return say("is missing", "add it");
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      return say("must be an object", "write {…}");
    }
    return say("type" in input ? "is not known" : "is missing", words);
  };
}

/** A line of text, an image, a video or a document above the body. */
export const headerSchema = z.discriminatedUnion(
  "type",
  [textHeaderSchema, imageHeaderSchema, videoHeaderSchema, documentHeaderSchema],
  { error: unknownType(["text", "image", "video", "document"]) },
);

export const mediaHeaderSchema = z.discriminatedUnion(
  "type",
  [imageHeaderSchema, videoHeaderSchema],
  { error: unknownType(["image", "video"]) },
);

/** A button that opens a web page. */
export const linkParametersSchema = object({
  display_text: line(MAX_BUTTON_LABEL_CHARACTERS),
  url: url(),
});
