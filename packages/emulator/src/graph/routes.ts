import { type Context, Hono } from "hono";
import type { Core } from "../core.ts";
import type { Outbound } from "../outbound.ts";
import { accountRoutes } from "./account-routes.ts";
import { GraphFault, unknownObject, unknownPath } from "./errors.ts";
import { graphJson } from "./graph-json.ts";
import { mediaRoutes } from "./media-routes.ts";
import { isReadReceipt, markReadByBusiness } from "./read-receipt.ts";
import { sendMessage } from "./send-message.ts";

/** The Graph API under `/{version}`, and the address that media links lead to. */
export function graphRoutes(parts: { core: Core; outbound: Outbound }): Hono {
  const { core } = parts;
  const api = new Hono();
  api.use(async (c, next) => {
    requireToken(c, core.options.access_token);
    await next();
  });
  api.post("/:number/messages", async (c) => {
    const number = core.store.findNumber(c.req.param("number"));
    if (!number) throw unknownObject(c.req.param("number"));
    // What does not parse has no messaging_product either, and is refused for that.
    const body: unknown = await c.req.json().catch(() => null);
    return graphJson(
      isReadReceipt(body)
        ? markReadByBusiness(core, number, body)
        : sendMessage(parts, number, body),
    );
  });
  api.route("/", accountRoutes(core));
  api.route("/", mediaRoutes(core));

  const app = new Hono();
  app.route("/:version{v\\d+\\.\\d+}", api);
  app.get("/whatsapp_business/attachments/", (c) => {
    requireToken(c, core.options.access_token);
    return mediaBytes(c, core);
  });
  app.all("*", (c) => {
    throw unknownPath(c.req.path);
  });
  app.onError((error, c) => {
    if (!(error instanceof GraphFault)) throw error;
    core.options.log(`graph ${c.req.method} answered ${error.status}, code ${codeOf(error)}`);
    return graphJson(error.body, error.status);
  });
  return app;
}

function codeOf(error: GraphFault): string {
  return String(error.body.error["code"]);
}

function requireToken(c: Context, access_token: string): void {
  const header = c.req.header("authorization");
  if (header === `Bearer ${access_token}`) return;
  throw new GraphFault(190, {
    message: header
      ? "Invalid OAuth access token - Cannot parse access token"
      : "An access token is required to request this resource.",
  });
}

/** The file behind a link: 404 once the link or the file is gone. */
function mediaBytes(c: Context, core: Core): Response {
  const { mid = "", ext = "", hash = "" } = c.req.query();
  const opened = core.media.open({ mid, ext, hash });
  if ("refused" in opened) return new Response(null, { status: 404 });
  const { bytes, mime_type } = opened.media;
  return new Response(bytes, {
    headers: { "content-type": mime_type, "x-content-type-options": "nosniff" },
  });
}
