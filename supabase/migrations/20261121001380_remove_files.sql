-- When a message is deleted its files go too, where no other message and no campaign needs them. The bytes are Storage's:
-- a row in wabase.file_removals says that they are to go, and whatsapp-media asks Storage for it and comes again until
-- it is done.

create function wabase.want_removal(path text, moment timestamptz) returns void
language sql volatile set search_path = ''
as $$
  insert into wabase.file_removals (storage_path, due_at) values (path, moment) on conflict do nothing
$$;

create function wabase.note_deleted_files() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into wabase.file_removals (storage_path, due_at)
  select storage_path, wabase.clock() from gone where storage_path is not null
  union
  -- Somebody may be fetching it at this moment: after the longest lease.
  select tenant_id || '/' || sha256, wabase.clock() + interval '15 minutes' from gone
  where storage_path is null and state = 'pending' and sha256 is not null
  on conflict do nothing;
  return null;
end
$$;
create trigger files_of_deleted_messages_go
  after delete on public.whatsapp_media referencing old table as gone
  for each statement execute function wabase.note_deleted_files();

-- A file that came in again: not while Storage is asked to remove it, else as if nothing had been.
create function wabase.is_being_removed(path text) returns boolean
language plpgsql set search_path = ''
as $$
begin
  delete from wabase.file_removals where storage_path = path and not is_taken;
  perform from wabase.file_removals where storage_path = path for share;
  return found;
end
$$;

create function wabase.is_file_wanted(path text) returns boolean
language sql stable set search_path = ''
as $$
  select exists (select from public.whatsapp_media where storage_path = path)
    or exists (
      select from public.whatsapp_campaigns as campaign
      where campaign.tenant_id::text = split_part(path, '/', 1) and campaign.state in ('draft', 'running', 'paused')
        and strpos(campaign.content::text, path) > 0
    )
$$;

create function public.whatsapp_lease_removals(max_files integer default 100) returns text[]
language plpgsql security definer set search_path = ''
as $$
declare
  moment constant timestamptz := wabase.clock();
  due text[];
begin
  due := array(
    select storage_path from wabase.file_removals where due_at <= moment
    order by due_at limit least(greatest(max_files, 1), 1000) for update skip locked
  );
  delete from wabase.file_removals as removal
  where removal.storage_path = any (due) and wabase.is_file_wanted(removal.storage_path);
  with taken as (
    update wabase.file_removals as removal set is_taken = true, due_at = moment + interval '5 minutes'
    where removal.storage_path = any (due)
    returning removal.storage_path
  )
  select array_agg(storage_path) into due from taken;
  return coalesce(due, '{}');
end
$$;
comment on function public.whatsapp_lease_removals(integer) is
  'Files of the bucket whatsapp-media that are to be removed. Answer with whatsapp_record_removals; else they come again '
  'after some minutes. For the service key alone.';

create function public.whatsapp_record_removals(paths text[]) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  removed integer;
begin
  delete from wabase.meta_uploads where storage_path = any (paths);
  delete from wabase.media_jobs where storage_path = any (paths);
  delete from wabase.file_removals where storage_path = any (paths) and is_taken;
  get diagnostics removed = row_count;
  return removed;
end
$$;
comment on function public.whatsapp_record_removals(text[]) is
  'These files are gone from the bucket. Answers how many were to go. For the service key alone.';

do $$
declare
  helper regprocedure;
begin
  for helper in
    select oid from pg_proc where pronamespace = 'wabase'::regnamespace
      and proname in ('want_removal', 'note_deleted_files', 'is_being_removed', 'is_file_wanted')
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role', helper);
  end loop;
end
$$;
revoke all on function public.whatsapp_lease_removals(integer) from public, anon, authenticated;
revoke all on function public.whatsapp_record_removals(text[]) from public, anon, authenticated;
grant execute on function public.whatsapp_lease_removals(integer) to service_role;
grant execute on function public.whatsapp_record_removals(text[]) to service_role;
