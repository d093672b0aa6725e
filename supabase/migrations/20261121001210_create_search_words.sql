-- Search, in any language: a text becomes words, and who searches gives the beginnings of words. No dictionary
-- and no stemming, which would each serve one language and harm the others.
--
--   folding      lower case, without accents, vowel points and joiners: «Café», «CAFE» and «café» are one word;
--                by Unicode's own tables (pg_c_utf8), whatever locale the database has
--   words        what lies between spaces and punctuation
--   no spaces    Chinese, Japanese, Thai, Lao, Khmer, Burmese and emoji are cut into pairs of characters, each
--                beginning at every character: whatever one looks for begins a pair
--
-- Each word is kept under a key of tenant and week. So a search reads the entries of its own tenant alone, newest
-- week first, and stops where the page is full; without it a frequent word would bring in every tenant's messages
-- of all time.

-- Case and accents do not count.
create function wabase.fold_text(value text) returns text
language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  -- Combining accents, Hebrew and Arabic points, tatweel, joiners, marks of direction, variation selectors.
  ignored constant text :=
    '[\u00ad\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670'
    '\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]+';
begin
  if value !~ '[^\x01-\x7f]' then
    return lower(value);
  end if;
  return normalize(
    replace(regexp_replace(normalize(lower(value collate pg_catalog.pg_c_utf8), nfkd), ignored, '', 'g'), 'ς', 'σ'),
    nfkc
  );
end
$$;
comment on function wabase.fold_text(text) is 'The text as search compares it: lower case, without accents.';

-- The words with one space between them.
create function wabase.split_words(value text) returns text
language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  -- WhatsApp's longest text: more is not a person's.
  max_characters constant integer := 4096;
  punctuation constant text :=
    '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\xbf×÷،؛؟۔।॥\u2000-\u206f\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb]+';
  without_spaces constant text :=
    '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2600-\u27bf\u3005-\u3007\u3021-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff'
    '\U0001f000-\U0001faff\U00020000-\U0003ffff]';
  words text := regexp_replace(wabase.fold_text(left(value, max_characters)), punctuation, ' ', 'g');
begin
  if words ~ without_spaces then
    words := regexp_replace(words, '(' || without_spaces || '+)', ' \1 ', 'g');
    words := (
      select string_agg(coalesce(pairs.words, run), ' ')
      from regexp_split_to_table(words, ' +') as run
      left join lateral (
        select string_agg(character || next, ' ') as words
        from (
          select character, coalesce(lead(character) over (order by position), '') as next
          from unnest(string_to_array(run, null)) with ordinality as letter (character, position)
        ) as pair
      ) as pairs on run ~ without_spaces
    );
  end if;
  if words ~ '[^ ]{41}' then
    -- So much of a word tells it from others.
    words := regexp_replace(words, '([^ ]{40})[^ ]+', '\1', 'g');
  end if;
  return btrim(words, ' ');
end
$$;
comment on function wabase.split_words(text) is
  'The folded words of a text with one space between them, of 40 characters at most; writing without spaces in pairs.';

create function wabase.search_week(at timestamptz) returns integer
language sql immutable strict parallel safe set search_path = ''
as $$
  select case when isfinite(at) then floor(extract(epoch from at) / 604800)::integer else 0 end
$$;
comment on function wabase.search_week(timestamptz) is 'Weeks since 1970: in which a search looks for a message of this time.';

-- The last characters of a UUID of version 7 are random. Two tenants with the same ones would cost each other time,
-- and nothing else: each row's own tenant is compared as well.
create function wabase.search_key(tenant_id uuid, week integer) returns text
language sql immutable strict parallel safe set search_path = ''
as $$
  select right(tenant_id::text, 8) || week || ':'
$$;

create function wabase.message_words(tenant_id uuid, occurred_at timestamptz, body text) returns tsvector
language plpgsql immutable strict parallel safe cost 1000 set search_path = ''
as $$
declare
  key constant text := wabase.search_key(tenant_id, wabase.search_week(occurred_at));
  words constant text := wabase.split_words(body);
begin
  return array_to_tsvector(
    case when words = '' then '{}' else string_to_array(key || replace(words, ' ', ' ' || key), ' ') end
  );
end
$$;
comment on function wabase.message_words(uuid, timestamptz, text) is
  'The words of a message, each under its tenant and week: what the index of search holds.';

-- A phone number is found by any part of it: each of its ends is a word, and a part begins one of them.
create function wabase.contact_words(tenant_id uuid, phone text, names text) returns tsvector
language plpgsql immutable parallel safe cost 1000 set search_path = ''
as $$
declare
  key constant text := wabase.search_key(tenant_id, 0);
  words constant text := wabase.split_words(coalesce(names, ''));
begin
  return array_to_tsvector(
    case when words = '' then '{}' else string_to_array(key || replace(words, ' ', ' ' || key), ' ') end
    || array(select key || right(phone, digits) from generate_series(1, coalesce(length(phone), 0)) as digits)
  );
end
$$;
comment on function wabase.contact_words(uuid, text, text) is
  'The words of a contact''s names and every end of its phone number, each under its tenant.';

create function wabase.names_of(contact public.whatsapp_contacts) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select coalesce(contact.saved_name || ' ', '') || coalesce(contact.profile_name || ' ', '') || coalesce(contact.username, '')
$$;
