import { unwrap } from "@wabase/database";
import type { Client } from "../_shared/clients.ts";
import { MEDIA_BUCKET } from "../_shared/media/media-jobs.ts";

/** Removes the files of deleted messages from the bucket; what Storage does not answer for comes again. */
export async function removeFiles(service: Client): Promise<number> {
  const paths = unwrap(await service.rpc("whatsapp_lease_removals"));
  if (paths.length === 0) return 0;
  // A file that is not there is none of its errors.
  const { error } = await service.storage.from(MEDIA_BUCKET).remove(paths);
  if (error !== null) {
    console.error(`media: storage error ${error.name}`);
    return 0;
  }
  return unwrap(await service.rpc("whatsapp_record_removals", { paths }));
}
