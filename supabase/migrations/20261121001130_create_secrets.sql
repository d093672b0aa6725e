-- A tenant's own Meta credentials. Admins write them and nobody reads them back: the values lie encrypted in
-- Supabase Vault, and only functions with the service key get them. A project with a single tenant need not
-- store any: without them the functions use their environment (WHATSAPP_ACCESS_TOKEN, …).

create type public.whatsapp_secret_name as enum ('access_token', 'app_secret', 'verify_token');
comment on type public.whatsapp_secret_name is
  'access_token: for the Graph API. app_secret: Meta signs webhooks with it. verify_token: for the webhook''s handshake.';

create table public.whatsapp_secrets (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id) on delete cascade,
  number_id uuid,
  name public.whatsapp_secret_name not null,
  updated_at timestamptz not null default now(),
  updated_by uuid references auth.users (id) on delete set null,
  constraint one_secret_of_a_name unique nulls not distinct (tenant_id, number_id, name),
  constraint number_is_of_the_same_tenant
    foreign key (tenant_id, number_id) references public.whatsapp_numbers (tenant_id, id) on delete cascade,
  constraint only_access_tokens_are_a_numbers check (number_id is null or name = 'access_token')
);
create index whatsapp_secrets_updated_by_idx on public.whatsapp_secrets (updated_by) where updated_by is not null;
alter table public.whatsapp_secrets enable row level security;
revoke all on table public.whatsapp_secrets from anon, authenticated, service_role;
grant select on table public.whatsapp_secrets to authenticated, service_role;
create policy "admins read which secrets are set" on public.whatsapp_secrets
  for select to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin}'))));
comment on table public.whatsapp_secrets is
  'Which secrets a tenant has set, and when; never their values, which Vault keeps under the name wabase/<id>.';
comment on column public.whatsapp_secrets.number_id is 'Null: for all numbers of the tenant.';

-- Whatever ends the row, the tenant's or the number's end too, ends the secret.
create function wabase.forget_secret() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if to_regclass('vault.secrets') is not null then
    delete from vault.secrets where name = 'wabase/' || old.id;
  end if;
  return null;
end
$$;
revoke all on function wabase.forget_secret() from public, anon, authenticated;
create trigger forget_secret after delete on public.whatsapp_secrets
  for each row execute function wabase.forget_secret();

create function wabase.set_secret(
  of_tenant uuid, secret_name public.whatsapp_secret_name, value text, of_number uuid
) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  secret public.whatsapp_secrets;
  vault_id uuid;
begin
  perform wabase.require_admin(of_tenant);
  if to_regclass('vault.decrypted_secrets') is null then
    raise exception 'value: this database has no Vault to keep it in' using errcode = '0A000',
      hint = 'Enable supabase_vault, or give the functions their environment: supabase secrets set WHATSAPP_ACCESS_TOKEN=…';
  end if;
  if value is not null and (value !~ '^[\x21-\x7e]+$' or length(value) > 2000) then
    -- A line break at the end, as a file often has, fits no secret. Never quote it.
    raise exception 'value: must be 1 to 2000 visible ASCII characters without spaces or line breaks' using errcode = '22023';
  end if;
  if of_number is not null and secret_name <> 'access_token' then
    raise exception 'number_id: only an access_token is of one number' using errcode = '22023';
  end if;
  if of_number is not null and not exists (
    select from public.whatsapp_numbers where id = of_number and tenant_id = of_tenant
  ) then
    raise exception 'number_id: this tenant has no such number' using errcode = '22023';
  end if;
  if value is null then
    delete from public.whatsapp_secrets
    where tenant_id = of_tenant and name = secret_name and number_id is not distinct from of_number;
    return;
  end if;
  insert into public.whatsapp_secrets (tenant_id, number_id, name, updated_by)
  values (of_tenant, of_number, secret_name, (select auth.uid()))
  on conflict (tenant_id, number_id, name) do update set updated_at = now(), updated_by = excluded.updated_by
  returning * into secret;
  select id into vault_id from vault.secrets where vault.secrets.name = 'wabase/' || secret.id;
  if found then
    perform vault.update_secret(vault_id, value);
  else
    perform vault.create_secret(value, 'wabase/' || secret.id, 'A WhatsApp credential, written by whatsapp_set_secret');
  end if;
end
$$;

create function public.whatsapp_set_secret(
  tenant_id uuid, name public.whatsapp_secret_name, value text default null, number_id uuid default null
) returns void
language sql volatile security invoker set search_path = ''
as $$
  select wabase.set_secret(tenant_id, name, value, number_id)
$$;
comment on function public.whatsapp_set_secret(uuid, public.whatsapp_secret_name, text, uuid) is
  'Stores a credential of the tenant, or an access_token of one number; without a value removes it. Nobody reads it back. For admins.';

-- For the functions --------------------------------------------------------------------------------

-- A database without Vault has no secrets, and these functions all the same.
create function wabase.read_secrets(of_name public.whatsapp_secret_name, of_tenant uuid default null)
returns table (tenant_id uuid, number_id uuid, value text)
language plpgsql stable security definer set search_path = ''
as $$
begin
  if to_regclass('vault.decrypted_secrets') is null then
    return;
  end if;
  return query
    select secret.tenant_id, secret.number_id, kept.decrypted_secret
    from public.whatsapp_secrets as secret
    join vault.decrypted_secrets as kept on kept.name = 'wabase/' || secret.id
    where secret.name = of_name and (of_tenant is null or secret.tenant_id = of_tenant);
