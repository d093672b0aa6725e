import { randomUUID } from "node:crypto";
import { parseWebhook } from "@wabase/cloud-api";
import { afterAll, expect, test } from "vitest";
import {
  connect,
  createTenant,
  newPhone,
  statusWebhook,
  textWebhook,
} from "./support/workbench.ts";

const WRITERS = 8;
const CONVERSATIONS = 50;
const DURATION_MS = 30_000;

const sql = connect();
afterAll(() => sql.end());

test(
  "8 writers over the same 50 conversations for 30 s: no deadlock, every count exact",
  { timeout: DURATION_MS * 3 },
  async () => {
    const tenant = await createTenant(sql);
    const number = tenant.phone_number_id;
    const phones = Array.from({ length: CONVERSATIONS }, newPhone);
    const deadlocks = await countDeadlocks();
    const end = Date.now() + DURATION_MS;
    // What one writer has posted, another posts again, in another order.
    const recent: string[] = [];
    const posted = new Set<string>();
    const errors: unknown[] = [];

    const write = async (): Promise<void> => {
      while (Date.now() < end && errors.length === 0) {
        const body = textWebhook(number, shuffled(phones).slice(0, 20).map(newMessage));
        for (const id of wamidsOf(body)) posted.add(id);
        recent.push(body);
        const again = recent[Math.floor(Math.random() * recent.length)] ?? body;
        if (recent.length > 200) recent.shift();
        const statuses = wamidsOf(again).map((id) => ({ id, status: "read", recipient_id: "1" }));
        const bodies = shuffled([body, again, statusWebhook(number, statuses)]);
        await ingest(bodies).catch((error: unknown) => errors.push(error));
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    expect(errors).toEqual([]);
    expect(await countDeadlocks()).toBe(deadlocks);

    const [totals] = await sql`
      select count(*)::integer as conversations, sum(unread_count)::integer as unread,
        bool_and(unread_count = (
          select count(*) from public.whatsapp_messages as message where message.conversation_id = conversation.id
        )) as every_count_is_exact,
        bool_and(last_message_at = (
          select max(occurred_at) from public.whatsapp_messages as message where message.conversation_id = conversation.id
        )) as every_last_is_right
      from public.whatsapp_conversations as conversation where tenant_id = ${tenant.tenant_id}`;
    expect(totals).toEqual({
      conversations: CONVERSATIONS,
      unread: posted.size,
      every_count_is_exact: true,
      every_last_is_right: true,
    });
  },
);

function newMessage(from: string): { from: string; id: string; name: string } {
  return {
    from,
    id: `wamid.${randomUUID()}`,
    name: Math.random() < 0.1 ? randomUUID() : "Somebody",
  };
}

function wamidsOf(body: string): string[] {
  return [...body.matchAll(/"id":"(wamid\.[^"]+)"/g)].map(([, id]) => id ?? "");
}

async function ingest(bodies: string[]): Promise<void> {
  const deliveries = bodies.map((body) => ({
    body,
    secret_id: "test",
    events: parseWebhook(JSON.parse(body)).events.map((event) => ({ ...event })),
  }));
  await sql`select public.whatsapp_ingest(${sql.json(deliveries)})`;
}

async function countDeadlocks(): Promise<number> {
  const [row] = await sql<{ deadlocks: number }[]>`
    select deadlocks::integer from pg_stat_database where datname = current_database()`;
  return row?.deadlocks ?? 0;
}

function shuffled<Item>(items: Item[]): Item[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
