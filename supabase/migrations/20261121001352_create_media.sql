-- The files of messages. Their bytes lie in the private bucket `whatsapp-media`, under names that are never written
-- twice: <tenant>/<sha256> for what came in, <tenant>/uploads/<uuid> for what members send. The bucket has no
-- policy, so the service key alone gets at it: whoever may read a message gets a signed URL from the function
-- whatsapp-media, which reads whatsapp_media with the caller's own rights.

insert into storage.buckets (id, name, public, file_size_limit)
-- Meta: 100 MB for documents; all else is smaller.
values ('whatsapp-media', 'whatsapp-media', false, 104857600)
on conflict (id) do update set public = excluded.public, file_size_limit = excluded.file_size_limit;

create type public.whatsapp_media_state as enum ('pending', 'stored', 'failed', 'expired');
comment on type public.whatsapp_media_state is
  'pending: still at Meta only. stored: in the bucket. failed: it will not be fetched, or Meta did not take it; error says '
  'why. expired: Meta has deleted it before it could be fetched.';

create table public.whatsapp_media (
  message_id uuid not null references public.whatsapp_messages (id) on delete cascade,
  place text[] not null,
  tenant_id uuid not null references public.whatsapp_tenants (id),
  kind text not null,
  state public.whatsapp_media_state not null,
  mime_type text,
  size bigint,
  sha256 text,
  filename text,
  storage_path text,
  media_id text,
  error jsonb,
  attempts smallint not null default 0,
  expires_at timestamptz,
  stored_at timestamptz,
  primary key (message_id, place),
  constraint sha256_is_hex check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint stored_media_have_a_path check (state <> 'stored' or storage_path is not null)
);
create index whatsapp_media_tenant_id_sha256_idx on public.whatsapp_media (tenant_id, sha256);
create index whatsapp_media_storage_path_idx on public.whatsapp_media (storage_path) where storage_path is not null;
alter table public.whatsapp_media enable row level security;
revoke all on table public.whatsapp_media from anon, authenticated, service_role;
grant select on table public.whatsapp_media to authenticated;
grant select, insert, update, delete on table public.whatsapp_media to service_role;
create policy "who may read a message may read of its media" on public.whatsapp_media
  for select to authenticated
  using (
    tenant_id in (select wabase.my_tenants('{admin,viewer}'))
    or exists (select from public.whatsapp_messages as message where message.id = whatsapp_media.message_id)
  );
comment on table public.whatsapp_media is
  'The files of messages: what customers sent, fetched from Meta, and what members sent from the bucket.';
comment on column public.whatsapp_media.place is
  'Where in the message''s content the file stands: {image}, {template,components,0,parameters,0,image}.';
comment on column public.whatsapp_media.sha256 is 'Of the bytes, in hex, as Meta says it; checked when they are fetched.';
comment on column public.whatsapp_media.storage_path is 'In the bucket whatsapp-media. The same file of a tenant has one path.';
comment on column public.whatsapp_media.media_id is 'Meta''s id of what came in.';
comment on column public.whatsapp_media.error is 'Of the last attempt: {code, title, message, details}.';
comment on column public.whatsapp_media.expires_at is 'Until when Meta keeps what came in: 7 days.';

create table wabase.media_jobs (
  id uuid primary key default wabase.uuid_v7(),
  priority smallint not null,
  number_id uuid not null references public.whatsapp_numbers (id) on delete cascade,
  message_id uuid,
  place text[],
  storage_path text,
  due_at timestamptz not null,
  lease_id uuid,
  lease_expires_at timestamptz,
  attempts smallint not null default 0,
  expires_at timestamptz,
  is_warned boolean not null default false,
  constraint one_fetch_per_file unique (message_id, place),
  constraint one_upload_per_file_and_number unique (storage_path, number_id),
  constraint a_job_fetches_or_uploads check ((message_id is null) = (place is null) and (message_id is null) <> (storage_path is null)),
  constraint priority_is_known check (priority between 0 and 2),
  foreign key (message_id, place) references public.whatsapp_media (message_id, place) on delete cascade
);
create index media_jobs_priority_due_at_idx on wabase.media_jobs (priority, due_at);
create index media_jobs_lease_expires_at_idx on wabase.media_jobs (lease_expires_at) where lease_id is not null;
create index media_jobs_expires_at_idx on wabase.media_jobs (expires_at) where expires_at is not null;
create index media_jobs_number_id_idx on wabase.media_jobs (number_id);
alter table wabase.media_jobs enable row level security;
revoke all on table wabase.media_jobs from anon, authenticated, service_role;
grant select on table wabase.media_jobs to service_role;
comment on table wabase.media_jobs is
  'One row for each file that is to be fetched from Meta (message_id, place) or uploaded to it (storage_path, for one '
  'number); it goes when that is settled.';
