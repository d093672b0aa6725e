import { boolean, matching, metaId, object, text, url } from "./fields.ts";
import { say } from "./issues.ts";
import { MAX_CAPTION_CHARACTERS } from "./limits.ts";

// Media is named by the id of an upload (30 days good), by a public link, which Meta fetches when it is sent, or by a
// path in the bucket whatsapp-media, which is ours: whoever sends uploads that file and puts the id in its place.

const storagePath = matching(
  /^[0-9a-f-]{36}\/(uploads\/[0-9a-f-]{36}|[0-9a-f]{64})$/,
  "a path in the bucket whatsapp-media",
  "whatsapp-media answers to an upload",
);

const source = {
  id: metaId().optional(),
  link: url().optional(),
  storage_path: storagePath.optional(),
};
const caption = text({ max: MAX_CAPTION_CHARACTERS }).optional();

const ONE_SOURCE = {
  error: say("needs one of id, link and storage_path", "give the id of uploaded media"),
};

type Sources = { [Key in keyof typeof source]?: string | undefined };

function hasOneSource({ id, link, storage_path }: Sources): boolean {
  return [id, link, storage_path].filter((given) => given !== undefined).length === 1;
}

/** A sticker; an image or a video without a caption, as headers and cards take them. */
export const plainMediaSchema = object(source).refine(hasOneSource, ONE_SOURCE);
/** An image or a video. */
export const captionedMediaSchema = object({ ...source, caption }).refine(hasOneSource, ONE_SOURCE);
/** With `voice: true` a voice message, which must be OGG with the OPUS codec. */
export const audioPartSchema = object({ ...source, voice: boolean().optional() }).refine(
  hasOneSource,
  ONE_SOURCE,
);
export const documentPartSchema = object({
  ...source,
  caption,
  filename: text().optional(),
}).refine(hasOneSource, ONE_SOURCE);
/** A document without a caption, as headers take it. */
export const headerDocumentSchema = object({ ...source, filename: text().optional() }).refine(
  hasOneSource,
  ONE_SOURCE,
);
