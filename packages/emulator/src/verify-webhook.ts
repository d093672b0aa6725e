import { randomInt } from "node:crypto";
import type { Core } from "./core.ts";
import { EmulatorError } from "./emulator-error.ts";

const TIMEOUT_MS = 10_000;

/** What came of the handshake. */
export interface WebhookVerification {
  /** Answered 200 with the challenge as the whole body. */
  ok: boolean;
  /** The HTTP status; `null`: nobody answered. */
  status: number | null;
  /** What was wrong, in a sentence. */
  reason: string | null;
}

/** Performs Meta's handshake: a GET with `hub.mode`, `hub.challenge` and `hub.verify_token`. */
export async function verifyWebhook(core: Core): Promise<WebhookVerification> {
  const { webhook_url } = core.settings.view();
  if (!webhook_url) throw new EmulatorError("webhook_url_missing", "set webhook_url first");
  const challenge = String(randomInt(1e9, 2e9));
  const url = new URL(webhook_url);
  url.searchParams.set("hub.mode", "subscribe");
  url.searchParams.set("hub.challenge", challenge);
  url.searchParams.set("hub.verify_token", core.options.verify_token);
  try {
    const response = await fetch(url, {
      headers: { "user-agent": "facebookplatform/1.0 (+http://developers.facebook.com)" },
      redirect: "manual",
      signal: AbortSignal.any([core.closed, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const body = await response.text();
    const reason =
      response.status !== 200
        ? `answered ${response.status} instead of 200`
        : body !== challenge
          ? "answered something other than the challenge"
          : null;
    return { ok: reason === null, status: response.status, reason };
  } catch {
    return { ok: false, status: null, reason: "nobody answered at webhook_url" };
  }
}
