-- The one writer of a session: who it is, and what it writes. For the secret key alone.
--
--   whatsapp_session_acquire   become the writer, and read what is needed to go on
--   whatsapp_session_append    one record: fenced, counted and the lease renewed in one statement
--   whatsapp_session_renew     the leases of all sessions of a process at once
--   whatsapp_session_publish   a new snapshot counts; the records that it holds go
--   whatsapp_session_release   closed, everything written
--   whatsapp_session_delete    the session is no more
--   whatsapp_session_read      what acquire tells, for those who only look
--   whatsapp_session_list      all sessions, without their contents
--
-- Leases go by clock_timestamp(): whoever waited for the row's lock must not see the time from before.

-- What an opening starts from: the snapshot, and the records behind it, in order.
create function wabase.session_contents(log wabase.session_logs) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', log.id,
    'epoch', log.epoch,
    'is_clean', log.is_clean,
    'is_deleted', log.is_deleted,
    'head_seq', log.head_seq,
    'head_hash', log.head_hash,
    'snapshot', case when log.snapshot_path is not null then jsonb_build_object(
      'path', log.snapshot_path, 'seq', log.snapshot_seq, 'sha256', log.snapshot_sha256,
      'bytes', log.snapshot_bytes, 'key_id', log.snapshot_key_id
    ) end,
    'records', coalesce((
      -- encode() breaks its lines.
      select jsonb_agg(translate(encode(record.body, 'base64'), E'\n', '') order by record.seq)
      from wabase.session_records as record
      where record.log_id = log.id and record.seq > coalesce(log.snapshot_seq, 0)
    ), '[]')
  )
$$;
revoke all on function wabase.session_contents(wabase.session_logs) from public, anon, authenticated;

