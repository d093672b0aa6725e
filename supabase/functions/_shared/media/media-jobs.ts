import { type Json, unwrap } from "@wabase/database";
import { z } from "zod";
import type { Client } from "../clients.ts";
import { untilAnswered } from "../dispatch/outbox.ts";

/** The private bucket of all media. */
export const MEDIA_BUCKET = "whatsapp-media";

const leased = {
  id: z.string(),
  lease_id: z.string(),
  /** 1 for the first. */
  attempt: z.number(),
  phone_number_id: z.string(),
};

const jobSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("fetch"),
    ...leased,
    tenant_id: z.string(),
    media_id: z.string(),
    media_kind: z.string(),
    /** As the webhook says it. */
    mime_type: z.string().nullable(),
    /** In hex, as the webhook says it. */
    sha256: z.string().nullable(),
  }),
  z.object({
    kind: z.literal("upload"),
    ...leased,
    storage_path: z.string(),
    /** Null where the bucket has no such file. */
    mime_type: z.string().nullable(),
    size: z.number().nullable(),
  }),
]);

export type MediaJob = z.infer<typeof jobSchema>;
export type FetchJob = Extract<MediaJob, { kind: "fetch" }>;
export type UploadJob = Extract<MediaJob, { kind: "upload" }>;

/** As `whatsapp_media.error` keeps it. */
export interface MediaError {
  code: number | string;
  title: string;
  message: string;
  details: string | null;
}

/** What became of a leased job: see whatsapp_record_media. */
export type MediaOutcome = { id: string; lease_id: string } & (
  | { action: "stored"; storage_path: string; mime_type: string; size: number; sha256: string }
  | { action: "uploaded"; media_id: string }
  | { action: "retry" | "never"; error: MediaError }
);

export interface MediaJobs {
  /** The next job, or null; `only_message`: of the uploads that this message waits for. */
  lease(options?: { only_message?: string }): Promise<MediaJob | null>;
  record(outcome: MediaOutcome): Promise<void>;
}

/** An outcome that is lost is work done again, no more. */
const RECORD_TERM_MS = 20_000;

export function createMediaJobs(client: Client): MediaJobs {
  return {
    async lease(options = {}) {
      const lease_id = crypto.randomUUID();
      const answer = await client.rpc("whatsapp_lease_media", {
        ...options,
        max_jobs: 1,
        lease_id,
      });
      const [job] = z.array(jobSchema).parse(unwrap(answer));
      return job ?? null;
    },
    async record(outcome) {
      const outcomes: Json = JSON.parse(JSON.stringify([outcome]));
      await untilAnswered(RECORD_TERM_MS, async () =>
        unwrap(await client.rpc("whatsapp_record_media", { outcomes })),
      );
    },
  };
}
