import { z } from "zod";
import { downloadMedia, type DownloadedMedia, type DownloadOptions } from "./download-media.ts";
import { checkId, withQuery } from "./graph-url.ts";
import { multipartOf, type UploadBody } from "./multipart.ts";
import { readBody, requestJson, type Connection } from "./request-json.ts";

export interface UploadOptions {
  phone_number_id: string;
  body: UploadBody;
  mime_type: string;
  filename?: string;
  /** For the whole upload. */
  timeout_ms?: number;
}

export interface MediaOptions {
  media_id: string;
  /** Meta then answers only for media of this number. */
  phone_number_id?: string;
}

/** Where uploaded or received media is, for five minutes. */
export interface MediaLocation {
  url: string;
  mime_type: string | null;
  /** As Meta writes it: hex here, base64 in webhooks. */
  sha256: string | null;
  /** In bytes. */
  file_size: number | null;
}

export interface GraphMedia {
  /**
   * The id is good for 30 days, for messages of this number. Where the runtime repeats it, Meta has the file twice and
   * we know one of them: no harm.
   */
  upload(options: UploadOptions): Promise<{ media_id: string }>;
  /** Throws GraphApiError 100 where Meta has it no more: ids from webhooks live seven days. */
  find(options: MediaOptions): Promise<MediaLocation>;
  download(options: DownloadOptions): Promise<DownloadedMedia>;
  remove(options: MediaOptions): Promise<void>;
}

const uploadedSchema = z.object({ id: z.string().min(1) });

const locationSchema = z.object({
  url: z.string().min(1),
  mime_type: z.string().min(1).nullable().catch(null),
  sha256: z.string().min(1).nullable().catch(null),
  file_size: z.coerce.number().int().min(0).nullable().catch(null),
});

export function createGraphMedia(connection: Connection, root: string): GraphMedia {
  const urlOf = ({ media_id, phone_number_id }: MediaOptions) =>
    withQuery(`${root}/${checkId("media_id", media_id)}`, { phone_number_id });

  return {
    async upload({ phone_number_id, body, mime_type, filename = "file", timeout_ms = 120_000 }) {
      const response = await requestJson(
        { ...connection, timeout_ms },
        {
          method: "POST",
          url: `${root}/${checkId("phone_number_id", phone_number_id)}/media`,
          body: multipartOf(
            { messaging_product: "whatsapp", type: mime_type },
            { body, mime_type, filename },
          ),
        },
      );
      return { media_id: readBody(uploadedSchema, response).id };
    },
    async find(options) {
      return readBody(
        locationSchema,
        await requestJson(connection, { method: "GET", url: urlOf(options) }),
      );
    },
    download: (options) => downloadMedia(connection, root, options),
    async remove(options) {
      await requestJson(connection, { method: "DELETE", url: urlOf(options) });
    },
  };
}
