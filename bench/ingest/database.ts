import type postgres from "postgres";
import { CONTACTS, type deliveryOf, nameOf, PHONE_NUMBER_ID, phoneOf } from "./make-events.ts";

export interface Place {
  tenant_id: string;
  number_id: string;
  /** Those of the contacts with the same index. */
  conversation_ids: string[];
  contact_ids: string[];
}

/** One tenant, one number, a thousand contacts, each with a conversation. */
export async function preparePlace(sql: postgres.Sql): Promise<Place> {
  const [tenant] = await sql<{ id: string }[]>`
    insert into public.whatsapp_tenants (name) values ('Bench') returning id`;
  const tenant_id = tenant?.id ?? "";
  const [number] = await sql<{ id: string }[]>`
    insert into public.whatsapp_numbers (tenant_id, phone_number_id, display_phone_number, waba_id)
    values (${tenant_id}, ${PHONE_NUMBER_ID}, '+1 555 010 0000', '1') returning id`;
  const number_id = number?.id ?? "";
  const phones = Array.from({ length: CONTACTS }, (_, index) => phoneOf(index));
  await sql`
    insert into public.whatsapp_contacts (tenant_id, phone, profile_name)
    select ${tenant_id}, phone, name
    from unnest(${phones}::text[], ${phones.map(nameOf)}::text[]) as person (phone, name)`;
  const conversations = await sql<{ id: string; contact_id: string }[]>`
    insert into public.whatsapp_conversations (tenant_id, number_id, contact_id)
    select tenant_id, ${number_id}, id from public.whatsapp_contacts where tenant_id = ${tenant_id}
    returning id, contact_id`;
  // As autovacuum does soon after: the planner knows the tables, whoever writes to them.
  await sql`analyze`;
  return {
    tenant_id,
    number_id,
    conversation_ids: conversations.map(({ id }) => id),
    contact_ids: conversations.map(({ contact_id }) => contact_id),
  };
}

/** Fills the table up to this many messages, as fast as it goes: indexes are made afterwards. */
export async function fillMessages(sql: postgres.Sql, place: Place, rows: number): Promise<void> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::integer as count from public.whatsapp_messages`;
  const missing = rows - (row?.count ?? 0);
  if (missing <= 0) return;
  const insert = async (): Promise<unknown> =>
    await sql`
    insert into public.whatsapp_messages (
      tenant_id, number_id, conversation_id, direction, status, type, body, content, wamid, occurred_at
    )
    select ${place.tenant_id}, ${place.number_id},
      (${place.conversation_ids}::uuid[])[1 + i % ${place.conversation_ids.length}],
      'inbound', 'received', 'text', 'Hello', '{"type": "text", "text": {"body": "Hello"}}', 'wamid.' || gen_random_uuid(),
      now() - i * interval '1 second'
    from generate_series(1, ${missing}) as i`;
  if (missing > 100_000) await withoutIndexes(sql, insert);
  else await insert();
  await sql`vacuum analyze public.whatsapp_messages`;
  await sql`checkpoint`;
}

/** Runs a bulk insert into the messages while they have no indexes, and makes those afterwards. */
export async function withoutIndexes(
  sql: postgres.Sql,
  insert: () => Promise<unknown>,
): Promise<void> {
  const definitions = await dropIndexes(sql);
  await insert();
  for (const definition of definitions) await sql.unsafe(definition);
}

/** Drops what slows a bulk insert down; answers the statements that bring it back. */
async function dropIndexes(sql: postgres.Sql): Promise<string[]> {
  const constraints = await sql<{ name: string; definition: string }[]>`
    select quote_ident(conname) as name, pg_get_constraintdef(oid) as definition from pg_catalog.pg_constraint
    where conrelid = 'public.whatsapp_messages'::regclass and contype in ('u', 'f')`;
  const indexes = await sql<{ name: string; definition: string }[]>`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_catalog.pg_index
    where indrelid = 'public.whatsapp_messages'::regclass and not indisprimary
      and indexrelid not in (select conindid from pg_catalog.pg_constraint where contype = 'u')`;
  const table = "alter table public.whatsapp_messages";
  for (const { name } of constraints) await sql.unsafe(`${table} drop constraint ${name}`);
  for (const { name } of indexes) await sql.unsafe(`drop index ${name}`);
  return [
    ...constraints.map(({ name, definition }) => `${table} add constraint ${name} ${definition}`),
    ...indexes.map(({ definition }) => definition),
  ];
}

/** The bare floor: rows for messages in conversations that are known. */
export function bareRows(sql: postgres.Sql, place: Place, count: number) {
  const body =
    "Hello, is my order on its way? I would like to change the address, if that is possible.";
  return Array.from({ length: count }, () => ({
    tenant_id: place.tenant_id,
    number_id: place.number_id,
    conversation_id: place.conversation_ids[Math.floor(Math.random() * CONTACTS)] ?? "",
    direction: "inbound",
    status: "received",
    type: "text",
    body,
    content: sql.json({ type: "text", text: { body } }),
    wamid: `wamid.${crypto.randomUUID()}`,
    occurred_at: new Date(),
  }));
}

export async function insertBare(
  sql: postgres.Sql,
  rows: ReturnType<typeof bareRows>,
): Promise<void> {
  await sql`insert into public.whatsapp_messages ${sql(rows)}`;
}

export async function ingest(
  sql: postgres.Sql,
  deliveries: ReturnType<typeof deliveryOf>[],
): Promise<void> {
  await sql`select public.whatsapp_ingest(${sql.json(deliveries)})`;
}

/** Outbound messages for statuses to be about; answers their wamids. */
export async function insertOutbound(
  sql: postgres.Sql,
  place: Place,
  count: number,
): Promise<string[]> {
  const rows = await sql<{ wamid: string }[]>`
    insert into public.whatsapp_messages (
      tenant_id, number_id, conversation_id, direction, status, type, content, wamid, occurred_at
    )
    select ${place.tenant_id}, ${place.number_id}, ${place.conversation_ids[0] ?? ""}, 'outbound', 'accepted', 'text', '{}',
      'wamid.' || gen_random_uuid(), now()
    from generate_series(1, ${count})
    returning wamid`;
  return rows.map(({ wamid }) => wamid);
}

export async function updateBare(sql: postgres.Sql, place: Place, wamids: string[]): Promise<void> {
  await sql`
    update public.whatsapp_messages set status = 'delivered', delivered_at = now()
    where number_id = ${place.number_id} and wamid = any (${wamids})`;
}
