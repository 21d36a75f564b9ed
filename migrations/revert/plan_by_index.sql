begin;

alter role scribe_app in database :"DBNAME" reset enable_seqscan;
alter role scribe_app in database :"DBNAME" reset enable_hashjoin;
alter role scribe_app in database :"DBNAME" reset enable_mergejoin;

commit;
