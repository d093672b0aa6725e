const KB = 1024;
const MB = 1024 * KB;

/** The kinds of media message. */
const MEDIA_KINDS = ["audio", "document", "image", "sticker", "video"] as const;
/** A kind of media message. */
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** Whether messages of this type carry media. */
export function isMediaKind(type: string): type is MediaKind {
  return MEDIA_KINDS.some((kind) => kind === type);
}

/** Meta's "Supported media types" and their largest sizes in bytes. */
const LIMITS: Record<MediaKind, { max_bytes: number; mime_types: readonly string[] }> = {
  audio: {
    max_bytes: 16 * MB,
    mime_types: ["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"],
  },
  document: {
    max_bytes: 100 * MB,
    mime_types: [
      "text/plain",
      "application/pdf",
      "application/msword",
      "application/vnd.ms-excel",
      "application/vnd.ms-powerpoint",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ],
  },
  image: { max_bytes: 5 * MB, mime_types: ["image/jpeg", "image/png"] },
  sticker: { max_bytes: 500 * KB, mime_types: ["image/webp"] },
  video: { max_bytes: 16 * MB, mime_types: ["video/mp4", "video/3gpp"] },
};
const STATIC_STICKER_MAX_BYTES = 100 * KB;

/** Why Meta would not take this upload, in a sentence; `null`: it would. */
export function mediaRefusal(mime_type: string, bytes: Uint8Array): string | null {
  const base = baseMime(mime_type);
  const kind = kindOfMime(base);
  if (!kind) {
    const types = MEDIA_KINDS.flatMap((name) => LIMITS[name].mime_types).join(", ");
    return `Param file must be a file with one of the following types: ${types}. Received file of type '${base}'.`;
  }
  const max =
    kind === "sticker" && !isAnimatedWebp(bytes)
      ? STATIC_STICKER_MAX_BYTES
      : LIMITS[kind].max_bytes;
  return bytes.length > max
    ? `File size of ${bytes.length} bytes is too large for type ${kind}: at most ${max} bytes.`
    : null;
}

/** The kind of message that a file of this type is sent as; `null`: none. */
export function kindOfMime(mime: string): MediaKind | null {
  return MEDIA_KINDS.find((name) => LIMITS[name].mime_types.includes(mime)) ?? null;
}

/** `audio/ogg; codecs=opus` becomes `audio/ogg`. */
export function baseMime(mime_type: string): string {
  return (mime_type.split(";")[0] ?? "").trim().toLowerCase();
}

/** In the extended format (`VP8X`) the second bit of the flags says that there are frames. */
function isAnimatedWebp(bytes: Uint8Array): boolean {
  const chunk = new TextDecoder("latin1").decode(bytes.subarray(12, 16));
  return chunk === "VP8X" && ((bytes[20] ?? 0) & 0x02) !== 0;
}
