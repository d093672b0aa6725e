import { baseMimeType } from "@wabase/cloud-api/outbound";

/** What phones send is wider than what may be sent to them. */
const PREFIXES: Readonly<Record<string, string | undefined>> = {
  audio: "audio/",
  image: "image/",
  sticker: "image/",
  video: "video/",
};

/** What a browser would run, were it shown: it comes as bytes to be saved. */
const ACTIVE = /html|svg|xml|javascript|ecmascript/;

/** The type that a file is stored and shown as; null where it does not belong to this kind of message. */
export function storedMimeType(kind: string, mime_type: string): string | null {
  const base = baseMimeType(mime_type);
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(base)) return "application/octet-stream";
  const prefix = PREFIXES[kind];
  if (prefix !== undefined && !base.startsWith(prefix)) return null;
  return ACTIVE.test(base) && !base.includes("openxmlformats") ? "application/octet-stream" : base;
}
