import type { Core } from "../core.ts";

/** All events as server-sent events, until the reader or the emulator goes. */
export function eventStream({ events, closed }: Core): Response {
  const encoder = new TextEncoder();
  const reader_gone = new AbortController();
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => controller.enqueue(encoder.encode(text));
      const unsubscribe = events.onAny((event, payload) =>
        write(`event: ${event}\ndata: ${JSON.stringify(payload)}\n\n`),
      );
      const end = () => {
        unsubscribe();
        controller.close();
      };
      closed.addEventListener("abort", end, { signal: reader_gone.signal });
      reader_gone.signal.addEventListener("abort", unsubscribe);
      // Sent at once, so that headers leave and the reader knows that it is listening.
      write(": listening\n\n");
    },
    cancel: () => reader_gone.abort(),
  });
  return new Response(stream, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}
