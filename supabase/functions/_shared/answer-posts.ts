import { DatabaseError } from "@wabase/database";
import { respondDatabaseError } from "./database-errors.ts";
import { ConfigurationError } from "./environment.ts";
import { decodeUtf8, parseJson, readBody } from "./read-body.ts";
import { respondError, respondPreflight } from "./respond.ts";

/** Far above what a request to such a function needs. */
const MAX_REQUEST_BYTES = 256 * 1024;

/** Answers one POST, with the JSON of its body. */
type Handle = (request: Request, body: unknown) => Promise<Response>;

/** A function that takes JSON by POST: reads it, and makes answers of the errors that all such functions have. */
export function answerPosts(name: string, handle: Handle): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method === "OPTIONS") return respondPreflight();
    if (request.method !== "POST") {
      return respondError(405, { code: "method_not_allowed", message: "Use POST" });
    }
    try {
      const bytes = await readBody(request, MAX_REQUEST_BYTES);
      if (bytes === null) {
        return respondError(413, { code: "too_large", message: "body: is over 256 kB" });
      }
      return await handle(request, parseJson(decodeUtf8(bytes) ?? ""));
    } catch (error) {
      if (error instanceof DatabaseError) return respondDatabaseError(name, error);
      if (!(error instanceof ConfigurationError)) throw error;
      console.error(error.message);
      return respondError(500, { code: error.code, message: error.message });
    }
  };
}

export function respondNotSignedIn(): Response {
  return respondError(401, {
    code: "not_signed_in",
    message: "Authorization: no user's token, and apikey: no secret key",
    hint: "Sign in with supabase-js and use functions.invoke(), or send a secret key in `apikey`.",
  });
}
