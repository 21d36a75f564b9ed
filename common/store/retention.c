/* retention.c -- the functions of the retention table; the rights are theirs. */
#include "retention.h"

#include "../db/db.h"

#define DAYS_MAX 36500

static struct retention_values {
	int64_t days, audio_days, audit_days;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(retention_values, audio_days, "RETENTION_AUDIO_DAYS", .fallback = "30", .min = 0,
                .max = DAYS_MAX,
                .help = "made speech goes when nobody asked for it for so many days; 0: never"),
	CFG_KEY_INT(retention_values, audit_days, "RETENTION_AUDIT_DAYS", .fallback = "730", .min = 0,
                .max = DAYS_MAX, .help = "days the audit log is kept; 0: for ever"),
	CFG_KEY_INT(retention_values, days, "RETENTION_DAYS", .fallback = "365", .min = 0,
                .max = DAYS_MAX,
                .help = "days after its last use that a session goes, with all that was said and "
                        "remembered in it; 0: never"),
};
const struct cfg_group retention_settings = {"Retention", &values, keys, COUNT(keys)};

static const char *const names[RETENTION_KINDS] = {
	[RETAIN_SESSIONS] = "sessions", [RETAIN_AUDIO] = "audio_cache", [RETAIN_AUDIT] = "audit_log"};

static int64_t days_of(enum retention_kind kind)
{
	if (kind == RETAIN_SESSIONS)
		return values.days;
	return kind == RETAIN_AUDIO ? values.audio_days : values.audit_days;
}

struct err *retention_look(struct ctx *cx, enum retention_kind kind, int most,
                           struct retention_due *out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select days, is_removing, due from retention_due($1, $2::int, $3::int)",
	             ARGS(db_text(names[kind]), db_int(days_of(kind)), db_int(most))));
	*out = (struct retention_due){.what = names[kind],
	                              .days = row_int(&rows, 0, 0),
	                              .asked = days_of(kind),
	                              .is_removing = row_bool(&rows, 0, 1),
	                              .due = row_int(&rows, 0, 2)};
	return NULL;
}

struct err *retention_remove(struct ctx *cx, enum retention_kind kind, int most,
                             struct retention_removed *sum, int64_t *rows_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select sum(removed) filter (where what = 'sessions'),"
	             "  sum(removed) filter (where what = 'utterances'),"
	             "  sum(removed) filter (where what = 'memories'), sum(removed)"
	             " from retention_remove($1, $2::int, $3::int)",
	             ARGS(db_text(names[kind]), db_int(days_of(kind)), db_int(most))));
	sum->sessions += row_int(&rows, 0, 0);
	sum->utterances += row_int(&rows, 0, 1);
	sum->memories += row_int(&rows, 0, 2);
	*rows_out = row_int(&rows, 0, 3);
	sum->rows += *rows_out;
	return NULL;
}
