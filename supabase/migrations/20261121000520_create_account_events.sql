-- What Meta says about numbers, templates, groups and the account. The log is the truth: what the tables
-- show of it is derived from the latest event, so that order and repetition make no difference.

create table public.whatsapp_account_events (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  number_id uuid,
  field text not null,
  event text not null,
  severity text,
  subject text,
  content jsonb not null,
  occurred_at timestamptz not null,
  digest text not null,
  constraint an_event_is_kept_once unique (tenant_id, digest),
  constraint number_is_of_the_same_tenant
    foreign key (tenant_id, number_id) references public.whatsapp_numbers (tenant_id, id)
);
create index whatsapp_account_events_tenant_id_occurred_at_idx
  on public.whatsapp_account_events (tenant_id, occurred_at desc, id desc);
create index whatsapp_account_events_tenant_id_number_id_idx
  on public.whatsapp_account_events (tenant_id, number_id) where number_id is not null;
create index whatsapp_account_events_tenant_id_subject_idx
  on public.whatsapp_account_events (tenant_id, field, subject) where subject is not null;
alter table public.whatsapp_account_events enable row level security;
revoke all on table public.whatsapp_account_events from anon, authenticated, service_role;
grant select on table public.whatsapp_account_events to authenticated;
grant select, insert, update, delete on table public.whatsapp_account_events to service_role;
create policy "admins read what Meta says about the account" on public.whatsapp_account_events
  for select to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin}'))));
comment on table public.whatsapp_account_events is
  'Alerts, reviews, limits, quality, security, flows, payments, errors: what Meta says about the account and '
  'its numbers, templates and groups.';
comment on column public.whatsapp_account_events.field is 'Meta''s webhook field.';
comment on column public.whatsapp_account_events.subject is 'The template or group that it is about: Meta''s id.';
comment on column public.whatsapp_account_events.digest is 'Of the event''s content and time: a repeated webhook changes nothing.';

create table public.whatsapp_templates (
  id uuid primary key default wabase.uuid_v7(),
  tenant_id uuid not null references public.whatsapp_tenants (id),
  waba_id text not null,
  template_id text not null,
  name text,
  language text,
  status text,
  reason text,
  quality text,
  category text,
  updated_at timestamptz,
  constraint one_template_per_tenant_and_template_id unique (tenant_id, template_id)
);
alter table public.whatsapp_templates enable row level security;
revoke all on table public.whatsapp_templates from anon, authenticated, service_role;
grant select on table public.whatsapp_templates to authenticated;
grant select, insert, update, delete on table public.whatsapp_templates to service_role;
create policy "members read their tenants' templates" on public.whatsapp_templates
  for select to authenticated
  using (tenant_id = any (array(select wabase.my_tenants('{admin,agent,viewer}'))));
comment on table public.whatsapp_templates is
  'Message templates, as far as webhooks have told of them: each attribute as the latest event about it says.';
comment on column public.whatsapp_templates.status is 'Meta''s: APPROVED, REJECTED, PAUSED, DISABLED, …';
comment on column public.whatsapp_templates.quality is 'GREEN, YELLOW, RED or UNKNOWN.';
