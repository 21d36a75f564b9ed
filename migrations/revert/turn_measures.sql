begin;
alter table turns
	drop column degraded,
	drop column first_audio_ms,
	drop column response_ms,
	drop column mode;
commit;
