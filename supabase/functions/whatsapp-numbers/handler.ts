import { describeIssues } from "@wabase/cloud-api";
import { DatabaseError, unwrap } from "@wabase/database";
import { z } from "zod";
import { createCallerClient, createServiceClient } from "../_shared/clients.ts";
import { respondDatabaseError } from "../_shared/database-errors.ts";
import { ConfigurationError, type Environment } from "../_shared/environment.ts";
import { decodeUtf8, parseJson, readBody } from "../_shared/read-body.ts";
import { respond, respondError, respondPreflight } from "../_shared/respond.ts";
import { findNumber, type NumberAnswer } from "./find-number.ts";

const MAX_REQUEST_BYTES = 16 * 1024;

const metaId = z.string().regex(/^\d{1,32}$/, "must be Meta's id, digits only");

const requestSchema = z.strictObject({
  tenant_id: z.uuid(),
  waba_id: metaId,
  phone_number_id: metaId,
  /** A token that Meta shows this account: the proof that the number is theirs, kept for sending from it. */
  access_token: z.string().regex(/^[\x21-\x7e]{1,2000}$/, "must be visible ASCII; trim it"),
});

/**
 * Adds a number to an admin's tenant, or refreshes it and its access token. Only after Meta has shown, to the
 * token given, that the number is in that account: who could claim any number would get its messages.
 */
export function createNumbersHandler(
  environment: Environment,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method === "OPTIONS") return respondPreflight();
    if (request.method !== "POST") {
      return respondError(405, { code: "method_not_allowed", message: "Use POST" });
    }
    try {
      return await handle(request, environment);
    } catch (error) {
      if (error instanceof DatabaseError) return respondDatabaseError("numbers", error);
      if (!(error instanceof ConfigurationError)) throw error;
      console.error(error.message);
      return respondError(500, { code: error.code, message: error.message });
    }
  };
}

async function handle(request: Request, environment: Environment): Promise<Response> {
  const caller = createCallerClient(environment, request);
  if (caller === null) {
    return respondError(401, {
      code: "not_signed_in",
      message: "Authorization: no user's token, and apikey: no secret key",
    });
  }
  const bytes = await readBody(request, MAX_REQUEST_BYTES);
  const parsed = requestSchema.safeParse(parseJson(decodeUtf8(bytes ?? new Uint8Array()) ?? ""));
  if (!parsed.success) {
    return respondError(400, {
      code: "invalid",
      field: parsed.error.issues[0]?.path.map(String).join(".") || "body",
      message: describeIssues(parsed.error),
    });
  }
  const { tenant_id, ...question } = parsed.data;
  unwrap(await caller.rpc("whatsapp_require_admin", { tenant_id }));
  const answer = await findNumber(environment, question);
  if (!answer.found) return respondNotFound(answer.reason);
  const { waba_id, phone_number_id, access_token } = question;
  const { display_phone_number, verified_name = null } = answer.number;
  const number = numberSchema.parse(
    unwrap(
      await createServiceClient(environment).rpc("whatsapp_connect_number", {
        tenant_id,
        number: { waba_id, phone_number_id, display_phone_number, verified_name },
      }),
    ),
  );
  const secret = {
    tenant_id,
    name: "access_token",
    value: access_token,
    number_id: number.id,
  } as const;
  unwrap(await caller.rpc("whatsapp_set_secret", secret));
  return respond(200, number);
}

const numberSchema = z.looseObject({ id: z.string() });

type Reason = Extract<NumberAnswer, { found: false }>["reason"];

function respondNotFound(reason: Reason): Response {
  if (reason === "not_reached") {
    return respondError(502, {
      code: "meta_not_reached",
      message: "Meta did not answer; try again",
    });
  }
  return respondError(422, {
    code: "not_confirmed",
    field: reason === "refused" ? "access_token" : "phone_number_id",
    message:
      reason === "refused"
        ? "access_token: Meta does not show it the numbers of this WhatsApp Business Account"
        : "phone_number_id: is not a number of this WhatsApp Business Account",
    hint: "Use a system user's token with whatsapp_business_management for the account.",
  });
}
