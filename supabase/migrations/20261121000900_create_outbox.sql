-- Sending. The message row is the outbox: it is there, and committed, before Meta is called. What the senders
-- need to find their work lies beside it in narrow tables that hold what is not settled yet and nothing
-- else, so that leasing costs the same whatever the history's size, and the wide message row and its indexes
-- are written only when its state changes.
--
--   whatsapp_enqueue_message   a member, or the service key: the row, in state queued           (…0910)
--   whatsapp_cancel_message    the same: queued → cancelled                                     (…0920)
--   whatsapp_lease_sends       the dispatcher (service key): queued → sending, for it alone      (…1310)
--   whatsapp_record_sends      the dispatcher: what Meta answered                               (…1320)
--
-- Locks are taken in this order: conversation, lane, wamid, message, each by its key.

alter table public.whatsapp_numbers
  add column sends_per_second integer not null default 80,
  add constraint sends_per_second_is_1_to_1000 check (sends_per_second between 1 and 1000);
comment on column public.whatsapp_numbers.sends_per_second is
  'How many messages a second Meta lets the number send: 80, 1,000 once Meta has upgraded it (seen in the webhook '
  'phone_number_quality_update), 20 where the business also uses its WhatsApp Business app (coexistence): set that by hand.';

-- A latest event that is another one later on takes the throughput back from nobody.
create function wabase.raise_throughput() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.sends_per_second := 1000;
  return new;
end
$$;
create trigger the_throughput_is_upgraded
  before update of quality_event on public.whatsapp_numbers
  for each row when (new.quality_event = 'THROUGHPUT_UPGRADE' and old.quality_event is distinct from new.quality_event)
  execute function wabase.raise_throughput();

alter table public.whatsapp_tenants
  add column unknown_term interval not null default '1 hour',
  add constraint unknown_term_is_at_least_a_minute check (unknown_term >= '1 minute');
comment on column public.whatsapp_tenants.unknown_term is
  'How long a message in state unknown waits for the status that settles it, before it is left to a human, or sent '
  'again where the caller said that a double is acceptable.';

alter table public.whatsapp_messages
  add column scheduled_at timestamptz,
  add column held_at timestamptz;
comment on column public.whatsapp_messages.scheduled_at is 'Not to be sent before.';
comment on column public.whatsapp_messages.held_at is
  'When Meta took it and held it back to look at the template''s quality first; a status says how that ended.';

-- The moment, not the transaction's: a call may have waited for a lock. Tests set wabase.now, as for wabase.now().
create function wabase.clock() returns timestamptz
language sql volatile set search_path = ''
as $$
  select coalesce(nullif(current_setting('wabase.now', true), '')::timestamptz, clock_timestamp())
$$;

create table wabase.outbox (
  message_id uuid primary key,
  conversation_id uuid not null,
  priority smallint not null,
  due_at timestamptz not null,
  not_before timestamptz,
  attempts smallint not null default 0,
  is_held boolean not null default false,
  allow_duplicate boolean not null default false,
  constraint priority_is_known check (priority in (0, 1))
)
with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
-- The next of a conversation: one step down this index for each priority, however many wait behind it.
create index outbox_conversation_id_priority_due_at_idx
  on wabase.outbox (conversation_id, priority, due_at, message_id) where not is_held;
create index outbox_held_idx on wabase.outbox (conversation_id) where is_held;
alter table wabase.outbox enable row level security;
revoke all on table wabase.outbox from anon, authenticated, service_role;
grant select on table wabase.outbox to service_role;
comment on table wabase.outbox is
  'One row for each message that is queued or being sent; it goes when the message is settled.';
comment on column wabase.outbox.message_id is
  'Without a foreign key, whose check costs as much as the row: what was deleted meanwhile is passed over.';
comment on column wabase.outbox.priority is '0: a reply. 1: a campaign''s. The lower goes first.';
comment on column wabase.outbox.due_at is 'When it was queued, or for when it is scheduled: the order within a conversation.';
comment on column wabase.outbox.not_before is 'Until when a second attempt waits.';
comment on column wabase.outbox.is_held is 'Its template is paused; what comes after it in the conversation does not wait.';
comment on column wabase.outbox.allow_duplicate is 'Whether it may be sent again where nobody knows if it was sent.';

create table wabase.lanes (
  conversation_id uuid primary key,
  number_id uuid not null,
  priority smallint not null,
  ready_at timestamptz,
  blocked_until timestamptz,
  pair_paid_at timestamptz,
  lease_id uuid,
  leased_message_id uuid,
  leased_at timestamptz,
  lease_expires_at timestamptz
)
with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
create index lanes_waiting_idx
  on wabase.lanes (number_id, priority, ready_at) where lease_id is null and ready_at is not null;
create index lanes_leased_idx on wabase.lanes (number_id, leased_at) where lease_id is not null;
create index lanes_lease_expires_at_idx on wabase.lanes (lease_expires_at) where lease_id is not null;
alter table wabase.lanes enable row level security;
revoke all on table wabase.lanes from anon, authenticated, service_role;
grant select on table wabase.lanes to service_role;
comment on table wabase.lanes is
  'A conversation with something to send. One message of it is in flight at a time, so order is kept; what Meta allows '
  'between these two is counted here. Pruned when nothing waits and nothing is owed.';
comment on column wabase.lanes.ready_at is 'When its next message may go; null: nothing waits. May be too early, never too late.';
comment on column wabase.lanes.blocked_until is 'Meta said: not to this recipient before.';
comment on column wabase.lanes.pair_paid_at is
  'When all that was sent to the recipient is paid for at one message per 6 seconds. 45 may be owed.';
comment on column wabase.lanes.lease_id is 'Whose call it is that is under way: the fencing token. Null: none is.';

