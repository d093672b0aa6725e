import { Hono } from "hono";
import { type Control, createControl } from "./control/control.ts";
import { controlRoutes } from "./control/routes.ts";
import { createCore } from "./core.ts";
import type { EventHandler, EventName } from "./events.ts";
import { DroppedConnection } from "./graph/errors.ts";
import { graphRoutes } from "./graph/routes.ts";
import { type ListenOptions, type ListeningServer, listen } from "./listen.ts";
import { type EmulatorOptions, optionsSchema } from "./options.ts";
import { createOutbound } from "./outbound.ts";
import { pageRoutes } from "./page/routes.ts";

/** Meta's side of the Cloud API, in one process. */
export interface Emulator extends Control {
  /**
   * Answers a request to the Graph API, the control API or the phone page without a socket. Rejects with a TypeError,
   * as `fetch` does, where a dropped connection was asked for.
   */
  fetch(request: Request): Promise<Response>;
  /** Serves the same over HTTP. */
  listen(options?: ListenOptions): Promise<ListeningServer>;
  /** Calls the handler at each such event; returns what ends that. */
  on<K extends EventName>(event: K, handler: EventHandler<K>): () => void;
  /** Ends servers, timers, webhooks under way and event streams. Nothing of it keeps the process alive. */
  close(): Promise<void>;
}

/** The answer whose body breaks off halfway. */
async function cutShort(answer: Response): Promise<Response> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const half = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes.subarray(0, bytes.length / 2)),
    pull: (controller) => controller.error(new TypeError("terminated")),
  });
  return new Response(half, { status: answer.status, headers: answer.headers });
}

/**
 * Creates an emulator. Throws a ZodError where the options do not fit.
 *
 * @example
 * const emulator = createEmulator({ app_secret, access_token, verify_token, numbers, webhook_url });
 * const { url } = await emulator.listen({ port: 4010 });
 * emulator.addCustomer({ phone: "+491701234567", name: "Mara" });
 * emulator.sendFromCustomer("+491701234567", { text: { body: "Hello" } });
 */
export function createEmulator(options: EmulatorOptions): Emulator {
  const core = createCore(optionsSchema.parse(options));
  const outbound = createOutbound(core);
  const control = createControl({ core, outbound });
  const app = new Hono()
    .route("/emulator", controlRoutes(core, control))
    .route("/", pageRoutes(core))
    .route("/", graphRoutes({ core, outbound }))
    .onError((error) => {
      throw error;
    });
  const handle = (request: Request) => app.fetch(request);
  const servers = new Set<ListeningServer>();
  return {
    ...control,
    async fetch(request) {
      try {
        return await handle(request);
      } catch (error) {
        if (!(error instanceof DroppedConnection)) throw error;
        if (error.how instanceof Response) return await cutShort(error.how);
        throw new TypeError("fetch failed", { cause: error });
      }
    },
    async listen(where = {}) {
      const server = await listen(core, handle, where);
      servers.add(server);
      return server;
    },
    on: (event, handler) => core.events.on(event, handler),
    async close() {
      await core.close();
      await Promise.all([...servers].map((server) => server.close()));
    },
  };
}
