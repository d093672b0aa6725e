import type { DatabaseError } from "@wabase/database";
import { respondError } from "./respond.ts";

/** What the SQL functions refuse with, as HTTP: see supabase/migrations, «create_outbox». */
const STATUS_BY_CODE: Record<string, number> = {
  // insufficient_privilege
  "42501": 403,
  // invalid_parameter_value: a field is wrong
  "22023": 400,
  // unique_violation: an idempotency key that another message has
  "23505": 409,
  // feature_not_supported: no Vault
  "0A000": 501,
};

/** The field stands first in the messages of the SQL functions: «to: is not a phone number». */
export function respondDatabaseError(name: string, error: DatabaseError): Response {
  // 401 is PostgREST's own word: the token is not valid or has expired, or it let the caller in as anon.
  const status = error.http_status === 401 ? 401 : (STATUS_BY_CODE[error.code] ?? 503);
  if (status === 503) {
    console.error(`${name}: database error ${error.code === "" ? "(no answer)" : error.code}`);
    return respondError(503, { code: "database_unavailable", message: "Try again in a moment" });
  }
  if (status === 401) {
    return respondError(401, { code: "not_signed_in", message: "The token or key is not valid" });
  }
  const field = /^([a-z0-9_.[\]]+): /.exec(error.message)?.[1];
  return respondError(status, {
    code:
      { 400: "invalid", 403: "forbidden", 409: "conflict", 501: "not_supported" }[status] ??
      "refused",
    message: error.message,
    ...(field === undefined ? {} : { field }),
    ...(error.hint === null ? {} : { hint: error.hint }),
  });
}
