-- What sessions take up, without what is in them.

create function wabase.session_sizes() returns table (
  tenant text, session text, folder text, objects bigint, object_bytes bigint, records bigint, record_bytes bigint
)
language sql stable set search_path = ''
as $$
  with stored as (
    select
      split_part(object.name, '/', 1) || '/' || split_part(object.name, '/', 2) as folder,
      count(*) as objects,
      sum((object.metadata ->> 'size')::bigint) as bytes
    from storage.objects as object
    where object.bucket_id = 'whatsapp-sessions'
    group by 1
  ),
  logged as (
    select record.log_id, count(*) as records, sum(octet_length(record.body)) as bytes
    from wabase.session_records as record
    group by 1
  )
  select
    log.tenant, log.session, coalesce(log.folder, stored.folder),
    coalesce(stored.objects, 0), coalesce(stored.bytes, 0)::bigint,
    coalesce(logged.records, 0), coalesce(logged.bytes, 0)::bigint
  from wabase.session_logs as log
  left join logged on logged.log_id = log.id
  full join stored on stored.folder = log.folder
  where not coalesce(log.is_deleted, false) or stored.objects > 0
$$;
revoke all on function wabase.session_sizes() from public, anon, authenticated;

create function public.whatsapp_session_list() returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'tenant', log.tenant,
    'session', log.session,
    'folder', log.folder,
    'epoch', log.epoch,
    'owner', case when log.lease_until > clock_timestamp() then log.owner end,
    'is_clean', log.is_clean,
    'head_seq', log.head_seq,
    'snapshot_seq', log.snapshot_seq,
    'snapshot_bytes', log.snapshot_bytes,
    'snapshot_at', log.snapshot_at,
    'created_at', log.created_at,
    'records', tail.records,
    'record_bytes', tail.bytes,
    'key_ids', (
      select jsonb_agg(distinct key_id)
      from unnest(tail.key_ids || log.snapshot_key_id) as key_id where key_id is not null
    )
  ) order by log.tenant, log.session), '[]')
  from wabase.session_logs as log
  cross join lateral (
    select
      count(*) as records,
      coalesce(sum(octet_length(record.body)), 0) as bytes,
      coalesce(array_agg(distinct record.key_id), '{}') as key_ids
    from wabase.session_records as record where record.log_id = log.id
  ) as tail
  where not log.is_deleted
$$;
comment on function public.whatsapp_session_list() is
  'Every session, who has it open, how long its log is and which keys it needs. Service key only.';
revoke all on function public.whatsapp_session_list() from public, anon, authenticated;
grant execute on function public.whatsapp_session_list() to service_role;

create function wabase.session_usage() returns table (
  tenant text, session text, objects bigint, object_bytes bigint, records bigint, record_bytes bigint
)
language sql stable security definer set search_path = ''
as $$
  select tenant, session, objects, object_bytes, records, record_bytes
  from wabase.session_sizes()
  where (select auth.role()) = 'service_role'
    or tenant in (select id::text from wabase.my_tenants('{admin}') as id)
  order by tenant, session
$$;
revoke all on function wabase.session_usage() from public, anon, authenticated;
grant execute on function wabase.session_usage() to authenticated, service_role;

create function public.whatsapp_session_usage() returns table (
  tenant text, session text, objects bigint, object_bytes bigint, records bigint, record_bytes bigint
)
language sql stable security invoker set search_path = ''
as $$
  select * from wabase.session_usage()
$$;
comment on function public.whatsapp_session_usage() is
  'What sessions take up: an admin sees those of their tenants, the service key all of them, with objects of the '
  'bucket that belong to no session (tenant is null).';
revoke all on function public.whatsapp_session_usage() from public, anon, authenticated;
grant execute on function public.whatsapp_session_usage() to authenticated, service_role;

create function public.get_storage_size(bucket_name text) returns bigint
language sql stable security definer set search_path = ''
as $$
  select coalesce(sum((object.metadata ->> 'size')::bigint), 0)::bigint
  from storage.objects as object where object.bucket_id = bucket_name
$$;
comment on function public.get_storage_size(text) is 'The bytes that lie in a bucket. Service key only.';
revoke all on function public.get_storage_size(text) from public, anon, authenticated;
grant execute on function public.get_storage_size(text) to service_role;
