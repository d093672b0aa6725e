-- The indexes behind the lists that a frontend shows. docs/reads.md says which read uses which, with its plan.
--
-- Under RLS an operator may be used with an index only if it is leakproof. Those of uuid, text, timestamptz and
-- integer are; those of enums, of patterns and of text search are not. Hence:
--   state     is no column of an index: each state has an index, whose predicate it is
--   search    goes through functions that ask themselves who is calling (…1220, …1230)
--
-- Each message moves its conversation within these indexes, so their number is a price. An index is partial wherever
-- most rows have no business in it: an open, unread conversation that nobody has lies in five of them.

-- What the inbox is ordered by. Never null, so that a page can go on after any row; a conversation without a
-- message stands where it was made.
alter table public.whatsapp_conversations
  add column active_at timestamptz not null generated always as (coalesce(last_message_at, created_at)) stored;
comment on column public.whatsapp_conversations.active_at is
  'When the last message was; where there is none, when the conversation was made. Lists are ordered by (active_at, id).';
drop index public.whatsapp_conversations_tenant_id_last_message_at_idx;

-- All of a tenant: what admins and viewers see.
create index whatsapp_conversations_open_idx
  on public.whatsapp_conversations (tenant_id, active_at desc, id desc) where state = 'open';
create index whatsapp_conversations_closed_idx
  on public.whatsapp_conversations (tenant_id, active_at desc, id desc) where state = 'closed';

-- The queue: what nobody has.
create index whatsapp_conversations_open_queue_idx
  on public.whatsapp_conversations (tenant_id, active_at desc, id desc)
  where state = 'open' and assignee_id is null and team_id is null;
create index whatsapp_conversations_closed_queue_idx
  on public.whatsapp_conversations (tenant_id, active_at desc, id desc)
  where state = 'closed' and assignee_id is null and team_id is null;

-- Of one member, of one team, of one number. The foreign keys need the same columns first: one index for both.
create index whatsapp_conversations_assignee_idx
  on public.whatsapp_conversations (assignee_id, tenant_id, active_at desc, id desc) where assignee_id is not null;
drop index public.whatsapp_conversations_assignee_id_tenant_id_idx;
create index whatsapp_conversations_team_idx
  on public.whatsapp_conversations (tenant_id, team_id, active_at desc, id desc) where team_id is not null;
drop index public.whatsapp_conversations_tenant_id_team_id_idx;
create index whatsapp_conversations_number_idx
  on public.whatsapp_conversations (tenant_id, number_id, active_at desc, id desc);
drop index public.whatsapp_conversations_tenant_id_number_id_idx;

-- What a member or a team has closed piles up over the years; what is open is what they look at.
create index whatsapp_conversations_open_of_assignee_idx
  on public.whatsapp_conversations (assignee_id, tenant_id, active_at desc, id desc)
  where state = 'open' and assignee_id is not null;
create index whatsapp_conversations_open_of_team_idx
  on public.whatsapp_conversations (tenant_id, team_id, active_at desc, id desc)
  where state = 'open' and team_id is not null;

-- Unread: a list or a badge of them reads no other.
create index whatsapp_conversations_unread_idx
  on public.whatsapp_conversations (tenant_id, active_at desc, id desc) where unread_count > 0;
create index whatsapp_conversations_unread_queue_idx
  on public.whatsapp_conversations (tenant_id, active_at desc, id desc)
  where unread_count > 0 and assignee_id is null and team_id is null;
create index whatsapp_conversations_unread_of_assignee_idx
  on public.whatsapp_conversations (assignee_id, tenant_id, active_at desc, id desc)
  where unread_count > 0 and assignee_id is not null;
create index whatsapp_conversations_unread_of_team_idx
  on public.whatsapp_conversations (tenant_id, team_id, active_at desc, id desc)
  where unread_count > 0 and team_id is not null;

-- A tenant's messages, newest first: the newest across conversations, an export by time, a search for what is
-- frequent. A tenant's entries arrive in nearly this order, so that they fill pages one after another.
create index whatsapp_messages_tenant_id_occurred_at_idx
  on public.whatsapp_messages (tenant_id, occurred_at desc, id desc);

-- The answers to a message. Only replies are in it.
create index whatsapp_messages_reply_to_wamid_idx
  on public.whatsapp_messages (reply_to_wamid, number_id) where reply_to_wamid is not null;

-- Pictures, films, sounds and documents of a conversation, and of a tenant. Only they are in it.
create index whatsapp_messages_media_of_conversation_idx
  on public.whatsapp_messages (conversation_id, occurred_at desc, id desc)
  where type in ('image', 'video', 'audio', 'document', 'sticker');
create index whatsapp_messages_media_of_tenant_idx
  on public.whatsapp_messages (tenant_id, occurred_at desc, id desc)
  where type in ('image', 'video', 'audio', 'document', 'sticker');
