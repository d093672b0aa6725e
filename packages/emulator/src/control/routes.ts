import { Hono } from "hono";
import type { Core } from "../core.ts";
import { EmulatorError } from "../emulator-error.ts";
import type { Control, UncheckedInputs } from "./control.ts";
import { eventStream } from "./event-stream.ts";
import { answerError, readJson } from "./http.ts";
import { localCors, localOnly } from "./local-only.ts";
import { mediaPreview } from "./media-preview.ts";

/** The control API, to be mounted under `/emulator`. */
export function controlRoutes(core: Core, control: Control<UncheckedInputs>): Hono {
  const app = new Hono();
  app.use(localOnly(core));
  app.use(localCors);

  app.get("/state", (c) => c.json(control.state()));
  app.get("/events", () => eventStream(core));
  app.put("/settings", async (c) => c.json(control.updateSettings(await readJson(c.req.raw))));

  app.get("/customers", (c) => c.json(core.store.customers()));
  app.post("/customers", async (c) => c.json(control.addCustomer(await readJson(c.req.raw)), 201));
  app.get("/customers/:phone/messages", (c) =>
    c.json(control.customerMessages(c.req.param("phone"), c.req.query())),
  );
  app.post("/customers/:phone/messages", async (c) =>
    c.json(control.sendFromCustomer(c.req.param("phone"), await readJson(c.req.raw)), 201),
  );
  app.post("/customers/:phone/read", async (c) =>
    c.json(control.readAsCustomer(c.req.param("phone"), await readJson(c.req.raw))),
  );

  app.get("/accepted", (c) => c.json(control.accepted()));
  app.get("/deliveries", (c) => c.json(control.deliveries()));
  app.get("/deliveries/:id", (c) => c.json(control.delivery(Number(c.req.param("id")))));
  app.post("/webhooks", async (c) => c.json(control.sendWebhook(await readJson(c.req.raw)), 202));
  app.post("/webhooks/verify", async (c) => c.json(await control.verifyWebhook()));
  app.get("/media/:id", (c) => mediaPreview(core, c.req.param("id")));

  app.all("*", (c) => {
    throw new EmulatorError("not_found", `no ${c.req.method} ${c.req.path}`);
  });
  app.onError(answerError);
  return app;
}
