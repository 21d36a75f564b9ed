begin;
drop table embedding_cache, memories;
commit;
