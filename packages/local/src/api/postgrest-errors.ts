import { AsyncLocalStorage } from "node:async_hooks";
import * as z from "zod";
import { bearerToken } from "./caller.ts";

interface Note {
  role: string;
  error: unknown;
}

const notes = new AsyncLocalStorage<Note>();

/** For the connection to call: what the database said to the request that is being answered. */
export function noteDatabaseError(error: unknown): void {
  const note = notes.getStore();
  if (note) note.error = error;
}

/** For the connection to call: the role that the request runs as. */
export function noteRole(role: string): void {
  const note = notes.getStore();
  if (note) note.role = role;
}

const databaseErrorSchema = z.object({
  name: z.literal("PostgresError"),
  code: z.string(),
  message: z.string(),
  detail: z.string().nullish(),
  hint: z.string().nullish(),
});

/**
 * Answers a request to /rest/v1 with PostgREST's error where Lite has its own: Lite turns a plain `raise
 * exception` into a 500 without its message's parts, and leaves out the hint of a unique violation.
 */
export async function withPostgrestErrors(answer: () => Promise<Response>): Promise<Response> {
  const note: Note = { role: "anon", error: null };
  const response = await notes.run(note, answer);
  if (response.status < 400) return response;
  const error = databaseErrorSchema.safeParse(note.error);
  // `raise sqlstate 'PGRST'` and 'PTnnn' name their own status, and Lite follows.
  if (!error.success || /^(PT|PGRST)/.test(error.data.code)) return response;
  const { code, message, detail, hint } = error.data;
  return Response.json(
    { code, details: detail ?? null, hint: hint ?? null, message },
    { status: statusOf(code, note.role) },
  );
}

/**
 * PostgREST's answer to a Bearer that is no JWT, alg none without a signature among them; Lite answers
 * as if nobody had signed in. An API key there, which supabase-js sends along, is none.
 */
export function refuseMalformedToken(request: Request): Response | null {
  const token = bearerToken(request.headers.get("authorization"));
  if (token === null || token.startsWith("sb_")) return null;
  const parts = token.split(".").filter((part) => part !== "").length;
  if (parts === 3 && token.split(".").length === 3) return null;
  const message = `Expected 3 parts in JWT; got ${parts}`;
  return Response.json({ code: "PGRST301", details: null, hint: null, message }, { status: 401 });
}

const STATUS_OF_CODE: Record<string, number> = {
  "21000": 500,
  "23503": 409,
  "23505": 409,
  "25006": 405,
  "42883": 404,
  "42P01": 404,
  "42P17": 500,
  "57P01": 503,
  P0001: 400,
};

const STATUS_OF_CLASS: Record<string, number> = {
  "08": 503,
  "09": 500,
  "0L": 403,
  "0P": 403,
  "25": 500,
  "28": 403,
  "2D": 500,
  "38": 500,
  "39": 500,
  "3B": 500,
  "40": 500,
  "53": 503,
  "54": 500,
  "55": 500,
  "57": 500,
  "58": 500,
  F0: 500,
  HV: 500,
  P0: 500,
  XX: 500,
};

/** https://docs.postgrest.org/en/stable/references/errors.html#status-codes */
function statusOf(code: string, role: string): number {
  if (code === "42501") return role === "anon" ? 401 : 403;
  return STATUS_OF_CODE[code] ?? STATUS_OF_CLASS[code.slice(0, 2)] ?? 400;
}
