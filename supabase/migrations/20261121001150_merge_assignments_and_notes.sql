-- Of two conversations that become one (20261121000700: two contacts turn out to be one person), notes and team stay.
create or replace function wabase.merge_conversations(stays uuid, goes uuid) returns void
language plpgsql set search_path = ''
as $$
declare
  gone public.whatsapp_conversations;
begin
  update public.whatsapp_messages set conversation_id = stays where conversation_id = goes;
  update public.whatsapp_reactions set conversation_id = stays where conversation_id = goes;
  update public.whatsapp_calls set conversation_id = stays where conversation_id = goes;
  update public.whatsapp_notes set conversation_id = stays where conversation_id = goes;
  delete from public.whatsapp_conversations where id = goes returning * into gone;
  update public.whatsapp_conversations as conversation
  set
    state = case when 'open' in (conversation.state, gone.state) then 'open' else 'closed' end::public.whatsapp_conversation_state,
    assignee_id = coalesce(conversation.assignee_id, gone.assignee_id),
    team_id = coalesce(conversation.team_id, gone.team_id),
    unread_count = conversation.unread_count + gone.unread_count,
    last_message_id = case
      when coalesce(gone.last_message_at, '-infinity') > coalesce(conversation.last_message_at, '-infinity')
      then gone.last_message_id else conversation.last_message_id end,
    last_message_at = greatest(conversation.last_message_at, gone.last_message_at),
    customer_window_expires_at = greatest(conversation.customer_window_expires_at, gone.customer_window_expires_at),
    profile_seen_at = greatest(conversation.profile_seen_at, gone.profile_seen_at),
    created_at = least(conversation.created_at, gone.created_at)
  where conversation.id = stays;
end
$$;