create function public.whatsapp_session_acquire(
  tenant text, session text, folder text, owner text, lease_ms integer, force boolean default false
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  log wabase.session_logs;
begin
  insert into wabase.session_logs (tenant, session, folder)
  values ($1, $2, $3)
  on conflict (tenant, session) do nothing;
  select * into strict log from wabase.session_logs
  where session_logs.tenant = $1 and session_logs.session = $2
  for update;
  if log.folder <> $3 then
    raise exception 'folder: this session lies in %', log.folder
      using errcode = '22023', hint = 'Were its names escaped by another version? Use that one.';
  end if;
  -- Its own owner may take it again: the answer to its first call may have been lost.
  if log.lease_until > clock_timestamp() and log.owner <> $4 and not force then
    return jsonb_build_object('held', jsonb_build_object(
      'owner', log.owner,
      'left_ms', ceil(extract(epoch from log.lease_until - clock_timestamp()) * 1000)
    ));
  end if;
  update wabase.session_logs set
    epoch = session_logs.epoch + 1,
    owner = $4,
    lease_until = clock_timestamp() + lease_ms * interval '1 millisecond'
  where id = log.id;
  return wabase.session_contents(log) || jsonb_build_object(
    'epoch', log.epoch + 1,
    -- Who still had it has not closed it, even if nothing of his was written.
    'is_clean', log.is_clean and log.owner is null
  );
end
$$;
comment on function public.whatsapp_session_acquire(text, text, text, text, integer, boolean) is
  'Makes the owner the writer of a session under a new epoch, and answers its contents; or {"held": …} where '
  'another has it. Service key only.';
revoke all on function public.whatsapp_session_acquire(text, text, text, text, integer, boolean)
  from public, anon, authenticated;
grant execute on function public.whatsapp_session_acquire(text, text, text, text, integer, boolean) to service_role;

create function public.whatsapp_session_append(
  log_id uuid, epoch bigint, seq bigint, prev text, hash text, key_id text, body text, lease_ms integer
) returns text
language sql volatile security definer set search_path = ''
as $$
  with fenced as (
    update wabase.session_logs as log set
      head_seq = $3,
      head_hash = $5,
      is_clean = false,
      is_deleted = false,
      lease_until = clock_timestamp() + $8 * interval '1 millisecond'
    where log.id = $1 and log.epoch = $2 and log.head_seq = $3 - 1 and log.head_hash = $4
    returning log.id
  )
  insert into wabase.session_records (log_id, seq, epoch, hash, key_id, body)
  select fenced.id, $3, $2, $5, $6, decode($7, 'base64') from fenced;
  -- A statement of its own: the one above may have waited for whoever takes the session over, and would answer by
  -- what was before.
  select coalesce((
    select case
      when log.epoch <> $2 then 'fenced'
      -- Now, or by our own call of before, whose answer was lost.
      when log.head_seq = $3 and log.head_hash = $5 then 'written'
      else 'rolled_back'
    end
    from wabase.session_logs as log where log.id = $1
  ), 'rolled_back')
$$;
comment on function public.whatsapp_session_append(uuid, bigint, bigint, text, text, text, text, integer) is
  'Writes one record (body in base64) behind the one with the hash prev: «written», «fenced» (another opening has '
  'taken the session), or «rolled_back» (the log does not end where the writer left it). Safe to repeat. Service key only.';
revoke all on function public.whatsapp_session_append(uuid, bigint, bigint, text, text, text, text, integer)
  from public, anon, authenticated;
grant execute on function public.whatsapp_session_append(uuid, bigint, bigint, text, text, text, text, integer)
  to service_role;

create function public.whatsapp_session_renew(leases jsonb, lease_ms integer) returns uuid[]
language sql volatile security definer set search_path = ''
as $$
  with held as (
    update wabase.session_logs as log
    set lease_until = clock_timestamp() + $2 * interval '1 millisecond'
    from jsonb_to_recordset($1) as lease (id uuid, epoch bigint)
    where log.id = lease.id and log.epoch = lease.epoch
    returning log.id
  )
  select coalesce(array_agg(id), '{}') from held
$$;
comment on function public.whatsapp_session_renew(jsonb, integer) is
  'Renews the leases [{"id", "epoch"}, …]; answers the ids of those that are still the caller''s. Service key only.';
revoke all on function public.whatsapp_session_renew(jsonb, integer) from public, anon, authenticated;
grant execute on function public.whatsapp_session_renew(jsonb, integer) to service_role;

create function public.whatsapp_session_publish(log_id uuid, epoch bigint, snapshot jsonb) returns boolean
language sql volatile security definer set search_path = ''
as $$
  with published as (
    update wabase.session_logs as log set
      snapshot_path = $3 ->> 'path',
      snapshot_seq = ($3 ->> 'seq')::bigint,
      snapshot_sha256 = $3 ->> 'sha256',
      snapshot_bytes = ($3 ->> 'bytes')::bigint,
      snapshot_key_id = $3 ->> 'key_id',
      snapshot_at = now(),
      is_deleted = false,
      -- Where the records lie in the bucket, the log's end is told here alone.
      head_seq = case when $3 ? 'head_hash' then ($3 ->> 'seq')::bigint else log.head_seq end,
      head_hash = coalesce($3 ->> 'head_hash', log.head_hash)
    where log.id = $1 and log.epoch = $2
      and ($3 ? 'head_hash' or log.head_seq >= ($3 ->> 'seq')::bigint)
      and coalesce(log.snapshot_seq, 0) <= ($3 ->> 'seq')::bigint
    returning log.id, log.snapshot_seq
  ),
  folded as (
    delete from wabase.session_records as record using published
    where record.log_id = published.id and record.seq <= published.snapshot_seq
  )
  select exists (select from published)
$$;
comment on function public.whatsapp_session_publish(uuid, bigint, jsonb) is
  'From now on the session starts from this snapshot; the records that it holds are removed. False for whom another '
  'opening has replaced. Service key only.';
revoke all on function public.whatsapp_session_publish(uuid, bigint, jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_session_publish(uuid, bigint, jsonb) to service_role;

create function public.whatsapp_session_release(log_id uuid, epoch bigint, is_clean boolean) returns boolean
language sql volatile security definer set search_path = ''
as $$
  with released as (
    update wabase.session_logs as log set
      lease_until = '-infinity',
      owner = null,
      is_clean = $3
    where log.id = $1 and log.epoch = $2
    returning 1
  )
  select exists (select from released)
$$;
comment on function public.whatsapp_session_release(uuid, bigint, boolean) is
  'Gives the session free; is_clean where everything was written. Service key only.';
revoke all on function public.whatsapp_session_release(uuid, bigint, boolean) from public, anon, authenticated;
grant execute on function public.whatsapp_session_release(uuid, bigint, boolean) to service_role;

create function public.whatsapp_session_delete(log_id uuid, epoch bigint) returns boolean
language sql volatile security definer set search_path = ''
as $$
  with deleted as (
    update wabase.session_logs as log set
      is_deleted = true,
      is_clean = true,
      head_seq = 0,
      head_hash = '',
      snapshot_path = null,
      snapshot_seq = null,
      snapshot_sha256 = null,
      snapshot_bytes = null,
      snapshot_key_id = null,
      snapshot_at = null
    where log.id = $1 and log.epoch = $2
    returning log.id
  ),
  emptied as (
    delete from wabase.session_records as record using deleted where record.log_id = deleted.id
  )
  select exists (select from deleted)
$$;
comment on function public.whatsapp_session_delete(uuid, bigint) is
  'Forgets the session''s contents; the caller then removes its objects. Service key only.';
revoke all on function public.whatsapp_session_delete(uuid, bigint) from public, anon, authenticated;
grant execute on function public.whatsapp_session_delete(uuid, bigint) to service_role;

create function public.whatsapp_session_read(tenant text, session text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select wabase.session_contents(log) || jsonb_build_object(
    'owner', case when log.lease_until > clock_timestamp() then log.owner end
  )
  from wabase.session_logs as log
  where log.tenant = $1 and log.session = $2
$$;
comment on function public.whatsapp_session_read(text, text) is
  'A session''s contents as they are, with its owner if it is open; null where there is none. Service key only.';
revoke all on function public.whatsapp_session_read(text, text) from public, anon, authenticated;
grant execute on function public.whatsapp_session_read(text, text) to service_role;
