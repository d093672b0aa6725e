import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { z } from "zod";
import { type Actors, CONTACT_PHONE } from "./actors.ts";

const rowSchema = z.record(z.string(), z.unknown());
export type Row = z.infer<typeof rowSchema>;

/** A tenant with a row in every table, about one conversation that is assigned to the actor «assigned». */
export interface Fixture {
  tenant_id: string;
  number_id: string;
  phone_number_id: string;
  conversation_id: string;
  contact_id: string;
  message_id: string;
  team_id: string;
  invitation_id: string;
  campaign_id: string;
  session_id: string;
  /** The row of each table, and what tells a view's from others. */
  rows: Map<string, Row>;
  /** Puts everything back as it was. */
  restore(): Promise<void>;
}

/** Tables whose row belongs to the tenant by way of another table. */
const ORDER = [
  "whatsapp_tenants",
  "whatsapp_members",
  "whatsapp_teams",
  "whatsapp_team_members",
  "whatsapp_numbers",
];

/** What the database works out itself. */
const GENERATED = new Set(["whatsapp_conversations.active_at", "whatsapp_contacts.sort_name"]);

export async function createFixture(
  sql: postgres.Sql,
  actors: Actors,
  tables: string[],
): Promise<Fixture> {
  const ids = {
    tenant_id: randomUUID(),
    number_id: randomUUID(),
    conversation_id: randomUUID(),
    contact_id: randomUUID(),
    message_id: randomUUID(),
    team_id: randomUUID(),
    invitation_id: randomUUID(),
    campaign_id: randomUUID(),
    session_id: randomUUID(),
  };
  const phone_number_id = "7000000000001";
  const rows: Record<string, Row> = {
    ...rowsOf(ids, actors, phone_number_id),
    ...sendingRows(ids),
    ...sessionRows(ids),
  };
  const missing = tables.filter((table) => rows[table] === undefined);
  if (missing.length > 0) {
    throw new Error(`tests/matrix/fixture.ts has no row for: ${missing.join(", ")}`);
  }
  await insertOther(sql, actors);
  const members = [
    { user_id: actors.viewer.user_id, role: "viewer" },
    { user_id: actors.agent.user_id, role: "agent" },
    { user_id: actors.admin.user_id, role: "admin" },
  ].map((member) => ({ ...member, tenant_id: ids.tenant_id }));
  const all: [string, Row][] = [
    ...Object.entries(rows),
    ...members.map((member): [string, Row] => ["whatsapp_members", member]),
  ];
  await write(sql, all);
  const snapshot = await readAll(sql, tables, ids.tenant_id);
  const first = new Map(
    Object.entries(rows).map(([table, row]) => [
      table,
      snapshot.find(([name, kept]) => name === table && includes(kept, row))?.[1] ?? row,
    ]),
  );
  return {
    ...ids,
    phone_number_id,
    rows: first.set("whatsapp_session_states", { id: ids.session_id }),
    restore: async () => {
      await sql.begin(async (transaction) => {
        await transaction`set local session_replication_role = replica`;
        for (const [table, row] of await readAll(transaction, tables, ids.tenant_id)) {
          await transaction`
            delete from public.${transaction(table)} as kept where to_jsonb(kept) = ${transaction.json(json(row))}`;
        }
        await writeWithin(transaction, snapshot);
      });
    },
  };
}

type Ids = Omit<Fixture, "phone_number_id" | "rows" | "restore">;

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

/** What sending leaves behind. */
function sendingRows({ tenant_id, number_id, contact_id, message_id, campaign_id }: Ids) {
  const template = { name: "sale", language: { code: "en" } };
  return {
    whatsapp_pauses: {
      id: randomUUID(),
      tenant_id,
      number_id,
      template_name: template.name,
      template_language: template.language.code,
      reason: "quality",
    },
    whatsapp_campaigns: {
      id: campaign_id,
      tenant_id,
      number_id,
      name: "Sale",
      state: "draft",
      content: { type: "template", template },
    },
    whatsapp_campaign_recipients: { campaign_id, contact_id, tenant_id, components: [] },
    whatsapp_media: {
      message_id,
      place: ["image"],
      tenant_id,
      kind: "image",
      state: "pending",
      media_id: "1",
      expires_at: inAnHour(),
    },
  };
}

/** A WhatsApp-Web session whose code waits to be scanned. */
function sessionRows({ tenant_id, session_id }: Ids) {
  return {
    whatsapp_sessions: {
      id: session_id,
      tenant_id,
      name: "main",
      state: "pairing",
      holder: "server",
      epoch: 1,
    },
    whatsapp_session_pairings: {
      session_id,
      tenant_id,
      kind: "qr",
      value: "What links a phone",
      expires_at: inAnHour(),
    },
  };
}

