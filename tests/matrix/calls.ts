import { createHash, randomUUID } from "node:crypto";
import type postgres from "postgres";
import type { Actor } from "./actors.ts";
import type { Fixture } from "./fixture.ts";

export interface CallContext {
  sql: postgres.Sql;
  fixture: Fixture;
  actor: Actor;
}

type Arguments = (context: CallContext) => object | Promise<object>;

const conversation: Arguments = ({ fixture }) => ({ conversation_id: fixture.conversation_id });
const tenant: Arguments = ({ fixture }) => ({ tenant_id: fixture.tenant_id });

/** Arguments with which each function would do what it does, to the fixture's conversation or tenant. */
export const CALLS: Record<string, Arguments> = {
  whatsapp_accept_invitation: async ({ sql, fixture, actor }) => ({
    token: await inviteActor(sql, fixture, actor),
  }),
  whatsapp_access_token: ({ fixture }) => ({ phone_number_id: fixture.phone_number_id }),
  whatsapp_add_note: ({ fixture }) => ({ conversation_id: fixture.conversation_id, body: "Note" }),
  whatsapp_assign_conversation: ({ fixture }) => ({
    conversation_id: fixture.conversation_id,
    team_id: fixture.team_id,
  }),
  whatsapp_change_member_role: ({ fixture }) => ({
    tenant_id: fixture.tenant_id,
    user_id: fixture.rows.get("whatsapp_members")?.["user_id"],
    role: "viewer",
  }),
  whatsapp_close_conversation: conversation,
  whatsapp_connect_number: ({ fixture }) => ({
    tenant_id: fixture.tenant_id,
    number: {
      phone_number_id: fixture.phone_number_id,
      waba_id: "7100000000001",
      display_phone_number: "+1 555",
    },
  }),
  whatsapp_delete_contact: ({ fixture }) => ({ contact_id: fixture.contact_id }),
  whatsapp_delete_conversation: conversation,
  whatsapp_enqueue_message: ({ fixture }) => ({
    message: { conversation_id: fixture.conversation_id, type: "text", text: { body: "Hello" } },
  }),
  whatsapp_export_conversation: conversation,
  whatsapp_ingest: () => ({ deliveries: [{ body: "{}", secret_id: "x", events: [] }] }),
  whatsapp_invite_member: ({ fixture }) => ({
    tenant_id: fixture.tenant_id,
    email: "new@example.test",
    role: "agent",
  }),
  whatsapp_journal: () => ({ filter: { limit: 1 } }),
  whatsapp_mark_read: ({ fixture }) => ({ message_id: fixture.message_id }),
  whatsapp_record_send: async ({ sql, fixture }) => ({
    message_id: await queueMessage(sql, fixture),
    outcome: { status: "failed", error: {} },
  }),
  whatsapp_release_conversation: conversation,
  whatsapp_remove_member: ({ fixture }) => ({
    tenant_id: fixture.tenant_id,
    user_id: fixture.rows.get("whatsapp_members")?.["user_id"],
  }),
  whatsapp_reopen_conversation: conversation,
  whatsapp_require_admin: tenant,
  whatsapp_set_secret: ({ fixture }) => ({
    tenant_id: fixture.tenant_id,
    name: "access_token",
    value: "secret",
  }),
  whatsapp_start_send: async ({ sql, fixture }) => ({
    message_id: await queueMessage(sql, fixture),
  }),
  whatsapp_take_conversation: ({ fixture }) => ({
    conversation_id: fixture.conversation_id,
    take_over: true,
  }),
  whatsapp_webhook_secrets: () => ({}),
  whatsapp_withdraw_invitation: ({ fixture }) => ({ invitation_id: fixture.invitation_id }),
};

async function queueMessage(sql: postgres.Sql, fixture: Fixture): Promise<string> {
  const id = randomUUID();
  await sql`
    insert into public.whatsapp_messages (
      id, tenant_id, number_id, conversation_id, direction, status, type, content, occurred_at
    )
    values (
      ${id}, ${fixture.tenant_id}, ${fixture.number_id}, ${fixture.conversation_id}, 'outbound', 'queued', 'text', '{}', now()
    )`;
  return id;
}

/** An invitation to the actor's own address, where they have one. */
async function inviteActor(
  sql: postgres.Sql,
  { tenant_id }: Fixture,
  { email }: Actor,
): Promise<string> {
  const token = randomUUID();
  const digest = createHash("sha256").update(token).digest();
  await sql`
    with invited as (
      insert into public.whatsapp_invitations (tenant_id, email, role, expires_at)
      values (${tenant_id}, ${email ?? `${token}@example.test`}, 'viewer', now() + interval '1 day')
      returning id
    )
    insert into wabase.invitation_tokens (invitation_id, token_hash) select id, ${digest} from invited`;
  return token;
}
