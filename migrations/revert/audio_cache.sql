begin;
drop table audio_cache;
commit;
