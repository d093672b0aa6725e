-- Search, in any language: a text becomes words, and who searches gives the beginnings of words. No dictionary
-- and no stemming, which would each serve one language and harm the others.
--
--   folding      lower case, without accents, vowel points and joiners: «Café», «CAFE» and «café» are one word;
--                by Unicode's own tables (pg_c_utf8), whatever locale the database has
--   words        what lies between spaces and punctuation
--   no spaces    Chinese, Japanese, Thai, Lao, Khmer, Burmese and emoji are cut into pairs of characters, one
--                beginning at every character: whatever one looks for begins a pair
--
-- Each word is kept under a key of tenant and month. So a search reads the entries of its own tenant alone, newest
-- months first, and stops where the page is full; a frequent word does not bring in all messages of all time.

-- The functions that every message goes through are plpgsql: a function in SQL would be started anew for each call.
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

create function wabase.unspaced_script() returns text
language sql immutable parallel safe set search_path = ''
as $$
  select '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2600-\u27bf\u3005-\u3007\u3021-\u30ff\u31f0-\u31ff\u3400-\u9fff'
    '\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003ffff]'
$$;
comment on function wabase.unspaced_script() is
  'The characters that stand without spaces between words, as a class for regular expressions.';

create function wabase.split_words(value text) returns text
language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  -- WhatsApp's longest text: what is longer no person wrote.
  max_characters constant integer := 4096;
  punctuation constant text :=
    '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\xbf×÷،؛؟۔।॥\u2000-\u206f\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb]+';
  words text := regexp_replace(wabase.fold_text(left(value, max_characters)), punctuation, ' ', 'g');
