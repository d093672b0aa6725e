-- A thread: up from a message to what it answers, and from there down to all answers. By the wamid, which is all that
-- a reply says of what it answers. Under RLS: what the caller may not read is not there, nor what hangs on it alone.
create function public.whatsapp_read_thread(message_id uuid, most integer default 200)
returns setof public.whatsapp_messages
language plpgsql stable security invoker set search_path = '' rows 20
as $$
declare
  -- A reply to a reply to a reply …
  most_levels constant integer := 100;
  page_size constant integer := least(greatest(most, 1), 1000);
begin
  return query
    with recursive above as (
      select message.id, message.number_id, message.wamid, message.reply_to_wamid, 0 as level
      from public.whatsapp_messages as message where message.id = message_id
      union all
      select parent.id, parent.number_id, parent.wamid, parent.reply_to_wamid, above.level + 1
      from above
      join public.whatsapp_messages as parent
        on parent.wamid = above.reply_to_wamid and parent.number_id = above.number_id
      where above.level < most_levels
    ),
    -- `union`: a message that is reached twice counts once, and no circle goes on for ever.
    thread as (
      (select id, number_id, wamid from above order by level desc limit 1)
      union
      select answer.id, answer.number_id, answer.wamid
      from thread
      join public.whatsapp_messages as answer
        on answer.reply_to_wamid = thread.wamid and answer.number_id = thread.number_id
    )
    select message.*
    from (select id from thread limit page_size) as part
    join public.whatsapp_messages as message on message.id = part.id
    order by message.occurred_at, message.id;
end
$$;
comment on function public.whatsapp_read_thread(uuid, integer) is
  'The thread that a message belongs to: the message at its head, all replies to it, the replies to those; oldest first. '
  'most: at most 1000.';
revoke all on function public.whatsapp_read_thread(uuid, integer) from public, anon, authenticated;
grant execute on function public.whatsapp_read_thread(uuid, integer) to authenticated, service_role;
