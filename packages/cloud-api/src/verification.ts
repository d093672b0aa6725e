export type HandshakeResult =
  | { ok: true; challenge: string }
  | { ok: false; reason: "not_configured" | "wrong_mode" | "wrong_token" | "no_challenge" };

/**
 * Checks the GET that Meta makes when a callback URL or its verify token is saved
 * (`hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`). On `ok`, answer 200 with the challenge as
 * `text/plain`: it is the caller's own text, and as HTML it would be a reflected script. Otherwise answer 403.
 * An empty `verify_token` never matches.
 */
export async function verifyHandshake(url: URL, verify_token: string): Promise<HandshakeResult> {
  if (verify_token === "") return { ok: false, reason: "not_configured" };
  const query = url.searchParams;
  if (query.get("hub.mode") !== "subscribe") return { ok: false, reason: "wrong_mode" };
  const matches = await equalInConstantTime(query.get("hub.verify_token") ?? "", verify_token);
  if (!matches) return { ok: false, reason: "wrong_token" };
  const challenge = query.get("hub.challenge");
  if (challenge === null || challenge === "") return { ok: false, reason: "no_challenge" };
  return { ok: true, challenge };
}

/** Compares digests: they are of one length, and how far they agree says nothing of how far the texts do. */
async function equalInConstantTime(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(left), digest(right)]);
  let difference = 0;
  for (const [at, byte] of a.entries()) difference |= byte ^ (b[at] ?? 0);
  return difference === 0;
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
