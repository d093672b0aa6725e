import { type Server, createServer } from "node:http";
import { type Http2Bindings, type HttpBindings, getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { isLoopback } from "./control/local-only.ts";
import type { Core } from "./core.ts";
import { DroppedConnection } from "./graph/errors.ts";

/** Where to listen. */
export interface ListenOptions {
  /** Default: 0, any free one. */
  port?: number;
  /** Default: `127.0.0.1`. Another address lets the network use the control API, which asks for no password. */
  hostname?: string;
}

/** A listening emulator. */
export interface ListeningServer {
  /** Without a slash at the end. */
  url: string;
  close(): Promise<void>;
}

/** Serves over HTTP. Rejects where the port is taken. */
export async function listen(
  core: Core,
  handle: (request: Request) => Promise<Response>,
  { port = 0, hostname = "127.0.0.1" }: ListenOptions,
): Promise<ListeningServer> {
  const listener = getRequestListener((request, env) => answer(core, handle(request), env), {
    overrideGlobalObjects: false,
  });
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  });
  const url = `http://${reachableHost(hostname)}:${portOf(server)}`;
  core.setListening({ origin: url, loopback: isLoopback(hostname) });
  return {
    url,
    async close() {
      core.setListening(null);
      await closeServer(server);
    },
  };
}

async function answer(
  core: Core,
  response: Promise<Response>,
  { outgoing }: HttpBindings | Http2Bindings,
): Promise<Response> {
  try {
    return await response;
  } catch (error) {
    if (error instanceof DroppedConnection) {
      outgoing.destroy();
      return RESPONSE_ALREADY_SENT;
    }
    // The kind only: an error's own words may quote a message.
    core.options.log(`internal error: ${error instanceof Error ? error.name : typeof error}`);
    return new Response(null, { status: 500 });
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no TCP address");
  return address.port;
}

/** A wildcard is no address to connect to, and IPv6 needs brackets in a URL. */
function reachableHost(hostname: string): string {
  if (hostname === "0.0.0.0" || hostname === "::") return "127.0.0.1";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const done = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // Event streams never end by themselves.
  server.closeAllConnections();
  await done;
}
