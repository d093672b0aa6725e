import { randomBytes } from "node:crypto";
import type postgres from "postgres";
import type { SessionConnection } from "../../../packages/sessions/src/connection/connect-session.ts";
import {
  createSessionManager,
  type SessionManager,
} from "../../../packages/sessions/src/connection/session-manager.ts";
import { createKeyRing } from "../../../packages/sessions/src/crypto/key-ring.ts";
import { createSupabaseLogs } from "../../../packages/sessions/src/log/supabase-logs.ts";
import { createSupabaseStorage } from "../../../packages/sessions/src/storage/supabase.ts";
import { connect, createTenant, serviceClient, type TestTenant, waitFor } from "../workbench.ts";
import { type Customer, joinWhatsApp, STAND_IN_SETTINGS } from "./customer.ts";
import { type Person, trust, WhatsAppWebServer } from "./server.ts";

/** The local stack, a tenant, the stand-in for WhatsApp Web, and a customer there. */
export interface SessionStack {
  sql: postgres.Sql;
  server: WhatsAppWebServer;
  tenant: TestTenant;
  mara: Customer;
  /** What the sessions logged. */
  log: string[];
  /** A server of the project: the caller closes it. */
  newManager(): SessionManager;
  newShop(): Person;
  /** A session that an admin has paired with the code that the table shows. */
  openPaired(sessions: SessionManager, name: string): Promise<PairedSession>;
  stop(): Promise<void>;
}

export interface PairedSession {
  connection: SessionConnection;
  shop: Person;
  /** Of the shop. */
  jid: string;
}

export async function startSessionStack(): Promise<SessionStack> {
  const sql = connect();
  const server = await new WhatsAppWebServer().listen();
  trust(server.root_key);
  const tenant = await createTenant(sql);
  const mara = await joinWhatsApp(server, { phone: "4915100000001", lid: "101", name: "Mara" });
  const log: string[] = [];
  // One for all: they are servers of one project.
  const keys = createKeyRing([["k1", randomBytes(32)]]);
  let shops = 0;
  const newShop = (): Person => {
    shops += 1;
    const number = String(shops).padStart(3, "0");
    return { phone: `49152000000${number}`, lid: `20${number}`, name: "Shop" };
  };
  return {
    sql,
    server,
    tenant,
    mara,
    log,
    newShop,
    newManager: () => {
      const client = serviceClient();
      const driver = createSupabaseStorage(client);
      return createSessionManager({
        client,
        auth: { backend: { driver, logs: createSupabaseLogs(client), keys } },
        settings: { waWebSocketUrl: server.url, ...STAND_IN_SETTINGS },
        times: { base_ms: 20, max_ms: 100, replaced_ms: 20 },
        log: (level, line) => void log.push(`${level} ${line}`),
      });
    },
    openPaired: async (sessions, name) => {
      const connection = await sessions.open(tenant.tenant_id, name);
      const qr = await waitFor("a QR code", async () => await readCode(tenant.admin, name));
      const shop = newShop();
      server.scan(qr, shop);
      await connection.whenOpen();
      return { connection, shop, jid: `${shop.phone}@s.whatsapp.net` };
    },
    stop: async () => {
      await mara.close();
      await server.close();
      await sql.end();
    },
  };
}

/** The pairing code of a session, as a frontend reads it. */
export async function readCode(
  client: TestTenant["admin"],
  name: string,
): Promise<string | undefined> {
  const { data, error } = await client
    .from("whatsapp_session_pairings")
    .select("value, session:whatsapp_sessions!inner (name)")
    .eq("session.name", name);
  if (error) throw new Error(error.message);
  return data[0]?.value;
}

export interface SessionRow {
  state: string;
  error: { code: string } | null;
  holder: string;
  phone_number_id: string | null;
}

export async function sessionRow(
  { sql, tenant }: Pick<SessionStack, "sql" | "tenant">,
  name: string,
): Promise<SessionRow | undefined> {
  const [row] = await sql<SessionRow[]>`
    select session.state, session.error, session.holder, number.phone_number_id
    from public.whatsapp_sessions as session
    left join public.whatsapp_numbers as number on number.id = session.number_id
    where session.tenant_id = ${tenant.tenant_id} and session.name = ${name}`;
  return row;
}

export interface MessageRow {
  id: string;
  body: string | null;
  type: string;
  direction: string;
  origin: string;
  status: string;
  wamid: string;
  reply_to_wamid: string | null;
  edited_at: Date | null;
  revoked_at: Date | null;
  /** Who the conversation is with. */
  phone: string | null;
  profile_name: string | null;
  group_id: string | null;
  /** In a group: who wrote. */
  writer: string | null;
}

export async function readMessages(
  { sql, tenant }: Pick<SessionStack, "sql" | "tenant">,
  where: { body?: string; wamid?: string } = {},
): Promise<MessageRow[]> {
  return await sql<MessageRow[]>`
    select message.id, message.body, message.type, message.direction, message.origin, message.status,
      message.wamid, message.reply_to_wamid, message.edited_at, message.revoked_at, contact.phone,
      contact.profile_name, team.group_id, writer.phone as writer
    from public.whatsapp_messages as message
    join public.whatsapp_conversations as conversation on conversation.id = message.conversation_id
    left join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
    left join public.whatsapp_groups as team on team.id = conversation.group_id
    left join public.whatsapp_contacts as writer on writer.id = message.contact_id
    where message.tenant_id = ${tenant.tenant_id}
      and (${where.body ?? null}::text is null or message.body = ${where.body ?? null})
      and (${where.wamid ?? null}::text is null or message.wamid = ${where.wamid ?? null})
    order by message.id`;
}

/** Waits for the one message that is meant, and until it is as it should be. */
export async function theMessage(
  stack: Pick<SessionStack, "sql" | "tenant">,
  where: { body?: string; wamid?: string },
  fits: (row: MessageRow) => boolean = () => true,
): Promise<MessageRow> {
  const look = async (): Promise<MessageRow | undefined> => {
    const rows = await readMessages(stack, where);
    if (rows.length > 1) throw new Error(`${rows.length} messages ${JSON.stringify(where)}`);
    return rows.find(fits);
  };
  return await waitFor(`the message ${JSON.stringify(where)}`, look, 30_000);
}
