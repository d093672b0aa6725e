import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Agent, request as httpRequest } from "node:http";
import { bearerToken, verifyJwt } from "../api/caller.ts";
import type { FunctionConfig } from "./config.ts";
import { type DenoProcess, startDenoProcess } from "./deno-process.ts";

/** Larger bodies are cut off before they reach a function; far above every limit that functions set. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const PREFIX = "/functions/v1";

export interface FunctionsOptions {
  functions: FunctionConfig[];
  env: Record<string, string>;
  jwt_secret: string;
  watch: boolean;
  log: (line: string) => void;
}

export interface Functions {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** One Deno process a function. */
  processes: DenoProcess[];
  stop(): Promise<void>;
}

/** The Edge Functions at `/functions/v1/<name>`, each in a Deno process of its own. */
export async function startFunctions(options: FunctionsOptions): Promise<Functions> {
  const processes = await Promise.all(
    options.functions.map((config) =>
      startDenoProcess(config, {
        env: options.env,
        watch: options.watch,
        log: (line) => options.log(`[${config.name}] ${line}`),
      }),
    ),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  return {
    processes,
    handle: (request, response) =>
      route({ request, response, processes, agent, jwt_secret: options.jwt_secret }),
    stop: async () => {
      agent.destroy();
      await Promise.all(processes.map((process) => process.stop()));
    },
  };
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  processes: DenoProcess[];
  agent: Agent;
  jwt_secret: string;
}

async function route(exchange: Exchange): Promise<void> {
  const { request, response, processes } = exchange;
  const path = (request.url ?? "/").slice(PREFIX.length);
  const name = /^\/([^/?]+)/.exec(path)?.[1];
  const target = processes.find(({ config }) => config.name === name);
  if (target === undefined) {
    refuse(response, 404, { code: "NOT_FOUND", message: "Requested function was not found" });
    return;
  }
  if (target.config.verify_jwt && request.method !== "OPTIONS") {
    const token = bearerToken(request.headers.authorization ?? null);
    if (token === null) {
      const message = "Missing authorization header";
      refuse(response, 401, { code: "UNAUTHORIZED_NO_AUTH_HEADER", message });
      return;
    }
    if (verifyJwt(token, exchange.jwt_secret) === null) {
      refuse(response, 401, { code: "UNAUTHORIZED_INVALID_JWT_FORMAT", message: "Invalid JWT" });
      return;
    }
  }
  const body = await readBody(request);
  if (body === null) {
    refuse(response, 413, { code: "PAYLOAD_TOO_LARGE", message: "The body is over 32 MB" });
    request.destroy();
    return;
  }
  await forward(exchange, target, { path, body });
}

interface Forwarded {
  path: string;
  body: Buffer;
}

async function forward(
  exchange: Exchange,
  target: DenoProcess,
  { path, body }: Forwarded,
): Promise<void> {
  const outcome = await pipe(exchange, target, { path, body });
  if (outcome === "answered") return;
  // Refused before a byte was taken: the function is booting or restarting after a change.
  if (outcome === "refused" && (await target.untilReady())) {
    if ((await pipe(exchange, target, { path, body })) === "answered") return;
  }
  if (exchange.response.headersSent) exchange.response.destroy();
  else if (outcome === "refused") {
    refuse(exchange.response, 503, { code: "BOOT_ERROR", message: "Function failed to start" });
  } else refuse(exchange.response, 502, { code: "WORKER_ERROR", message: "Function went away" });
}

function pipe(
  { request, response, agent }: Exchange,
  target: DenoProcess,
  { path, body }: Forwarded,
): Promise<"answered" | "refused" | "broken"> {
  return new Promise((resolve) => {
    const upstream = httpRequest({
      agent,
      host: "127.0.0.1",
      port: target.port,
      method: request.method,
      // As hosted: a function sees its own name as the first part of the path.
      path,
      headers: forwardedHeaders(request, body),
    });
    upstream.once("error", (error) =>
      resolve("code" in error && error.code === "ECONNREFUSED" ? "refused" : "broken"),
    );
    upstream.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.once("end", () => resolve("answered"));
      answer.once("error", () => resolve("broken"));
    });
    upstream.end(body);
  });
}

function forwardedHeaders(request: IncomingMessage, body: Buffer): OutgoingHttpHeaders {
  const { "transfer-encoding": _, connection: __, ...headers } = request.headers;
  return {
    ...headers,
    "content-length": body.length,
    "x-forwarded-host": request.headers.host ?? "",
    "x-forwarded-proto": "http",
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function refuse(
  response: ServerResponse,
  status: number,
  error: { code: string; message: string },
): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "sb-error-code": error.code,
    "access-control-allow-origin": "*",
  });
  response.end(JSON.stringify(error));
}
