-- 20261121000800 takes every function of the schema away from everybody but those that it names. These, which
-- policies call, are for members too.
grant execute on function wabase.my_teams() to authenticated, service_role;
grant execute on function wabase.contacts_i_am() to authenticated, service_role;
grant execute on function wabase.conversations_with_me() to authenticated, service_role;
