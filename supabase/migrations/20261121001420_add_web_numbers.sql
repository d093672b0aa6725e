-- A number may be on the Cloud API, or be linked as WhatsApp Web does it: then there is no id of Meta's, and what
-- stands in its place is ours. Nothing that Meta could send bears such an id.

create type public.whatsapp_channel as enum ('cloud', 'web');
comment on type public.whatsapp_channel is
  'cloud: Meta''s Cloud API. web: a phone that has linked this project as a device (a WhatsApp-Web session).';

alter table public.whatsapp_numbers
  add column channel public.whatsapp_channel not null default 'cloud',
  drop constraint phone_number_id_is_digits,
  add constraint phone_number_id_is_of_its_channel check (
    case channel
      when 'cloud' then phone_number_id ~ '^[0-9]{1,32}$'
      when 'web' then phone_number_id = 'web:' || id
    end
  );
create unique index whatsapp_numbers_one_web_number_per_phone_idx
  on public.whatsapp_numbers (display_phone_number, tenant_id) where channel = 'web';
comment on table public.whatsapp_numbers is
  'A business''s phone number: on the Cloud API, or linked as WhatsApp Web.';
comment on column public.whatsapp_numbers.phone_number_id is
  'Meta''s id of the number, which webhooks and Graph calls carry; not the phone number itself. Of a web number '
  '«web:» and our id: its events carry that.';
