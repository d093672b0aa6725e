import { checkMediaFile, formatIssues } from "@wabase/cloud-api/outbound";
import { unwrap } from "@wabase/database";
import type { Client } from "../_shared/clients.ts";
import { MEDIA_BUCKET } from "../_shared/media/media-jobs.ts";
import { respond, respondError } from "../_shared/respond.ts";
import type { UploadRequest } from "./request.ts";

interface Clients {
  caller: Client;
  service: Client;
}

/**
 * A place in the bucket for a file to be sent, and a token to put it there. What is said of the file is checked now, so
 * that nobody uploads in vain; what it is, when it is sent.
 */
export async function prepareUpload(
  { caller, service }: Clients,
  { target, file }: UploadRequest,
): Promise<Response> {
  // `bytes` of a file is `size` of the request.
  const issues = checkMediaFile(file).map((issue) =>
    issue.field === "bytes" ? { ...issue, field: "size" } : issue,
  );
  const [first] = issues;
  if (first !== undefined) {
    const { field } = first;
    return respondError(400, { code: "invalid", field, message: formatIssues([first]), issues });
  }
  const storage_path = unwrap(await caller.rpc("whatsapp_prepare_upload", { target }));
  const bucket = service.storage.from(MEDIA_BUCKET);
  const { data, error } = await bucket.createSignedUploadUrl(storage_path);
  if (error !== null) {
    console.error(`media: storage error ${error.name}`);
    return respondError(503, { code: "storage_unavailable", message: "Try again in a moment" });
  }
  return respond(200, { bucket: MEDIA_BUCKET, storage_path, token: data.token });
}
