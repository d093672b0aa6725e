import { createHmac } from "node:crypto";
import { rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join, resolve } from "node:path";
import { createClient } from "@supabase/supabase-js";
import { makeFolder, resolveHome, startWorkbench, type Workbench } from "@wabase/local";
import postgres from "postgres";
import { type Figure, summarise } from "../report.ts";
import { type Place, preparePlace } from "./database.ts";
import { messageBody } from "./make-events.ts";

const CONNECTIONS = 64;
const DURATION_MS = 15_000;

/** Through the function under Deno at 64 connections, against what the seed documents do, on one stack. */
export async function measureHttp(): Promise<{ figures: Figure[]; ratio: number }> {
  const root = resolve(import.meta.dirname, "../..");
  const state_dir = makeFolder(join(resolveHome(root), "bench-ingest"));
  const bench = await startWorkbench({ workdir: root, state_dir, port: 0 });
  const sql = postgres(bench.stack.database_url, { max: 2, onnotice: () => {} });
  try {
    const place = await preparePlace(sql);
    const webhook = await load(() => postWebhook(bench));
    const seed = await load(createSeedWriter(bench, place));
    return {
      figures: [...describe("whatsapp-webhook", webhook), ...describe("seed: upserts", seed)],
      ratio: webhook.length / seed.length,
    };
  } finally {
    await sql.end();
    await bench.stop();
    rmSync(state_dir, { recursive: true, force: true });
  }
}

/** Runs the work on all connections for the duration; answers how long each piece took, in ms. */
async function load(work: () => Promise<void>): Promise<number[]> {
  await work();
  const times: number[] = [];
  const end = performance.now() + DURATION_MS;
  const connection = async (): Promise<void> => {
    while (performance.now() < end) {
      const start = performance.now();
      await work();
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return times;
}

function describe(name: string, times: number[]): Figure[] {
  const sorted = times.toSorted((a, b) => a - b);
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
  const rate = (times.length * 1000) / DURATION_MS;
  return [
    summarise(`${name}: messages`, "/s", [rate]),
    summarise(`${name}: to the answer`, "ms", times),
    summarise(`${name}: to the answer, 99th percentile`, "ms", [p99]),
  ];
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function postWebhook({ stack, app_secret }: Workbench): Promise<void> {
  const body = messageBody(1);
  const signature = createHmac("sha256", app_secret).update(body).digest("hex");
  return new Promise((done, fail) => {
    const call = request(`${stack.url}/functions/v1/whatsapp-webhook`, {
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
function createSeedWriter({ stack }: Workbench, place: Place): () => Promise<void> {
  const client = createClient(stack.url, stack.keys.secret_key, {
    auth: { persistSession: false },
  });
  return async () => {
    const index = Math.floor(Math.random() * place.conversation_ids.length);
    const id = place.conversation_ids[index] ?? "";
    const now = new Date().toISOString();
    const conversation = await client.from("whatsapp_conversations").upsert(
      {
        tenant_id: place.tenant_id,
        number_id: place.number_id,
        contact_id: place.contact_ids[index] ?? "",
        last_message_at: now,
      },
      { onConflict: "contact_id,number_id" },
    );
    if (conversation.error) throw new Error(conversation.error.message);
    const message = await client.from("whatsapp_messages").upsert(
      {
        tenant_id: place.tenant_id,
        number_id: place.number_id,
        conversation_id: id,
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
