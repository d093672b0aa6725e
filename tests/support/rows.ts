import type postgres from "postgres";

type Sql = postgres.Sql;

/** How many webhooks the journal holds whose body contains this text. */
export async function countJournaled(sql: Sql, marker: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from wabase.webhook_journal where position(${marker} in body) > 0`;
  return row?.count ?? 0;
}

export interface KeptEvent {
  ordinal: number;
  reason: string;
  detail: string | null;
  content: unknown;
}

/** The events that a webhook left in the journal, in their order. */
export async function keptEvents(sql: Sql, journal_id: number): Promise<KeptEvent[]> {
  return await sql<KeptEvent[]>`
    select ordinal, reason, detail, content from wabase.webhook_events
    where journal_id = ${journal_id} order by ordinal`;
}

export interface ConversationCounts {
  phone: string | null;
  bsuid: string | null;
  conversation_id: string;
  number_id: string;
  unread_count: number;
  messages: number;
}

/** A tenant's conversations: what is counted as unread, beside the inbound messages that there are. */
export async function conversationsOf(
  sql: Sql,
  tenant: { tenant_id: string },
): Promise<ConversationCounts[]> {
  return await sql<ConversationCounts[]>`
    select
      contact.phone, contact.bsuid, conversation.id as conversation_id, conversation.number_id,
      conversation.unread_count,
      (
        select count(*)::int from public.whatsapp_messages as message
        where message.conversation_id = conversation.id and message.direction = 'inbound'
          and message.origin <> 'history'
      ) as messages
    from public.whatsapp_conversations as conversation
    join public.whatsapp_contacts as contact on contact.id = conversation.contact_id
    where conversation.tenant_id = ${tenant.tenant_id}
    order by contact.phone, contact.bsuid, conversation.id`;
}

export interface RowCounts {
  contacts: number;
  conversations: number;
  messages: number;
}

/** How many rows a tenant has: what a refused request must not change. */
export async function countRows(sql: Sql, tenant: { tenant_id: string }): Promise<RowCounts> {
  const [row] = await sql<RowCounts[]>`
    select
      (select count(*)::int from public.whatsapp_contacts where tenant_id = ${tenant.tenant_id}) as contacts,
      (select count(*)::int from public.whatsapp_conversations where tenant_id = ${tenant.tenant_id}) as conversations,
      (select count(*)::int from public.whatsapp_messages where tenant_id = ${tenant.tenant_id}) as messages`;
  return row ?? { contacts: 0, conversations: 0, messages: 0 };
}

export interface MessageRow {
  id: string;
  status: string;
  wamid: string | null;
  accepted_at: Date | null;
  sent_at: Date | null;
  delivered_at: Date | null;
  read_at: Date | null;
  failed_at: Date | null;
  error: unknown;
  pricing: unknown;
}

export async function readMessage(sql: Sql, id: string): Promise<MessageRow> {
  const [row] = await sql<MessageRow[]>`
    select id, status, wamid, accepted_at, sent_at, delivered_at, read_at, failed_at, error, pricing
    from public.whatsapp_messages where id = ${id}`;
  if (!row) throw new Error(`no message ${id}`);
  return row;
}

/** Which statuses wait for a message with this wamid. */
export async function parkedStatuses(sql: Sql, wamid: string): Promise<string[]> {
  const rows = await sql<{ status: string }[]>`
    select status from wabase.parked_statuses where wamid = ${wamid} order by status`;
  return rows.map(({ status }) => status);
}
