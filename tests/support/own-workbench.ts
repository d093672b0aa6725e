import { createHmac } from "node:crypto";
import { rmSync } from "node:fs";
import { people, signIn, startWorkbench, type Workbench } from "@wabase/local";
import type postgres from "postgres";
import { type Answer, readAnswer } from "./send.ts";
import { connect, makeStateFolder, ROOT, textWebhook, waitFor } from "./workbench.ts";

/** A stack of a test's own: for what breaks things, or sets how Meta's side fails. */
export interface OwnWorkbench {
  bench: Workbench;
  sql: postgres.Sql;
  state_dir: string;
  /** Everything that was logged: by the functions, the emulator, the API, the gateway. */
  lines: string[];
  /** POSTs a body to whatsapp-webhook as Meta does. */
  post(body: string): Promise<Response>;
  /** Calls whatsapp-send as the demo's agent. */
  send(body: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

export async function startOwnWorkbench(name: string): Promise<OwnWorkbench> {
  const state_dir = makeStateFolder(name);
  const lines: string[] = [];
  const bench = await startWorkbench({
    workdir: ROOT,
    state_dir,
    port: 0,
    log: (line) => void lines.push(line),
  });
  const sql = connect(bench.stack.superuser_url);
  const agent = await signIn(bench.stack, "agent@demo.test");
  const { data } = await agent.auth.getSession();
  const functions = `${bench.stack.url}/functions/v1`;
  return {
    bench,
    sql,
    state_dir,
    lines,
    post: async (body) => {
      const digest = createHmac("sha256", bench.app_secret).update(body).digest("hex");
      const headers = { "x-hub-signature-256": `sha256=${digest}` };
      return await fetch(`${functions}/whatsapp-webhook`, { method: "POST", headers, body });
    },
    send: async (body) =>
      await readAnswer(
        await fetch(`${functions}/whatsapp-send`, {
          method: "POST",
          headers: {
            apikey: bench.stack.keys.publishable_key,
            authorization: `Bearer ${data.session?.access_token ?? ""}`,
          },
          body: JSON.stringify(body),
        }),
      ),
    stop: async () => {
      await sql.end({ timeout: 1 });
      await bench.stop();
      rmSync(state_dir, { recursive: true, force: true });
    },
  };
}

/** The demo's customer writes; answers the conversation once the message is stored. */
export async function openDemoConversation(
  { bench, sql }: Pick<OwnWorkbench, "bench" | "sql">,
  body: string,
): Promise<{ conversation_id: string; phone: string; wamid: string }> {
  const [{ phone }] = people.DEMO_CUSTOMERS;
  const { id: wamid } = bench.emulator.sendFromCustomer(phone, { text: { body } });
  const conversation_id = await waitFor("the customer's message", async () => {
    const [row] = await sql<{ conversation_id: string }[]>`
      select conversation_id from public.whatsapp_messages where wamid = ${wamid}`;
    return row?.conversation_id;
  });
  return { conversation_id, phone: phone.slice(1), wamid };
}

/** A text to the demo's number. */
export function demoText(message: Parameters<typeof textWebhook>[1][number]): string {
  return textWebhook(people.DEMO_NUMBER.phone_number_id, [message]);
}
