/* turn_progress.h -- what of a turn's reply has been sent, while it goes and when it is stopped.
 *
 * The reply's utterance is there from its first sentence on and counts as interrupted until
 * turn_finish(): whatever stops the turn, a killed process included, history keeps what was stored.
 * Its plain column is empty meanwhile (as the visitor's words, turns.h); a job masks it. */
#ifndef STORE_TURN_PROGRESS_H
#define STORE_TURN_PROGRESS_H

#include "../domain/text/heard_part.h"
#include "turns.h"

struct turn_sent {
	const char                *text; /* whole sentences, as sent; not empty */
	const struct spoken_piece *pieces;
	size_t                     pieces_n; /* at most SPOKEN_PIECES_MAX */
	bool                       is_in_distress;
	bool                       is_whole; /* there was no more to say; for turn_interrupt() */
};

/* Which turn, without all that it knows. */
struct turn_name {
	const char *session_id, *claim, *reply_id;
	int64_t     number;
};
struct turn_name turn_name_of(const struct turn *turn);

/* Stores what has been sent so far. *is_running_out: the turn still is, and the caller's; else
 * nothing was stored, and nobody wants more of it. */
struct err *turn_progress_store(struct ctx *cx, const struct turn_name *turn,
                                const struct turn_sent *sent, bool *is_running_out) CHECKED;

/* The turn was stopped, by whomever, when so much had been sent: history keeps that, and whether it
 * was interrupted, or of it what the client told that it heard (turn_cancel). Nothing where another
 * has taken it over, or answers the same words by now. */
struct err *turn_interrupt(struct ctx *cx, const struct turn_name *turn,
                           const struct turn_sent *sent) CHECKED;

struct turn_cancel {
	const char *session_id, *session_secret, *turn_id;
	int64_t     heard_ms;      /* of the reply's audio; -1: the client does not tell */
	int64_t     asked_unix_ms; /* when the client asked for it */
};

struct turn_cancelled {
	int64_t     number;      /* 0: there is no such turn */
	bool        was_running; /* until now */
	const char *claim;       /* of who has it, or had */
};

/* Nobody wants the turn any more: what it stores from now on is only what had been sent by then
 * (turn_interrupt), or of that what the client heard. ERR_SESSION, ERR_SESSION_EXPIRED, ERR_RATE as
 * session_check. */
struct err *turn_cancel(struct ctx *cx, const struct turn_cancel *in,
                        struct turn_cancelled *out) CHECKED;

/* Cuts the stored reply of a turn that is over to what was heard. A reply of which nobody knows
 * when what was said stays. */
struct err *turn_cut(struct ctx *cx, const char *session_id, int64_t number, unsigned heard_ms,
                     bool *is_cut_out) CHECKED;

/* What programs hear (jobs.h) when a turn was stopped elsewhere: the claim of who has it, in
 * `told`. It may be heard late, when the turn goes on already, with another claim (turn_resume).
 * NULL: it is about something else. */
const char *turn_told(const char *told);

/* The same of a message that nobody wants answered and whose turn had not begun: the id its turn is
 * to have, and since when, by the clock of the host where that was asked for. */
struct turn_early {
	char        session_id[CRYPTO_UUID_CHARS + 1];
	const char *turn_id; /* in what was told */
	int64_t     asked_unix_ms;
};
bool turn_told_early(const char *told, struct turn_early *out);

/* Pieces as an array of PostgreSQL; NULL: there are none. */
const char *spoken_pieces_text(struct ctx *cx, const struct spoken_piece *pieces, size_t n);

/* And back, from NULL too: how many there are. `out` has room for SPOKEN_PIECES_MAX. */
size_t spoken_pieces_read(const char *text, struct spoken_piece *out);

#endif
