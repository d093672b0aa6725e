-- Wabase in the database.
--
-- What a frontend may read lies in `public` under the prefix `whatsapp_`, each table under Row Level
-- Security with its grants written out. What no API may reach (the webhook journal, parked statuses,
-- helpers of the policies) lies in the schema `wabase`, which is not exposed: PostgREST answers for
-- `public` alone.
--
-- Whatever changes a message goes through a function: `whatsapp_ingest` for Meta's webhooks (service
-- key), `whatsapp_enqueue_message` for members, `whatsapp_lease_sends` and `whatsapp_record_sends` for
-- the sender (service key). Functions that members may call are `security invoker` in `public` and
-- call a `security definer` twin in `wabase`, which asks who is calling before it does anything.

create schema wabase;
comment on schema wabase is 'Wabase''s inner parts. Never add it to the exposed schemas of the API.';
grant usage on schema wabase to authenticated, service_role;

-- Ids in order of time (RFC 9562, version 7, with microseconds in rand_a): new rows go to the right
-- edge of an index, so the cost of an insert stays flat as tables grow, and rows of one statement keep
-- their order. PostgreSQL has uuidv7() from version 18 on.
create function wabase.uuid_v7() returns uuid
language plpgsql volatile parallel safe set search_path = ''
as $$
declare
  microseconds constant bigint := extract(epoch from clock_timestamp()) * 1000000;
  version_and_fraction constant bigint := (7 << 12) | ((microseconds % 1000) * 4096 / 1000);
begin
  return encode(
    overlay(
      uuid_send(gen_random_uuid())
      placing substring(int8send(microseconds / 1000) from 3) || substring(int8send(version_and_fraction) from 7)
      from 1 for 8
    ),
    'hex'
  )::uuid;
end
$$;
comment on function wabase.uuid_v7() is 'A new UUID of version 7, ordered by the microsecond of its making.';
revoke all on function wabase.uuid_v7() from public, anon, authenticated;
grant execute on function wabase.uuid_v7() to authenticated, service_role;

-- Tests set `wabase.now` to stand at another time: the 24-hour window cannot be waited for.
create function wabase.now() returns timestamptz
language sql stable parallel safe set search_path = ''
as $$
  select coalesce(nullif(current_setting('wabase.now', true), '')::timestamptz, now())
$$;
comment on function wabase.now() is 'The transaction''s time, or what a test has put into the setting wabase.now.';
revoke all on function wabase.now() from public, anon, authenticated;
grant execute on function wabase.now() to authenticated, service_role;
