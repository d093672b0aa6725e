/** An error as every function answers it: which field is wrong, and how to mend it. */
export interface ErrorBody {
  code: string;
  message: string;
  field?: string;
  hint?: string;
  /** All that is wrong, where it is more than `field`. */
  issues?: readonly object[];
}

const CORS_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, apikey, content-type, x-client-info",
  "Access-Control-Allow-Methods": "POST, OPTIONS",
};

export function respond(status: number, body: unknown): Response {
  return Response.json(body, { status, headers: CORS_HEADERS });
}

export function respondError(status: number, error: ErrorBody, extra: object = {}): Response {
  return respond(status, { ...extra, error });
}

export function respondPreflight(): Response {
  return new Response(null, { status: 204, headers: CORS_HEADERS });
}
