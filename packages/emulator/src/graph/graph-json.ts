import { metaJson } from "../wire/meta-json.ts";

/** An answer of the Graph API, escaped like its webhooks. */
export function graphJson(value: unknown, status = 200): Response {
  return new Response(metaJson(value), {
    status,
    headers: { "content-type": "application/json; charset=UTF-8", "cache-control": "no-store" },
  });
}
