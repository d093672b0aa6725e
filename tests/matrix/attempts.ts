import { z } from "zod";
import type { Actor, Place } from "./actors.ts";
import type { Relation } from "./catalogue.ts";
import type { Row } from "./fixture.ts";

/** What came of an attempt, as the matrix shows it. */
export type Outcome = string;

/** Refused: 401, 403, or the object is not there for the API. */
export const REFUSED = "–";
/** Allowed, and it found or changed nothing: RLS. */
export const NOTHING = "0";
export const DONE = "yes";

const errorSchema = z.object({ code: z.string() });

export interface Attempt {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  profile?: string;
}

/** Their number says how much there was to do at that moment, and nothing of who called. */
const COUNTS_WORK = new Set(["rpc/whatsapp_wake_dispatcher"]);

export async function attempt(
  place: Place,
  actor: Actor,
  { method, path, body, profile }: Attempt,
): Promise<Outcome> {
  const response = await fetch(`${place.url}/rest/v1/${path}`, {
    method,
    headers: {
      ...actor.headers,
      "content-type": "application/json",
      ...(method === "GET" ? {} : { prefer: "return=representation" }),
      ...(profile === undefined
        ? {}
        : { [method === "GET" ? "accept-profile" : "content-profile"]: profile }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer: unknown = text === "" ? undefined : JSON.parse(text);
  if (response.ok) return saysNothing(answer) && !COUNTS_WORK.has(path) ? NOTHING : DONE;
  const code = errorSchema.safeParse(answer).data?.code ?? String(response.status);
  if (code === "42501" || code === "PGRST106") return REFUSED;
  // A constraint speaks only to who was let through; what a function says is its own.
  if (code.startsWith("23") && !path.startsWith("rpc/")) return DONE;
  return code;
}

/** No row; or of a function null, false, 0, or one row of zeros. */
function saysNothing(answer: unknown): boolean {
  if (!Array.isArray(answer)) return answer === null || answer === false || answer === 0;
  return answer.every(
    (row) =>
      typeof row === "object" && row !== null && Object.values(row).every((value) => value === 0),
  );
}

export function filterOf({ key }: Relation, row: Row): string {
  return key
    .map((column) => {
      const value = row[column];
      if (value === null) return `${column}=is.null`;
      const text = Array.isArray(value) ? `{${value.join(",")}}` : z.string().parse(value);
      return `${column}=eq.${encodeURIComponent(text)}`;
    })
    .join("&");
}
