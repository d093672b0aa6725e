import { randomUUID } from "node:crypto";
import { withThrowawayDatabase } from "@wabase/local";
import type postgres from "postgres";
import { connect, newPhone, ROOT } from "./workbench.ts";

/** A database with nothing but the migrations, and a clock that the test sets: nobody sends but the test. */
export interface Desk {
  sql: postgres.Sql;
  /** Where the clock stands; `wait()` moves it. */
  now(): Date;
  wait(seconds: number): void;
  /** Runs at the clock's time, as the service key or as a member. */
  run<Row>(use: (sql: postgres.TransactionSql) => Promise<Row>, as?: string): Promise<Row>;
  stop(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  let close: () => void = () => {};
  const closed = new Promise<void>((resolve) => void (close = resolve));
  let running: Promise<void> = Promise.resolve();
  const url = await new Promise<string>((resolve, reject) => {
    running = withThrowawayDatabase(ROOT, async ({ superuser_url }) => {
      resolve(superuser_url);
      await closed;
    });
    running.catch(reject);
  });
  const sql = connect(url);
  let now = new Date();
  return {
    sql,
    now: () => now,
    wait: (seconds) => void (now = new Date(now.getTime() + seconds * 1000)),
    run: async (use, as) => {
      const claims =
        as === undefined ? { role: "service_role" } : { role: "authenticated", sub: as };
      const result = await sql.begin(async (transaction) => {
        await transaction`
          select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
            set_config('wabase.now', ${now.toISOString()}, true)`;
        if (as !== undefined) await transaction`set local role authenticated`;
        return { row: await use(transaction) };
      });
      return result.row;
    },
    stop: async () => {
      await sql.end();
      close();
      await running;
    },
  };
}

export interface Shop {
  tenant_id: string;
  number_id: string;
  phone_number_id: string;
}

/** A tenant with one number. */
export async function openShop({ sql }: Desk, sends_per_second = 1000): Promise<Shop> {
  const phone_number_id = String(Math.floor(Math.random() * 1e15));
  const [row] = await sql<Shop[]>`
    with tenant as (insert into public.whatsapp_tenants (name) values ('Shop') returning id)
    insert into public.whatsapp_numbers (tenant_id, phone_number_id, display_phone_number, waba_id, sends_per_second)
    select id, ${phone_number_id}, '+1', ${phone_number_id}, ${sends_per_second} from tenant
    returning tenant_id, id as number_id, phone_number_id`;
  if (row === undefined) throw new Error("no shop was made");
  return row;
}

/** A member of the shop; answers the id of the user. */
export async function hire({ sql }: Desk, shop: Shop, role: string): Promise<string> {
  const id = randomUUID();
  await sql`insert into auth.users (id) values (${id})`;
  await sql`
    insert into public.whatsapp_members (tenant_id, user_id, role) values (${shop.tenant_id}, ${id}, ${role})`;
  return id;
}

export interface Customer {
  /** Of the conversation. */
  id: string;
  phone: string;
}

/** A customer whose window is open for a day. */
export async function welcome(desk: Desk, shop: Shop): Promise<Customer> {
  const phone = newPhone();
  const closes = new Date(desk.now().getTime() + 86_400_000);
  const [row] = await desk.sql<{ id: string }[]>`
    with contact as (
      insert into public.whatsapp_contacts (tenant_id, phone) values (${shop.tenant_id}, ${phone}) returning id
    )
    insert into public.whatsapp_conversations (tenant_id, number_id, contact_id, customer_window_expires_at)
    select ${shop.tenant_id}, ${shop.number_id}, id, ${closes} from contact returning id`;
  return { id: row?.id ?? "", phone };
}

/** A new shop with a customer; nothing of the test before is due. */
export async function beginAnew(desk: Desk): Promise<{ shop: Shop; customer: Customer }> {
  await desk.sql`truncate wabase.outbox, wabase.lanes, wabase.unsettled, wabase.recent_sends, public.whatsapp_pauses`;
  const shop = await openShop(desk);
  return { shop, customer: await welcome(desk, shop) };
}

/** The refusal of a call: SQLSTATE and the words before the colon. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "not refused";
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return `${String(error.code)} ${error.message.split(":")[0]}`;
  }
}

export interface State {
  id: string;
  status: string;
  wamid: string | null;
  error: { code: number | string } | null;
  is_new?: boolean;
  is_cancelled?: boolean;
}

export const text = (body = "Hello") => ({ type: "text", text: { body } });
export const template = (name = "hello_world") => ({
  type: "template",
  template: { name, language: { code: "en_US" } },
});

/** A parameter that is jsonb. */
export function json(sql: postgres.TransactionSql, value: object): postgres.Parameter {
  const plain: postgres.JSONValue = JSON.parse(JSON.stringify(value));
  return sql.json(plain);
}

export async function enqueue(desk: Desk, message: object, as?: string): Promise<State> {
  return await desk.run(async (sql) => {
    const [row] = await sql<{ state: State }[]>`
      select whatsapp_enqueue_message(${json(sql, message)}) as state`;
    if (row === undefined) throw new Error("nothing was queued");
    return row.state;
  }, as);
}

export interface Leased {
  id: string;
  lease_id: string;
  attempt: number;
  to?: string;
  recipient?: string;
  recipient_type?: string;
  content: Record<string, unknown>;
}

export interface LeaseOptions {
  max_sends?: number;
  lease_id?: string;
  only_conversation?: string;
}

/** What a dispatcher gets now. */
export async function lease(
  desk: Desk,
  { max_sends = 100, lease_id = randomUUID(), only_conversation }: LeaseOptions = {},
): Promise<{ sends: Leased[]; next_ms: number | null }> {
  return await desk.run(async (sql) => {
    const [row] = await sql<{ lease: { sends: Leased[]; next_ms: number | null } }[]>`
      select whatsapp_lease_sends(${max_sends}, ${lease_id}, null, ${only_conversation ?? null}) as lease`;
    return row?.lease ?? { sends: [], next_ms: null };
  });
}

/** What became of leased messages: the same of each. */
export async function record(desk: Desk, sends: Leased[], outcome: object): Promise<State[]> {
  const outcomes = sends.map(({ id, lease_id }) => ({
    id,
    lease_id,
    ...("action" in outcome && outcome.action === "accepted" ? { wamid: `wamid.${id}` } : {}),
    ...outcome,
  }));
  return await desk.run(async (sql) => {
    const [row] = await sql<{ states: State[] }[]>`
      select whatsapp_record_sends(${json(sql, outcomes)}) as states`;
    return row?.states ?? [];
  });
}

/** Leases and has Meta accept, until nothing is ready; answers the ids in the order in which they went. */
export async function sendAll(desk: Desk): Promise<string[]> {
  const sent: string[] = [];
  // A lease that finds nothing but what cannot go has set it aside: there may be something behind it.
  for (let empty = 0; empty < 3; empty += 1) {
    const { sends } = await lease(desk);
    if (sends.length > 0) empty = -1;
    await record(desk, sends, { action: "accepted" });
    sent.push(...sends.map(({ id }) => id));
  }
  return sent;
}

export async function stateOf(
  { sql }: Desk,
  id: string,
): Promise<State & { failed_at: Date | null }> {
  const [row] = await sql<(State & { failed_at: Date | null })[]>`
    select id, status, wamid, error, failed_at from public.whatsapp_messages where id = ${id}`;
  if (row === undefined) throw new Error(`no message ${id}`);
  return row;
}