-- A webhook has joined two contacts: what waits in the conversation that goes, waits in the one that stays.
create function wabase.follow_conversation() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  waiting wabase.outbox;
begin
  update wabase.outbox set conversation_id = new.conversation_id where message_id = new.id returning * into waiting;
  if found then
    perform wabase.join_lane(new.conversation_id, new.number_id, waiting.priority, waiting.due_at);
  end if;
  return null;
end
$$;
create trigger the_outbox_follows_the_conversation
  after update of conversation_id on public.whatsapp_messages
  for each row when (
    new.direction = 'outbound' and new.status in ('queued', 'sending') and old.conversation_id <> new.conversation_id
  )
  execute function wabase.follow_conversation();

-- The lane's next look is not later than this message. Too early does no harm: the lease looks again.
create function wabase.join_lane(conversation uuid, of_number uuid, with_priority smallint, from_when timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  insert into wabase.lanes as lane (conversation_id, number_id, priority, ready_at)
  values (conversation, of_number, with_priority, from_when)
  on conflict (conversation_id) do update
  set
    priority = case when lane.ready_at is null then excluded.priority else least(lane.priority, excluded.priority) end,
    ready_at = least(lane.ready_at, greatest(excluded.ready_at, lane.blocked_until, wabase.pair_ready_at(lane.pair_paid_at)));
end
$$;

-- Meta: one message per 6 seconds to the same person, of which 45 may be sent at once.
create function wabase.pair_ready_at(paid_at timestamptz) returns timestamptz
language sql immutable set search_path = ''
as $$
  select paid_at - 44 * interval '6 seconds'
$$;

create table wabase.number_pacing (
  number_id uuid primary key references public.whatsapp_numbers (id) on delete cascade,
  tokens double precision not null default 0,
  refilled_at timestamptz not null default '-infinity',
  blocked_until timestamptz,
  leased_at timestamptz not null default '-infinity'
)
with (fillfactor = 50);
alter table wabase.number_pacing enable row level security;
revoke all on table wabase.number_pacing from anon, authenticated, service_role;
grant select on table wabase.number_pacing to service_role;
comment on table wabase.number_pacing is
  'The token bucket of each number: refilled at its sends_per_second. Its lock is what leases of the number wait for.';
comment on column wabase.number_pacing.blocked_until is 'Meta said: nothing from this number before.';
comment on column wabase.number_pacing.leased_at is 'The number that has waited longest is served first.';

-- What was sent in the last second. With the calls in flight it is never more than the number may send in a
-- second, so no window of a second at Meta's side holds more, however late a call arrives there. Unlogged:
-- after a crash a second has passed.
create unlogged table wabase.recent_sends (
  number_id uuid not null,
  sent_at timestamptz not null,
  amount integer not null
);
create index recent_sends_number_id_sent_at_idx on wabase.recent_sends (number_id, sent_at);
alter table wabase.recent_sends enable row level security;
revoke all on table wabase.recent_sends from anon, authenticated, service_role;
comment on table wabase.recent_sends is 'How many messages each number has sent in the last second, by the latest moment they can have reached Meta.';

create table wabase.unsettled (
  message_id uuid primary key references public.whatsapp_messages (id) on delete cascade,
  since timestamptz not null,
  second_try_at timestamptz,
  priority smallint not null,
  attempts smallint not null
);
create index unsettled_second_try_at_idx on wabase.unsettled (second_try_at) where second_try_at is not null;
alter table wabase.unsettled enable row level security;
revoke all on table wabase.unsettled from anon, authenticated, service_role;
grant select on table wabase.unsettled to service_role;
comment on table wabase.unsettled is
  'Messages in state unknown, until a status or a human settles them. second_try_at: the caller allowed a double; it is '
  'sent again then.';

create table public.whatsapp_pauses (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null,
  number_id uuid not null,
  template_name text,
  template_language text,
  reason text not null,
  error jsonb,
  paused_at timestamptz not null default now(),
  resume_at timestamptz,
  paused_by uuid references auth.users (id) on delete set null,
  constraint a_number_or_a_template_is_paused_once
    unique nulls not distinct (number_id, template_name, template_language),
  constraint a_template_has_a_name_and_a_language check ((template_name is null) = (template_language is null)),
  constraint number_is_of_the_same_tenant
    foreign key (tenant_id, number_id) references public.whatsapp_numbers (tenant_id, id) on delete cascade
);
create index whatsapp_pauses_tenant_id_number_id_idx on public.whatsapp_pauses (tenant_id, number_id);
create index whatsapp_pauses_paused_by_idx on public.whatsapp_pauses (paused_by) where paused_by is not null;
alter table public.whatsapp_pauses enable row level security;
revoke all on table public.whatsapp_pauses from anon, authenticated, service_role;
grant select on table public.whatsapp_pauses to authenticated;
grant select, insert, update, delete on table public.whatsapp_pauses to service_role;
create policy "members read what is paused in their tenants" on public.whatsapp_pauses
  for select to authenticated
  using (tenant_id in (select wabase.my_tenants('{admin,agent,viewer}')));
comment on table public.whatsapp_pauses is
  'Numbers, and templates of a number, whose queue stands still: because Meta said so, or an admin. Nothing of it fails; '
  'it goes on where it stopped.';
comment on column public.whatsapp_pauses.template_name is 'Null: the whole number.';
comment on column public.whatsapp_pauses.error is 'Meta''s: {code, title, message, details}. Null where an admin paused it.';
comment on column public.whatsapp_pauses.resume_at is 'When one message is tried again by itself; null: an admin resumes it.';

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace
      and proname in ('clock', 'raise_throughput', 'follow_conversation', 'join_lane', 'pair_ready_at')
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
