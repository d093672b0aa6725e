import { createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { StackKeys } from "./keys.ts";

export interface Caller {
  role: "anon" | "authenticated" | "service_role";
  claims: Record<string, unknown>;
}

const jwtClaimsSchema = z.looseObject({
  role: z.enum(["anon", "authenticated", "service_role"]),
  exp: z.number(),
});

const expiringSchema = z.looseObject({ exp: z.number() });

/**
 * Who a request is, as the platform's gateway sees it: the API key in `apikey` says which role the
 * caller may have at the least, a user's JWT in `Authorization` replaces it.
 *
 * @returns null where the key is missing or wrong, or the JWT is not valid
 */
export function resolveCaller(request: Request, keys: StackKeys): Caller | null {
  const key = request.headers.get("apikey") ?? new URL(request.url).searchParams.get("apikey");
  if (key !== keys.publishable_key && key !== keys.secret_key) return null;
  const bearer = bearerToken(request.headers.get("authorization"));
  if (bearer !== null && !bearer.startsWith("sb_")) {
    const claims = verifyJwt(bearer, keys.jwt_secret);
    return claims && { role: claims.role, claims };
  }
  const role = key === keys.secret_key ? "service_role" : "anon";
  return { role, claims: { role } };
}

/** The claims of a valid, unexpired HS256 token of a caller, else null. */
export function verifyJwt(
  token: string,
  secret: string,
  now_ms = Date.now(),
): z.infer<typeof jwtClaimsSchema> | null {
  const claims = jwtClaimsSchema.safeParse(verifySignature(token, secret, now_ms));
  return claims.success ? claims.data : null;
}

/** What a token holds whose HS256 signature is right and whose time is not over, else null. */
export function verifySignature(
  token: string,
  secret: string,
  now_ms = Date.now(),
): Record<string, unknown> | null {
  const [header, payload, signature, ...rest] = token.split(".");
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    return null;
  }
  const alg = z.object({ alg: z.literal("HS256") }).safeParse(decodeJson(header));
  if (!alg.success) return null;
  const expected = createHmac("sha256", secret).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims = expiringSchema.safeParse(decodeJson(payload));
  return claims.success && claims.data.exp * 1000 > now_ms ? claims.data : null;
}

export function bearerToken(header: string | null): string | null {
  return /^Bearer\s+(\S+)$/i.exec(header ?? "")?.[1] ?? null;
}

function decodeJson(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return null;
  }
}
