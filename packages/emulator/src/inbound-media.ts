import { z } from "zod";
import type { Core } from "./core.ts";
import { EmulatorError } from "./emulator-error.ts";
import type { BusinessNumber } from "./options.ts";
import type { MediaKind } from "./store/media-limits.ts";
import type { WireObject } from "./wire/envelope.ts";

const mediaInput = z.looseObject({
  id: z.string().optional(),
  mime_type: z.string().optional(),
  /** The file itself, in base64; it is stored, and an id takes its place on the wire. */
  data: z.base64().optional(),
});

const DEFAULT_MIME: Record<MediaKind, string> = {
  audio: "audio/ogg; codecs=opus",
  document: "application/pdf",
  image: "image/jpeg",
  sticker: "image/webp",
  video: "video/mp4",
};

/** One pixel, so that an image can be sent with no file at hand. */
const PIXEL = {
  mime_type: "image/png",
  data: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
};

/**
 * The media object of a customer's message: `data` is stored and replaced by id, hash and link. An object with an `id`
 * of its own travels as it is, which is how a download that fails is tried out.
 */
export function inboundMedia(
  core: Core,
  number: BusinessNumber,
  { kind, given }: { kind: MediaKind; given: unknown },
): WireObject {
  const { data, mime_type, id, ...rest } = mediaInput.parse(given ?? {});
  const common = { ...rest, ...(mime_type !== undefined && { mime_type }) };
  if (id !== undefined) return { ...common, id };
  const file = data === undefined && kind === "image" ? PIXEL : { mime_type, data };
  if (file.data === undefined) {
    throw new EmulatorError("invalid_input", `${kind} needs data (base64) or an id`);
  }
  const media = core.media.add({
    phone_number_id: number.phone_number_id,
    mime_type: file.mime_type ?? DEFAULT_MIME[kind],
    bytes: new Uint8Array(Buffer.from(file.data, "base64")),
    source: "inbound",
  });
  const listening = core.listening();
  return {
    ...rest,
    mime_type: media.mime_type,
    sha256: media.sha256.base64,
    id: media.id,
    // Without a listening server there is no address that anybody could open.
    ...(listening && { url: core.media.link(media.id, listening.origin) }),
  };
}
