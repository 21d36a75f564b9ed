-- The programs' statements find their rows by index, whenever their plans were made.
--
-- A plan is kept as long as its connection, and made by what the tables held then: on a new system,
-- nothing. For empty tables PostgreSQL plans to read them whole, each time, until a minute and some
-- hundred rows later it has counted them: a search and the storing of what was said took twice as
-- long after 800 turns as after 400. No statement of the programs wants a table as a whole, and
-- none joins more rows than an index gives one after the other. What has no index for it is read
-- whole as before.
begin;

alter role scribe_app in database :"DBNAME" set enable_seqscan = off;
alter role scribe_app in database :"DBNAME" set enable_hashjoin = off;
alter role scribe_app in database :"DBNAME" set enable_mergejoin = off;

commit;
