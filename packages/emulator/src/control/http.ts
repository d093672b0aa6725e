import { ZodError } from "zod";
import { EmulatorError, type EmulatorErrorCode } from "../emulator-error.ts";

const HTTP_STATUS: Record<EmulatorErrorCode, number> = {
  choice_not_found: 404,
  customer_not_found: 404,
  delivery_not_found: 404,
  invalid_input: 400,
  not_found: 404,
  not_listening: 409,
  number_not_found: 404,
  user_id_taken: 409,
  webhook_url_missing: 409,
};

/** The JSON of a request; no body at all reads as `{}`. Throws `invalid_input` for what is not JSON. */
export async function readJson(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    // Not the parser's own message: it quotes the body.
    throw new EmulatorError("invalid_input", "the body is not JSON");
  }
}

/** The answer to what a control route threw; what is no caller's mistake is thrown on. */
export function answerError(error: Error): Response {
  const { code, message } = toEmulatorError(error);
  return Response.json({ error: { code, message } }, { status: HTTP_STATUS[code] });
}

function toEmulatorError(error: Error): EmulatorError {
  if (error instanceof EmulatorError) return error;
  if (!(error instanceof ZodError)) throw error;
  const issues = error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  return new EmulatorError("invalid_input", issues.join("; "));
}
