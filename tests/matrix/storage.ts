import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { type Actor, ACTORS, type Actors, type Place } from "./actors.ts";
import { DONE, NOTHING, type Outcome, REFUSED } from "./attempts.ts";
import type { Line } from "./render.ts";

/** What each actor can do with the files of a bucket; the file that is tried was put there with the service key. */
export async function tryBucket(place: Place, actors: Actors, bucket: string): Promise<Line[]> {
  const service = filesOf(place, actors.service, bucket);
  const mime_type = (await service.bucket()).allowed_mime_types?.[0] ?? "application/octet-stream";
  const path = `matrix/${randomUUID()}`;
  const file = new Blob(["secret"], { type: mime_type });
  await service.files.upload(path, file, { contentType: mime_type });
  const operations: [string, (files: Files) => Promise<Outcome>][] = [
    ["list", async (files) => outcomeOf(await files.list("matrix"))],
    ["download", async (files) => outcomeOf(await files.download(path))],
    ["sign a URL", async (files) => outcomeOf(await files.createSignedUrl(path, 60))],
    [
      "upload",
      async (files) =>
        outcomeOf(await files.upload(`matrix/${randomUUID()}`, file, { contentType: mime_type })),
    ],
    [
      "overwrite",
      async (files) =>
        outcomeOf(await files.upload(path, file, { contentType: mime_type, upsert: true })),
    ],
    ["move", async (files) => outcomeOf(await files.move(path, path))],
    ["delete", async (files) => outcomeOf(await files.remove([path]))],
  ];
  const lines: Line[] = [];
  for (const [operation, run] of operations) {
    const outcomes: Outcome[] = [];
    for (const name of ACTORS) outcomes.push(await run(filesOf(place, actors[name], bucket).files));
    lines.push({ object: bucket, operation, outcomes });
  }
  return lines;
}

type Files = ReturnType<ReturnType<typeof createClient>["storage"]["from"]>;

/** supabase-js as this actor. */
export function filesOf(place: Place, { headers }: Actor, bucket: string) {
  const { storage } = createClient(place.url, headers["apikey"] ?? "", {
    auth: { persistSession: false },
    global: {
      headers: headers["authorization"] ? { authorization: headers["authorization"] } : {},
    },
  });
  return {
    files: storage.from(bucket),
    bucket: async () => {
      const { data, error } = await storage.getBucket(bucket);
      if (error) throw error;
      return data;
    },
  };
}

function outcomeOf({ data, error }: { data: unknown; error: unknown }): Outcome {
  // What may not be seen is «not found», as the Storage API says it.
  if (error !== null) return REFUSED;
  return Array.isArray(data) && data.length === 0 ? NOTHING : DONE;
}
