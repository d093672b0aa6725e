import { readFile } from "node:fs/promises";
import { Hono } from "hono";
import type { Core } from "../core.ts";
import { localOnly } from "../control/local-only.ts";

const FILES = [
  { path: "/", file: "page.html", type: "text/html; charset=utf-8" },
  { path: "/page.css", file: "page.css", type: "text/css; charset=utf-8" },
  { path: "/page.js", file: "page.js", type: "text/javascript; charset=utf-8" },
  { path: "/dom.js", file: "dom.js", type: "text/javascript; charset=utf-8" },
  { path: "/draw-message.js", file: "draw-message.js", type: "text/javascript; charset=utf-8" },
  { path: "/message-text.js", file: "message-text.js", type: "text/javascript; charset=utf-8" },
  { path: "/state.js", file: "state.js", type: "text/javascript; charset=utf-8" },
  { path: "/icon.svg", file: "icon.svg", type: "image/svg+xml" },
];

/** A message is a stranger's text: even if a bug let markup through, nothing in it would run or leave. */
const POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The customer's phone, as a page. Read from disk each time: an edit shows on reload. */
export function pageRoutes(core: Core): Hono {
  const app = new Hono();
  for (const { path, file, type } of FILES) {
    app.get(path, localOnly(core), async () => {
      const body = await readFile(new URL(file, import.meta.url));
      return new Response(body, {
        headers: {
          "content-type": type,
          "content-security-policy": POLICY,
          "x-content-type-options": "nosniff",
          "referrer-policy": "no-referrer",
          "cache-control": "no-store",
        },
      });
    });
  }
  return app;
}
