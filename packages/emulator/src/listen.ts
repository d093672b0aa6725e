import { type Server, type ServerResponse, createServer } from "node:http";
import { type Http2Bindings, type HttpBindings, getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { isLoopback } from "./control/local-only.ts";
import type { Core } from "./core.ts";
import { DroppedConnection } from "./graph/errors.ts";
import { graphText } from "./graph/graph-json.ts";

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

const KEEP_ALIVE_MS = 10 * 60_000;

/** Serves over HTTP. Rejects where the port is taken. */
export async function listen(
  core: Core,
  handle: (request: Request) => Response | Promise<Response>,
  { port = 0, hostname = "127.0.0.1" }: ListenOptions,
): Promise<ListeningServer> {
  const listener = getRequestListener((request, env) => answer(core, () => handle(request), env), {
    overrideGlobalObjects: false,
  });
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  // Longer than any client keeps a connection idle: one that closes while a request is on its way loses an answer,
  // and answers are to be lost only where a fault asks for it.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await open(server, { port, hostname });
  const own_port = portOf(server);
  const url = `http://${reachableHost(hostname)}:${own_port}`;
  let closing = Promise.resolve();
  core.setListening({
    origin: url,
    loopback: isLoopback(hostname),
    goDown(down_ms) {
      // In a moment: the answer to whoever asked for it shall still leave.
      core.timers.after(20, () => {
        closing = closeServer(server);
      });
      core.timers.after(20 + down_ms, () => {
        const reopen = () => open(server, { port: own_port, hostname });
        closing = closing.then(reopen).catch(() => core.options.log(`port ${own_port} is taken`));
      });
    },
  });
  return {
    url,
    async close() {
      core.setListening(null);
      await closing;
      await closeServer(server);
    },
  };
}

async function open(server: Server, where: { port: number; hostname: string }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where.port, where.hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function answer(
  core: Core,
  handle: () => Response | Promise<Response>,
  { outgoing }: HttpBindings | Http2Bindings,
): Promise<Response> {
  try {
    const response = await handle();
    const text = graphText(response);
    if (text === undefined || !isHttp1(outgoing)) return response;
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(text);
    return RESPONSE_ALREADY_SENT;
  } catch (error) {
    if (error instanceof DroppedConnection) {
      await breakOff(outgoing, error);
      return RESPONSE_ALREADY_SENT;
    }
    // The kind only: an error's own words may quote a message.
    core.options.log(`internal error: ${error instanceof Error ? error.name : typeof error}`);
    return new Response(null, { status: 500 });
  }
}

type Outgoing = (HttpBindings | Http2Bindings)["outgoing"];

async function breakOff(outgoing: Outgoing, { how }: DroppedConnection): Promise<void> {
  if (how === "reset" && outgoing.socket && "resetAndDestroy" in outgoing.socket) {
    outgoing.socket.resetAndDestroy();
  } else if (how instanceof Response && isHttp1(outgoing)) {
    const bytes = new Uint8Array(await how.arrayBuffer());
    outgoing.writeHead(how.status, {
      ...Object.fromEntries(how.headers),
      "content-length": String(bytes.length),
    });
    // Half of it leaves for certain before the connection ends.
    await new Promise<void>((resolve) => {
      outgoing.write(bytes.subarray(0, bytes.length / 2), () => resolve());
    });
    outgoing.destroy();
  } else outgoing.destroy();
}

function isHttp1(outgoing: Outgoing): outgoing is ServerResponse {
  return outgoing.req.httpVersionMajor === 1;
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
