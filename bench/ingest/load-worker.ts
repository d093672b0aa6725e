// Makes the load of measureHttp() in a thread of its own, so that it does not share the stack's.
import { createHmac } from "node:crypto";
import { Agent, request } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { createClient } from "@supabase/supabase-js";
import { z } from "zod";
import { messageBody } from "./make-events.ts";

const taskSchema = z.object({
  kind: z.enum(["webhook", "seed"]),
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
const agent = new Agent({ keepAlive: true, maxSockets: task.connections });
const work = task.kind === "webhook" ? postWebhook : createSeedWriter();

await work();
const times: number[] = [];
const end = performance.now() + task.duration_ms;
await Promise.all(
  Array.from({ length: task.connections }, async () => {
    while (performance.now() < end) {
      const start = performance.now();
      await work();
      times.push(performance.now() - start);
    }
  }),
);
agent.destroy();
parentPort?.postMessage(times);

function postWebhook(): Promise<void> {
  const body = messageBody(1);
  const signature = createHmac("sha256", task.app_secret).update(body).digest("hex");
  return new Promise((done, fail) => {
    const call = request(`${task.url}/functions/v1/whatsapp-webhook`, {
      method: "POST",
      agent,
      headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` },
    });
    call.once("error", fail);
    call.once("response", (response) => {
      response.resume();
      response.once("end", () => {
        if (response.statusCode === 200) done();
        else fail(new Error(`whatsapp-webhook answered ${response.statusCode}`));
      });
    });
    call.end(body);
  });
}

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
        { onConflict: "contact_id,number_id" },
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
