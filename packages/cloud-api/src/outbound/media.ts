import { boolean, metaId, object, text, url } from "./fields.ts";
import { say } from "./issues.ts";
import { MAX_CAPTION_CHARACTERS } from "./limits.ts";

// Media is named by the id of an upload (30 days good) or by a public link, which Meta fetches when it is sent.

const source = { id: metaId().optional(), link: url().optional() };
const caption = text({ max: MAX_CAPTION_CHARACTERS }).optional();

const ONE_SOURCE = {
  error: say("needs an id or a link, and not both", "give the id of uploaded media"),
};

function hasOneSource({
  id,
  link,
}: {
  id?: string | undefined;
  link?: string | undefined;
}): boolean {
  return (id === undefined) !== (link === undefined);
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
