-- A session is a snapshot in the bucket and the records written since: each record one flush of Baileys' auth
-- state, encrypted by the process that wrote it. The database knows who may write, which snapshot counts, how
-- long the log is and the hash of its end; it cannot read any of it.
--
-- tenant and session are the caller's own names. A tenant whose name is the id of a whatsapp_tenants row, in
-- lower case as Postgres prints it, is that tenant: its admins see the session's usage. Any other name (the
-- tenants of an application that has its own) is the secret key's alone. There is no foreign key, so that a
-- session survives its tenant's row until somebody deletes the session: its linked device lives on WhatsApp.
create table wabase.session_logs (
  id uuid primary key default wabase.uuid_v7(),
  tenant text not null,
  session text not null,
  folder text not null,
  epoch bigint not null default 0,
  owner text,
  lease_until timestamptz not null default '-infinity',
  is_clean boolean not null default true,
  is_deleted boolean not null default false,
  head_seq bigint not null default 0,
  head_hash text not null default '',
  snapshot_path text,
  snapshot_seq bigint,
  snapshot_sha256 text,
  snapshot_bytes bigint,
  snapshot_key_id text,
  snapshot_at timestamptz,
  created_at timestamptz not null default now(),
  constraint one_log_per_tenant_and_session unique (tenant, session),
  constraint folder_is_of_one_session unique (folder),
  constraint tenant_has_1_to_128_characters check (char_length(tenant) between 1 and 128),
  constraint session_has_1_to_128_characters check (char_length(session) between 1 and 128),
  constraint snapshot_is_not_ahead_of_the_log check (snapshot_seq <= head_seq)
)
-- Updated by every append: room on the page keeps the update off the indexes.
with (fillfactor = 50);
alter table wabase.session_logs enable row level security;
revoke all on table wabase.session_logs from anon, authenticated, service_role;
comment on table wabase.session_logs is
  'A WhatsApp-Web session: who may write it, its snapshot in the bucket, and where its log ends. Rows stay when a '
  'session is deleted, since an epoch must never come twice.';
comment on column wabase.session_logs.folder is 'Where its objects lie in the bucket: the escaped names.';
comment on column wabase.session_logs.epoch is 'Counts the openings; a write of an earlier epoch is refused.';
comment on column wabase.session_logs.is_clean is
  'Whether the last writer closed the session. If not, sends may have been lost, and the next opening moves the '
  'sending chains ahead.';
comment on column wabase.session_logs.is_deleted is
  'Deleted; its objects may still be there, and the next opening removes them before anything else.';
comment on column wabase.session_logs.head_seq is 'The number of the last record.';
comment on column wabase.session_logs.head_hash is 'SHA-256 of the last record; each record holds that of the one before.';

create table wabase.session_records (
  log_id uuid not null references wabase.session_logs (id) on delete cascade,
  seq bigint not null,
  epoch bigint not null,
  hash text not null,
  key_id text not null,
  body bytea not null,
  written_at timestamptz not null default now(),
  primary key (log_id, seq)
);
-- Encrypted: nothing to compress.
alter table wabase.session_records alter column body set storage external;
alter table wabase.session_records enable row level security;
revoke all on table wabase.session_records from anon, authenticated, service_role;
comment on table wabase.session_records is
  'What was written to a session since its snapshot; removed once a newer snapshot holds it.';
