import type { Fetch } from "@wabase/cloud-api";

/**
 * `fetch` for what must not happen twice. Where a connection ends before the answer, Deno sends a request
 * again by itself (denoland/deno#32566, #35610), although the server may have acted on it: Meta would
 * send the message twice. A body that is a stream can be sent only once, so no runtime does that.
 */
export const fetchOnce: Fetch = async (url, init) => {
  const { body } = init;
  if (typeof body !== "string") return await fetch(url, init);
  const once: RequestInit & { duplex: "half" } = { ...init, body: streamOf(body), duplex: "half" };
  return await fetch(url, once);
};

/** Not `new Response(text).body`: Deno remembers the text behind that one. */
function streamOf(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}
