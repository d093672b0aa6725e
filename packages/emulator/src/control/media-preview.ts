import type { Core } from "../core.ts";
import { EmulatorError } from "../emulator-error.ts";
import { baseMime } from "../store/media-limits.ts";

/** What a browser shows or plays and can run nothing in. */
const SHOWN_TYPES = new Set([
  "audio/aac",
  "audio/mp4",
  "audio/mpeg",
  "audio/ogg",
  "image/jpeg",
  "image/png",
  "image/webp",
  "video/3gpp",
  "video/mp4",
]);

/** The bytes of stored media for the phone page, without a token. All but pictures and sound is a download. */
export function mediaPreview({ media }: Core, id: string): Response {
  const found = media.find(id);
  if (!found) throw new EmulatorError("not_found", `no media ${id}`);
  const is_shown = SHOWN_TYPES.has(baseMime(found.mime_type));
  return new Response(found.bytes, {
    headers: {
      "content-type": is_shown ? found.mime_type : "application/octet-stream",
      "content-disposition": is_shown ? "inline" : "attachment",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'",
    },
  });
}
