begin;
drop table send_paces;
drop table slack_alerts;
commit;
