-- Edits and deletions. The message shows the latest edit; what it said before is kept beside it.
create function wabase.ingest_change(event jsonb, of_number public.whatsapp_numbers) returns void
language plpgsql set search_path = ''
as $$
begin
  insert into public.whatsapp_message_changes (
    number_id, wamid, tenant_id, target_wamid, kind, body, content, occurred_at
  )
  values (
    of_number.id, event ->> 'wamid', of_number.tenant_id, event ->> 'target_wamid', event ->> 'kind', event ->> 'body',
    event -> 'content', coalesce((event ->> 'timestamp')::timestamptz, wabase.now())
  )
  on conflict (number_id, wamid, kind) do nothing;
  if found then
    perform wabase.apply_changes(of_number.id, event ->> 'target_wamid');
  end if;
end
$$;

create function wabase.apply_changes(of_number uuid, of_wamid text) returns void
language plpgsql set search_path = ''
as $$
declare
  message public.whatsapp_messages;
  edit public.whatsapp_message_changes;
begin
  select * into message from public.whatsapp_messages
  where number_id = of_number and wamid = of_wamid for no key update;
  if not found then
    return;
  end if;
  update public.whatsapp_message_changes set message_id = message.id
  where number_id = of_number and target_wamid = of_wamid and message_id is null;
  select * into edit from public.whatsapp_message_changes
  where number_id = of_number and target_wamid = of_wamid and kind = 'edit'
  order by occurred_at desc, wamid desc limit 1;
  if found then
    insert into public.whatsapp_message_changes (
      number_id, wamid, tenant_id, target_wamid, kind, message_id, body, content, occurred_at
    )
    values (
      of_number, of_wamid, message.tenant_id, of_wamid, 'original', message.id, message.body, message.content,
      message.occurred_at
    )
    on conflict (number_id, wamid, kind) do nothing;
  end if;
  update public.whatsapp_messages
  set
    body = coalesce(edit.body, case when edit.wamid is null then body end),
    content = coalesce(edit.content, content),
    edited_at = edit.occurred_at,
    revoked_at = (
      select min(occurred_at) from public.whatsapp_message_changes
      where number_id = of_number and target_wamid = of_wamid and kind = 'revoke'
    )
  where id = message.id;
end
$$;
