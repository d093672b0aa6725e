import type postgres from "postgres";
import type { Cursor, Page } from "@wabase/client/reads";
import { createTenant, newPhone, newWamid, type TestTenant } from "./workbench.ts";

/** A tenant whose agent is in one of its two teams. */
export interface ReadTenant extends TestTenant {
  second_number_id: string;
  /** The agent's, and one that the agent is not in. */
  teams: { mine: string; other: string };
}

export async function createReadTenant(sql: postgres.Sql): Promise<ReadTenant> {
  const tenant = await createTenant(sql);
  const { tenant_id, user_ids } = tenant;
  const [number] = await sql<{ id: string }[]>`
    insert into public.whatsapp_numbers (tenant_id, phone_number_id, display_phone_number)
    values (${tenant_id}, ${newPhone()}, '+1 555 010 9999') returning id`;
  const [mine, other] = await sql<{ id: string }[]>`
    insert into public.whatsapp_teams (tenant_id, name) values (${tenant_id}, 'Sales'), (${tenant_id}, 'Service') returning id`;
  const teams = { mine: mine?.id ?? "", other: other?.id ?? "" };
  await sql`
    insert into public.whatsapp_team_members (user_id, team_id, tenant_id) values (${user_ids.agent}, ${teams.mine}, ${tenant_id})`;
  return { ...tenant, second_number_id: number?.id ?? "", teams };
}

export interface ConversationFields {
  number_id?: string;
  state?: "open" | "closed";
  assignee_id?: string | null;
  team_id?: string | null;
  unread_count?: number;
  last_message_at?: string | null;
  profile_name?: string;
  phone?: string;
}

/** A conversation with a contact of its own; answers its id. */
export async function addConversation(
  sql: postgres.Sql,
  tenant: ReadTenant,
  { phone = newPhone(), profile_name = "Somebody", ...fields }: ConversationFields = {},
): Promise<string> {
  const [contact] = await sql<{ id: string }[]>`
    insert into public.whatsapp_contacts (tenant_id, phone, profile_name)
    values (${tenant.tenant_id}, ${phone}, ${profile_name}) returning id`;
  const row = {
    tenant_id: tenant.tenant_id,
    number_id: tenant.number_id,
    contact_id: contact?.id ?? "",
    ...fields,
  };
  const [conversation] = await sql<{ id: string }[]>`
    insert into public.whatsapp_conversations ${sql(row)} returning id`;
  return conversation?.id ?? "";
}

export interface MessageFields {
  body?: string | null;
  type?: string;
  occurred_at?: string;
  wamid?: string;
  reply_to_wamid?: string;
}

/** An inbound message; answers its id. */
export async function addMessage(
  sql: postgres.Sql,
  conversation_id: string,
  { body = "Hello", type = "text", ...fields }: MessageFields = {},
): Promise<string> {
  const [conversation] = await sql<{ tenant_id: string; number_id: string }[]>`
    select tenant_id, number_id from public.whatsapp_conversations where id = ${conversation_id}`;
  if (!conversation) throw new Error(`no conversation ${conversation_id}`);
  const row = {
    ...conversation,
    conversation_id,
    direction: "inbound",
    status: "received",
    type,
    body,
    content: sql.json({ type }),
    wamid: newWamid(),
    occurred_at: new Date().toISOString(),
    ...fields,
  };
  const [message] = await sql<{ id: string }[]>`
    insert into public.whatsapp_messages ${sql(row)} returning id`;
  return message?.id ?? "";
}

/** The ids of all pages, one after another; `between` runs after each page. */
export async function readPages(
  readPage: (cursor: Cursor | null) => Promise<Page<{ id: string }>>,
  between: () => Promise<unknown> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: Cursor | null = null;
  do {
    const page: Page<{ id: string }> = await readPage(cursor);
    ids.push(...page.rows.map(({ id }) => id));
    cursor = page.next;
    await between();
  } while (cursor !== null);
  return ids;
}
