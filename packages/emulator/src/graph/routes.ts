import { type Context, Hono } from "hono";
import type { Core } from "../core.ts";
import type { Outbound } from "../outbound.ts";
import { accountRoutes } from "./account-routes.ts";
import { DroppedConnection, GraphFault, PlannedAnswer, unknownPath } from "./errors.ts";
import { graphJson } from "./graph-json.ts";
import { mediaBytes, mediaRoutes } from "./media-routes.ts";
import { isReadReceipt, markReadByBusiness } from "./read-receipt.ts";
import { requestOf } from "./request-of.ts";
import { findSender, sendMessage } from "./send-message.ts";
import { templateRoutes } from "./template-routes.ts";
import { underFault } from "./under-fault.ts";

/** The Graph API under `/{version}`, and the address that media links lead to. */
export function graphRoutes(parts: { core: Core; outbound: Outbound }): Hono {
  const { core } = parts;
  const api = new Hono();
  api.use(async (c, next) => {
    requireToken(c, core.options.access_token);
    await next();
  });
  api.post("/:number/messages", async (c) => {
    const number = findSender(core, c.req.param("number"));
    const body = await readBody(c);
    if (!isReadReceipt(body)) return sendMessage(parts, { number, body, endpoint: "messages" });
    const { phone_number_id } = number;
    return underFault(core, { endpoint: "receipts", phone_number_id }, () =>
      graphJson(markReadByBusiness(core, number, body)),
    );
  });
  api.post("/:number/marketing_messages", async (c) => {
    const number = findSender(core, c.req.param("number"));
    const body = await readBody(c);
    return sendMessage(parts, { number, body, endpoint: "marketing_messages" });
  });
  api.route("/", templateRoutes(core));
  api.route("/", accountRoutes(core));
  api.route("/", mediaRoutes(core));

  const app = new Hono();
  // Before anything else: nothing of the request is read.
  app.use(async (c, next) => {
    const { faults } = core.settings;
    const request = faults.isEmpty() ? null : requestOf(c.req.method, c.req.path, core);
    if (request && faults.takeReset(request)) throw new DroppedConnection("reset");
    await next();
  });
  app.route("/:version{v\\d+\\.\\d+}", api);
  app.get("/whatsapp_business/attachments/", (c) => {
    requireToken(c, core.options.access_token);
    return mediaBytes(c, core);
  });
  app.all("*", (c) => {
    throw unknownPath(c.req.path);
  });
  app.onError((error, c) => {
    if (!(error instanceof GraphFault || error instanceof PlannedAnswer)) throw error;
    const number = requestOf(c.req.method, c.req.path, core)?.phone_number_id ?? null;
    core.ledger.refused(number, error.code);
    const response = answerOf(error);
    core.options.log(`graph ${c.req.method} answered ${response.status}, code ${error.code}`);
    return response;
  });
  return app;
}

function answerOf(error: GraphFault | PlannedAnswer): Response {
  if (error instanceof PlannedAnswer) return error.response;
  return graphJson(error.body, error.status);
}

/** What does not parse has no messaging_product either, and is refused for that. */
async function readBody(c: Context): Promise<unknown> {
  return c.req.json().catch(() => null);
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
