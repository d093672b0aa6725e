-- A stand-in for pg_net 0.19, for local stacks on a Postgres that cannot load the C extension.
--
-- What it is: the tables, functions, defaults and grants of net.* as a hosted Supabase project shows
-- them. A request is a row in net.http_request_queue, so it is sent after the commit and never after
-- a rollback. The worker in packages/local/src/extensions/net-worker.ts sends it and writes the
-- answer to net._http_response, where it stays for six hours.
--
-- What it is not:
-- - there is no background worker: while the local stack is down, requests wait in the queue;
-- - the transport is fetch, not libcurl: errors are worded differently and a URL that is none is an
--   error of the response row, not of the call;
-- - net._encode_url_with_params_array puts the parameters at the end of the URL as it is given;
-- - the helpers worker_restart, wait_until_running and check_worker_is_up are missing.

create schema net;

create domain net.http_method as text
check (value ilike 'get' or value ilike 'post' or value ilike 'delete');

-- Unlogged, as the real ones: both are empty after a crash of the server.
create unlogged table net.http_request_queue (
  id bigserial,
  method net.http_method not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds int not null
);
comment on table net.http_request_queue
  is 'Requests that wait for the worker, secrets in their headers among them.';

create unlogged table net._http_response (
  id bigint,
  status_code int,
  content_type text,
  headers jsonb,
  content text,
  timed_out bool,
  error_msg text,
  created timestamptz not null default now()
);
create index on net._http_response (created);
comment on table net._http_response is 'Answers to requests, by the request''s id, for six hours.';

-- Tells the worker that there is something to do. As a notification it arrives with the commit.
create function net.wake()
returns void language sql volatile set search_path = ''
as $$
  select pg_notify('pg_net_wake', '')
$$;

create function net._wake_on_insert()
returns trigger language plpgsql set search_path = ''
as $$
begin
  perform net.wake();
  return null;
end
$$;

create trigger wake_worker after insert on net.http_request_queue
for each statement execute function net._wake_on_insert();

create function net._urlencode_string(string varchar)
returns text language sql immutable set search_path = ''
as $$
  select coalesce(string_agg(
    case
      -- The unreserved characters of RFC 3986: 0-9 A-Z a-z - . _ ~
      when byte between 48 and 57 or byte between 65 and 90 or byte between 97 and 122
        or byte in (45, 46, 95, 126) then chr(byte)
      else '%' || upper(lpad(to_hex(byte), 2, '0'))
    end,
    '' order by place
  ), '')
  from (select convert_to(string, 'UTF8') as bytes) as encoded
  cross join lateral generate_series(0, length(bytes) - 1) as place
  cross join lateral (select get_byte(bytes, place) as byte) as one
$$;

create function net._encode_url_with_params_array(url text, params_array text[])
returns text language sql immutable set search_path = ''
as $$
  select case
    when coalesce(cardinality(params_array), 0) = 0 then url
    else url || case when strpos(url, '?') = 0 then '?' else '&' end
      || array_to_string(params_array, '&')
  end
$$;

-- With the caller's own rights on the queue, which the grants below give to everyone.
create function net._enqueue(request net.http_request_queue, params jsonb)
returns bigint language sql volatile set search_path = ''
as $$
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (
    request.method,
    net._encode_url_with_params_array(
      request.url,
      array(
        select net._urlencode_string(key) || '=' || net._urlencode_string(value)
        from jsonb_each_text(params)
      )
    ),
    request.headers,
    request.body,
    request.timeout_milliseconds
  )
  returning id
$$;

create function net.http_get(
  url text,
  params jsonb default '{}',
  headers jsonb default '{}',
  timeout_milliseconds int default 5000
)
returns bigint language sql volatile set search_path = ''
as $$
  select net._enqueue(row(null, 'GET', $1, $3, null, $4)::net.http_request_queue, $2)
$$;

create function net.http_post(
  url text,
  body jsonb default '{}',
  params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds int default 5000
)
returns bigint language plpgsql volatile set search_path = ''
as $$
declare
  content_type text := (
    select value from jsonb_each_text(coalesce(headers, '{}')) where lower(key) = 'content-type' limit 1
  );
  request net.http_request_queue;
begin
  if content_type is null then
    headers := headers || '{"Content-Type": "application/json"}';
  elsif content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;
  request := row(null, 'POST', url, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds);
  return net._enqueue(request, params);
end
$$;

create function net.http_delete(
  url text,
  params jsonb default '{}',
  headers jsonb default '{}',
  timeout_milliseconds int default 5000,
  body jsonb default null
)
returns bigint language sql volatile set search_path = ''
as $$
  select net._enqueue(
    row(null, 'DELETE', $1, $3, convert_to($5::text, 'UTF8'), $4)::net.http_request_queue, $2
  )
$$;

create type net.request_status as enum ('PENDING', 'SUCCESS', 'ERROR');
create type net.http_response as (status_code int, headers jsonb, body text);
create type net.http_response_result as (
  status net.request_status,
  message text,
  response net.http_response
);

create function net._await_response(request_id bigint)
returns bool language plpgsql volatile set search_path = ''
as $$
begin
  while not exists (select from net._http_response where id = request_id) loop
    perform pg_sleep(0.05);
  end loop;
  return true;
end
$$;

create function net._http_collect_response(request_id bigint, async bool default true)
returns net.http_response_result language plpgsql volatile set search_path = ''
as $$
declare
  answer net._http_response;
begin
  if not async then
    perform net._await_response(request_id);
  end if;
  select * into answer from net._http_response where id = request_id;
  if answer is null or answer.error_msg is not null then
    return row(
      'ERROR', coalesce(answer.error_msg, 'request matching request_id not found'), null
    )::net.http_response_result;
  end if;
  return row(
    'SUCCESS', 'ok', row(answer.status_code, answer.headers, answer.content)::net.http_response
  )::net.http_response_result;
end
$$;

-- As the real ones, wide open: no API exposes the schema, and on a hosted project the role postgres
-- cannot revoke them. Functions are everyone's by default.
grant usage on schema net to public;
grant all on all sequences in schema net to public;
grant all on all tables in schema net to public;
-- What Supabase's event trigger issue_pg_net_access does after create extension.
grant usage on schema net to supabase_functions_admin, postgres, anon, authenticated, service_role;
