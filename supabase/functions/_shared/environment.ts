import { describeIssues } from "@wabase/cloud-api";
import { z } from "zod";

/** The variables that a function is configured by: `Deno.env.toObject()`. */
export type Environment = Record<string, string | undefined>;

/** A variable is missing or malformed. The message names it and the fix, and never holds its value. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly code = "not_configured";
}

const namedKeysSchema = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: "custom", message: 'must be a JSON object: {"name": "value"}' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.string().min(1)));

export const platformSchema = z.object({
  SUPABASE_URL: z.url(),
  SUPABASE_PUBLISHABLE_KEYS: namedKeysSchema,
  SUPABASE_SECRET_KEYS: namedKeysSchema,
});

/** Reads the variables that a schema names. @throws ConfigurationError */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: Environment,
): z.infer<Schema> {
  const result = schema.safeParse(environment);
  if (!result.success) {
    throw new ConfigurationError(
      `${describeIssues(result.error)}. Set it with: supabase secrets set NAME=value`,
    );
  }
  return result.data;
}

const appSecretsSchema = z.object({
  WHATSAPP_APP_SECRETS: namedKeysSchema.refine(
    (secrets) => Object.keys(secrets).length > 0,
    "holds no secret",
  ),
});

/**
 * The app secrets that Meta may sign with: WHATSAPP_APP_SECRETS, a JSON object name → secret, for several
 * apps or while one is rotated; or WHATSAPP_APP_SECRET for a single one. None where neither is set: tenants may
 * have stored their own. @throws ConfigurationError
 */
export function readAppSecrets(environment: Environment): { id: string; secret: string }[] {
  if (environment["WHATSAPP_APP_SECRETS"]) {
    const { WHATSAPP_APP_SECRETS } = readEnvironment(appSecretsSchema, environment);
    return Object.entries(WHATSAPP_APP_SECRETS).map(([id, secret]) => ({ id, secret }));
  }
  const secret = environment["WHATSAPP_APP_SECRET"] ?? "";
  return secret === "" ? [] : [{ id: "default", secret }];
}
