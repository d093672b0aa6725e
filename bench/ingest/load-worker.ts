// Makes the load of measureHttp() in a thread of its own, so that it does not share the stack's.
import { parentPort, workerData } from "node:worker_threads";
import { createClient } from "@supabase/supabase-js";
import { z } from "zod";
import { createWebhookPosters } from "./post-webhook.ts";

const taskSchema = z.object({
  kind: z.enum(["webhook", "seed"]),
  /** Of the stack's API; for webhooks, of the function. */
  url: z.string(),
  app_secret: z.string(),
  secret_key: z.string(),
  place: z.object({
    tenant_id: z.string(),
    number_id: z.string(),
    conversation_ids: z.array(z.string()),
    contact_ids: z.array(z.string()),
  }),
  connections: z.number(),
  duration_ms: z.number(),
});

/** What the worker is to do; it posts the milliseconds that each piece of work took. */
export type LoadTask = z.infer<typeof taskSchema>;

const task = taskSchema.parse(workerData);
const workers =
  task.kind === "webhook"
    ? await createWebhookPosters(task)
    : Array<() => Promise<void>>(task.connections).fill(createSeedWriter());

await workers[0]?.();
const times: number[] = [];
const end = performance.now() + task.duration_ms;
await Promise.all(
  workers.map(async (work) => {
    while (performance.now() < end) {
      const start = performance.now();
      await work();
      times.push(performance.now() - start);
    }
  }),
);
parentPort?.postMessage(times);

/** What the seed documents' package means to do for each message: two upserts by supabase-js. */
function createSeedWriter(): () => Promise<void> {
  const { place } = task;
  const client = createClient(task.url, task.secret_key, { auth: { persistSession: false } });
  return async () => {
    const index = Math.floor(Math.random() * place.conversation_ids.length);
    const now = new Date().toISOString();
    const address = { tenant_id: place.tenant_id, number_id: place.number_id };
    const conversation = await client
      .from("whatsapp_conversations")
      .upsert(
        { ...address, contact_id: place.contact_ids[index] ?? "", last_message_at: now },
        { onConflict: "contact_id,tenant_id,number_id" },
      );
    if (conversation.error) throw new Error(conversation.error.message);
    const message = await client.from("whatsapp_messages").upsert(
      {
        ...address,
        conversation_id: place.conversation_ids[index] ?? "",
        direction: "inbound",
        status: "received",
        type: "text",
        body: "Hello",
        content: { type: "text", text: { body: "Hello" } },
        wamid: `wamid.${crypto.randomUUID()}`,
        occurred_at: now,
      },
      { onConflict: "wamid,number_id" },
    );
    if (message.error) throw new Error(message.error.message);
  };
}
