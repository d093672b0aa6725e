import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Api } from "./api/api.ts";
import type { Functions } from "./functions/functions.ts";

export interface GatewayOptions {
  port: number;
  api: Api;
  functions: Functions;
  /** One call a request, when it is answered: never a body, a query or a header. */
  on_request: (entry: RequestEntry) => void;
  log: (line: string) => void;
}

export interface RequestEntry {
  method: string;
  path: string;
  status: number;
  duration_ms: number;
}

export interface Gateway {
  stop(): Promise<void>;
}

/** The stack's one port: /rest/v1, /auth/v1, /storage/v1 and /functions/v1, on 127.0.0.1. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const toApi = getRequestListener((request) => options.api.fetch(request));
  const server = createServer((request, response) => {
    const giveUp = (error: unknown): void => {
      options.log(`gateway: ${request.method} ${pathOf(request)}: ${String(error)}`);
      response.destroy();
    };
    report(request, response, options.on_request);
    const path = request.url ?? "/";
    if (path.startsWith("/functions/v1/")) {
      options.functions.handle(request, response).catch(giveUp);
    } else if (/^\/(rest|auth|storage)\/v1(\/|$|\?)/.test(path)) {
      toApi(request, response).catch(giveUp);
    } else {
      response.writeHead(404, { "content-type": "application/json" });
      response.end(JSON.stringify({ message: "no Route matched with those values" }));
    }
  });
  await listen(server, options.port);
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function report(
  request: IncomingMessage,
  response: ServerResponse,
  tell: (entry: RequestEntry) => void,
): void {
  const start = performance.now();
  response.once("finish", () =>
    tell({
      method: request.method ?? "?",
      path: pathOf(request),
      status: response.statusCode,
      duration_ms: Math.round(performance.now() - start),
    }),
  );
}

/** Without the query, which may hold what somebody searches for. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?")[0] ?? "/";
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}