comment on column wabase.media_jobs.priority is '0: an upload, for which a message waits. 1: a fetch. 2: a fetch of old history.';
comment on column wabase.media_jobs.expires_at is 'Until when Meta keeps what is to be fetched.';
comment on column wabase.media_jobs.due_at is 'While leased: when the lease ends, and another may try.';

-- Files whose message was deleted. Storage alone removes bytes, so whatsapp-media asks it to (…1380).
create table wabase.file_removals (
  storage_path text primary key,
  due_at timestamptz not null,
  is_taken boolean not null default false
);
create index file_removals_due_at_idx on wabase.file_removals (due_at);
alter table wabase.file_removals enable row level security;
revoke all on table wabase.file_removals from anon, authenticated, service_role;
grant select on table wabase.file_removals to service_role;
comment on table wabase.file_removals is
  'Files of the bucket whatsapp-media that no message shows any more. A row goes when its file is gone, or is wanted again.';
comment on column wabase.file_removals.is_taken is
  'Storage is being asked to remove it: until the row is gone, what is stored at this path may be lost.';

-- Meta writes base64 in webhooks and hex in Graph.
create function wabase.hex_of_hash(hash text) returns text
language sql immutable set search_path = ''
as $$
  select case
    when hash ~ '^[A-Za-z0-9+/]{43}=$' then encode(decode(hash, 'base64'), 'hex')
    when hash ~* '^[0-9a-f]{64}$' then lower(hash)
  end
$$;

-- What came with a file: the row that shows it, and the job that fetches it, in the message's own transaction.
create function wabase.note_incoming_media() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  -- Meta: "webhook media IDs" are good for 7 days. History is handed over long after it was written.
  kept_until constant timestamptz := case new.origin when 'history' then wabase.now() else new.occurred_at end + interval '7 days';
  part constant jsonb := new.content -> new.type;
  is_there constant boolean := coalesce(part ->> 'id', '') <> '';
begin
  insert into public.whatsapp_media (
    message_id, place, tenant_id, kind, state, mime_type, sha256, filename, media_id, expires_at, error
  )
  values (
    new.id, array[new.type], new.tenant_id, new.type, case when is_there then 'pending' else 'failed' end::public.whatsapp_media_state,
    part ->> 'mime_type', wabase.hex_of_hash(part ->> 'sha256'), part ->> 'filename', nullif(part ->> 'id', ''), kept_until,
    case when not is_there then coalesce(
      new.content -> 'errors' -> 0, wabase.error_of('no_media', 'Meta gave no id to fetch it by.')
    ) end
  )
  on conflict do nothing;
  if is_there then
    insert into wabase.media_jobs (priority, number_id, message_id, place, due_at, expires_at)
    values (case new.origin when 'history' then 2 else 1 end, new.number_id, new.id, array[new.type], wabase.clock(), kept_until)
    on conflict do nothing;
  end if;
  return null;
end
$$;
-- By the row, with a condition: a message without media costs a comparison and no call.
create trigger a_file_comes_in
  after insert on public.whatsapp_messages
  for each row when (
    new.type in ('image', 'audio', 'video', 'document', 'sticker') and (new.direction = 'inbound' or new.origin <> 'live')
  )
  execute function wabase.note_incoming_media();
create trigger a_file_follows_its_placeholder
  after update of type on public.whatsapp_messages
  for each row when (
    old.type = 'media_placeholder' and new.type in ('image', 'audio', 'video', 'document', 'sticker')
  )
  execute function wabase.note_incoming_media();

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in ('hex_of_hash', 'note_incoming_media')
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
