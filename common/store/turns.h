/* turns.h -- a turn of a conversation: one statement begins it, one ends it.
 *
 * sessions.turn counts the turns begun; only the newest may write its reply, so
 * two turns of a session never interleave. The visitor's words are stored when
 * the turn begins and taken back when it fails, so a failed turn leaves
 * nothing; a turn whose program or client went away is adopted by the same
 * message sent again.
 *
 * E-mail addresses, telephone numbers and the names known of the visitor are
 * masked in the plain columns; the words themselves are sealed beside them
 * (sealed.h) and open again in the history. Who speaks may be known only when the
 * turn ends: until then the visitor's words are sealed and the plain column is empty,
 * for good where a turn never ends. Without a data key only the masked text is kept. */
#ifndef STORE_TURNS_H
#define STORE_TURNS_H

#include "../base/crypto.h"
#include "../base/ctx.h"
#include "../domain/talk/dynamics.h"
#include "../domain/lead/lead_score.h"
#include "../domain/who/names.h"
#include "../domain/text/heard_part.h"
#include "../domain/text/utterance.h"
#include "memories.h"

#define TURN_ID_MAX       100
#define TURN_ID_BYTES_MAX (4 * TURN_ID_MAX)
#define TURN_HISTORY_ROWS 80    /* newest rows fetched; the prompt's budget is smaller */
#define PROACTIVE_MAX     2     /* unasked follow-ups in a row */
#define TURN_RESUME_MS    10000 /* a cancelled turn may go on for so long */
#define TURN_JOIN_MS      2000  /* browsers re-send a POST when a kept connection drops */
#define TURN_JOIN_AGE_MS  4000  /* what came in time may wait for a program that starts again */

enum turn_action {
	TURN_BEGUN,  /* ours to answer */
	TURN_JOINED, /* the same message is being answered, or was this moment */
	TURN_QUIET   /* a follow-up nobody wants: say nothing */
};

struct turn_new {
	const char *session_id, *session_secret;
	const char *message;
	bool        is_spoken; /* it was heard in a recording, with that confidence, 0 to 1 */
	double      confidence;
	bool        is_proactive;   /* the idle browser asks; not the visitor's speech */
	bool        is_in_distress; /* as its words tell at once: whatever becomes of the turn */
	const char *mode;           /* NULL: as it is */
	const char *turn_id;        /* the client's; NULL: a new one */
	unsigned    age_ms;         /* how long ago the message came */
	uint64_t    asked_ms;       /* clock_mono_ms() when this process took it */
	unsigned    deadline_ms;    /* after which a running turn counts as dead */
	const char *instance;       /* that is going to answer (instances.h) */
	const char *claim;          /* a UUID; finds this turn whether or not begin was answered */
};

struct turn {
	enum turn_action       action;
	const char            *session_id;
	const char            *message;
	const char            *claim;
	const char            *utterance_id; /* of the visitor's words; NULL: they said none */
	const char            *reply_id;     /* of what is going to be said to them */
	int64_t                number;
	const char            *turn_id;
	const char            *mode;    /* in force, with this turn's change */
	struct utterance_text *history; /* oldest first, without this turn's message */
	size_t                 history_n;
	const char            *last_id; /* of the newest in it; NULL: there is none */
	struct dynamics_marks  marks;   /* when a hint was last given */
	const struct extract  *known;   /* of earlier turns; NULL: nothing yet */
	struct names           names;   /* of the visitor; with consent from other sessions too */
	bool                   has_consent;
	bool                   is_in_distress; /* of one that goes on: it was */
	int64_t                session_age_s;  /* when the turn began */
	const char            *owner;          /* the visitor, where they agreed, else the session */
	const char            *flags_forced;   /* by an operator, a JSON object; NULL: none */
	struct hash            answer_key;     /* opens and seals the kept answer */
};

/* ERR_SUPERSEDED: a message that was asked for later is being answered, in whatever process; this
 * recording took long to be heard. ERR_SESSION, ERR_SESSION_EXPIRED, ERR_RATE as session_check. */
struct err *turn_begin(struct ctx *cx, const struct turn_new *in, struct turn *out) CHECKED;

/* What the next turn would begin with, by its session pair and mode: for who prepares it.
 * The conversation does not change. *is_enough_out: the session was prepared TURN_AHEAD_MAX times
 * since its last turn; then nothing is set. Errors as turn_begin. */
#define TURN_AHEAD_MAX 2
struct err *turn_ahead(struct ctx *cx, const struct turn_new *in, struct turn *out,
                       bool *is_enough_out) CHECKED;

/* Of a turn that its client has cancelled or left: what was written and not sent, for
 * TURN_RESUME_MS. Once what was sent is stored. Nothing happens where a newer turn stopped it. */
struct err *turn_leave_unsaid(struct ctx *cx, const struct turn *turn, struct span unsaid,
                              bool *is_left_out) CHECKED;

