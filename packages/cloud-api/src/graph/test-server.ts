import type { Fetch } from "./request-json.ts";

// A fetch for the tests beside this file: answers as told and remembers what it was asked.

interface Call {
  url: string;
  init: RequestInit;
  /** The JSON of the request. */
  body: unknown;
}

export interface FakeServer {
  fetch: Fetch;
  calls: Call[];
}

/** Answers every call with this status and body; a body that is no text is written as JSON. */
export function answering(status: number, body: unknown): FakeServer {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return serving(async () => new Response(text, { status }));
}

/** Fails every call with this error, as a fetch that gets no answer does. */
export function failing(error: unknown): FakeServer {
  return serving(async () => {
    throw error;
  });
}

function serving(answer: () => Promise<Response>): FakeServer {
  const calls: Call[] = [];
  return {
    calls,
    fetch(url, init) {
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : null;
      calls.push({ url, init, body });
      return answer();
    },
  };
}

/** An answer to a message that Meta has taken. */
export const SENT = {
  messaging_product: "whatsapp",
  contacts: [{ input: "+4915155501", wa_id: "4915155501" }],
  messages: [{ id: "wamid.U0VOVA" }],
};
