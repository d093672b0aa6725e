-- Meta repeats a webhook for up to 7 days: the journal keeps each for at least 8, what failed for 30, so that
-- there is time to mend and replay it. A status that has found no message in 8 days never will.
create function wabase.prune() returns void
language plpgsql set search_path = ''
as $$
begin
  delete from wabase.webhook_journal
  where received_at < now() - interval '8 days' and outcome <> 'failed';
  delete from wabase.webhook_journal where received_at < now() - interval '30 days';
  delete from wabase.parked_statuses where parked_at < now() - interval '8 days';
end
$$;
comment on function wabase.prune() is 'Forgets webhooks and parked statuses whose term is over. Hourly, by pg_cron.';
revoke all on function wabase.prune() from public, anon, authenticated, service_role;

-- Where the platform has pg_cron. Elsewhere whoever looks after the database calls wabase.prune().
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('wabase-prune', '17 * * * *', 'select wabase.prune()');
  else
    raise notice 'pg_cron is not available: call wabase.prune() once an hour';
  end if;
end
$$;
