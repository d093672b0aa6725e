-- Files that members send: {"image": {"storage_path": "<tenant>/uploads/<uuid>"}} instead of an id or a link. Before
-- the message may be leased the file is uploaded to Meta, once per number; the id serves all messages for 30 days.

create table wabase.media_limits (
  kind text primary key,
  max_bytes bigint not null,
  mime_types text[] not null
);
alter table wabase.media_limits enable row level security;
revoke all on table wabase.media_limits from anon, authenticated, service_role;
grant select on table wabase.media_limits to service_role;
comment on table wabase.media_limits is 'What Meta takes for each kind of message (packages/cloud-api, mediaLimits, is the source).';
insert into wabase.media_limits (kind, max_bytes, mime_types) values
  ('audio', 16777216, '{audio/aac,audio/amr,audio/mpeg,audio/mp4,audio/ogg}'),
  ('document', 104857600, '{text/plain,application/pdf,application/msword,application/vnd.ms-excel,application/vnd.ms-powerpoint,'
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document,'
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet,'
    'application/vnd.openxmlformats-officedocument.presentationml.presentation}'),
  ('image', 5242880, '{image/jpeg,image/png}'),
  ('sticker', 512000, '{image/webp}'),
  ('video', 16777216, '{video/mp4,video/3gpp}');

create table wabase.meta_uploads (
  storage_path text,
  number_id uuid references public.whatsapp_numbers (id) on delete cascade,
  media_id text,
  uploaded_at timestamptz,
  renewed_at timestamptz,
  error jsonb,
  refused_at timestamptz,
  primary key (storage_path, number_id)
);
create index meta_uploads_number_id_idx on wabase.meta_uploads (number_id);
alter table wabase.meta_uploads enable row level security;
revoke all on table wabase.meta_uploads from anon, authenticated, service_role;
grant select on table wabase.meta_uploads to service_role;
comment on table wabase.meta_uploads is 'Under which id Meta has a file of the bucket, for messages of one number.';
comment on column wabase.meta_uploads.renewed_at is 'When the id was given up because Meta did not know it any more.';
comment on column wabase.meta_uploads.refused_at is 'When Meta did not take the file. Tried anew some minutes later, if a message wants it.';

-- The files that a message names, and where in it. Nearly all name none, and are told by their text.
create function wabase.files_of(content jsonb) returns table (place text[], part jsonb)
language plpgsql immutable set search_path = '' rows 1
as $$
begin
  if strpos(content::text, '"storage_path"') = 0 then
    return;
  end if;
  return query
  with recursive node as (
    select '{}'::text[] as place, content as value
    union all
    select node.place || child.key, child.value
    from node
    cross join lateral (
      select field.key, field.value from jsonb_each(case jsonb_typeof(node.value) when 'object' then node.value else '{}' end) as field
      union all
      select (item.position - 1)::text, item.value
      from jsonb_array_elements(case jsonb_typeof(node.value) when 'array' then node.value else '[]' end)
        with ordinality as item (value, position)
    ) as child
    where jsonb_typeof(child.value) in ('object', 'array')
  )
  select node.place, node.value from node
  where jsonb_typeof(node.value) = 'object' and node.value ? 'storage_path';
end
$$;

-- As in code: template.components[0].parameters[0].image.
create function wabase.field_of(place text[]) returns text
language sql immutable set search_path = ''
as $$
  select ltrim(string_agg(case when step ~ '^\d+$' then '[' || step || ']' else '.' || step end, '' order by position), '.')
  from unnest(place) with ordinality as steps (step, position)
$$;

-- Refuses a file that is not there, not this tenant's, not the caller's to send, or that Meta would not take.
create function wabase.check_files(conversation public.whatsapp_conversations, content jsonb) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  file record;
begin
  for file in select wabase.field_of(named.place) as field, named.place[cardinality(named.place)] as kind, named.part
    from wabase.files_of(content) as named
  loop
    if num_nonnulls(file.part -> 'id', file.part -> 'link') > 0 then
      raise exception '%: needs one of id, link and storage_path', file.field using errcode = '22023';
    end if;
    perform wabase.check_file(conversation, file.field, file.kind, file.part);
  end loop;
end
$$;

create function wabase.check_file(conversation public.whatsapp_conversations, field text, kind text, part jsonb) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  path constant text := part ->> 'storage_path';
  object jsonb;
  limits wabase.media_limits;
