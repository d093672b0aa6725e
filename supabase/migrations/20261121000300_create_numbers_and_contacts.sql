create table public.whatsapp_numbers (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  phone_number_id text not null,
  waba_id text,
  display_phone_number text not null,
  verified_name text,
  created_at timestamptz not null default now(),
  constraint phone_number_id_is_unique unique (phone_number_id),
  constraint number_is_of_one_tenant unique (tenant_id, id),
  constraint phone_number_id_is_digits check (phone_number_id ~ '^[0-9]{1,32}$')
);
alter table public.whatsapp_numbers enable row level security;
revoke all on table public.whatsapp_numbers from anon, authenticated, service_role;
grant select on table public.whatsapp_numbers to authenticated;
grant select, insert, update, delete on table public.whatsapp_numbers to service_role;
create policy "members read their tenants' numbers" on public.whatsapp_numbers
  for select to authenticated
  using (tenant_id in (select wabase.my_tenants('{admin,agent,viewer}')));
comment on table public.whatsapp_numbers is 'A business''s phone number on the Cloud API.';
comment on column public.whatsapp_numbers.phone_number_id is
  'Meta''s id of the number, which webhooks and Graph calls carry; not the phone number itself.';
comment on column public.whatsapp_numbers.waba_id is 'Meta''s id of the WhatsApp Business Account.';

create table public.whatsapp_contacts (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  phone text,
  bsuid text,
  parent_bsuid text,
  username text,
  profile_name text,
  created_at timestamptz not null default now(),
  constraint contact_is_of_one_tenant unique (tenant_id, id),
  constraint contact_has_a_phone_or_a_bsuid check (phone is not null or bsuid is not null),
  constraint phone_is_digits_without_a_plus check (phone ~ '^[0-9]{4,20}$')
);
create unique index whatsapp_contacts_tenant_id_phone_idx
  on public.whatsapp_contacts (tenant_id, phone) where phone is not null;
create unique index whatsapp_contacts_tenant_id_bsuid_idx
  on public.whatsapp_contacts (tenant_id, bsuid) where bsuid is not null;
alter table public.whatsapp_contacts enable row level security;
revoke all on table public.whatsapp_contacts from anon, authenticated, service_role;
grant select on table public.whatsapp_contacts to authenticated;
grant select, insert, update, delete on table public.whatsapp_contacts to service_role;
comment on table public.whatsapp_contacts is
  'A person who writes to a tenant, known by a phone number, a business-scoped user id, or both.';
comment on column public.whatsapp_contacts.phone is 'Meta''s wa_id: digits with country code, no plus.';
comment on column public.whatsapp_contacts.bsuid is
  'Business-scoped user id («US.1349…»): since 2026 a person may write without showing a phone number.';
