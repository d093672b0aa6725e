import type { Core } from "../core.ts";
import { EmulatorError } from "../emulator-error.ts";
import type { Media } from "../store/media-store.ts";
import { mediaChangesSchema } from "./inputs.ts";

/** A stored file without its bytes. */
export interface MediaInfo {
  id: string;
  phone_number_id: string;
  /** By the business, or by a customer. */
  source: "upload" | "inbound";
  mime_type: string;
  file_size: number;
  /** In hex. */
  sha256: string;
  /** Milliseconds since 1970. */
  expires_at: number;
  /** How often the bytes were fetched. */
  downloads: number;
}

/** Every file that was not deleted, expired ones included. */
export function listMedia({ media }: Core): MediaInfo[] {
  return media.list().map(describe);
}

/** Lets a file expire, or spoils it. */
export function changeMedia({ media }: Core, id: string, input: unknown): MediaInfo {
  const { expires_at, corrupt, mime_type } = mediaChangesSchema.parse(input);
  const changed = media.change(id, {
    ...(expires_at !== undefined && { expires_at }),
    ...(corrupt !== undefined && { is_corrupt: corrupt }),
    ...(mime_type !== undefined && { mime_type }),
  });
  if (!changed) throw new EmulatorError("not_found", `no media ${id}`);
  return describe(changed);
}

function describe({ sha256, bytes, is_corrupt: _spoilt, ...rest }: Media): MediaInfo {
  return { ...rest, sha256: sha256.hex, file_size: bytes.length };
}
