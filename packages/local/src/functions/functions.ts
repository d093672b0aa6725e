import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import { bearerToken, verifyJwt } from "../api/caller.ts";
import type { FunctionConfig } from "./config.ts";
import type { DenoProcess } from "./deno-process.ts";
import { startWorker, type Worker } from "./worker.ts";

/** Larger bodies are cut off before they reach a function; far above every limit that functions set. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** How long a broken connection waits for the news that its process has ended. */
const END_TERM_MS = 500;
const PREFIX = "/functions/v1";

export interface FunctionsOptions {
  functions: FunctionConfig[];
  /** What every function finds in its environment: the platform's variables and the secrets. */
  env: Record<string, string>;
  jwt_secret: string;
  /** Take up a changed source at the next request. */
  watch: boolean;
  log: (line: string) => void;
}

export interface Functions {
  /** Answers a request whose path begins with `/functions/v1/`. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** One a function, each with a Deno process of its own. */
  workers: Worker[];
  stop(): Promise<void>;
}

/** The Edge Functions at `/functions/v1/<name>`. */
export async function startFunctions(options: FunctionsOptions): Promise<Functions> {
  const outcomes = await Promise.allSettled(
    options.functions.map((config) =>
      startWorker(config, {
        env: options.env,
        watch: options.watch,
        log: (line) => options.log(`[${config.name}] ${line}`),
      }),
    ),
  );
  const workers = outcomes.flatMap((outcome) =>
    outcome.status === "fulfilled" ? outcome.value : [],
  );
  const stop = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.stop()));
  };
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  return {
    workers,
    handle: (request, response) =>
      route({ request, response }, { workers, jwt_secret: options.jwt_secret }),
    stop,
  };
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

async function route(
  exchange: Exchange,
  { workers, jwt_secret }: { workers: Worker[]; jwt_secret: string },
): Promise<void> {
  const { request, response } = exchange;
  // As hosted: a function sees its own name as the first part of the path.
  const path = (request.url ?? "/").slice(PREFIX.length);
  const name = /^\/([^/?]+)/.exec(path)?.[1];
  const worker = workers.find(({ config }) => config.name === name);
  if (worker === undefined) {
    refuse(response, REFUSALS.not_found);
    return;
  }
  const refusal = findRefusal(request, worker.config, jwt_secret);
  if (refusal !== null) {
    refuse(response, refusal);
    return;
  }
  const body = await readBody(request);
  if (body === null) {
    refuse(response, REFUSALS.too_large);
    return;
  }
  const failure = await forward(exchange, worker, { path, body });
  if (failure !== null && response.headersSent) response.destroy();
  else if (failure !== null) refuse(response, failure);
}

interface Refusal {
  status: number;
  code: string;
  message: string;
}

const REFUSALS = {
  not_found: { status: 404, code: "NOT_FOUND", message: "Requested function was not found" },
  no_token: {
    status: 401,
    code: "UNAUTHORIZED_NO_AUTH_HEADER",
    message: "Missing authorization header",
  },
  bad_token: { status: 401, code: "UNAUTHORIZED_INVALID_JWT_FORMAT", message: "Invalid JWT" },
  too_large: { status: 413, code: "PAYLOAD_TOO_LARGE", message: "The body is over 32 MB" },
  no_boot: { status: 503, code: "BOOT_ERROR", message: "Function failed to start" },
  gone: { status: 502, code: "WORKER_ERROR", message: "Function went away" },
} satisfies Record<string, Refusal>;

/** The gateway's own check of a caller, where config.toml does not say `verify_jwt = false`. */
function findRefusal(
  request: IncomingMessage,
  config: FunctionConfig,
  jwt_secret: string,
): Refusal | null {
  if (!config.verify_jwt || request.method === "OPTIONS") return null;
  const token = bearerToken(request.headers.authorization ?? null);
  if (token === null) return REFUSALS.no_token;
  return verifyJwt(token, jwt_secret) === null ? REFUSALS.bad_token : null;
}

interface Forwarded {
  path: string;
  body: Buffer;
}

/** @returns why there is no answer of the function's, null when there is */
async function forward(
  exchange: Exchange,
  worker: Worker,
  forwarded: Forwarded,
): Promise<Refusal | null> {
  const attempt = (): Promise<Outcome | null> =>
    worker.withProcess(async (process) => {
      const outcome = await pipe(exchange, process, forwarded);
      // Whoever asks next is to meet a new process, not the end of this one.
      if (outcome !== "answered") await process.untilEnded(END_TERM_MS);
      return outcome;
    });
  let outcome = await attempt();
  // Not a byte was taken, so nothing is done twice: the process had ended, and there is another by now.
  if (outcome === "refused") outcome = await attempt();
  if (outcome === "answered") return null;
  return outcome === "broken" ? REFUSALS.gone : REFUSALS.no_boot;
}

type Outcome = "answered" | "refused" | "broken";

function pipe(
  { request, response }: Exchange,
  process: DenoProcess,
  { path, body }: Forwarded,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const upstream = httpRequest({
      agent: process.agent,
      host: "127.0.0.1",
      port: process.port,
      method: request.method,
      path,
      headers: forwardedHeaders(request, body),
    });
    upstream.once("error", (error) =>
      resolve("code" in error && error.code === "ECONNREFUSED" ? "refused" : "broken"),
    );
    upstream.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
      answer.pipe(response);
      answer.once("end", () => resolve("answered"));
      answer.once("error", () => resolve("broken"));
    });
    // Who asked has gone: a stream that nobody reads any more would keep the function busy.
    response.once("close", () => {
      if (!response.writableEnded) upstream.destroy();
    });
    upstream.end(body);
  });
}

function forwardedHeaders(request: IncomingMessage, body: Buffer): OutgoingHttpHeaders {
  return {
    ...withoutHopByHop(request.headers),
    "content-length": body.length,
    "x-forwarded-host": request.headers.host ?? "",
    "x-forwarded-proto": "http",
  };
}

/** Without what is between two neighbours alone: each connection has its own. */
function withoutHopByHop(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const {
    "transfer-encoding": _,
    connection: __,
    "keep-alive": ___,
    expect: ____,
    upgrade: _____,
    ...rest
  } = headers;
  return rest;
}

/** The whole body, or null where it is too large: then it is read to its end, and thrown away. */
function readBody(request: IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) chunks.length = 0;
      else chunks.push(chunk);
    });
    request.once("end", () => resolve(size > MAX_BODY_BYTES ? null : Buffer.concat(chunks)));
    request.once("error", reject);
  });
}

function refuse(response: ServerResponse, { status, code, message }: Refusal): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "sb-error-code": code,
    "access-control-allow-origin": "*",
  });
  response.end(JSON.stringify({ code, message }));
}
