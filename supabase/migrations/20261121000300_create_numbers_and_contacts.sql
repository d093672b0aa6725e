create type public.whatsapp_channel as enum ('cloud', 'web');
comment on type public.whatsapp_channel is
  'cloud: Meta''s Cloud API. web: a phone that has linked this project as a device (a WhatsApp-Web session).';

create table public.whatsapp_numbers (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  phone_number_id text not null,
  channel public.whatsapp_channel not null default 'cloud',
  waba_id text,
  display_phone_number text not null,
  verified_name text,
  messaging_limit text,
  quality_event text,
  created_at timestamptz not null default now(),
  constraint phone_number_id_is_unique unique (phone_number_id),
  constraint number_is_of_one_tenant unique (tenant_id, id),
  -- Of a web number there is no id of Meta's, and what stands in its place is ours: nothing that Meta sends bears it.
  constraint phone_number_id_is_of_its_channel check (
    case channel
      when 'cloud' then phone_number_id ~ '^[0-9]{1,32}$'
      when 'web' then phone_number_id = 'web:' || id
    end
  )
);
create unique index whatsapp_numbers_one_web_number_per_phone_idx
  on public.whatsapp_numbers (display_phone_number, tenant_id) where channel = 'web';
create index whatsapp_numbers_waba_id_idx on public.whatsapp_numbers (waba_id);
alter table public.whatsapp_numbers enable row level security;
revoke all on table public.whatsapp_numbers from anon, authenticated, service_role;
grant select on table public.whatsapp_numbers to authenticated;
grant select, insert, update, delete on table public.whatsapp_numbers to service_role;
create policy "members read their tenants' numbers" on public.whatsapp_numbers
  for select to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin,agent,viewer}'))));
comment on table public.whatsapp_numbers is
  'A business''s phone number: on the Cloud API, or linked as WhatsApp Web.';
comment on column public.whatsapp_numbers.phone_number_id is
  'Meta''s id of the number, which webhooks and Graph calls carry; not the phone number itself. Of a web number '
  '«web:» and our id: its events carry that.';
comment on column public.whatsapp_numbers.waba_id is
  'Meta''s id of the WhatsApp Business Account: webhooks about templates and the account carry this alone.';
comment on column public.whatsapp_numbers.messaging_limit is
  'Meta''s tier, as the latest phone_number_quality_update says it (current_limit): TIER_250 … TIER_UNLIMITED.';
comment on column public.whatsapp_numbers.quality_event is
  'The latest phone_number_quality_update''s event: FLAGGED, UNFLAGGED, UPGRADE, DOWNGRADE, THROUGHPUT_UPGRADE …';

create table public.whatsapp_contacts (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  phone text,
  bsuid text,
  parent_bsuid text,
  username text,
  profile_name text,
  profile_updated_at timestamptz,
  saved_name text,
  saved_name_updated_at timestamptz,
  marketing_opted_out boolean not null default false,
  marketing_preference_at timestamptz,
  created_at timestamptz not null default now(),
  constraint contact_is_of_one_tenant unique (tenant_id, id),
  constraint contact_has_a_phone_or_a_bsuid check (phone is not null or bsuid is not null),
  constraint phone_is_digits_without_a_plus check (phone ~ '^[0-9]{1,20}$')
);
-- What tells rows apart leads: a look-up by it is cheap whatever the planner believes of a new table.
create unique index whatsapp_contacts_phone_tenant_id_idx
  on public.whatsapp_contacts (phone, tenant_id) where phone is not null;
create unique index whatsapp_contacts_bsuid_tenant_id_idx
  on public.whatsapp_contacts (bsuid, tenant_id) where bsuid is not null;
alter table public.whatsapp_contacts enable row level security;
revoke all on table public.whatsapp_contacts from anon, authenticated, service_role;
grant select on table public.whatsapp_contacts to authenticated;
grant select, insert, update, delete on table public.whatsapp_contacts to service_role;
comment on table public.whatsapp_contacts is
  'A person who writes to a tenant, known by a phone number, a business-scoped user id, or both.';
