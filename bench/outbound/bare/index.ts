// The floor of bench/outbound: the dispatcher's own calls, with nothing before and after them.
import type { LeasedSend } from "../../../supabase/functions/_shared/dispatch/outbox.ts";
import { createSend } from "../../../supabase/functions/_shared/dispatch/send.ts";
import { createServiceClient } from "../../../supabase/functions/_shared/clients.ts";
import { createGraphs } from "../../../supabase/functions/_shared/graph.ts";

const environment = Deno.env.toObject();
const graphOf = createGraphs(environment);
const service = createServiceClient(environment);
const send = createSend((number) => graphOf(service, number));

Deno.serve(async (request) => {
  const { messages, concurrency }: { messages: LeasedSend[]; concurrency: number } =
    await request.json();
  const started = performance.now();
  const queue = messages.values();
  let accepted = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const message of queue) {
        const { outcome } = await send(message);
        if (outcome.action === "accepted") accepted += 1;
      }
    }),
  );
  return Response.json({ accepted, seconds: (performance.now() - started) / 1000 });
});
