import { setTimeout as sleep } from "node:timers/promises";

/** Counts what goes to the server and back. */
export interface Traffic {
  requests: number;
  /** Those that made one record durable: calls of the database's append, uploads of segments. */
  appends: number;
  bytes_up: number;
  bytes_down: number;
  fetch: typeof fetch;
}

export function createTraffic(): Traffic {
  const traffic: Traffic = {
    requests: 0,
    appends: 0,
    bytes_up: 0,
    bytes_down: 0,
    fetch: async (input, init) => {
      traffic.requests += 1;
      const url = input instanceof Request ? input.url : input.toString();
      const is_segment = init?.method === "POST" && url.endsWith(".segment");
      if (is_segment || url.endsWith("whatsapp_session_append")) traffic.appends += 1;
      traffic.bytes_up += lengthOf(init?.body);
      const response = await fetch(input, init);
      traffic.bytes_down += Number(response.headers.get("content-length") ?? 0);
      return response;
    },
  };
  return traffic;
}

/** Until nothing has been asked for a while: what goes on behind a call is not the next one's. */
export async function untilQuiet(traffic: Traffic): Promise<void> {
  for (let before = -1; before !== traffic.requests;) {
    before = traffic.requests;
    await sleep(QUIET_MS);
  }
}

const QUIET_MS = 2_000;

function lengthOf(body: unknown): number {
  if (typeof body === "string") return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.length : 0;
}
