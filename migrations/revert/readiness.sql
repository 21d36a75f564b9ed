begin;

revoke select (change) on sqitch.changes from scribe_app, scribe_rest;
revoke usage on schema sqitch from scribe_app, scribe_rest;

commit;
