-- Who starts whatsapp-media and whatsapp-templates: pg_cron, as it starts whatsapp-dispatch.

create function wabase.wake_media() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  jobs_per_worker constant numeric := 20;
  max_workers constant integer := 4;
  moment constant timestamptz := wabase.clock();
  wanted integer;
begin
  select least(max_workers, ceil(count(*) / jobs_per_worker)) into wanted
  from (select from wabase.media_jobs where due_at <= moment limit max_workers * jobs_per_worker) as due;
  if wanted > 0 then
    wanted := wanted - (select ceil(count(*) / 4.0) from wabase.media_jobs where lease_id is not null and lease_expires_at > moment);
  end if;
  if exists (select from wabase.file_removals where due_at <= moment) then
    wanted := greatest(wanted, 1);
  end if;
  return case when wanted > 0 then wabase.call_function('whatsapp-media', '{"action": "work"}', wanted) else 0 end;
end
$$;
comment on function wabase.wake_media() is 'Starts whatsapp-media where files wait and too few workers run. Every few seconds, by pg_cron.';

create function wabase.wake_templates() returns integer
language plpgsql security definer set search_path = ''
as $$
begin
  insert into wabase.template_syncs (waba_id, due_at)
  select distinct number.waba_id, wabase.clock() from public.whatsapp_numbers as number
  where number.waba_id is not null
    and not exists (select from wabase.template_syncs as known where known.waba_id = number.waba_id)
  on conflict do nothing;
  if not exists (select from wabase.template_syncs where due_at <= wabase.clock()) then
    return 0;
  end if;
  return wabase.call_function('whatsapp-templates', '{"action": "sync_due"}', 1);
end
$$;
comment on function wabase.wake_templates() is 'Starts whatsapp-templates where a list is due. Every minute, by pg_cron.';

revoke all on function wabase.wake_media() from public, anon, authenticated, service_role;
revoke all on function wabase.wake_templates() from public, anon, authenticated, service_role;

-- Where the platform has it. Elsewhere whoever looks after the database calls the functions.
do $$
begin
  if not exists (select from pg_available_extensions where name = 'pg_cron') then
    raise notice 'pg_cron is not available: call whatsapp-media every few seconds, whatsapp-templates daily';
    return;
  end if;
  perform cron.schedule('wabase-media', '3 seconds', 'select wabase.wake_media()');
  perform cron.schedule('wabase-templates', '* * * * *', 'select wabase.wake_templates()');
end
$$;
