/* retention.h -- how long sessions, made speech and the audit log are kept, and the end of what is
 * older. The database decides what is old, by days that only its owner sets; ours can only make it
 * keep more. */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include "../base/cfg.h"
#include "../base/ctx.h"

extern const struct cfg_group retention_settings;

enum retention_kind { RETAIN_SESSIONS, RETAIN_AUDIO, RETAIN_AUDIT };
#define RETENTION_KINDS (RETAIN_AUDIT + 1)

struct retention_due {
	const char *what;        /* the table */
	int64_t     days, asked; /* as the database has them, and we; 0: for ever */
	bool        is_removing; /* false: it is too early, what is due is only told */
	int64_t     due;         /* rows that are too old: counted up to `most` */
};

/* What is due now of one kind. */
struct err *retention_look(struct ctx *cx, enum retention_kind kind, int most,
                           struct retention_due *out) CHECKED;

struct retention_removed {
	int64_t sessions, utterances, memories; /* of these */
	int64_t rows;                           /* of all tables */
};

/* Removes up to `most` rows of what is too old, in one short statement that waits for nobody, and
 * adds them to *sum. *rows_out 0: all are gone, but what is in use. */
struct err *retention_remove(struct ctx *cx, enum retention_kind kind, int most,
                             struct retention_removed *sum, int64_t *rows_out) CHECKED;

#endif
