/* alerts.c -- the slack_alerts table. */
#include "alerts.h"

#include "../base/str.h"
#include "../db/db.h"

static const char *const states[] = {
	[ALERT_WAITING] = "waiting",     [ALERT_SENDING] = "sending", [ALERT_SENT] = "sent",
	[ALERT_UNCERTAIN] = "uncertain", [ALERT_REFUSED] = "refused",
};

static enum alert_state state_of(const char *name)
{
	for (size_t i = 0; i < COUNT(states); i++)
		if (str_equal(states[i], name))
			return (enum alert_state)i;
	return ALERT_UNCERTAIN;
}

struct err *alert_begin(struct ctx *cx, const char *session_id, int attempt, bool *may_send_out,
                        enum alert_state *state_out)
{
	struct db_rows rows;

	TRY(db_exec(cx, NULL,
	            "insert into slack_alerts (session_id) values ($1::uuid) on conflict do nothing",
	            ARGS(db_text(session_id))));
	TRY(db_query(cx, &rows,
	             "with locked as materialized (select * from slack_alerts"
	             "  where session_id = $1::uuid for update),"
	             " begun as (update slack_alerts a set state = 'sending', attempt = $2::int"
	             "  from locked l where a.session_id = l.session_id"
	             "  and (l.state in ('waiting', 'refused')"
	             "   or l.state in ('sending', 'uncertain') and $2::int <= l.attempt)"
	             "  returning true)"
	             " select exists (select from begun), state from locked",
	             ARGS(db_text(session_id), db_int(attempt))));
	*may_send_out = row_bool(&rows, 0, 0);
	*state_out = state_of(row_text(&rows, 0, 1));
	return NULL;
}

struct err *alert_end(struct ctx *cx, const char *session_id, enum alert_state state)
{
	return db_exec(cx, NULL,
	               "update slack_alerts set state = $2,"
	               " sent_at = case when $2 = 'sent' then now() else sent_at end"
	               " where session_id = $1::uuid",
	               ARGS(db_text(session_id), db_text(states[state])));
}
