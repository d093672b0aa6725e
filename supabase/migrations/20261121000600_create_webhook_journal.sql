create table wabase.webhook_journal (
  id bigint generated always as identity primary key,
  received_at timestamptz not null default now(),
  secret_id text,
  body text not null,
  events integer not null,
  outcome text not null default 'stored',
  replayed_at timestamptz,
  constraint outcome_is_known check (outcome in ('stored', 'kept', 'failed'))
);
-- Rows come in the order of their time: a summary of each range of pages finds what is to be pruned, for next to nothing.
create index webhook_journal_received_at_idx on wabase.webhook_journal using brin (received_at);
create index webhook_journal_outcome_idx on wabase.webhook_journal (outcome, id) where outcome <> 'stored';
alter table wabase.webhook_journal enable row level security;
revoke all on table wabase.webhook_journal from anon, authenticated, service_role;
grant select, delete on table wabase.webhook_journal to service_role;
comment on table wabase.webhook_journal is
  'Every webhook as it came, committed together with what was made of it.';
comment on column wabase.webhook_journal.secret_id is 'Which of the app secrets its signature fits.';
comment on column wabase.webhook_journal.body is
  'The text of the POST, byte for byte (it is valid UTF-8 and valid JSON, or it was refused).';

comment on column wabase.webhook_journal.outcome is
  'stored: every event became rows. kept: some lie in webhook_events (unknown number, not handled yet). failed: '
  'some could not be stored.';

create table wabase.webhook_events (
  journal_id bigint not null references wabase.webhook_journal (id) on delete cascade,
  ordinal integer not null,
  reason text not null,
  detail text,
  field text not null,
  phone_number_id text,
  content jsonb not null,
  created_at timestamptz not null default now(),
  primary key (journal_id, ordinal),
  constraint reason_is_known check (
    reason in ('unhandled_field', 'unhandled_item', 'unhandled_status', 'invalid', 'unknown_number', 'failed')
  )
);
create index webhook_events_reason_idx on wabase.webhook_events (reason, journal_id);
alter table wabase.webhook_events enable row level security;
revoke all on table wabase.webhook_events from anon, authenticated, service_role;
grant select, delete on table wabase.webhook_events to service_role;
comment on table wabase.webhook_events is
  'Events of a webhook that did not become a row of their own, kept whole: what nobody handles yet, '
  'what came for a number that no tenant has, what could not be stored and why.';

create table wabase.parked_statuses (
  number_id uuid not null references public.whatsapp_numbers (id) on delete cascade,
  wamid text not null,
  status public.whatsapp_message_status not null,
  participant text not null default '',
  event jsonb not null,
  parked_at timestamptz not null default now(),
  primary key (wamid, number_id, status, participant)
);
create index parked_statuses_parked_at_idx on wabase.parked_statuses (parked_at);
alter table wabase.parked_statuses enable row level security;
revoke all on table wabase.parked_statuses from anon, authenticated, service_role;
grant select, delete on table wabase.parked_statuses to service_role;
comment on table wabase.parked_statuses is
  'Statuses that came before their message: applied when it comes. A status never makes a message or '
  'a conversation.';