comment on column public.whatsapp_contacts.phone is 'Meta''s wa_id: digits with country code, no plus.';
comment on column public.whatsapp_contacts.bsuid is
  'Business-scoped user id («US.1349…»): since 2026 a person may write without showing a phone number.';
comment on column public.whatsapp_contacts.profile_name is 'What the person calls themselves; the latest.';
comment on column public.whatsapp_contacts.saved_name is
  'The name in the address book of the business''s own phone (coexistence: smb_app_state_sync).';
comment on column public.whatsapp_contacts.marketing_opted_out is
  'Whether the person asked Meta to stop marketing messages (user_preferences); the latest wish counts.';

create table public.whatsapp_contact_merges (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  contact_id uuid not null,
  merged jsonb not null,
  reason text not null,
  merged_at timestamptz not null default now(),
  constraint reason_is_known check (reason in ('same_person', 'changed_number', 'changed_user_id')),
  foreign key (tenant_id, contact_id) references public.whatsapp_contacts (tenant_id, id) on delete cascade
);
create index whatsapp_contact_merges_tenant_id_contact_id_idx
  on public.whatsapp_contact_merges (tenant_id, contact_id);
alter table public.whatsapp_contact_merges enable row level security;
revoke all on table public.whatsapp_contact_merges from anon, authenticated, service_role;
grant select on table public.whatsapp_contact_merges to authenticated;
grant select, insert, update, delete on table public.whatsapp_contact_merges to service_role;
comment on table public.whatsapp_contact_merges is
  'Two contacts that turned out to be one person, or one whose phone or user id changed.';
comment on column public.whatsapp_contact_merges.merged is
  'The contact that is no more, as it was; or the phone and user id that the contact had before.';

-- What a person was known by: a message from before the change belongs to the same contact, however
-- late it comes.
create table wabase.former_identities (
  tenant_id uuid not null,
  contact_id uuid not null,
  phone text,
  bsuid text,
  changed_at timestamptz not null,
  unique nulls not distinct (phone, bsuid, tenant_id, contact_id),
  foreign key (tenant_id, contact_id) references public.whatsapp_contacts (tenant_id, id) on delete cascade
);
create index former_identities_tenant_id_contact_id_idx on wabase.former_identities (tenant_id, contact_id);
create index former_identities_bsuid_tenant_id_idx on wabase.former_identities (bsuid, tenant_id);
alter table wabase.former_identities enable row level security;
revoke all on table wabase.former_identities from anon, authenticated, service_role;
comment on table wabase.former_identities is 'Phones and user ids that contacts had until changed_at.';

create table public.whatsapp_groups (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  number_id uuid not null,
  group_id text not null,
  subject text,
  last_event text,
  created_at timestamptz not null default now(),
  constraint one_group_per_number_and_group_id unique (group_id, number_id),
  constraint group_is_of_one_tenant unique (tenant_id, id),
  constraint number_is_of_the_same_tenant
    foreign key (tenant_id, number_id) references public.whatsapp_numbers (tenant_id, id)
);
create index whatsapp_groups_tenant_id_number_id_idx on public.whatsapp_groups (tenant_id, number_id);
alter table public.whatsapp_groups enable row level security;
revoke all on table public.whatsapp_groups from anon, authenticated, service_role;
grant select on table public.whatsapp_groups to authenticated;
grant select, insert, update, delete on table public.whatsapp_groups to service_role;
create policy "members read their tenants' groups" on public.whatsapp_groups
  for select to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin,agent,viewer}'))));
comment on table public.whatsapp_groups is 'A WhatsApp group that one of the tenant''s numbers has made.';
comment on column public.whatsapp_groups.last_event is
  'The latest lifecycle event: group_create, group_delete, group_suspend, group_suspend_cleared.';