begin
  -- A cheap look first: nearly all text has spaces.
  if words ~ '[^\x01-\u0dff]' and words ~ wabase.unspaced_script() then
    words := regexp_replace(words, '(' || wabase.unspaced_script() || '+)', ' \1 ', 'g');
    words := (
      select string_agg(coalesce(pairs.words, run), ' ')
      from regexp_split_to_table(words, ' +') as run
      left join lateral (
        select string_agg(character || next, ' ') as words
        from (
          select character, coalesce(lead(character) over (order by position), '') as next
          from unnest(string_to_array(run, null)) with ordinality as letter (character, position)
        ) as pair
      ) as pairs on run ~ wabase.unspaced_script()
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
  'The folded words of a text with one space between them, each of 40 characters at most; unspaced writing in pairs.';

create function wabase.search_month(at timestamptz) returns integer
language plpgsql immutable strict parallel safe set search_path = ''
as $$
begin
  return case when isfinite(at) then floor(extract(epoch from at) / 2592000)::integer else 0 end;
end
$$;
comment on function wabase.search_month(timestamptz) is 'Months of 30 days since 1970: under which a message''s words are kept.';

-- The last characters of a UUID of version 7 are random. Two tenants with the same ones would cost each other time,
-- and nothing else: each row's own tenant is compared as well.
create function wabase.search_key(tenant_id uuid, month integer) returns text
language plpgsql immutable strict parallel safe set search_path = ''
as $$
begin
  return right(tenant_id::text, 8) || month || ':';
end
$$;
comment on function wabase.search_key(uuid, integer) is 'What stands before every word of a tenant''s messages of a month.';

create function wabase.key_words(key text, words text) returns text[]
language plpgsql immutable strict parallel safe set search_path = ''
as $$
begin
  return case when words = '' then '{}' else string_to_array(key || replace(words, ' ', ' ' || key), ' ') end;
end
$$;
comment on function wabase.key_words(text, text) is 'Words with one space between them as an array, the key before each.';

-- `cost`: to work it out for every row of a table is never cheaper than its index.
create function wabase.message_words(tenant_id uuid, occurred_at timestamptz, body text) returns tsvector
language plpgsql immutable strict parallel safe cost 1000 set search_path = ''
as $$
begin
  return array_to_tsvector(
    wabase.key_words(wabase.search_key(tenant_id, wabase.search_month(occurred_at)), wabase.split_words(body))
  );
end
$$;
comment on function wabase.message_words(uuid, timestamptz, text) is
  'The words of a message, each under its tenant and month: what the index of the search in messages holds.';

-- A phone number is found by any part of it: each of its ends is a word, and every part begins one of them.
create function wabase.contact_words(
  tenant_id uuid, phone text, saved_name text, profile_name text, username text
)
returns tsvector
language plpgsql immutable parallel safe cost 1000 set search_path = ''
as $$
declare
  key constant text := wabase.search_key(tenant_id, 0);
begin
  return array_to_tsvector(
    wabase.key_words(key, wabase.split_words(concat_ws(' ', saved_name, profile_name, username)))
    || array(select key || right(phone, digits) from generate_series(1, coalesce(length(phone), 0)) as digits)
  );
end
$$;
comment on function wabase.contact_words(uuid, text, text, text, text) is
  'The words of a contact''s names and every end of its phone number, each under its tenant.';

create type wabase.search_terms as (words text[], phrases text[]);
comment on type wabase.search_terms is
  'What is looked for: words, of which each begins a word of what is found; and of unspaced writing phrases, since that '
  'all their pairs are there does not say that they stand together.';

create function wabase.read_search(query text) returns wabase.search_terms
language plpgsql immutable set search_path = ''
as $$
declare
  max_characters constant integer := 200;
  max_words constant integer := 10;
  asked constant text := left(query, max_characters);
  words constant text := coalesce(wabase.split_words(asked), '');
  terms wabase.search_terms;
begin
  terms.words := array(
    select word
    from regexp_split_to_table(words, ' +') with ordinality as each_word (word, position)
    where word <> ''
      -- The last character of a phrase has ended its last pair already, and begins very much.
      and not (word ~ ('^' || wabase.unspaced_script() || '$') and words ~ ('\S' || word || '( |$)'))
    group by word
    order by min(each_word.position)
    limit max_words
  );
  terms.phrases := array(
    select match[1]
    from regexp_matches(wabase.fold_text(asked), '(' || wabase.unspaced_script() || '{3,})', 'g') as match
  );
  return terms;
end
$$;
comment on function wabase.read_search(text) is
  'At most 10 words of the first 200 characters; none where there is nothing but punctuation.';

create function wabase.holds_phrases(value text, phrases text[]) returns boolean
language plpgsql immutable set search_path = ''
as $$
begin
  return cardinality(phrases) = 0
    or not exists (select from unnest(phrases) as phrase where position(phrase in wabase.fold_text(value)) = 0);
end
$$;
comment on function wabase.holds_phrases(text, text[]) is 'Whether the text contains all of the phrases of a search.';

-- A number as people write it: the digits alone, without the zeros that stand for the country code at home.
create function wabase.read_phone_search(query text) returns text
language sql immutable set search_path = ''
as $$
  select nullif(ltrim(regexp_replace(query, '\D', '', 'g'), '0'), '')
  where query ~ '^[-+()/.\s\d]{1,40}$'
$$;
comment on function wabase.read_phone_search(text) is 'The digits, where the query is (part of) a phone number and nothing else.';

create function wabase.search_query(tenant_id uuid, months integer[], words text[]) returns tsquery
language sql immutable parallel safe set search_path = ''
as $$
  select string_agg('(' || every_word || ')', '|')::tsquery
  from (
    -- Words hold no quotes and no backslashes: those are punctuation.
    select string_agg('''' || wabase.search_key(tenant_id, month) || word || ''':*', '&') as every_word
    from unnest(months) as month, unnest(words) as word
    group by month
  ) as in_month
$$;
comment on function wabase.search_query(uuid, integer[], text[]) is 'All of the words, in any of the months.';

revoke all on function
  wabase.fold_text(text),
  wabase.unspaced_script(),
  wabase.split_words(text),
  wabase.search_month(timestamptz),
  wabase.search_key(uuid, integer),
  wabase.key_words(text, text),
  wabase.message_words(uuid, timestamptz, text),
  wabase.contact_words(uuid, text, text, text, text),
  wabase.read_search(text),
  wabase.holds_phrases(text, text[]),
  wabase.read_phone_search(text),
  wabase.search_query(uuid, integer[], text[])
from public, anon, authenticated;
-- The indexes call these in the name of who writes a message or a contact.
grant execute on function
  wabase.fold_text(text),
  wabase.unspaced_script(),
  wabase.split_words(text),
  wabase.search_month(timestamptz),
  wabase.search_key(uuid, integer),
  wabase.key_words(text, text),
  wabase.message_words(uuid, timestamptz, text),
  wabase.contact_words(uuid, text, text, text, text)
to service_role;
