import { createHmac } from "node:crypto";

/** The value of `X-Hub-Signature-256` for exactly these bytes: `sha256=` and the HMAC in lower-case hex. */
export function signBody(body: Uint8Array, app_secret: string): string {
  return `sha256=${createHmac("sha256", app_secret).update(body).digest("hex")}`;
}
