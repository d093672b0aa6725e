-- The work with files: fetched from Meta, uploaded to Meta. A job is leased, and comes again when its lease ends; done
-- twice it does no harm, since a file's name in the bucket is its hash, and Meta takes a file as often as one likes.

create function wabase.media_event(of_number uuid, of_event text, files integer, until timestamptz) returns void
language sql volatile set search_path = ''
as $$
  insert into public.whatsapp_account_events (
    tenant_id, number_id, field, event, severity, content, occurred_at, digest
  )
  select
    number.tenant_id, number.id, 'media', of_event, case of_event when 'EXPIRING' then 'WARNING' else 'CRITICAL' end,
    jsonb_build_object('files', files, 'expires_at', until), wabase.now(), md5(concat_ws(' ', of_event, number.id, clock_timestamp()))
  from public.whatsapp_numbers as number where number.id = of_number
  on conflict (tenant_id, digest) do nothing
$$;

-- Tells the operator a day before files are lost, and when they are: once for all of a number.
create function wabase.look_after_media(moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  number record;
begin
  for number in
    with told as (
      update wabase.media_jobs as job set is_warned = true
      where not job.is_warned and job.attempts > 0
        and job.expires_at <= moment + interval '1 day' and job.expires_at > moment
      returning job.number_id, job.expires_at
    )
    select number_id as id, count(*)::integer as files, min(expires_at) as until from told group by number_id
  loop
    perform wabase.media_event(number.id, 'EXPIRING', number.files, number.until);
  end loop;

  for number in
    with gone as (
      -- However late it came, it was tried.
      delete from wabase.media_jobs as job
      where job.expires_at <= moment and job.attempts > 0 and (job.lease_id is null or job.lease_expires_at <= moment)
      returning job.number_id, job.message_id, job.place
    ), marked as (
      update public.whatsapp_media as media set state = 'expired'
      from gone where media.message_id = gone.message_id and media.place = gone.place and media.state = 'pending'
      returning gone.number_id, media.expires_at
    )
    select number_id as id, count(*)::integer as files, min(expires_at) as until from marked group by number_id
  loop
    perform wabase.media_event(number.id, 'EXPIRED', number.files, number.until);
  end loop;
end
$$;

-- Files that the tenant has already, sent by others or once more: known by their hash, and not fetched.
create function wabase.settle_known_media(ids uuid[]) returns uuid[]
language plpgsql set search_path = ''
as $$
declare
  settled uuid[];
begin
  with known as (
    select job.id, job.message_id, job.place, twin.storage_path, twin.size
    from wabase.media_jobs as job
    join public.whatsapp_media as media on media.message_id = job.message_id and media.place = job.place
    cross join lateral (
      select other.storage_path, other.size from public.whatsapp_media as other
      where other.tenant_id = media.tenant_id and other.sha256 = media.sha256 and other.state = 'stored'
      limit 1
    ) as twin
    where job.id = any (ids)
  ), shown as (
    update public.whatsapp_media as media
    set state = 'stored', storage_path = known.storage_path, size = known.size, stored_at = wabase.clock(), error = null
    from known where media.message_id = known.message_id and media.place = known.place
    returning known.id
  ), done as (
    delete from wabase.media_jobs as job using shown where job.id = shown.id
    returning job.id
  )
  select array_agg(id) into settled from done;
  return coalesce(settled, '{}');
end
$$;

-- 4 s, 8 s, … 6 h; a file that kills its worker comes back as slowly as one that fails.
create function wabase.media_backoff(attempts integer, priority integer) returns interval
language sql immutable set search_path = ''
as $$
  select least(
    interval '2 seconds' * power(2, least(attempts, 14)), case priority when 0 then interval '5 minutes' else interval '6 hours' end
  )
$$;

create function public.whatsapp_lease_media(
  max_jobs integer, lease_id uuid, only_message uuid default null, lease_seconds integer default 150
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  moment constant timestamptz := wabase.clock();
  taken uuid[];
begin
  if max_jobs not between 1 and 100 or lease_seconds not between 5 and 600 then
    raise exception 'max_jobs, lease_seconds: must be 1 to 100, and 5 to 600' using errcode = '22023';
  end if;
  if only_message is null then
    perform wabase.look_after_media(moment);
  end if;
  loop
    taken := array(
      select job.id from wabase.media_jobs as job
      where job.due_at <= moment and (only_message is null or (job.storage_path, job.number_id) in (
        select media.storage_path, message.number_id from public.whatsapp_media as media
        join public.whatsapp_messages as message on message.id = media.message_id
        where media.message_id = only_message
      ))
      order by job.priority, job.due_at
      limit max_jobs for update skip locked
    );
    exit when cardinality(taken) = 0;
    taken := array(select unnest(taken) except select unnest(wabase.settle_known_media(taken)));
    exit when cardinality(taken) > 0;
  end loop;
  update wabase.media_jobs as job
  set
    lease_id = whatsapp_lease_media.lease_id, attempts = least(job.attempts + 1, 1000),
    lease_expires_at = moment + make_interval(secs => lease_seconds),
    due_at = moment + greatest(make_interval(secs => lease_seconds), wabase.media_backoff(job.attempts, job.priority))
  where job.id = any (taken);
  return (
    select coalesce(jsonb_agg(wabase.describe_media_job(job) order by job.priority, job.id), '[]')
    from wabase.media_jobs as job where job.id = any (taken)
  );
end
$$;
comment on function public.whatsapp_lease_media(integer, uuid, uuid, integer) is
  'Takes work with files: [{kind: "fetch", id, lease_id, attempt, phone_number_id, tenant_id, media_id, media_kind, mime_type, '
  'sha256}, {kind: "upload", id, lease_id, attempt, phone_number_id, storage_path, mime_type, size}]. only_message: the '
  'uploads that this message waits for. Answer with whatsapp_record_media. For the service key alone.';

create function wabase.describe_media_job(job wabase.media_jobs) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', job.id, 'lease_id', job.lease_id, 'attempt', job.attempts, 'phone_number_id', number.phone_number_id
  ) || case
    when job.message_id is not null then (
      select jsonb_build_object(
        'kind', 'fetch', 'tenant_id', media.tenant_id, 'media_id', media.media_id, 'media_kind', media.kind,
        'mime_type', media.mime_type, 'sha256', media.sha256
      )
      from public.whatsapp_media as media where media.message_id = job.message_id and media.place = job.place
    )
    else jsonb_build_object('kind', 'upload', 'storage_path', job.storage_path) || coalesce((
      select jsonb_build_object('mime_type', object.metadata ->> 'mimetype', 'size', (object.metadata ->> 'size')::bigint)
      from storage.objects as object where object.bucket_id = 'whatsapp-media' and object.name = job.storage_path
    ), '{"mime_type": null, "size": null}')
  end
  from public.whatsapp_numbers as number where number.id = job.number_id
$$;

create type wabase.media_outcome as (
  id uuid, lease_id uuid, action text, storage_path text, mime_type text, size bigint, sha256 text, media_id text, error jsonb
);

create function public.whatsapp_record_media(outcomes jsonb) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  moment constant timestamptz := wabase.clock();
  outcome wabase.media_outcome;
  job wabase.media_jobs;
  recorded integer := 0;
begin
  for outcome in
    select * from jsonb_populate_recordset(null::wabase.media_outcome, outcomes) as item order by item.id
  loop
    select * into job from wabase.media_jobs as leased where leased.id = outcome.id for update;
    if outcome.action = 'stored' then
      -- The message was deleted meanwhile; or another call has told it already, and the file is wanted.
      if not found then
        perform wabase.want_removal(outcome.storage_path, moment);
      elsif wabase.is_being_removed(outcome.storage_path) then
        outcome.action := 'retry';
        outcome.lease_id := job.lease_id;
      end if;
    end if;
    -- What was done is true whoever says it; that it failed counts from who holds the lease.
    continue when job.id is null or (outcome.action in ('retry', 'never') and job.lease_id is distinct from outcome.lease_id);
    case outcome.action
      when 'stored' then
        perform wabase.record_stored(job, outcome, moment);
      when 'uploaded' then
        perform wabase.record_uploaded(job, outcome.media_id, moment);
      when 'retry' then
        update wabase.media_jobs as leased
        set lease_id = null, lease_expires_at = null,
          due_at = moment + wabase.media_backoff(job.attempts, job.priority) * (1 + random() / 2)
        where leased.id = job.id;
        update public.whatsapp_media as media set attempts = job.attempts, error = outcome.error
        where media.message_id = job.message_id and media.place = job.place;
      when 'never' then
        perform wabase.record_refused(job, outcome.error, moment);
      else
        raise exception 'outcomes.action: is %, which is not known', outcome.action using errcode = '22023';
    end case;
    recorded := recorded + 1;
  end loop;
  return recorded;
end
$$;
comment on function public.whatsapp_record_media(jsonb) is
  'What became of leased work with files: [{id, lease_id, action, …}]. stored: storage_path, mime_type, size, sha256. '
  'uploaded: media_id. retry, never: error. Answers how many counted. For the service key alone.';

create function wabase.record_stored(job wabase.media_jobs, outcome wabase.media_outcome, moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  update public.whatsapp_media as media
  set
    state = 'stored', storage_path = outcome.storage_path, mime_type = coalesce(outcome.mime_type, media.mime_type),
    size = outcome.size, sha256 = outcome.sha256, attempts = job.attempts, stored_at = moment, error = null
  where media.message_id = job.message_id and media.place = job.place;
  delete from wabase.media_jobs as done where done.id = job.id;
end
$$;

create function wabase.record_uploaded(job wabase.media_jobs, with_media_id text, moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  -- The lanes first: the order of locks.
  perform wabase.wake_senders(job.storage_path, job.number_id, moment);
  insert into wabase.meta_uploads as upload (storage_path, number_id, media_id, uploaded_at)
  values (job.storage_path, job.number_id, with_media_id, moment)
  on conflict (storage_path, number_id) do update
  set media_id = excluded.media_id, uploaded_at = excluded.uploaded_at, error = null, refused_at = null;
  delete from wabase.media_jobs as done where done.id = job.id;
end
$$;

-- What Meta did not take, or what is not fetched: the reason stands where members see it.
create function wabase.record_refused(job wabase.media_jobs, with_error jsonb, moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
begin
  if job.message_id is not null then
    delete from wabase.media_jobs as done where done.id = job.id;
    update public.whatsapp_media as media set state = 'failed', error = with_error, attempts = job.attempts
    where media.message_id = job.message_id and media.place = job.place and media.state = 'pending';
    return;
  end if;
  -- The lanes first: the order of locks.
  perform wabase.wake_senders(job.storage_path, job.number_id, moment);
  insert into wabase.meta_uploads as upload (storage_path, number_id, error, refused_at)
  values (job.storage_path, job.number_id, with_error, moment)
  on conflict (storage_path, number_id) do update
  set media_id = null, error = excluded.error, refused_at = excluded.refused_at;
  delete from wabase.media_jobs as done where done.id = job.id;
end
$$;

-- Messages that wait for this file stand first in their conversation's queue again.
create function wabase.wake_senders(path text, of_number uuid, moment timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  waiting uuid[];
begin
  waiting := array(
    select held.conversation_id from wabase.outbox as held
    join public.whatsapp_media as media on media.message_id = held.message_id and media.storage_path = path
    join public.whatsapp_messages as message on message.id = held.message_id and message.number_id = of_number
    where held.not_before > moment
  );
  if cardinality(waiting) = 0 then
    return;
  end if;
  perform from wabase.lanes where conversation_id = any (waiting) order by conversation_id for update;
  update wabase.outbox as held set not_before = null
  from public.whatsapp_media as media
  where media.message_id = held.message_id and media.storage_path = path and held.conversation_id = any (waiting)
    and held.not_before > moment;
  update wabase.lanes as lane
  set ready_at = least(lane.ready_at, greatest(moment, lane.blocked_until, wabase.pair_ready_at(lane.pair_paid_at)))
  where lane.conversation_id = any (waiting);
end
$$;

-- A member's: once more, where the reason may be gone.
create function wabase.retry_media(message_id uuid) returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
  message public.whatsapp_messages;
  conversation public.whatsapp_conversations;
begin
  select known.* into message from public.whatsapp_messages as known where known.id = retry_media.message_id;
  select * into conversation from public.whatsapp_conversations where id = message.conversation_id;
  if not found or not wabase.may_work_on(conversation) then
    raise exception 'message_id: you may not fetch the files of this message' using errcode = '42501';
  end if;
  update public.whatsapp_media as media set state = 'pending', error = null
  where media.message_id = message.id and media.state = 'failed' and media.media_id is not null
    and media.expires_at > wabase.now();
  insert into wabase.media_jobs (priority, number_id, message_id, place, due_at, expires_at)
  select 1, message.number_id, media.message_id, media.place, wabase.clock(), media.expires_at
  from public.whatsapp_media as media where media.message_id = message.id and media.state = 'pending'
  on conflict on constraint one_fetch_per_file do update set due_at = excluded.due_at
  where media_jobs.lease_id is null;
  return found;
end
$$;

create function public.whatsapp_retry_media(message_id uuid) returns boolean
language sql volatile security invoker set search_path = ''
as $$
  select wabase.retry_media(message_id)
$$;
comment on function public.whatsapp_retry_media(uuid) is
  'Fetches the files of a message at once, also where that had failed; false where there is nothing to fetch any more.';

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'media_event', 'look_after_media', 'settle_known_media', 'media_backoff', 'describe_media_job', 'record_stored',
      'record_uploaded', 'record_refused', 'wake_senders', 'retry_media'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
  for helper in
    select oid from pg_proc where pronamespace = 'public'::regnamespace
      and proname in ('whatsapp_lease_media', 'whatsapp_record_media', 'whatsapp_retry_media')
  loop
    execute format('revoke all on function %s from public, anon, authenticated', helper);
    execute format('grant execute on function %s to service_role', helper);
  end loop;
end
$$;
-- The twin that checks the caller itself.
grant execute on function wabase.retry_media(uuid) to authenticated, service_role;
grant execute on function public.whatsapp_retry_media(uuid) to authenticated;
