-- Programs of before mask anew what they find masked otherwise.
begin;
comment on column sessions.names_hash is null;
commit;
