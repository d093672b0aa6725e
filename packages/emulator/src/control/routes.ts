import { type Context, Hono } from "hono";
import type { Core } from "../core.ts";
import { EmulatorError } from "../emulator-error.ts";
import type { Control, UncheckedInputs } from "./control.ts";
import { eventStream } from "./event-stream.ts";
import { answerError, readJson } from "./http.ts";
import { localCors, localOnly } from "./local-only.ts";
import { mediaPreview } from "./media-preview.ts";

type Api = Control<UncheckedInputs>;

/** The control API, to be mounted under `/emulator`. */
export function controlRoutes(core: Core, control: Api): Hono {
  const app = new Hono();
  app.use(localOnly(core));
  app.use(localCors);

  app.get("/state", (c) => c.json(control.state()));
  app.get("/events", () => eventStream(core));
  app.put("/settings", async (c) => c.json(control.updateSettings(await body(c))));
  app.post("/network", async (c) => c.json(control.goDown(await body(c)), 202));
  app.post("/numbers", async (c) => c.json(control.addNumber(await body(c)), 201));
  app.put("/numbers/:id", async (c) =>
    c.json(control.changeNumber(c.req.param("id"), await body(c))),
  );
  app.post("/groups", async (c) => c.json(control.addGroup(await body(c)), 201));
  app.get("/groups", (c) => c.json(core.store.groups()));
  app.route("/customers", customerRoutes(core, control));

  app.get("/accepted", (c) => c.json(control.accepted(c.req.query())));
  app.get("/accepted/summary", (c) => c.json(control.acceptedSummary(c.req.query())));
  app.post("/held", async (c) => c.json(control.releaseHeld(await body(c))));
  app.get("/faults", (c) => c.json(control.faults()));
  app.post("/faults", async (c) => c.json(control.addFaults(await body(c)), 201));
  app.delete("/faults", (c) => c.json(control.removeFaults()));
  app.delete("/faults/:id", (c) => c.json(control.removeFaults(Number(c.req.param("id")))));

  app.get("/templates", (c) => c.json(control.templates(c.req.query("waba_id"))));
  app.post("/templates", async (c) => c.json(control.addTemplate(await body(c)), 201));
  app.put("/templates/:key", async (c) =>
    c.json(control.changeTemplate(c.req.param("key"), await body(c))),
  );
  app.get("/media", (c) => c.json(control.media()));
  app.get("/media/:id", (c) => mediaPreview(core, c.req.param("id")));
  app.put("/media/:id", async (c) => c.json(control.changeMedia(c.req.param("id"), await body(c))));

  app.get("/deliveries", (c) => c.json(control.deliveries()));
  app.get("/deliveries/:id", (c) => c.json(control.delivery(Number(c.req.param("id")))));
  app.post("/webhooks", async (c) => c.json(control.sendWebhook(await body(c)), 202));
  app.post("/webhooks/verify", async (c) => c.json(await control.verifyWebhook()));

  app.all("*", (c) => {
    throw new EmulatorError("not_found", `no ${c.req.method} ${c.req.path}`);
  });
  app.onError(answerError);
  return app;
}

function customerRoutes(core: Core, control: Api): Hono {
  const app = new Hono();
  const phone = (c: Context) => c.req.param("phone") ?? "";
  app.get("/", (c) => c.json(core.store.customers()));
  app.post("/", async (c) => c.json(control.addCustomer(await body(c)), 201));
  app.get("/:phone/messages", (c) => c.json(control.customerMessages(phone(c), c.req.query())));
  app.post("/:phone/messages", async (c) =>
    c.json(control.sendFromCustomer(phone(c), await body(c)), 201),
  );
  app.post("/:phone/press", async (c) => c.json(control.press(phone(c), await body(c)), 201));
  app.post("/:phone/read", async (c) => c.json(control.readAsCustomer(phone(c), await body(c))));
  app.post("/:phone/play", async (c) => c.json(control.playAsCustomer(phone(c), await body(c))));
  app.post("/:phone/preferences", async (c) =>
    c.json(control.setPreferences(phone(c), await body(c))),
  );
  return app;
}

async function body(c: Context): Promise<unknown> {
  return readJson(c.req.raw);
}
