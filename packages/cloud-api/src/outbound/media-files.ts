import type { OutboundIssue } from "./issues.ts";

const KB = 1024;
const MB = 1024 * KB;

export type MediaKind = "audio" | "document" | "image" | "sticker" | "video";

export interface MediaLimits {
  max_bytes: number;
  mime_types: readonly string[];
}

/** Meta: "Supported media types". Documents of other types are taken too, but "may not be handled as expected". */
export const mediaLimits: Readonly<Record<MediaKind, MediaLimits>> = {
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

/** Meta: static stickers "100 KB", animated ones "500 KB". */
const MAX_STATIC_STICKER_BYTES = 100 * KB;
/** Meta: voice messages "require .ogg files encoded with the OPUS codec". */
const VOICE_MIME_TYPE = "audio/ogg";

export interface MediaFile {
  kind: MediaKind;
  mime_type: string;
  bytes: number;
  /** A voice message. */
  voice?: boolean;
  /** A sticker that moves; where it is not said, the larger limit counts. */
  animated?: boolean;
}

/** `audio/ogg; codecs=opus` is `audio/ogg`. */
export function baseMimeType(mime_type: string): string {
  return (mime_type.split(";")[0] ?? "").trim().toLowerCase();
}

/** What Meta would say against this file for a message of this kind. */
export function checkMediaFile({
  kind,
  mime_type,
  bytes,
  voice,
  animated,
}: MediaFile): OutboundIssue[] {
  const limits = mediaLimits[kind];
  const base = baseMimeType(mime_type);
  const issues: OutboundIssue[] = [];
  const types = voice === true ? [VOICE_MIME_TYPE] : limits.mime_types;
  if (!types.includes(base)) {
    issues.push({
      field: "mime_type",
      problem: `is not a type that Meta takes for ${voice === true ? "a voice message" : kind}`,
      fix: `convert it to ${types.join(", ")}`,
    });
  }
  const is_static_sticker = kind === "sticker" && animated === false;
  const max_bytes = is_static_sticker ? MAX_STATIC_STICKER_BYTES : limits.max_bytes;
  if (bytes > max_bytes) {
    issues.push({
      field: "bytes",
      problem: `is larger than the ${max_bytes} bytes that Meta takes for ${kind}`,
      fix: kind === "document" ? "split it" : "compress it, or send it as a document",
    });
  }
  return issues;
}

/** The kind of message that carries files of this type; null where Meta names none (a document may still do). */
export function mediaKindOf(mime_type: string): MediaKind | null {
  const base = baseMimeType(mime_type);
  const kinds: readonly MediaKind[] = ["image", "video", "audio", "sticker", "document"];
  return kinds.find((kind) => mediaLimits[kind].mime_types.includes(base)) ?? null;
}
