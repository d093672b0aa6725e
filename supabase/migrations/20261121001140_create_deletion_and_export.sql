-- Data protection: what a person may ask a tenant for. Admins delete, and export whole conversations; each of
-- these functions touches the rows of one tenant alone and names every table that it empties, but for what hangs on
-- messages by a foreign key (whatsapp_media, wabase.unsettled), and for two triggers: the bytes of files go after
-- their rows (…1380), and campaigns keep count (…1365).

create function wabase.conversation_to_administer(of_conversation uuid) returns public.whatsapp_conversations
language plpgsql stable security definer set search_path = ''
as $$
declare
  conversation public.whatsapp_conversations;
begin
  select * into conversation from public.whatsapp_conversations where id = of_conversation;
  if not found or not (
    wabase.is_service() or conversation.tenant_id = any (array(select wabase.my_tenants('{admin}')))
  ) then
    -- In the same words for who may read it: only admins may do more.
    raise exception 'conversation_id: none of the conversations that you administer has this id' using errcode = '42501';
  end if;
  return conversation;
end
$$;

create function wabase.delete_conversation_rows(of_conversation uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  messages integer;
  notes integer;
  calls integer;
begin
  perform from public.whatsapp_conversations where id = of_conversation for update;
  -- What waits to be sent; a call to Meta that is under way finds nothing to record.
  delete from wabase.lanes where conversation_id = of_conversation;
  delete from wabase.outbox where conversation_id = of_conversation;
  delete from wabase.parked_statuses as parked
  using public.whatsapp_messages as message
  where message.conversation_id = of_conversation and parked.number_id = message.number_id and parked.wamid = message.wamid;
  delete from public.whatsapp_message_changes as change
  using public.whatsapp_messages as message
  where message.conversation_id = of_conversation and change.number_id = message.number_id
    and change.target_wamid = message.wamid;
  delete from public.whatsapp_message_recipients as recipient
  using public.whatsapp_messages as message
  where message.conversation_id = of_conversation and recipient.message_id = message.id;
  delete from public.whatsapp_reactions where conversation_id = of_conversation;
  delete from public.whatsapp_notes where conversation_id = of_conversation;
  get diagnostics notes = row_count;
  delete from public.whatsapp_calls where conversation_id = of_conversation;
  get diagnostics calls = row_count;
  delete from public.whatsapp_messages where conversation_id = of_conversation;
  get diagnostics messages = row_count;
  delete from public.whatsapp_conversations where id = of_conversation;
  return jsonb_build_object('conversations', 1, 'messages', messages, 'notes', notes, 'calls', calls);
end
$$;

create function wabase.delete_conversation(of_conversation uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation constant public.whatsapp_conversations := wabase.conversation_to_administer(of_conversation);
begin
  return wabase.delete_conversation_rows(conversation.id);
end
$$;

create function wabase.delete_contact(of_contact uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  contact public.whatsapp_contacts;
  conversation uuid;
  part jsonb;
  deleted jsonb := '{"conversations": 0, "messages": 0, "notes": 0, "calls": 0}';
  written integer;
begin
  select * into contact from public.whatsapp_contacts where id = of_contact;
  if not found or not (
    wabase.is_service() or contact.tenant_id = any (array(select wabase.my_tenants('{admin}')))
  ) then
    raise exception 'contact_id: none of the contacts that you administer has this id' using errcode = '42501';
  end if;
  -- Nobody is merged into, or found as, who is being deleted.
  perform wabase.lock_identities(contact.tenant_id);
  for conversation in
    select id from public.whatsapp_conversations where contact_id = of_contact order by id for update
  loop
    part := wabase.delete_conversation_rows(conversation);
    deleted := (
      select jsonb_object_agg(key, value::integer + (part ->> key)::integer) from jsonb_each_text(deleted)
    );
  end loop;
  -- What they wrote in groups, whose conversations stay.
  delete from public.whatsapp_message_changes as change
  using public.whatsapp_messages as message
  where message.tenant_id = contact.tenant_id and message.contact_id = of_contact
    and change.number_id = message.number_id and change.target_wamid = message.wamid;
  delete from public.whatsapp_messages where tenant_id = contact.tenant_id and contact_id = of_contact;
  get diagnostics written = row_count;
  delete from public.whatsapp_reactions where tenant_id = contact.tenant_id and contact_id = of_contact;
  delete from public.whatsapp_contact_merges where tenant_id = contact.tenant_id and contact_id = of_contact;
  delete from wabase.former_identities where tenant_id = contact.tenant_id and contact_id = of_contact;
  -- …1365.
  perform wabase.leave_campaigns(of_contact);
  delete from public.whatsapp_contacts where id = of_contact;
  return deleted || jsonb_build_object('messages', (deleted ->> 'messages')::integer + written);
end
$$;

-- Backwards from a point, as (conversation_id, occurred_at, id) is indexed.
create function wabase.export_conversation(of_conversation uuid, before_at timestamptz, before_id uuid, page_size integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conversation constant public.whatsapp_conversations := wabase.conversation_to_administer(of_conversation);
  most constant integer := least(greatest(coalesce(page_size, 500), 1), 5000);
  messages jsonb;
begin
  select coalesce(jsonb_agg(to_jsonb(page)), '[]') into messages
  from (
    select * from public.whatsapp_messages as message
    where message.conversation_id = of_conversation
      and (before_at is null or (message.occurred_at, message.id) < (before_at, coalesce(before_id, message.id)))
    order by message.occurred_at desc, message.id desc
    limit most
  ) as page;
  return jsonb_build_object(
    'messages', messages,
    'next', case when jsonb_array_length(messages) = most then jsonb_build_object(
      'before_at', messages -> -1 -> 'occurred_at', 'before_id', messages -> -1 -> 'id'
    ) end
  ) || case when before_at is not null then '{}' else jsonb_build_object(
    'conversation', to_jsonb(conversation),
    'contact', (select to_jsonb(contact) from public.whatsapp_contacts as contact where contact.id = conversation.contact_id),
    'notes', (
      select coalesce(jsonb_agg(to_jsonb(note) order by note.id), '[]') from public.whatsapp_notes as note
      where note.conversation_id = conversation.id
    ),
    'reactions', (
      select coalesce(jsonb_agg(to_jsonb(reaction)), '[]') from public.whatsapp_reactions as reaction
      where reaction.conversation_id = conversation.id
    ),
    'calls', (
      select coalesce(jsonb_agg(to_jsonb(call)), '[]') from public.whatsapp_calls as call
      where call.conversation_id = conversation.id
    ),
    'media', (
      select coalesce(jsonb_agg(to_jsonb(media)), '[]')
      from public.whatsapp_messages as message
      join public.whatsapp_media as media on media.message_id = message.id
      where message.conversation_id = conversation.id
    ),
    'changes', (
      select coalesce(jsonb_agg(to_jsonb(change)), '[]')
      from public.whatsapp_messages as message
      join public.whatsapp_message_changes as change on change.message_id = message.id
      where message.conversation_id = conversation.id
    )
  ) end;
end
$$;

create function public.whatsapp_delete_conversation(conversation_id uuid) returns jsonb
language sql volatile security invoker set search_path = '' set statement_timeout = '60s'
as $$
  select wabase.delete_conversation(conversation_id)
$$;
comment on function public.whatsapp_delete_conversation(uuid) is
  'Deletes a conversation with all that was said in it. For admins. Answers {conversations, messages, notes, calls}.';

create function public.whatsapp_delete_contact(contact_id uuid) returns jsonb
language sql volatile security invoker set search_path = '' set statement_timeout = '60s'
as $$
  select wabase.delete_contact(contact_id)
$$;
comment on function public.whatsapp_delete_contact(uuid) is
  'Deletes a person: the contact, their conversations, and what they wrote in groups. For admins. Answers '
  '{conversations, messages, notes, calls}. The webhook journal forgets them when its term is over (8 days; 30 where '
  'something failed): a replay before that brings them back.';

create function public.whatsapp_export_conversation(
  conversation_id uuid, before_at timestamptz default null, before_id uuid default null, page_size integer default 500
) returns jsonb
language sql stable security invoker set search_path = ''
as $$
  select wabase.export_conversation(conversation_id, before_at, before_id, page_size)
$$;
comment on function public.whatsapp_export_conversation(uuid, timestamptz, uuid, integer) is
  'A conversation as it is in the database: {messages, next}, newest first, and on the first page {conversation, '
  'contact, notes, reactions, calls, media, changes} too. Give next''s before_at and before_id for the next page; null at the end. For '
  'admins.';

revoke all on function wabase.conversation_to_administer(uuid) from public, anon, authenticated;
revoke all on function wabase.delete_conversation_rows(uuid) from public, anon, authenticated;
revoke all on function wabase.delete_conversation(uuid) from public, anon, authenticated;
revoke all on function wabase.delete_contact(uuid) from public, anon, authenticated;
revoke all on function wabase.export_conversation(uuid, timestamptz, uuid, integer) from public, anon, authenticated;
revoke all on function public.whatsapp_delete_conversation(uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_delete_contact(uuid) from public, anon, authenticated;
revoke all on function public.whatsapp_export_conversation(uuid, timestamptz, uuid, integer) from public, anon, authenticated;

grant execute on function wabase.delete_conversation(uuid) to authenticated, service_role;
grant execute on function wabase.delete_contact(uuid) to authenticated, service_role;
grant execute on function wabase.export_conversation(uuid, timestamptz, uuid, integer) to authenticated, service_role;
grant execute on function public.whatsapp_delete_conversation(uuid) to authenticated, service_role;
grant execute on function public.whatsapp_delete_contact(uuid) to authenticated, service_role;
grant execute on function public.whatsapp_export_conversation(uuid, timestamptz, uuid, integer) to authenticated, service_role;
