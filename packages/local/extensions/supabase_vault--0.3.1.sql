-- A stand-in for supabase_vault 0.3.1, for local stacks on a Postgres that cannot load the C extension.
--
-- What it is: vault.secrets, vault.decrypted_secrets, vault.create_secret and vault.update_secret
-- with the columns, arguments and grants of a hosted Supabase project. Secrets are encrypted at rest,
-- each under a key that is bound to its row, so a ciphertext that is moved to another row is refused.
--
-- What it is not:
-- - the cipher is pgcrypto's OpenPGP (AES-256 with an integrity check), not libsodium's
--   XChaCha20-SIV, so ciphertexts go from neither to the other;
-- - the root key is made at the first create extension and lies in the server's data folder, as the
--   file wabase_vault.key: whoever reads that folder reads the secrets. The file, not a table, because
--   pg_read_all_data, which the role postgres holds, reads every table; files are the superuser's.

-- Also where create extension made the schema in the name of its caller.
alter schema vault owner to current_user;

do $$
declare
  path text := current_setting('data_directory') || '/wabase_vault.key';
begin
  -- Kept when it is there: the extension may be dropped and made again, or be in two databases.
  if pg_stat_file(path, true) is null then
    execute format(
      'copy (select %L) to %L', encode(extensions.gen_random_bytes(32), 'hex'), path
    );
  end if;
end
$$;

create function vault._root_key()
returns text language sql stable set search_path = ''
as $$
  select rtrim(pg_read_file(current_setting('data_directory') || '/wabase_vault.key'), E'\n')
$$;

create function vault._crypto_aead_det_encrypt(
  message bytea,
  additional bytea,
  key_id bigint,
  context bytea default 'pgsodium',
  nonce bytea default null
)
returns bytea language sql volatile security definer set search_path = ''
as $$
  -- The key is random and long, so it needs no stretching (s2k-mode 1).
  select extensions.pgp_sym_encrypt_bytea(
    message,
    concat_ws(':', vault._root_key(), encode(additional, 'hex'), encode(nonce, 'hex')),
    'cipher-algo=aes256, s2k-mode=1'
  )
$$;

create function vault._crypto_aead_det_decrypt(
  message bytea,
  additional bytea,
  key_id bigint,
  context bytea default 'pgsodium',
  nonce bytea default null
)
returns bytea language sql stable security definer set search_path = ''
as $$
  select extensions.pgp_sym_decrypt_bytea(
    message,
    concat_ws(':', vault._root_key(), encode(additional, 'hex'), encode(nonce, 'hex'))
  )
$$;

create function vault._crypto_aead_det_noncegen()
returns bytea language sql volatile set search_path = ''
as $$
  select extensions.gen_random_bytes(16)
$$;

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text,
  description text not null default '',
  secret text not null,
  key_id uuid,
  nonce bytea default vault._crypto_aead_det_noncegen(),
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp
);
create unique index on vault.secrets (name) where name is not null;
comment on table vault.secrets
  is 'Table with encrypted `secret` column for storing sensitive information on disk.';

create view vault.decrypted_secrets as
select
  id,
  name,
  description,
  secret,
  convert_from(
    vault._crypto_aead_det_decrypt(
      message => decode(secret, 'base64'),
      additional => convert_to(id::text, 'utf8'),
      key_id => 0,
      nonce => nonce
    ),
    'utf8'
  ) as decrypted_secret,
  key_id,
  nonce,
  created_at,
  updated_at
from vault.secrets;

-- The text that the column secret holds. The plaintext never reaches the table, not even within a
-- transaction.
create function vault._seal(secret text, id uuid, nonce bytea)
returns text language sql volatile set search_path = ''
as $$
  select encode(
    vault._crypto_aead_det_encrypt(
      message => convert_to(secret, 'utf8'),
      additional => convert_to(id::text, 'utf8'),
      key_id => 0,
      nonce => nonce
    ),
    'base64'
  )
$$;

create function vault.create_secret(
  new_secret text,
  new_name text default null,
  new_description text default '',
  new_key_id uuid default null
)
returns uuid language plpgsql volatile security definer set search_path = ''
as $$
declare
  new_id uuid := gen_random_uuid();
  new_nonce bytea := vault._crypto_aead_det_noncegen();
begin
  insert into vault.secrets (id, name, description, secret, nonce)
  values (
    new_id, new_name, new_description, vault._seal(new_secret, new_id, new_nonce), new_nonce
  );
  return new_id;
end
$$;

create function vault.update_secret(
  secret_id uuid,
  new_secret text default null,
  new_name text default null,
  new_description text default null,
  new_key_id uuid default null
)
returns void language sql volatile security definer set search_path = ''
as $$
  update vault.secrets set
    secret = coalesce(vault._seal(new_secret, id, nonce), secret),
    name = coalesce(new_name, name),
    description = coalesce(new_description, description),
    updated_at = now()
  where id = secret_id
$$;

revoke all on all functions in schema vault from public;
-- What Supabase's script after create extension gives, and no more: anon and authenticated have
-- nothing, and nobody inserts or updates but through the two functions.
grant usage on schema vault to postgres with grant option;
grant select, delete on vault.secrets, vault.decrypted_secrets to postgres with grant option;
grant execute on function vault.create_secret, vault.update_secret, vault._crypto_aead_det_decrypt
  to postgres with grant option;
grant usage on schema vault to service_role;
grant select, delete on vault.secrets, vault.decrypted_secrets to service_role;
grant execute on function vault.create_secret, vault.update_secret, vault._crypto_aead_det_decrypt
  to service_role;
