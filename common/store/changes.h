/* changes.h -- what changed in the database, told to those who watch (migration realtime_notify).
 *
 * What is told are ids; who wants more reads the row, of which only columns without contact data
 * and secrets are given. */
#ifndef CHANGES_H
#define CHANGES_H

#include "../base/ctx.h"

/* Tables that are watched, by the names of the database; turns and people for what they
 * tell, not for their rows. action_items are none of their own. */
#define CHANGE_TABLES(X) \
	X(CHANGE_SESSIONS, sessions) \
	X(CHANGE_UTTERANCES, utterances) \
	X(CHANGE_EXTRACTS, extracts) \
	X(CHANGE_SUMMARIES, summaries) \
	X(CHANGE_EVENTS, events) \
	X(CHANGE_MEMORIES, memories) \
	X(CHANGE_PROFILES, profiles) \
	X(CHANGE_EMAIL_SIGNUPS, email_signups) \
	X(CHANGE_TURNS, turns) \
	X(CHANGE_PEOPLE, people)
enum change_table {
#define X(table, name) table,
	CHANGE_TABLES(X)
#undef X
};
const char *change_table_name(enum change_table table) NEVER_NULL;

enum change_op { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE };

struct change {
	enum change_table table;
	enum change_op    op;
	const char       *id, *session_id; /* session_id NULL: of no session. A turn's id is a number */
	bool              has_ended, has_mode, is_lead; /* of a session: that became so */
	const char       *state;                        /* of a turn */
};

/* False when it is nothing that is told on this channel. Texts are in the arena. */
bool change_read(struct arena *a, const char *told, struct change *out) CHECKED;

/* Listens, one thread of a process, until changes_unlisten: from here on changes are told at all.
 * changes_wait is db_listen_wait. ERR_UNAVAILABLE. */
struct err *changes_listen(struct ctx *cx) CHECKED;
struct err *changes_wait(struct ctx *cx, unsigned ms, const char **told_out) CHECKED;
void        changes_unlisten(void);

/* The row as a JSON object; NULL when it is not there any more, and for turns. ERR_UNAVAILABLE. */
struct err *change_row(struct ctx *cx, const struct change *c, const char **json_out) CHECKED;

#endif
