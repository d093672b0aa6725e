/** A row of net.http_request_queue. */
export interface NetRequest {
  id: string;
  method: string;
  url: string;
  headers: [name: string, value: string][];
  body: Uint8Array | null;
  timeout_ms: number;
}

/** A row of net._http_response: an answer, or the reason why there is none. */
export interface NetResponse {
  status_code: number | null;
  content_type: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timed_out: boolean;
  error_msg: string | null;
}

/** Sends the request. Never throws: whatever goes wrong is in `error_msg`. */
export async function sendRequest(request: NetRequest, stop: AbortSignal): Promise<NetResponse> {
  const timeout_ms = request.timeout_ms;
  if (timeout_ms <= 0) return failed("timeout_milliseconds must be more than 0");
  const started_ms = performance.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeout_ms);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: toHeaders(request.headers),
      body: request.body === null ? null : new Uint8Array(request.body),
      signal: AbortSignal.any([limit.signal, stop]),
    });
    return await toAnswer(response);
  } catch (error) {
    if (stop.aborted) return failed("the pg_net worker stopped");
    if (!limit.signal.aborted) return failed(reasonOf(error));
    const total = (performance.now() - started_ms).toFixed(3);
    return {
      ...failed(`Timeout of ${timeout_ms} ms reached. Total time: ${total} ms`),
      timed_out: true,
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Names a header that cannot be sent, without its value, which the error of `Headers` would quote. */
function toHeaders(entries: NetRequest["headers"]): Headers {
  const headers = new Headers({ "user-agent": "pg_net/0.19" });
  for (const [name, value] of entries) {
    try {
      headers.set(name, value);
    } catch {
      throw new Error(`header "${name}" has a character that no header may have`);
    }
  }
  return headers;
}

async function toAnswer(response: Response): Promise<NetResponse> {
  const text = await response.text();
  // Postgres has no NUL in a text; like pg_net's C string, the content ends there.
  const [content = ""] = text.split("\0", 1);
  return {
    status_code: response.status,
    content_type: response.headers.get("content-type"),
    headers: Object.fromEntries(response.headers),
    content: content === "" ? null : content,
    timed_out: false,
    error_msg: null,
  };
}

function failed(error_msg: string): NetResponse {
  return {
    status_code: null,
    content_type: null,
    headers: null,
    content: null,
    timed_out: false,
    error_msg,
  };
}

/** fetch says «fetch failed», its cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error.cause instanceof Error)) return error.message;
  const code = "code" in error.cause ? String(error.cause.code) : "";
  return error.cause.message || code || error.message;
}
