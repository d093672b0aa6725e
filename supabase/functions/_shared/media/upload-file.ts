import { decideSend, type UploadBody } from "@wabase/cloud-api";
import type { Client } from "../clients.ts";
import { ConfigurationError } from "../environment.ts";
import type { GraphOf } from "../graph.ts";
import { MEDIA_BUCKET, type MediaError, type MediaOutcome, type UploadJob } from "./media-jobs.ts";

/** What is larger goes as a stream, so that a function's memory does not hold it. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
/** With the pauses of wabase.media_backoff, about an hour. */
const MAX_ATTEMPTS = 20;

/** Uploads a file of the bucket to Meta, for messages of one number. Never throws. */
export async function uploadFile(
  job: UploadJob,
  { service, graphOf }: { service: Client; graphOf: GraphOf },
): Promise<MediaOutcome> {
  const { id, lease_id, attempt, phone_number_id, mime_type, size } = job;
  if (mime_type === null || size === null) {
    const title = "The bucket has no such file any more.";
    return { id, lease_id, action: "never", error: mediaError("no_file", title) };
  }
  try {
    const graph = await graphOf(service, { phone_number_id });
    const body = await readFile(service, { path: job.storage_path, size });
    const filename = job.storage_path.split("/").at(-1) ?? "file";
    const { media_id } = await graph.media.upload({ phone_number_id, body, mime_type, filename });
    return { id, lease_id, action: "uploaded", media_id };
  } catch (error) {
    if (error instanceof StorageFailure) {
      return { id, lease_id, action: "retry", error: mediaError("storage", error.message) };
    }
    if (error instanceof ConfigurationError) {
      return { id, lease_id, action: "retry", error: mediaError(error.code, error.message) };
    }
    // Another upload of the same file does no harm: what is ambiguous for a message is not so here.
    const decision = decideSend(error, { attempt });
    const is_final = decision.action === "never" || attempt >= MAX_ATTEMPTS;
    return { id, lease_id, action: is_final ? "never" : "retry", error: decision.error };
  }
}

class StorageFailure extends Error {
  override readonly name = "StorageFailure";
}

async function readFile(
  service: Client,
  { path, size }: { path: string; size: number },
): Promise<UploadBody> {
  const download = service.storage.from(MEDIA_BUCKET).download(path);
  const { data, error } = size > MAX_HELD_BYTES ? await download.asStream() : await download;
  if (error !== null) throw new StorageFailure(`Storage: ${error.name}`);
  return data;
}

export function mediaError(code: string, title: string): MediaError {
  return { code, title, message: title, details: null };
}
