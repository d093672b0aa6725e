import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { Core } from "../core.ts";

/**
 * Keeps other sites' pages away from an API that asks for no password.
 *
 * Binding to loopback does not do that: any page open in the same browser can post to localhost, and a name that an
 * attacker points to 127.0.0.1 ("DNS rebinding") makes its answers readable too. So a foreign `Origin` is refused, and
 * so is a foreign `Host` while the server is bound to loopback only.
 */
export function localOnly(core: Core): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header("host");
    const origin = c.req.header("origin");
    const host_ok =
      host === undefined || core.listening()?.loopback === false || isLocalUrl(`http://${host}`);
    const origin_ok = origin === undefined || isLocalUrl(origin) || origin === `http://${host}`;
    if (!host_ok || !origin_ok) {
      const message = "the control API answers this machine only";
      return c.json({ error: { code: "not_local", message } }, 403);
    }
    await next();
    return undefined;
  };
}

/** Lets pages on localhost, of whatever port, call the API. */
export const localCors = cors({ origin: (origin) => (isLocalUrl(origin) ? origin : null) });

function isLocalUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  return isLoopback(new URL(url).hostname);
}

/** Whether a host name or address is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(hostname);
}
