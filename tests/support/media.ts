import { createHash, randomBytes } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@wabase/database";
import type postgres from "postgres";
import { inject } from "vitest";
import { z } from "zod";
import { callEmulator } from "./emulator.ts";
import { headersOf, type TestTenant, waitFor } from "./workbench.ts";

export type MediaKind = "audio" | "document" | "image" | "sticker" | "video";

export interface TestFile {
  kind: MediaKind;
  mime_type: string;
  bytes: Uint8Array<ArrayBuffer>;
  sha256: string;
}

/** A file that no other test has. */
export function newFile(
  kind: MediaKind = "image",
  { mime_type = "image/jpeg", size = 2_000 }: { mime_type?: string; size?: number } = {},
): TestFile {
  const bytes = new Uint8Array(randomBytes(size));
  return { kind, mime_type, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** The customer sends a file. Answers the wamid. */
export async function customerSends(
  tenant: Pick<TestTenant, "phone_number_id">,
  phone: string,
  { file, ...part }: { file: TestFile; caption?: string; filename?: string },
): Promise<string> {
  const { kind: type, mime_type, bytes } = file;
  const data = Buffer.from(bytes).toString("base64");
  const answer = await callEmulator("POST", `/customers/${phone}/messages`, {
    phone_number_id: tenant.phone_number_id,
    type,
    [type]: { ...part, mime_type, data },
  });
  return z.object({ id: z.string() }).parse(answer).id;
}

export interface MediaRow {
  message_id: string;
  place: string[];
  kind: string;
  state: string;
  mime_type: string | null;
  size: number | null;
  sha256: string | null;
  storage_path: string | null;
  media_id: string | null;
  error: { code: string | number } | null;
  attempts: number;
}

/** The row of a message's file, once it is there; with `state`, once it is in that state. */
export async function mediaOf(sql: postgres.Sql, wamid: string, state?: string): Promise<MediaRow> {
  return await waitFor(
    `the file of ${wamid} to be ${state ?? "there"}`,
    async () => {
      const [row] = await sql<MediaRow[]>`
        select media.*, media.size::int from public.whatsapp_media as media
        join public.whatsapp_messages as message on message.id = media.message_id
        where message.wamid = ${wamid}`;
      return state === undefined || row?.state === state ? row : null;
    },
    60_000,
  );
}

/** Lets the jobs of a message be due now, whatever they wait for. */
export async function makeDue(sql: postgres.Sql, message_id: string): Promise<void> {
  await sql`update wabase.media_jobs set due_at = now(), lease_expires_at = now() where message_id = ${message_id}`;
}

/** Calls whatsapp-media as somebody who is signed in. */
export async function callMedia(
  client: SupabaseClient<Database>,
  body: unknown,
): Promise<Response> {
  return await fetch(`${inject("workbench").url}/functions/v1/whatsapp-media`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(await headersOf(client)) },
    body: JSON.stringify(body),
  });
}

const signedSchema = z.object({
  files: z.array(
    z.object({
      message_id: z.string(),
      place: z.array(z.string()),
      state: z.string(),
      url: z.string().nullable(),
    }),
  ),
});

/** The addresses of a message's files, as this member gets them. */
export async function signAs(
  client: SupabaseClient<Database>,
  message_id: string,
): Promise<z.infer<typeof signedSchema>["files"]> {
  const response = await callMedia(client, { action: "sign", message_ids: [message_id] });
  if (!response.ok) throw new Error(`sign: ${await response.text()}`);
  return signedSchema.parse(await response.json()).files;
}

const emulatedSchema = z.array(
  z.object({ id: z.string(), downloads: z.number(), sha256: z.string(), source: z.string() }),
);

/** How often the bytes of a file were fetched from Meta's side. */
export async function downloadsOf(media_id: string | null): Promise<number> {
  const all = emulatedSchema.parse(await callEmulator("GET", "/media"));
  return all.find(({ id }) => id === media_id)?.downloads ?? 0;
}

/** What Meta's side has of this file from uploads: the ids, oldest first. */
export async function uploadsOf({ sha256 }: TestFile): Promise<string[]> {
  const all = emulatedSchema.parse(await callEmulator("GET", "/media"));
  return all
    .filter((media) => media.source === "upload" && media.sha256 === sha256)
    .map(({ id }) => id);
}