end
$$;

create function public.whatsapp_webhook_secrets() returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object(
    'verify_tokens', coalesce((select jsonb_agg(value) from wabase.read_secrets('verify_token')), '[]'),
    'tenants', coalesce(
      (
        select jsonb_agg(jsonb_build_object(
          'tenant_id', secret.tenant_id,
          'app_secret', secret.value,
          'phone_number_ids', (
            select coalesce(jsonb_agg(number.phone_number_id), '[]') from public.whatsapp_numbers as number
            where number.tenant_id = secret.tenant_id
          ),
          'waba_ids', (
            select coalesce(jsonb_agg(distinct number.waba_id), '[]') from public.whatsapp_numbers as number
            where number.tenant_id = secret.tenant_id and number.waba_id is not null
              -- A WABA that another tenant has as well is nobody's to speak for.
              and not exists (
                select from public.whatsapp_numbers as other
                where other.waba_id = number.waba_id and other.tenant_id <> number.tenant_id
              )
          )
        ))
        from wabase.read_secrets('app_secret') as secret
      ),
      '[]'
    )
  )
$$;
comment on function public.whatsapp_webhook_secrets() is
  'What tenants have stored for webhooks: {verify_tokens, tenants: [{tenant_id, app_secret, phone_number_ids, '
  'waba_ids}]}. A tenant''s app secret vouches for these numbers and accounts, and for no others. For the service key alone.';

create function public.whatsapp_access_token(phone_number_id text) returns text
language sql stable security definer set search_path = ''
as $$
  select secret.value
  from public.whatsapp_numbers as number
  cross join lateral wabase.read_secrets('access_token', number.tenant_id) as secret
  where number.phone_number_id = whatsapp_access_token.phone_number_id
    and (secret.number_id = number.id or secret.number_id is null)
  order by secret.number_id nulls last
  limit 1
$$;
comment on function public.whatsapp_access_token(text) is
  'The access token to send from a number with: the number''s own, else its tenant''s, else null: then the '
  'environment''s. For the service key alone.';

-- Numbers ------------------------------------------------------------------------------------------

-- Only after Meta has shown that the number is theirs: who could claim any number would get the messages that
-- people write to it. The function whatsapp-numbers asks Meta with the admin's own token.
create function public.whatsapp_connect_number(tenant_id uuid, number jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  connected public.whatsapp_numbers;
begin
  insert into public.whatsapp_numbers as known (tenant_id, phone_number_id, waba_id, display_phone_number, verified_name)
  values (
    whatsapp_connect_number.tenant_id, number ->> 'phone_number_id', number ->> 'waba_id',
    number ->> 'display_phone_number', number ->> 'verified_name'
  )
  on conflict (phone_number_id) do update
  set waba_id = excluded.waba_id, display_phone_number = excluded.display_phone_number,
    verified_name = coalesce(excluded.verified_name, known.verified_name)
  where known.tenant_id = excluded.tenant_id
  returning * into connected;
  if not found then
    raise exception 'phone_number_id: cannot be connected'
      using errcode = '42501', hint = 'Ask who runs this project: the number is connected elsewhere.';
  end if;
  return jsonb_build_object(
    'id', connected.id, 'phone_number_id', connected.phone_number_id, 'waba_id', connected.waba_id,
    'display_phone_number', connected.display_phone_number, 'verified_name', connected.verified_name
  );
end
$$;
comment on function public.whatsapp_connect_number(uuid, jsonb) is
  'Adds a number to a tenant, or refreshes what Meta says of it: {phone_number_id, waba_id, display_phone_number, '
  'verified_name}. Asks nobody whose it is: for the service key alone.';

create function public.whatsapp_require_admin(tenant_id uuid) returns void
language sql volatile security invoker set search_path = ''
as $$
  select wabase.require_admin(tenant_id)
$$;
comment on function public.whatsapp_require_admin(uuid) is
  'Raises 42501 unless the caller is an admin of the tenant. For Edge Functions that act for admins.';

revoke all on function wabase.set_secret(uuid, public.whatsapp_secret_name, text, uuid) from public, anon, authenticated;
revoke all on function wabase.read_secrets(public.whatsapp_secret_name, uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_set_secret(uuid, public.whatsapp_secret_name, text, uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_webhook_secrets() from public, anon, authenticated;
revoke all on function public.whatsapp_access_token(text) from public, anon, authenticated;
revoke all on function public.whatsapp_connect_number(uuid, jsonb) from public, anon, authenticated;
revoke all on function public.whatsapp_require_admin(uuid) from public, anon, authenticated;

grant execute on function wabase.require_admin(uuid) to authenticated, service_role;
grant execute on function wabase.set_secret(uuid, public.whatsapp_secret_name, text, uuid) to authenticated, service_role;
grant execute on function public.whatsapp_set_secret(uuid, public.whatsapp_secret_name, text, uuid) to authenticated, service_role;
grant execute on function public.whatsapp_require_admin(uuid) to authenticated, service_role;
grant execute on function public.whatsapp_webhook_secrets() to service_role;
grant execute on function public.whatsapp_access_token(text) to service_role;
grant execute on function public.whatsapp_connect_number(uuid, jsonb) to service_role;
