-- Who starts whatsapp-dispatch: pg_cron every few seconds, by pg_net.

-- Calls a function of this project, by pg_net: without the secrets, which Vault holds, it does nothing. Where the functions
-- are: wabase_functions_url (https://<ref>.supabase.co/functions/v1); the key: wabase_secret_key.
create function wabase.call_function(name text, body jsonb, times integer) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  address text;
  key text;
begin
  select decrypted_secret into address from vault.decrypted_secrets as secret where secret.name = 'wabase_functions_url';
  select decrypted_secret into key from vault.decrypted_secrets as secret where secret.name = 'wabase_secret_key';
  if address is null or key is null then
    return 0;
  end if;
  perform net.http_post(
    url := rtrim(address, '/') || '/' || call_function.name,
    body := call_function.body,
    headers := jsonb_build_object('Content-Type', 'application/json', 'apikey', key)
  )
  from generate_series(1, times);
  return times;
end
$$;

revoke all on function wabase.call_function(text, jsonb, integer) from public, anon, authenticated, service_role;

-- Starts as many dispatchers as there is work for, beside those that run. Without the secrets it does nothing.
create function wabase.wake_dispatcher() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  -- What one dispatcher sends in a second, about, and how many may run: each holds connections of its own.
  sends_per_dispatcher constant numeric := 200;
  max_dispatchers constant integer := 8;
  moment constant timestamptz := wabase.clock();
  wanted integer;
begin
  perform wabase.expire_leases(moment);
  select least(max_dispatchers, ceil(sum(number.sends_per_second) / sends_per_dispatcher)) into wanted
  from unnest(wabase.numbers_in_turn(moment + interval '2 seconds', null)) as turn
  join public.whatsapp_numbers as number on number.id = turn.number_id;
  wanted := wanted - (select count(*) from wabase.dispatch_runs where seen_at > clock_timestamp() - interval '3 seconds');
  if coalesce(wanted, 0) <= 0 then
    return 0;
  end if;
  return wabase.call_function('whatsapp-dispatch', '{}', wanted);
end
$$;
comment on function wabase.wake_dispatcher() is
  'Starts whatsapp-dispatch where something is due and too few run. Every few seconds, by pg_cron; answers how many.';
revoke all on function wabase.wake_dispatcher() from public, anon, authenticated, service_role;

create function public.whatsapp_wake_dispatcher() returns integer
language sql volatile security definer set search_path = ''
as $$
  select wabase.wake_dispatcher()
$$;
comment on function public.whatsapp_wake_dispatcher() is
  'Starts dispatchers where something is due and too few run; answers how many. For the service key alone.';
revoke all on function public.whatsapp_wake_dispatcher() from public, anon, authenticated;
grant execute on function public.whatsapp_wake_dispatcher() to service_role;

-- What has served its time.
create function wabase.prune_outbox() returns void
language plpgsql set search_path = ''
as $$
begin
  delete from wabase.lanes
  where ready_at is null and lease_id is null
    and coalesce(pair_paid_at, '-infinity') < wabase.now() and coalesce(blocked_until, '-infinity') < wabase.now();
  delete from wabase.dispatch_runs where seen_at < now() - interval '1 hour';
  delete from wabase.campaign_hours where hour < now() - interval '2 days';
end
$$;
comment on function wabase.prune_outbox() is 'Forgets lanes in which nothing waits and nothing is owed. Hourly, by pg_cron.';
revoke all on function wabase.prune_outbox() from public, anon, authenticated, service_role;

-- Where the platform has them. Elsewhere whoever looks after the database calls whatsapp-dispatch.
do $$
begin
  if not exists (select from pg_available_extensions where name = 'pg_cron') then
    raise notice 'pg_cron is not available: call the function whatsapp-dispatch every few seconds';
    return;
  end if;
  create extension if not exists pg_net with schema extensions;
  perform cron.schedule('wabase-dispatch', '3 seconds', 'select wabase.wake_dispatcher()');
  perform cron.schedule('wabase-feed', '3 seconds', 'select wabase.feed_campaigns()');
  perform cron.schedule('wabase-prune-outbox', '47 * * * *', 'select wabase.prune_outbox()');
  -- pg_cron keeps a row for every run.
  perform cron.schedule(
    'wabase-prune-runs', '7 * * * *',
    $job$delete from cron.job_run_details as run using cron.job
      where job.jobid = run.jobid and starts_with(job.jobname, 'wabase-') and run.end_time < now() - interval '1 day'$job$
  );
end
$$;
