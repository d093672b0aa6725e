-- What a session's server reports, in the order in which it happens. One writer at a time: an opening that has been
-- overtaken is not believed.

-- The number of a phone that is linked as WhatsApp Web; made when it is seen first.
create function wabase.web_number(of_tenant uuid, phone text) returns public.whatsapp_numbers
language plpgsql set search_path = ''
as $$
declare
  new_id constant uuid := wabase.uuid_v7();
  number public.whatsapp_numbers;
begin
  insert into public.whatsapp_numbers (id, tenant_id, channel, phone_number_id, display_phone_number)
  values (new_id, of_tenant, 'web', 'web:' || new_id, '+' || phone)
  on conflict (display_phone_number, tenant_id) where channel = 'web' do nothing;
  select * into strict number from public.whatsapp_numbers as candidate
  where candidate.tenant_id = of_tenant and candidate.channel = 'web'
    and candidate.display_phone_number = '+' || web_number.phone;
  return number;
end
$$;

create function public.whatsapp_record_session(report jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  of_tenant constant uuid := (report ->> 'tenant_id')::uuid;
  new_state constant public.whatsapp_session_state := report ->> 'state';
  pairing constant jsonb := nullif(report -> 'pairing', 'null');
  number public.whatsapp_numbers;
  session public.whatsapp_sessions;
begin
  if report ->> 'phone' is not null then
    if report ->> 'phone' !~ '^[0-9]{5,20}$' then
      raise exception 'phone: is not digits alone' using errcode = '22023';
    end if;
    number := wabase.web_number(of_tenant, report ->> 'phone');
  end if;
  insert into public.whatsapp_sessions as known (
    tenant_id, name, number_id, state, error, holder, epoch, next_attempt_at, opened_at
  )
  values (
    of_tenant, report ->> 'name', number.id, new_state, nullif(report -> 'error', 'null'), report ->> 'holder',
    (report ->> 'epoch')::bigint, (report ->> 'next_attempt_at')::timestamptz,
    case when new_state = 'open' then clock_timestamp() end
  )
  on conflict (tenant_id, name) do update
  set
    number_id = coalesce(excluded.number_id, known.number_id), state = excluded.state, error = excluded.error,
    holder = excluded.holder, epoch = excluded.epoch, next_attempt_at = excluded.next_attempt_at,
    opened_at = coalesce(excluded.opened_at, known.opened_at),
    state_changed_at = case
      when known.state = excluded.state then known.state_changed_at else clock_timestamp() end
  where known.epoch <= excluded.epoch
  returning * into session;
  if not found then
    return jsonb_build_object('is_overtaken', true);
  end if;
  delete from public.whatsapp_session_pairings where session_id = session.id;
  if pairing is not null then
    insert into public.whatsapp_session_pairings (session_id, tenant_id, kind, value, expires_at)
    values (
      session.id, of_tenant, pairing ->> 'kind', pairing ->> 'value',
      -- A span, not a time: the server's clock may be wrong.
      wabase.now() + (pairing ->> 'expires_in_s')::integer * interval '1 second'
    );
  end if;
  return jsonb_build_object(
    'is_overtaken', false, 'session_id', session.id, 'number_id', number.id, 'phone_number_id', number.phone_number_id
  );
end
$$;
comment on function public.whatsapp_record_session(jsonb) is
  'Where a WhatsApp-Web session stands: {tenant_id, name, state, epoch, holder, phone, error: {code, message}, '
  'next_attempt_at, pairing: {kind, value, expires_in_s}}. With a phone it makes the web number. Answers '
  '{is_overtaken, session_id, number_id, phone_number_id}. For the service key alone.';

revoke all on function wabase.web_number(uuid, text) from public, anon, authenticated, service_role;
revoke all on function public.whatsapp_record_session(jsonb) from public, anon, authenticated;
grant execute on function public.whatsapp_record_session(jsonb) to service_role;
