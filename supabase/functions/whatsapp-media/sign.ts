import { unwrap } from "@wabase/database";
import type { Client } from "../_shared/clients.ts";
import { MEDIA_BUCKET } from "../_shared/media/media-jobs.ts";
import { respond, respondError } from "../_shared/respond.ts";

/** How long an address is good for, whatever becomes of its reader's rights meanwhile. */
const URL_SECONDS = 3600;

interface Clients {
  caller: Client;
  service: Client;
}

/**
 * Addresses of the files of these messages: of those that the caller may read, and no other. A document is always
 * saved and never shown: what customers send may be anything.
 */
export async function signFiles(
  { caller, service }: Clients,
  message_ids: readonly string[],
): Promise<Response> {
  const files = unwrap(
    await caller
      .from("whatsapp_media")
      .select("message_id, place, kind, state, mime_type, size, filename, storage_path, error")
      .in("message_id", message_ids)
      .order("message_id")
      .order("place"),
  );
  const paths = new Set(files.flatMap(({ storage_path }) => storage_path ?? []));
  const urls = await sign(service, [...paths]);
  if (urls === null) {
    return respondError(503, { code: "storage_unavailable", message: "Try again in a moment" });
  }
  return respond(200, {
    files: files.map(({ storage_path, ...file }) => {
      const url = urls.get(storage_path ?? "") ?? null;
      return { ...file, url: url === null ? null : toShow(url, file) };
    }),
    expires_in: URL_SECONDS,
  });
}

async function sign(service: Client, paths: string[]): Promise<Map<string, string> | null> {
  if (paths.length === 0) return new Map();
  const bucket = service.storage.from(MEDIA_BUCKET);
  const { data, error } = await bucket.createSignedUrls(paths, URL_SECONDS);
  if (error !== null) {
    console.error(`media: storage error ${error.name}`);
    return null;
  }
  return new Map(
    data.flatMap(({ path, signedUrl, error: missing }) =>
      path === null || signedUrl === null || missing !== null ? [] : [[path, signedUrl] as const],
    ),
  );
}

function toShow(
  url: string,
  { kind, filename }: { kind: string; filename: string | null },
): string {
  return kind === "document" ? `${url}&download=${encodeURIComponent(filename ?? "")}` : url;
}
