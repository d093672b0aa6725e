import { metaJson } from "../wire/meta-json.ts";

const HEADERS = { "content-type": "application/json; charset=UTF-8", "cache-control": "no-store" };
const texts = new WeakMap<Response, string>();

/** An answer of the Graph API, escaped like its webhooks. */
export function graphJson(value: unknown, status = 200): Response {
  const text = metaJson(value);
  const response = new Response(text, { status, headers: HEADERS });
  texts.set(response, text);
  return response;
}

/** The body of such an answer: reading it from its stream costs as much as the rest of a send. */
export function graphText(response: Response): string | undefined {
  return texts.get(response);
}
