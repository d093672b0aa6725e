import { baseMimeType } from "../outbound/media-files.ts";
import { MediaRefusedError, UnreadableResponseError } from "./errors.ts";
import { networkError, parseJson, readFailure, type Connection } from "./request-json.ts";

export interface DownloadOptions {
  /** From `find`, or from a webhook. Any other than Meta's own is refused. */
  url: string;
  max_bytes: number;
  /** Without parameters, as in audio/ogg. */
  mime_types?: readonly string[];
  /** For the whole download, body included. */
  timeout_ms?: number;
}

export interface DownloadedMedia {
  mime_type: string;
  /** As the server says it, where it does. */
  content_length: number | null;
  /** Fails with MediaRefusedError once there are more than `max_bytes`. Read it to its end, or cancel it. */
  body: ReadableStream<Uint8Array>;
}

/** Hosts that Meta serves media from, and that want the token. */
const TOKEN_HOSTS = new Set(["lookaside.fbsbx.com", "graph.facebook.com"]);
/** Meta's file servers, to which those may redirect. They never get the token. */
const FILE_HOSTS = /^[a-z0-9.-]+\.(fbcdn\.net|fbsbx\.com|whatsapp\.net)$/;

const MAX_REDIRECTS = 3;
/** More of an error than this is not read. */
const MAX_ERROR_CHARACTERS = 64 * 1024;

/**
 * Fetches media as a stream, with the token and from Meta's hosts alone (and from that of the Graph API's own
 * address, for the emulator): the address comes out of a webhook, and a service that fetches any address that it
 * is told would reach into the network it runs in.
 */
export async function downloadMedia(
  connection: Connection,
  root: string,
  options: DownloadOptions,
): Promise<DownloadedMedia> {
  const { timeout_ms = 120_000 } = options;
  const response = await followRedirects({ ...connection, timeout_ms }, root, options.url);
  if (!response.ok) throw await readError(connection, response);
  const mime_type = baseMimeType(response.headers.get("content-type") ?? "");
  const declared = Number(response.headers.get("content-length") ?? Number.NaN);
  const content_length = Number.isFinite(declared) ? declared : null;
  const refusal = findRefusal(options, mime_type, content_length);
  if (refusal !== null || response.body === null) {
    await response.body?.cancel();
    throw refusal ?? new UnreadableResponseError(response.status, "it has no body");
  }
  return {
    mime_type,
    content_length,
    body: response.body.pipeThrough(limitTo(options.max_bytes)),
  };
}

function findRefusal(
  { max_bytes, mime_types }: DownloadOptions,
  mime_type: string,
  content_length: number | null,
): MediaRefusedError | null {
  if (mime_types !== undefined && !mime_types.includes(mime_type)) {
    const message = `The media is of type ${mime_type || "(none)"}, which was not asked for.`;
    return new MediaRefusedError("mime_type", message);
  }
  return content_length !== null && content_length > max_bytes ? tooLarge(max_bytes) : null;
}

function tooLarge(max_bytes: number): MediaRefusedError {
  return new MediaRefusedError("size", `The media is larger than ${max_bytes} bytes.`);
}

async function followRedirects(
  connection: Connection,
  root: string,
  url: string,
): Promise<Response> {
  const signal = AbortSignal.timeout(connection.timeout_ms);
  let next = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const access = accessOf(next, root);
    if (access === "none") {
      const what = redirects === 0 ? "address" : "redirect";
      const reason = redirects === 0 ? "host" : "redirect";
      throw new MediaRefusedError(reason, `The media's ${what} is not on a host of Meta's.`);
    }
    const response = await fetchOnce(connection, next, { access, signal });
    const location = response.headers.get("location");
    const is_redirect = response.status >= 300 && response.status < 400 && location !== null;
    if (!is_redirect) return response;
    await response.body?.cancel();
    next = URL.canParse(location, next) ? new URL(location, next).href : "";
  }
  throw new MediaRefusedError("redirect", `The media redirects more than ${MAX_REDIRECTS} times.`);
}

async function fetchOnce(
  connection: Connection,
  url: string,
  { access, signal }: { access: "token" | "plain"; signal: AbortSignal },
): Promise<Response> {
  // Meta's file servers answer some requests without a user agent with a page.
  const headers: Record<string, string> = { "user-agent": "wabase" };
  if (access === "token") headers["authorization"] = `Bearer ${connection.access_token}`;
  try {
    return await connection.fetch(url, { method: "GET", headers, redirect: "manual", signal });
  } catch (error) {
    throw networkError(connection, error);
  }
}

/** Whether an address may be fetched, and whether with the token. */
function accessOf(address: string, root: string): "token" | "plain" | "none" {
  if (!URL.canParse(address)) return "none";
  const url = new URL(address);
  if (url.username !== "" || url.password !== "") return "none";
  if (url.origin === new URL(root).origin) return "token";
  if (url.protocol !== "https:" || url.port !== "") return "none";
  if (TOKEN_HOSTS.has(url.hostname)) return "token";
  return FILE_HOSTS.test(url.hostname) ? "plain" : "none";
}

async function readError(connection: Connection, response: Response): Promise<Error> {
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_ERROR_CHARACTERS) break;
    }
  } catch (error) {
    return networkError(connection, error);
  }
  const body = parseJson(text);
  const failure = body === undefined ? null : readFailure(connection.redact, response.status, body);
  return failure ?? new UnreadableResponseError(response.status, "it is not the media");
}

/** Passes bytes on until there are too many. */
function limitTo(max_bytes: number): TransformStream<Uint8Array, Uint8Array> {
  let size = 0;
  return new TransformStream({
    transform(chunk, controller) {
      size += chunk.length;
      if (size > max_bytes) controller.error(tooLarge(max_bytes));
      else controller.enqueue(chunk);
    },
  });
}
