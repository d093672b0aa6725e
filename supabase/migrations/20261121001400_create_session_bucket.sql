-- Where WhatsApp-Web sessions lie: encrypted snapshots, which only the secret key can read.
--
-- There is no policy on storage.objects for this bucket, on purpose: without one nobody but the secret key
-- reads, writes or lists it. Key material belongs in no browser, not even an admin's; what an admin may know
-- (how much lies there) is answered by whatsapp_session_usage().
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
  'whatsapp-sessions', 'whatsapp-sessions', false, 50 * 1024 * 1024,
  -- Ours are octet streams; application/json is for files in the layout of useMultiFileAuthState.
  '{application/octet-stream,application/json}'
)
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;
