import { createHmac } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "@wabase/database";
import { inject } from "vitest";
import { z } from "zod";
import { headersOf, postSend } from "./workbench.ts";

const answerSchema = z.object({
  id: z.string().optional(),
  conversation_id: z.string().optional(),
  message_id: z.string().optional(),
  status: z.string().optional(),
  wamid: z.string().nullish(),
  error: z
    .object({
      code: z.union([z.string(), z.number()]),
      message: z.string().nullish(),
      field: z.string().optional(),
      hint: z.string().optional(),
    })
    .loose()
    .optional(),
});

export type Answer = z.infer<typeof answerSchema> & { http_status: number };

/** Calls whatsapp-send with these headers and reads what it answers. */
export async function sendWith(headers: Record<string, string>, body: unknown): Promise<Answer> {
  return await readAnswer(await postSend(body, headers));
}

export async function readAnswer(response: Response): Promise<Answer> {
  return { http_status: response.status, ...answerSchema.parse(await response.json()) };
}

/** Calls whatsapp-send as somebody who is signed in. */
export async function sendAs(client: SupabaseClient<Database>, body: unknown): Promise<Answer> {
  return await sendWith(await headersOf(client), body);
}

/** A text to a conversation, with what else is given. */
export function text(conversation_id: string, body = "Yes, until six.", more: object = {}) {
  return { conversation_id, type: "text", text: { body }, ...more };
}

/** A user's JWT as Supabase Auth makes it, with these claims and signed with this secret. */
export function forgeJwt(
  claims: Record<string, unknown>,
  secret = inject("workbench").keys.jwt_secret,
): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = { role: "authenticated", aud: "authenticated", exp: now + 3600, ...claims };
  const signed = `${encodePart({ alg: "HS256", typ: "JWT" })}.${encodePart(payload)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

function encodePart(value: object): string {
  return Buffer.from(JSON.stringify(value), "utf8").toString("base64url");
}
