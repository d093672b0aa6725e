/** One app secret. `id` names it in the result, so that a rotation can be followed; it is not secret. */
export interface AppSecret {
  id: string;
  secret: string;
}

export type SignatureResult =
  | { ok: true; secret_id: string }
  | { ok: false; reason: "missing" | "malformed" | "mismatch" | "no_secrets" };

/** Meta: `X-Hub-Signature-256: sha256=<64 hex digits>`. The case of the digits carries no meaning. */
const HEADER = /^sha256=([0-9a-fA-F]{64})$/;

/**
 * Checks Meta's `X-Hub-Signature-256` header: HMAC-SHA256 with the app secret over the raw bytes of the body.
 * Give the bytes as they came: Meta signs text in which non-ASCII is escaped, so JSON that was parsed and
 * written again no longer matches. Several secrets may be given, so that one can be rotated; the first that
 * matches is named. An empty secret never matches. Never rejects over what the caller of the webhook sent.
 */
export async function verifySignature(request: {
  body: Uint8Array;
  header: string | null;
  secrets: readonly AppSecret[];
}): Promise<SignatureResult> {
  // Anyone can sign with the empty key: a secret that is not set must not let everyone in.
  const secrets = request.secrets.filter(({ secret }) => secret !== "");
  if (secrets.length === 0) return { ok: false, reason: "no_secrets" };
  if (request.header === null || request.header === "") return { ok: false, reason: "missing" };
  const hex = HEADER.exec(request.header)?.[1];
  if (hex === undefined) return { ok: false, reason: "malformed" };

  const signature = fromHex(hex);
  const body = new Uint8Array(request.body);
  // All secrets are tried before any answer, so that timing does not tell which of them matched.
  const matches = await Promise.all(
    secrets.map(async ({ secret }) => {
      const key = await importKey(secret);
      return crypto.subtle.verify("HMAC", key, signature, body);
    }),
  );
  const match = secrets[matches.indexOf(true)];
  return match === undefined
    ? { ok: false, reason: "mismatch" }
    : { ok: true, secret_id: match.id };
}

/** The header value that Meta would send for this body, for tests and the emulator. The secret is not empty. */
export async function signBody(body: Uint8Array, secret: string): Promise<string> {
  const key = await importKey(secret);
  const signature = await crypto.subtle.sign("HMAC", key, new Uint8Array(body));
  return `sha256=${toHex(new Uint8Array(signature))}`;
}

/** The keys of the secrets that were used last: to make one costs as much as to verify with it. */
const keys = new Map<string, Promise<CryptoKey>>();
const MAX_KEYS = 1_000;

function importKey(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret);
  if (known !== undefined) return known;
  if (keys.size >= MAX_KEYS) keys.clear();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = new TextEncoder().encode(secret);
  const key = crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign", "verify"]);
  keys.set(secret, key);
  return key;
}

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16);
  }
  return bytes;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
