-- Where WhatsApp-Web sessions stand, for a frontend. Their keys are elsewhere (wabase.session_logs, and the
-- bucket), encrypted; nothing here lets anybody log in, but for a pairing code while it is valid.

create type public.whatsapp_session_state as enum (
  'connecting', 'pairing', 'open', 'waiting', 'stopped', 'replaced', 'blocked', 'logged_out'
);
comment on type public.whatsapp_session_state is
  'connecting: a socket is being opened. pairing: a code waits for a phone. open: connected. waiting: the next '
  'attempt comes by itself. stopped: closed by its server, or nobody scanned the code. replaced: another program '
  'insists on the same keys. blocked: WhatsApp refuses the account or the version: somebody must look. '
  'logged_out: the phone removed the device, the keys are deleted.';

create table public.whatsapp_sessions (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  name text not null,
  number_id uuid,
  state public.whatsapp_session_state not null,
  error jsonb,
  holder text,
  epoch bigint not null,
  next_attempt_at timestamptz,
  opened_at timestamptz,
  state_changed_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  constraint one_session_per_tenant_and_name unique (tenant_id, name),
  constraint session_is_of_one_tenant unique (tenant_id, id),
  constraint name_has_1_to_128_characters check (char_length(name) between 1 and 128),
  constraint number_is_of_the_same_tenant
    foreign key (tenant_id, number_id) references public.whatsapp_numbers (tenant_id, id)
);
create index whatsapp_sessions_tenant_id_number_id_idx
  on public.whatsapp_sessions (tenant_id, number_id) where number_id is not null;
alter table public.whatsapp_sessions enable row level security;
revoke all on table public.whatsapp_sessions from anon, authenticated, service_role;
grant select on table public.whatsapp_sessions to authenticated;
grant select, insert, update, delete on table public.whatsapp_sessions to service_role;
create policy "members read their tenants' sessions" on public.whatsapp_sessions
  for select to authenticated
  using (tenant_id in (select wabase.my_tenants('{admin,agent,viewer}')));
comment on table public.whatsapp_sessions is
  'WhatsApp-Web sessions as their servers last reported them. A server that dies reports nothing: '
  'whatsapp_session_states shows what is true now.';
comment on column public.whatsapp_sessions.name is 'The session''s name within its tenant, «main» for example.';
comment on column public.whatsapp_sessions.number_id is 'The phone that is, or was last, linked.';
comment on column public.whatsapp_sessions.error is
  'Why it is not open: {code, message}. WhatsApp''s number for it (401, 440, 503 …) or a word of ours.';
comment on column public.whatsapp_sessions.holder is 'The process that reported: host, process id and a random part.';
comment on column public.whatsapp_sessions.epoch is
  'Which opening of the session reported: what an earlier one still says is not believed.';

create table public.whatsapp_session_pairings (
  session_id uuid primary key,
  tenant_id uuid not null,
  kind text not null,
  value text not null,
  expires_at timestamptz not null,
  constraint kind_is_known check (kind in ('qr', 'code')),
  constraint session_is_of_the_same_tenant
    foreign key (tenant_id, session_id) references public.whatsapp_sessions (tenant_id, id) on delete cascade
);
create index whatsapp_session_pairings_tenant_id_session_id_idx
  on public.whatsapp_session_pairings (tenant_id, session_id);
alter table public.whatsapp_session_pairings enable row level security;
revoke all on table public.whatsapp_session_pairings from anon, authenticated, service_role;
grant select on table public.whatsapp_session_pairings to authenticated;
grant select, delete on table public.whatsapp_session_pairings to service_role;
create policy "admins read the code that waits to be scanned" on public.whatsapp_session_pairings
  for select to authenticated
  using (
    tenant_id in (select wabase.my_tenants('{admin}'))
    and expires_at > (select wabase.now())
  );
comment on table public.whatsapp_session_pairings is
  'The QR code or pairing code of a session in state «pairing». Whoever scans it links their phone here, so it is '
  'for admins alone, and gone once it is used, replaced or over.';
comment on column public.whatsapp_session_pairings.value is
  'qr: the text to draw as a QR code. code: the eight characters to type into the phone.';

-- Whether a server holds the session now. Null where its keys are not in this project (other drivers).
create function wabase.session_is_held(of_session uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
  select log.lease_until > clock_timestamp()
  from public.whatsapp_sessions as session
  join wabase.session_logs as log on log.tenant = session.tenant_id::text and log.session = session.name
  where session.id = of_session
$$;
comment on function wabase.session_is_held(uuid) is 'Whether a server holds this session''s lease; null: not known here.';
revoke all on function wabase.session_is_held(uuid) from public, anon, authenticated;
grant execute on function wabase.session_is_held(uuid) to authenticated, service_role;

create view public.whatsapp_session_states with (security_invoker = true) as
select
  session.id, session.tenant_id, session.name, session.number_id, number.display_phone_number,
  case
    when session.state in ('connecting', 'pairing', 'open', 'waiting') and not wabase.session_is_held(session.id)
    then 'stopped' else session.state
  end as state,
  case
    when session.state in ('connecting', 'pairing', 'open', 'waiting') and not wabase.session_is_held(session.id)
    then jsonb_build_object('code', 'gone', 'message', 'the server that held it has gone') else session.error
  end as error,
  session.holder, session.next_attempt_at, session.opened_at, session.state_changed_at
from public.whatsapp_sessions as session
left join public.whatsapp_numbers as number on number.id = session.number_id;
revoke all on table public.whatsapp_session_states from anon, authenticated, service_role;
grant select on table public.whatsapp_session_states to authenticated, service_role;
comment on view public.whatsapp_session_states is
  'Sessions as they are now: one whose server died is stopped, whatever the server said last.';
