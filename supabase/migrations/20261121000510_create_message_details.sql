-- What happens to a message after it was sent, apart from its own status. All are kept by the wamid of
-- the message they are about, so that they may come before it.

create table public.whatsapp_message_changes (
  number_id uuid not null references public.whatsapp_numbers (id),
  wamid text not null,
  tenant_id uuid not null references public.whatsapp_tenants (id),
  target_wamid text not null,
  kind text not null,
  message_id uuid references public.whatsapp_messages (id) on delete cascade,
  body text,
  content jsonb not null,
  occurred_at timestamptz not null,
  primary key (wamid, number_id, kind),
  constraint kind_is_known check (kind in ('original', 'edit', 'revoke'))
);
create index whatsapp_message_changes_target_wamid_number_id_idx
  on public.whatsapp_message_changes (target_wamid, number_id);
create index whatsapp_message_changes_message_id_idx on public.whatsapp_message_changes (message_id);
create index whatsapp_message_changes_tenant_id_idx on public.whatsapp_message_changes (tenant_id);
alter table public.whatsapp_message_changes enable row level security;
revoke all on table public.whatsapp_message_changes from anon, authenticated, service_role;
grant select on table public.whatsapp_message_changes to authenticated;
grant select, insert, update, delete on table public.whatsapp_message_changes to service_role;
create policy "who reads a message reads how it changed" on public.whatsapp_message_changes
  for select to authenticated
  using (
    tenant_id = any (array(select wabase.my_tenants('{admin,viewer}')))
    or exists (
      select from public.whatsapp_messages as message
      join public.whatsapp_conversations as conversation on conversation.id = message.conversation_id
      where message.id = whatsapp_message_changes.message_id
      offset 0
    )
  );
comment on table public.whatsapp_message_changes is
  'Edits and deletions («revoke») of messages, and the original of a message that was edited. The message itself '
  'shows its latest content.';

create table public.whatsapp_reactions (
  number_id uuid not null references public.whatsapp_numbers (id),
  target_wamid text not null,
  contact_id uuid,
  tenant_id uuid not null references public.whatsapp_tenants (id),
  conversation_id uuid not null references public.whatsapp_conversations (id),
  emoji text,
  wamid text not null,
  occurred_at timestamptz not null,
  constraint one_reaction_per_message_and_person unique nulls not distinct (target_wamid, number_id, contact_id),
  constraint person_is_of_the_same_tenant
    foreign key (tenant_id, contact_id) references public.whatsapp_contacts (tenant_id, id)
);
create index whatsapp_reactions_conversation_id_idx on public.whatsapp_reactions (conversation_id);
create index whatsapp_reactions_tenant_id_contact_id_idx on public.whatsapp_reactions (tenant_id, contact_id);
alter table public.whatsapp_reactions enable row level security;
revoke all on table public.whatsapp_reactions from anon, authenticated, service_role;
grant select on table public.whatsapp_reactions to authenticated;
grant select, insert, update, delete on table public.whatsapp_reactions to service_role;
create policy "who reads a conversation reads its reactions" on public.whatsapp_reactions
  for select to authenticated
  using (
    tenant_id = any (array(select wabase.my_tenants('{admin,viewer}')))
    or exists (
      select from public.whatsapp_conversations as conversation
      where conversation.id = whatsapp_reactions.conversation_id
      offset 0
    )
  );
comment on table public.whatsapp_reactions is
  'The reaction that a person has on a message now: the latest. emoji null: taken back. contact_id null: the business''s own.';

create table public.whatsapp_message_recipients (
  message_id uuid not null references public.whatsapp_messages (id) on delete cascade,
  participant text not null,
  status public.whatsapp_message_status not null,
  sent_at timestamptz,
  delivered_at timestamptz,
  read_at timestamptz,
  played_at timestamptz,
  failed_at timestamptz,
  error jsonb,
  primary key (message_id, participant)
);
alter table public.whatsapp_message_recipients enable row level security;
revoke all on table public.whatsapp_message_recipients from anon, authenticated, service_role;
grant select on table public.whatsapp_message_recipients to authenticated;
grant select, insert, update, delete on table public.whatsapp_message_recipients to service_role;
create policy "who reads a message reads who got it" on public.whatsapp_message_recipients
  for select to authenticated
  using (
    exists (
      select from public.whatsapp_messages as message
      join public.whatsapp_conversations as conversation on conversation.id = message.conversation_id
      where message.id = whatsapp_message_recipients.message_id
      offset 0
    )
  );
comment on table public.whatsapp_message_recipients is
  'For a message to a group: how far it got with each participant. The message''s own status is the furthest of them.';
comment on column public.whatsapp_message_recipients.participant is 'The member''s business-scoped user id, else the phone.';

create type public.whatsapp_call_status as enum ('created', 'ringing', 'connected', 'accepted', 'rejected', 'ended');
comment on type public.whatsapp_call_status is
  'In the order of a call; of two states the later in this list is the truer. connected: Meta''s event «connect».';

create table public.whatsapp_calls (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  number_id uuid not null references public.whatsapp_numbers (id),
  conversation_id uuid not null references public.whatsapp_conversations (id),
  call_id text not null,
  direction public.whatsapp_message_direction not null,
  status public.whatsapp_call_status not null,
  occurred_at timestamptz not null,
  ended_at timestamptz,
  duration_s integer,
  content jsonb not null default '{}',
  constraint one_call_per_number_and_call_id unique (call_id, number_id)
);
create index whatsapp_calls_conversation_id_occurred_at_idx
  on public.whatsapp_calls (conversation_id, occurred_at desc, id desc);
create index whatsapp_calls_tenant_id_idx on public.whatsapp_calls (tenant_id);
alter table public.whatsapp_calls enable row level security;
revoke all on table public.whatsapp_calls from anon, authenticated, service_role;
grant select on table public.whatsapp_calls to authenticated;
grant select, insert, update, delete on table public.whatsapp_calls to service_role;
create policy "who reads a conversation reads its calls" on public.whatsapp_calls
  for select to authenticated
  using (
    tenant_id = any (array(select wabase.my_tenants('{admin,viewer}')))
    or exists (
      select from public.whatsapp_conversations as conversation
      where conversation.id = whatsapp_calls.conversation_id
      offset 0
    )
  );
comment on table public.whatsapp_calls is 'Calls between a contact and a number.';
comment on column public.whatsapp_calls.occurred_at is 'Of the earliest event that is known of the call.';
comment on column public.whatsapp_calls.content is 'Meta''s latest object for each event, by event: {"connect": {…}, "terminate": {…}}.';