begin
  if coalesce(path !~ ('^' || conversation.tenant_id || '/(uploads/[0-9a-f-]{36}|[0-9a-f]{64})$'), true)
    or not wabase.may_send_file(conversation.tenant_id, path) then
    raise exception '%.storage_path: is no file that you may send', field
      using errcode = '22023', hint = 'Upload it first: whatsapp-media, {"action": "upload"}.';
  end if;
  select stored.metadata into object from storage.objects as stored
  where stored.bucket_id = 'whatsapp-media' and stored.name = path;
  if not found then
    raise exception '%.storage_path: there is no file at this path', field
      using errcode = '22023', hint = 'Upload the bytes to the signed URL before you send.';
  end if;
  select * into limits from wabase.media_limits as known where known.kind = case check_file.kind when 'gif' then 'video' else check_file.kind end;
  if not found then
    raise exception '%.storage_path: a file has no place here', field using errcode = '22023';
  end if;
  if (part -> 'voice') = 'true' then
    limits.mime_types := '{audio/ogg}';
  end if;
  if split_part(lower(object ->> 'mimetype'), ';', 1) <> all (limits.mime_types) then
    raise exception '%.storage_path: is of type %, which Meta does not take for %', field, object ->> 'mimetype', kind
      using errcode = '22023', hint = 'Convert it to ' || array_to_string(limits.mime_types, ', ') || '.';
  end if;
  if (object ->> 'size')::bigint > limits.max_bytes then
    raise exception '%.storage_path: has % bytes, Meta takes % for %', field, object ->> 'size', limits.max_bytes, kind
      using errcode = '22023', hint = 'Compress it, or send it as a document.';
  end if;
end
$$;

