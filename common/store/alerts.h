/* alerts.h -- the slack_alerts table: the one message about a session, sent at most once. */
#ifndef STORE_ALERTS_H
#define STORE_ALERTS_H

#include "../base/ctx.h"

enum alert_state { ALERT_WAITING, ALERT_SENDING, ALERT_SENT, ALERT_UNCERTAIN, ALERT_REFUSED };

/* Says, before anything is sent, that it will be: *may_send_out. False when it was sent, or when an
 * earlier attempt may have sent it (*state_out) and nobody asked for it anew: a person who
 * does so (scripts/jobs retry) sets the job's attempts to zero, and then `attempt` is not
 * above the one that is on record. */
struct err *alert_begin(struct ctx *cx, const char *session_id, int attempt, bool *may_send_out,
                        enum alert_state *state_out) CHECKED;

/* What became of it. */
struct err *alert_end(struct ctx *cx, const char *session_id, enum alert_state state) CHECKED;

#endif