function rowsOf(ids: Ids, actors: Actors, phone_number_id: string): Record<string, Row> {
  const { tenant_id, number_id, conversation_id, contact_id, message_id, team_id } = ids;
  const now = new Date().toISOString();
  const wamid = "wamid.matrix";
  return {
    whatsapp_tenants: { id: tenant_id, name: "Matrix", contacts_read_own_messages: true },
    whatsapp_members: { user_id: actors.assigned.user_id, tenant_id, role: "agent" },
    whatsapp_teams: { id: team_id, tenant_id, name: "Team" },
    whatsapp_team_members: { user_id: actors.assigned.user_id, team_id, tenant_id },
    whatsapp_numbers: {
      id: number_id,
      tenant_id,
      phone_number_id,
      waba_id: "7100000000001",
      display_phone_number: "+1 555",
    },
    whatsapp_contacts: { id: contact_id, tenant_id, phone: CONTACT_PHONE, profile_name: "Mara" },
    whatsapp_contact_merges: {
      id: randomUUID(),
      tenant_id,
      contact_id,
      merged: {},
      reason: "same_person",
    },
    whatsapp_groups: { id: randomUUID(), tenant_id, number_id, group_id: "g", subject: "Group" },
    whatsapp_conversations: {
      id: conversation_id,
      tenant_id,
      number_id,
      contact_id,
      assignee_id: actors.assigned.user_id,
      last_message_at: now,
      last_message_id: message_id,
      customer_window_expires_at: inAnHour(),
      unread_count: 1,
    },
    whatsapp_messages: {
      id: message_id,
      tenant_id,
      number_id,
      conversation_id,
      direction: "inbound",
      status: "received",
      type: "text",
      body: "What Mara wrote",
      content: {},
      wamid,
      occurred_at: now,
    },
    whatsapp_message_changes: {
      number_id,
      wamid: `${wamid}.edit`,
      tenant_id,
      target_wamid: wamid,
      kind: "edit",
      message_id,
      content: {},
      occurred_at: now,
    },
    whatsapp_reactions: {
      number_id,
      target_wamid: wamid,
      contact_id,
      tenant_id,
      conversation_id,
      emoji: "👍",
      wamid: `${wamid}.reaction`,
      occurred_at: now,
    },
    whatsapp_message_recipients: { message_id, participant: CONTACT_PHONE, status: "read" },
    whatsapp_calls: {
      id: randomUUID(),
      tenant_id,
      number_id,
      conversation_id,
      call_id: "c",
      direction: "inbound",
      status: "ended",
      occurred_at: now,
    },
    whatsapp_account_events: {
      id: randomUUID(),
      tenant_id,
      number_id,
      field: "f",
      event: "e",
      content: {},
      occurred_at: now,
      digest: "d",
    },
    whatsapp_templates: { id: randomUUID(), tenant_id, waba_id: "1", template_id: "t" },
    whatsapp_notes: {
      id: randomUUID(),
      tenant_id,
      number_id,
      conversation_id,
      author_id: actors.assigned.user_id,
      body: "What the team notes",
    },
    whatsapp_invitations: {
      id: ids.invitation_id,
      tenant_id,
      email: "invited@example.test",
      role: "agent",
      expires_at: inAnHour(),
    },
    whatsapp_secrets: { id: randomUUID(), tenant_id, name: "verify_token" },
  };
}

/** Another tenant, whose admin is the actor «other admin». */
async function insertOther(sql: postgres.Sql, actors: Actors): Promise<void> {
  const tenant_id = randomUUID();
  await sql`insert into public.whatsapp_tenants (id, name) values (${tenant_id}, 'Other')`;
  await sql`
    insert into public.whatsapp_members (user_id, tenant_id, role)
    values (${actors["other admin"].user_id}, ${tenant_id}, 'admin')`;
}

async function write(sql: postgres.Sql, rows: [string, Row][]): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`set local session_replication_role = replica`;
    await writeWithin(transaction, rows);
  });
}

/** Columns that are not given get their defaults. */
async function writeWithin(sql: postgres.TransactionSql, rows: [string, Row][]): Promise<void> {
  for (const [table, row] of rows) {
    const columns = Object.keys(row).filter((column) => !GENERATED.has(`${table}.${column}`));
    await sql`
      insert into public.${sql(table)} (${sql(columns)}) overriding system value
      select ${sql(columns)} from jsonb_populate_record(null::public.${sql(table)}, ${sql.json(json(row))})
      on conflict do nothing`;
  }
}

/** All rows of the tenant in these tables. */
async function readAll(
  sql: postgres.ISql,
  tables: string[],
  tenant_id: string,
): Promise<[string, Row][]> {
  const found: [string, Row][] = [];
  const sorted = tables.toSorted((a, b) => rank(a) - rank(b));
  for (const table of sorted) {
    const mine =
      table === "whatsapp_tenants"
        ? sql`id = ${tenant_id}`
        : table === "whatsapp_message_recipients"
          ? sql`message_id in (select id from public.whatsapp_messages where tenant_id = ${tenant_id})`
          : sql`tenant_id = ${tenant_id}`;
    const rows = await sql<{ row: unknown }[]>`
      select to_jsonb(kept) as row from public.${sql(table)} as kept where ${mine}`;
    for (const { row } of rows) found.push([table, rowSchema.parse(row)]);
  }
  return found;
}

function rank(table: string): number {
  // Deleted in this order: what is found by way of a message goes before it.
  if (table === "whatsapp_message_recipients") return -1;
  const at = ORDER.indexOf(table);
  return at === -1 ? ORDER.length : at;
}

function includes(row: Row, part: Row): boolean {
  return Object.entries(part).every(
    ([column, value]) => typeof value !== "string" || row[column] === value || isTime(value),
  );
}

function isTime(value: string): boolean {
  return /^\d{4}-\d\d-\d\dT/.test(value);
}

function json(row: Row): postgres.JSONValue {
  return JSON.parse(JSON.stringify(row));
}
