-- What of a reply has been sent, stored as the turn goes, so that history is what was heard.
--
-- The reply's utterance is there from its first sentence on, with `interrupted` until the turn
-- ends: a turn that stops anywhere, its program killed included, leaves what was sent. The turn
-- tells which utterance that is and where its pieces end, in bytes and in milliseconds of audio,
-- so that it can be cut to what was heard.
begin;
set local role scribe_owner;

alter table turns
	add column reply_id uuid, -- null: nothing was sent, or by a program of before
	add column reply_pieces integer[] -- bytes and milliseconds, in turn, up to and with each piece
		check (cardinality(reply_pieces) <= 512 and cardinality(reply_pieces) % 2 = 0),
	add column heard_ms integer check (heard_ms >= 0); -- the client told; null: it did not
grant update (reply_id, reply_pieces, heard_ms) on turns to scribe_app;

commit;