-- An upload is known by its path to who made it, and to whom they told it. A file that came in may be sent on by
-- who may send in a conversation that it came in.
create function wabase.may_send_file(of_tenant uuid, path text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select (path like '%/uploads/%' and not exists (
    select from wabase.file_removals as removal where removal.storage_path = path and removal.is_taken
  )) or exists (
    select from public.whatsapp_media as media
    join public.whatsapp_messages as message on message.id = media.message_id
    join public.whatsapp_conversations as conversation on conversation.id = message.conversation_id
    where media.storage_path = path and media.tenant_id = of_tenant
      and wabase.may_work_on(conversation)
  )
$$;

-- Meta: uploads are kept for 30 days. An hour is for the way.
create function wabase.is_uploaded(upload wabase.meta_uploads, moment timestamptz) returns boolean
language sql immutable set search_path = ''
as $$
  select coalesce(upload.media_id is not null and upload.uploaded_at > moment - interval '30 days' + interval '1 hour', false)
$$;

-- The rows that show the files of these new messages, and an upload for each that Meta does not have yet.
create function wabase.attach_files(ids uuid[], content jsonb default null) returns void
language plpgsql set search_path = ''
as $$
begin
  if content is not null and strpos(content::text, '"storage_path"') = 0 then
    return;
  end if;
  insert into public.whatsapp_media (
    message_id, place, tenant_id, kind, state, mime_type, size, filename, storage_path, stored_at
  )
  select
    message.id, file.place, message.tenant_id, file.place[cardinality(file.place)], 'stored',
    object.metadata ->> 'mimetype', (object.metadata ->> 'size')::bigint, file.part ->> 'filename',
    file.part ->> 'storage_path', object.created_at
  from public.whatsapp_messages as message
  cross join lateral wabase.files_of(message.content) as file
  join storage.objects as object on object.bucket_id = 'whatsapp-media' and object.name = file.part ->> 'storage_path'
  where message.id = any (ids)
  on conflict do nothing;
  perform wabase.want_uploads(ids, wabase.clock());
end
$$;

create function wabase.want_uploads(ids uuid[], moment timestamptz) returns void
language sql volatile set search_path = ''
as $$
  insert into wabase.media_jobs (priority, number_id, storage_path, due_at)
  select distinct 0, message.number_id, media.storage_path, moment
  from public.whatsapp_media as media
  join public.whatsapp_messages as message on message.id = media.message_id and message.direction = 'outbound'
  left join wabase.meta_uploads as upload
    on upload.storage_path = media.storage_path and upload.number_id = message.number_id
  where media.message_id = any (ids) and media.storage_path is not null and message.status in ('queued', 'sending')
    and not wabase.is_uploaded(upload, moment)
  order by 2, 3
  on conflict do nothing
$$;

-- Whether the files of a message that is to be leased are at Meta: null, or what keeps it.
create function wabase.file_verdict(message public.whatsapp_messages, moment timestamptz) returns text
language plpgsql stable set search_path = ''
as $$
begin
  if strpos(message.content::text, '"storage_path"') = 0 then
    return null;
  end if;
  return (
    select case
      when bool_or(upload.refused_at > moment - interval '10 minutes') then 'file_refused'
      when bool_or(not wabase.is_uploaded(upload, moment)) then 'uploading'
    end
    from public.whatsapp_media as media
    left join wabase.meta_uploads as upload
      on upload.storage_path = media.storage_path and upload.number_id = message.number_id
    where media.message_id = message.id
  );
end
$$;

-- Why the message's file was refused.
create function wabase.file_error(of_message uuid, of_number uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select upload.error from public.whatsapp_media as media
  join wabase.meta_uploads as upload on upload.storage_path = media.storage_path and upload.number_id = of_number
  where media.message_id = of_message and upload.error is not null
  order by upload.refused_at desc limit 1
$$;

-- The content as Meta takes it: ids instead of paths.
create function wabase.with_media_ids(message public.whatsapp_messages) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  content jsonb := message.content;
  file record;
begin
  if strpos(content::text, '"storage_path"') = 0 then
    return content;
  end if;
  for file in
    select media.place, upload.media_id from public.whatsapp_media as media
    join wabase.meta_uploads as upload
      on upload.storage_path = media.storage_path and upload.number_id = message.number_id
    where media.message_id = message.id
  loop
    content := jsonb_set(content #- (file.place || '{storage_path}'), file.place || '{id}', to_jsonb(file.media_id));
  end loop;
  return content;
end
$$;

-- A refusal that says that Meta has the file no more: it is uploaded once again, and the message goes after it.
-- Of others that were under way with the old id, the same; and never twice within an hour.
create function wabase.renew_files(heard wabase.outcome[], moment timestamptz) returns wabase.outcome[]
language plpgsql set search_path = ''
as $$
declare
  -- Meta: invalid parameter (that is where an unknown media id is told), its newer form, media upload error.
  told_by constant text[] := '{100,131009,131053}';
  renewed wabase.outcome[] := heard;
  item wabase.outcome;
  message public.whatsapp_messages;
begin
  if not exists (select from unnest(heard) as said where said.action = 'never' and said.is_current and said.error ->> 'code' = any (told_by)) then
    return heard;
  end if;
  for position in 1 .. cardinality(heard) loop
    item := heard[position];
    continue when item.action <> 'never' or not item.is_current or coalesce(item.error ->> 'code', '') <> all (told_by);
    select * into message from public.whatsapp_messages where id = item.id;
    update wabase.meta_uploads as upload set media_id = null, renewed_at = moment
    from public.whatsapp_media as media
    where media.message_id = item.id and upload.storage_path = media.storage_path and upload.number_id = item.number_id
      and upload.media_id is not null and upload.uploaded_at <= message.sending_at
      and coalesce(upload.renewed_at, '-infinity') < moment - interval '1 hour';
    if exists (
      select from public.whatsapp_media as media
      join wabase.meta_uploads as upload on upload.storage_path = media.storage_path and upload.number_id = item.number_id
      where media.message_id = item.id and (upload.media_id is null or upload.uploaded_at > message.sending_at)
    ) then
      item.action := 'retry';
      item.delay_ms := 0;
      renewed[position] := item;
      perform wabase.want_uploads(array[item.id], moment);
    end if;
  end loop;
  return renewed;
end
$$;

-- Where a member may put a file: the handler signs the upload.
create function wabase.prepare_upload(target jsonb) returns text
language plpgsql security definer set search_path = ''
as $$
declare
  tenant uuid;
  conversation public.whatsapp_conversations;
begin
  if target ? 'conversation_id' then
    conversation := wabase.target_of(jsonb_build_object('conversation_id', target -> 'conversation_id'));
    if wabase.may_work_on(conversation) then
      tenant := conversation.tenant_id;
    end if;
  else
    tenant := (wabase.number_to_send_from(target ->> 'phone_number_id')).tenant_id;
    if (select auth.role()) is distinct from 'service_role' and tenant not in (select wabase.my_tenants('{admin,agent}')) then
      tenant := null;
    end if;
  end if;
  if tenant is null then
    raise exception 'role: you may not send here' using errcode = '42501', hint = 'Viewers may not send.';
  end if;
  return tenant || '/uploads/' || gen_random_uuid();
end
$$;

create function public.whatsapp_prepare_upload(target jsonb) returns text
language sql volatile security invoker set search_path = ''
as $$
  select wabase.prepare_upload(target)
$$;
comment on function public.whatsapp_prepare_upload(jsonb) is
  'A path in the bucket whatsapp-media for a file that the caller wants to send: to {conversation_id} or from '
  '{phone_number_id}. whatsapp-media signs the upload.';

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace and proname in (
      'files_of', 'field_of', 'check_files', 'check_file', 'may_send_file', 'attach_files', 'want_uploads', 'is_uploaded',
      'file_verdict', 'file_error', 'with_media_ids', 'renew_files', 'prepare_upload'
    )
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
-- The twin that checks the caller itself.
grant execute on function wabase.prepare_upload(jsonb) to authenticated, service_role;
revoke all on function public.whatsapp_prepare_upload(jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_prepare_upload(jsonb) to authenticated, service_role;
