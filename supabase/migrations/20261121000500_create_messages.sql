create type public.whatsapp_message_direction as enum ('inbound', 'outbound');

-- In the order of the lattice: of two states of a message the later in this list is the truer, in
-- whatever order Meta's webhooks bring them, so `greatest()` merges them. A message that failed on
-- one device and reached another has reached the person: delivered is above failed.
create type public.whatsapp_message_status as enum (
  'received',
  'queued', 'cancelled', 'sending', 'unknown', 'accepted', 'sent', 'failed', 'delivered', 'read', 'played'
);
comment on type public.whatsapp_message_status is
  'received: inbound. queued: waits to be sent. cancelled: taken back before it was sent. sending: the '
  'call to Meta is under way. unknown: it may have been sent, the answer was lost. accepted: Meta took '
  'it. sent, delivered, read, played, failed: as Meta reports them.';

create table public.whatsapp_messages (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null,
  number_id uuid not null,
  conversation_id uuid not null,
  direction public.whatsapp_message_direction not null,
  status public.whatsapp_message_status not null,
  type text not null,
  body text,
  content jsonb not null,
  wamid text,
  reply_to_wamid text,
  contact_id uuid,
  origin text not null default 'live',
  occurred_at timestamptz not null,
  edited_at timestamptz,
  revoked_at timestamptz,
  sending_at timestamptz,
  accepted_at timestamptz,
  sent_at timestamptz,
  delivered_at timestamptz,
  read_at timestamptz,
  played_at timestamptz,
  failed_at timestamptz,
  error jsonb,
  pricing jsonb,
  idempotency_key text,
  sender_id uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint one_message_per_number_and_wamid unique (wamid, number_id),
  -- One check for all three: the message is of its conversation's number and tenant.
  constraint conversation_is_of_the_same_number_and_tenant
    foreign key (conversation_id, number_id, tenant_id)
    references public.whatsapp_conversations (id, number_id, tenant_id),
  constraint origin_is_known check (origin in ('live', 'echo', 'history', 'standby')),
  constraint writer_is_of_the_same_tenant
    foreign key (tenant_id, contact_id) references public.whatsapp_contacts (tenant_id, id),
  constraint inbound_messages_have_a_wamid check (direction = 'outbound' or wamid is not null),
  constraint inbound_messages_are_received check ((direction = 'inbound') = (status = 'received')),
  constraint idempotency_key_has_1_to_200_characters check (char_length(idempotency_key) between 1 and 200)
)
-- Room on each page for the statuses that a message gets: no index is touched then.
with (fillfactor = 85);
-- A conversation's messages, backwards and forwards from any point.
create index whatsapp_messages_conversation_id_occurred_at_idx
  on public.whatsapp_messages (conversation_id, occurred_at desc, id desc);
create unique index whatsapp_messages_tenant_id_idempotency_key_idx
  on public.whatsapp_messages (tenant_id, idempotency_key) where idempotency_key is not null;
create index whatsapp_messages_sender_id_idx
  on public.whatsapp_messages (sender_id) where sender_id is not null;
create index whatsapp_messages_tenant_id_contact_id_idx
  on public.whatsapp_messages (tenant_id, contact_id) where contact_id is not null;
alter table public.whatsapp_messages enable row level security;
revoke all on table public.whatsapp_messages from anon, authenticated, service_role;
grant select on table public.whatsapp_messages to authenticated;
grant select, insert, update, delete on table public.whatsapp_messages to service_role;
-- `exists (… offset 0)` looks the conversation up by its key for each row that is shown, under the policy of
-- whatsapp_conversations. Without `offset 0` the planner takes a first page for a walk through all messages,
-- and makes a hash of every conversation that the member may read.
create policy "members read the messages of their conversations, contacts their own"
  on public.whatsapp_messages
  for select to authenticated
  using (
    tenant_id = any (array(select wabase.my_tenants('{admin,viewer}')))
    or exists (
      select from public.whatsapp_conversations as conversation
      where conversation.id = whatsapp_messages.conversation_id
      offset 0
    )
    -- What Meta has taken or brought: what failed before that, or waits, is the tenant's alone.
    or (wamid is not null and conversation_id = any (array(select wabase.conversations_with_me())))
    or (wamid is not null and contact_id = any (array(select wabase.contacts_i_am())))
  );
-- Through the policy on conversations, which decides which of them this user finds. Not through messages:
-- who reads their own as a contact reads nothing else.
create policy "admins and viewers read all contacts, agents those of their conversations"
  on public.whatsapp_contacts
  for select to authenticated
  using (
    tenant_id = any (array(select wabase.my_tenants('{admin,viewer}')))
    or exists (
      select from public.whatsapp_conversations as conversation
      where conversation.tenant_id = whatsapp_contacts.tenant_id and conversation.contact_id = whatsapp_contacts.id
      offset 0
    )
    -- Who wrote in a group.
    or exists (
      select from public.whatsapp_messages as message
      join public.whatsapp_conversations as conversation on conversation.id = message.conversation_id
      where message.tenant_id = whatsapp_contacts.tenant_id and message.contact_id = whatsapp_contacts.id
      offset 0
    )
  );
create policy "who reads a contact reads what became of it" on public.whatsapp_contact_merges
  for select to authenticated
  using (
    tenant_id = any (array(select wabase.my_tenants('{admin,viewer}')))
    or exists (
      select from public.whatsapp_contacts as contact
      where contact.tenant_id = whatsapp_contact_merges.tenant_id and contact.id = whatsapp_contact_merges.contact_id
      offset 0
    )
  );

comment on table public.whatsapp_messages is
  'Every message, inbound and outbound. An outbound row is its own outbox entry: it is there before '
  'Meta is called.';
comment on column public.whatsapp_messages.id is
  'Ours. Meta gets it as biz_opaque_callback_data and echoes it in every status.';
comment on column public.whatsapp_messages.body is
  'What a list shows of the message: the text, the caption, the title of the button. Null where it has none.';
comment on column public.whatsapp_messages.content is
  'The message object as Meta sends or takes it, without ids and times: {"type": "text", "text": {"body": …}}.';
comment on column public.whatsapp_messages.wamid is
  'Meta''s id of the message. Null for an outbound message that Meta has not taken yet.';
comment on column public.whatsapp_messages.occurred_at is
  'Inbound: Meta''s time (whole seconds). Outbound: when it was queued. Lists are ordered by it.';
comment on column public.whatsapp_messages.contact_id is
  'In a group: the participant who wrote it. Null between two: there the conversation says who.';
comment on column public.whatsapp_messages.origin is
  'live: sent or received through the API. echo: sent from the business''s own phone. history: imported from it. '
  'standby: while Meta''s Business Agent holds the thread.';
comment on column public.whatsapp_messages.edited_at is 'When the content last changed; whatsapp_message_changes keeps what was before.';
comment on column public.whatsapp_messages.revoked_at is 'When it was deleted for everyone. The content stays; show it as deleted.';
comment on column public.whatsapp_messages.error is 'Why it failed: {code, title, message, details}, as Meta says it.';
comment on column public.whatsapp_messages.sender_id is 'The member who sent it; null for inbound and for the service key.';
comment on column public.whatsapp_messages.idempotency_key is
  'The caller''s: queueing the same message with the same key again finds this row.';
