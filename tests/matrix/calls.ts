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
const number: Arguments = ({ fixture }) => ({ number_id: fixture.number_id });
const campaign: Arguments = ({ fixture }) => ({ campaign_id: fixture.campaign_id });
const tenant: Arguments = ({ fixture }) => ({ tenant_id: fixture.tenant_id });

/** Arguments with which each function would do what it does, to the fixture's conversation or tenant. */
export const CALLS: Record<string, Arguments> = {
  get_storage_size: () => ({ bucket_name: "whatsapp-sessions" }),
  whatsapp_accept_invitation: async ({ sql, fixture, actor }) => ({
    token: await inviteActor(sql, fixture, actor),
  }),
  whatsapp_access_token: ({ fixture }) => ({ phone_number_id: fixture.phone_number_id }),
  whatsapp_add_campaign_recipients: ({ fixture }) => ({
    campaign_id: fixture.campaign_id,
    recipients: ["+491701111111"],
  }),
  whatsapp_add_note: ({ fixture }) => ({ conversation_id: fixture.conversation_id, body: "Note" }),
  whatsapp_administrated_wabas: () => ({}),
  whatsapp_assign_conversation: ({ fixture }) => ({
    conversation_id: fixture.conversation_id,
    team_id: fixture.team_id,
  }),
  whatsapp_campaign_counts: campaign,
  whatsapp_cancel_message: async ({ sql, fixture }) => ({
    message_id: await queueMessage(sql, fixture),
  }),
  whatsapp_change_campaign: ({ fixture }) => ({
    campaign_id: fixture.campaign_id,
    change: "start",
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
  whatsapp_count_conversations: tenant,
  whatsapp_create_campaign: ({ fixture }) => ({
    campaign: {
      phone_number_id: fixture.phone_number_id,
      name: "Spring",
      content: { type: "template", template: { name: "spring", language: { code: "en" } } },
    },
  }),
  whatsapp_delete_contact: ({ fixture }) => ({ contact_id: fixture.contact_id }),
  whatsapp_delete_conversation: conversation,
  whatsapp_due_template_syncs: async ({ sql }) => {
    await sql`
      insert into wabase.template_syncs (waba_id, due_at) values ('7100000000001', now())
      on conflict (waba_id) do update set due_at = now()`;
    return {};
  },
  whatsapp_end_template_sync: () => ({ waba_id: "1", read_at: new Date().toISOString() }),
  whatsapp_enqueue_message: ({ fixture }) => ({
    message: { conversation_id: fixture.conversation_id, type: "text", text: { body: "Hello" } },
  }),
  whatsapp_export_conversation: conversation,
  whatsapp_find_template: ({ fixture }) => ({
    target: { conversation_id: fixture.conversation_id },
    template: { name: "sale", language: { code: "en" } },
  }),
  whatsapp_ingest: () => ({ deliveries: [{ body: "{}", secret_id: "x", events: [] }] }),
  whatsapp_invite_member: ({ fixture }) => ({
    tenant_id: fixture.tenant_id,
    email: "new@example.test",
    role: "agent",
  }),
  whatsapp_journal: () => ({ filter: { limit: 1 } }),
  whatsapp_lease_media: async ({ sql, fixture }) => {
    await wantFile(sql, fixture);
    return { max_jobs: 1, lease_id: randomUUID() };
  },
  whatsapp_lease_removals: async ({ sql }) => {
    await wantRemoval(sql);
    return {};
  },
  whatsapp_lease_sends: async ({ sql, fixture }) => {
    await queueMessage(sql, fixture);
    return { max_sends: 1, lease_id: randomUUID() };
  },
  whatsapp_link_people: ({ fixture }) => ({
    of_tenant: fixture.tenant_id,
    people: [{ lid: "1", phone: "491701111111" }],
  }),
  whatsapp_list_conversations: tenant,
  whatsapp_mark_read: ({ fixture }) => ({ message_id: fixture.message_id }),
  whatsapp_numbers_to_send_from: async ({ sql, fixture }) => {
    await queueMessage(sql, fixture);
    return { number_ids: [fixture.number_id] };
  },
  whatsapp_pause_number: number,
  whatsapp_prepare_upload: ({ fixture }) => ({
    target: { conversation_id: fixture.conversation_id },
  }),
  whatsapp_read_thread: ({ fixture }) => ({ message_id: fixture.message_id }),
  whatsapp_record_media: async ({ sql, fixture }) => ({
    outcomes: [{ id: await wantFile(sql, fixture), action: "stored", storage_path: "matrix" }],
  }),
  whatsapp_record_removals: async ({ sql }) => ({ paths: [await wantRemoval(sql)] }),
  whatsapp_record_sends: async ({ sql, fixture }) => ({
    outcomes: [{ id: await queueMessage(sql, fixture), action: "accepted", wamid: "wamid.sent" }],
  }),
  whatsapp_record_session: ({ fixture }) => ({
    report: { tenant_id: fixture.tenant_id, name: "main", state: "open", epoch: 2 },
  }),
  whatsapp_release_conversation: conversation,
  whatsapp_remove_member: ({ fixture }) => ({
    tenant_id: fixture.tenant_id,
    user_id: fixture.rows.get("whatsapp_members")?.["user_id"],
  }),
  whatsapp_reopen_conversation: conversation,
  whatsapp_require_admin: tenant,
  whatsapp_resume_number: async ({ sql, fixture: { tenant_id, number_id } }) => {
    await sql`
      insert into public.whatsapp_pauses (tenant_id, number_id, reason) values (${tenant_id}, ${number_id}, 'matrix')
      on conflict do nothing`;
    return { number_id };
  },
  whatsapp_resume_template: ({ fixture }) => ({
    number_id: fixture.number_id,
    name: "sale",
    language: "en",
  }),
  whatsapp_retry_media: ({ fixture }) => ({ message_id: fixture.message_id }),
  whatsapp_retry_message: async ({ sql, fixture }) => ({
    message_id: await queueMessage(sql, fixture, "failed"),
  }),
  whatsapp_search_contacts: ({ fixture }) => ({ tenant_id: fixture.tenant_id, query: "mara" }),
  whatsapp_search_messages: ({ fixture }) => ({ tenant_id: fixture.tenant_id, query: "wrote" }),
  whatsapp_session_acquire: ({ fixture: { tenant_id } }) => ({
    tenant: tenant_id,
    session: "second",
    folder: `${tenant_id}/second`,
    owner: "matrix",
    lease_ms: 1,
  }),
  whatsapp_session_append: async ({ sql, fixture }) => ({
    log_id: await openSession(sql, fixture),
    epoch: 1,
    seq: 1,
    prev: "",
    hash: "hash",
    key_id: "key",
    body: "c2VjcmV0",
    lease_ms: 1,
  }),
  whatsapp_session_delete: async ({ sql, fixture }) => ({
    log_id: await openSession(sql, fixture),
    epoch: 1,
  }),
  whatsapp_session_list: async ({ sql, fixture }) => {
    await openSession(sql, fixture);
    return {};
  },
  whatsapp_session_publish: async ({ sql, fixture }) => ({
    log_id: await openSession(sql, fixture),
    epoch: 1,
    snapshot: { path: "path", seq: 0, sha256: "hash", bytes: 1, key_id: "key" },
  }),
  whatsapp_session_read: async ({ sql, fixture }) => {
    await openSession(sql, fixture);
    return { tenant: fixture.tenant_id, session: "main" };
  },
  whatsapp_session_release: async ({ sql, fixture }) => ({
    log_id: await openSession(sql, fixture),
    epoch: 1,
    is_clean: true,
  }),
  whatsapp_session_renew: async ({ sql, fixture }) => ({
    leases: [{ id: await openSession(sql, fixture), epoch: 1 }],
    lease_ms: 1,
  }),
  whatsapp_session_usage: async ({ sql, fixture }) => {
    await openSession(sql, fixture);
    return {};
  },
  whatsapp_set_secret: ({ fixture }) => ({
    tenant_id: fixture.tenant_id,
    name: "access_token",
    value: "secret",
  }),
  whatsapp_start_first_template_sync: () => ({ waba_id: randomUUID() }),
  whatsapp_store_templates: () => ({
    waba_id: "1",
    templates: [{ id: "t", name: "sale", language: "en", status: "APPROVED" }],
    read_at: new Date().toISOString(),
  }),
  whatsapp_take_conversation: ({ fixture }) => ({
    conversation_id: fixture.conversation_id,
    take_over: true,
  }),
  whatsapp_wake_dispatcher: () => ({}),
  whatsapp_webhook_secrets: () => ({}),
  whatsapp_withdraw_invitation: ({ fixture }) => ({ invitation_id: fixture.invitation_id }),
};

/** A text that waits to be sent, or has failed. */
async function queueMessage(
  sql: postgres.Sql,
  { tenant_id, number_id, conversation_id }: Fixture,
  status = "queued",
): Promise<string> {
  const id = randomUUID();
  await sql`
    insert into public.whatsapp_messages (
      id, tenant_id, number_id, conversation_id, direction, status, type, content, occurred_at
    )
    values (
      ${id}, ${tenant_id}, ${number_id}, ${conversation_id}, 'outbound', ${status}, 'text',
      '{"type": "text", "text": {"body": "Hello"}}', now()
    )`;
  if (status === "queued") {
    await sql`
      insert into wabase.outbox (message_id, conversation_id, priority, due_at)
      values (${id}, ${conversation_id}, 0, now())`;
    await sql`
      insert into wabase.lanes (conversation_id, number_id, priority, ready_at)
      values (${conversation_id}, ${number_id}, 0, now())
      on conflict (conversation_id) do update set
        ready_at = excluded.ready_at, lease_id = null, leased_message_id = null, leased_at = null, lease_expires_at = null`;
  }
  return id;
}

/** The file of the fixture's message is to be fetched. */
async function wantFile(sql: postgres.Sql, { number_id, message_id }: Fixture): Promise<string> {
  const [job] = await sql<{ id: string }[]>`
    insert into wabase.media_jobs (priority, number_id, message_id, place, due_at)
    values (1, ${number_id}, ${message_id}, '{image}', now())
    on conflict on constraint one_fetch_per_file do update set due_at = now()
    returning id`;
  return job?.id ?? "";
}

/** A file that no message shows any more. */
async function wantRemoval(sql: postgres.Sql): Promise<string> {
  await sql`
    insert into wabase.file_removals (storage_path, due_at, is_taken) values ('matrix', now(), true)
    on conflict (storage_path) do update set due_at = now(), is_taken = true`;
  return "matrix";
}

/** The log of the fixture's session, empty, opened once. */
async function openSession(sql: postgres.Sql, { tenant_id }: Fixture): Promise<string> {
  const [log] = await sql<{ id: string }[]>`
    insert into wabase.session_logs (tenant, session, folder, epoch)
    values (${tenant_id}, 'main', ${`${tenant_id}/main`}, 1)
    on conflict (tenant, session) do update set
      epoch = 1, head_seq = 0, head_hash = '', snapshot_seq = null, lease_until = '-infinity', is_deleted = false
    returning id`;
  await sql`delete from wabase.session_records`;
  return log?.id ?? "";
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