/* Takes such a turn over: it runs again, for the caller, and what it has left is taken along. One
 * that still runs and has said something is stopped for that. Of *in the session pair, turn_id,
 * deadline_ms, instance and claim count; whoever had it has lost it. `is_again`: the same request
 * has asked before, and is counted already.
 * *is_due_out: it was stopped, and who has it may still be about to leave what is unsaid; then
 * nothing else is set.
 * ERR_SUPERSEDED: a newer turn has begun; ERR_NOT_FOUND: there is nothing to go on with; else as
 * turn_begin. */
struct err *turn_resume(struct ctx *cx, const struct turn_new *in, bool is_again, struct turn *out,
                        struct span *unsaid_out, bool *is_due_out) CHECKED;

/* What is known of the visitor with this turn, and what it is worth. */
struct turn_lead {
	const struct extract    *extract;
	const struct lead_score *score;
	const char              *provider; /* who found it: an engine, or "rules" */
};

struct turn_end {
	const char                  *reply;    /* as sent */
	const struct spoken_piece   *pieces;   /* where its audio may be cut (heard_part.h) */
	size_t                       pieces_n; /* 0: there is none */
	const struct turn_lead      *lead;     /* NULL: nothing known */
	const struct dynamics_marks *marks;    /* NULL: they did not change */
	struct memory_vector         heard;    /* of the visitor's words, for their memory */
	struct span                  answer;   /* kept sealed for the same message; ptr NULL: none */
	/* For people: what the visitor did (an event of this kind, without content); NULL: nothing. */
	const char *event;
	bool        is_in_distress; /* both sides of the turn become no memory and no summary */
	unsigned response_ms, first_audio_ms; /* since the request came; 0: it did not come to that */
	const char *const *degraded;          /* capabilities */
	size_t             degraded_n;
	const char        *flags; /* as turns.flags has them; NULL: none applied */
	/* How the turn ended is stored, turn_interrupt() or turn_give_up(): only what it has found out
	 * of the visitor is added. No reply, no pieces and no answer, then. */
	bool is_broken;
};

/* ERR_SUPERSEDED, and nothing stored, when a newer turn has begun meanwhile; ERR_UNAVAILABLE when
 * a crash of the database took back that this one began. */
struct err *turn_finish(struct ctx *cx, const struct turn *turn,
                        const struct turn_end *end) CHECKED;

/* The visitor turned out to be in distress, which their words alone did not tell: however the turn
 * ends, and for the one after it, what they said counts as said in distress. */
struct err *utterance_is_grave(struct ctx *cx, const char *session_id,
                               const char *utterance_id) CHECKED;

/* The newest turn of a session where it is over and nobody has read what the visitor said in it:
 * its end is stored, and what it finds out may be (turn_end.is_broken). It opens no kept answer. */
struct err *turn_unread(struct ctx *cx, const char *session_id, struct turn *out,
                        bool *is_there_out) CHECKED;

/* Why a turn will not be answered. */
enum turn_loss {
	TURN_FAILED, /* the client was told and may try again: the visitor's words go too */
	TURN_LEFT,   /* nobody is there to be told: the same message takes it up again */
	TURN_REFUSED /* nobody wants it any more: who joined it does not begin it again */
};

/* The turn will not be answered. But for TURN_FAILED the visitor's words stay, for the visitor did
 * say them, and become memories. A turn already superseded is left alone. */
struct err *turn_give_up(struct ctx *cx, const struct turn *turn, enum turn_loss why) CHECKED;

/* Clears at most `batch` answers that nobody may ask for any more; *n_out is how many. */
struct err *turns_clear(struct ctx *cx, int batch, int64_t *n_out) CHECKED;

/* Turns of which nobody knows whether they began, as arrays of PostgreSQL: those found are given
 * up, words kept, and their claims are the rows. Not found may mean: not yet. */
struct db_rows;
struct err *turns_abandon(struct ctx *cx, const char *session_ids, const char *claims,
                          struct db_rows *rows_out) CHECKED;

/* Of turns in the same form, those that another request has ended: their claims, and whether it
 * began a newer one or wanted no more of it; else it has taken the turn over. */
struct err *turns_taken_over(struct ctx *cx, const char *session_ids, const char *claims,
                             struct db_rows *rows_out) CHECKED;

enum turn_state {
	TURN_RUNNING,
	TURN_ANSWERED,
	TURN_UNKEPT,    /* answered, and no answer kept, or one that is lost or does not open */
	TURN_OVERTAKEN, /* a newer turn took over */
	TURN_LOST       /* it ended without an answer, or who had it is dead: begin again */
};

/* How a joined turn is; *answer_out is set when it is answered. */
struct err *turn_look(struct ctx *cx, const struct turn *turn, enum turn_state *state_out,
                      struct span *answer_out) CHECKED;

/* The reply of a turn that is done, from the history, and what was known of the visitor then
 * (NULL: nothing). ERR_SUPERSEDED where there is none any more. */
struct err *turn_reply(struct ctx *cx, const struct turn *turn, const char **text_out,
                       const struct extract **extract_out) CHECKED;

#endif
