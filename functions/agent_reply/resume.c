/* resume.c -- taking over a turn that was cancelled, here or elsewhere. */
#include "resume.h"

#include "../../common/base/crypto.h"
#include "../../common/base/wait.h"
#include "../../common/work/heartbeat.h"
#include "interrupt.h"

#define TRIES    6
#define PAUSE_MS 25u /* and twice as long each time: 1.5 s in all */

static struct err *pause_for(struct ctx *cx, unsigned ms)
{
	struct deadline until = deadline_sooner(cx->deadline, deadline_in(ms));

	if (wait_fds(cx->cancel, NULL, 0, until) == WAIT_CANCELLED)
		FAIL(cx, ERR_CANCELLED, "nobody waits any more");
	return NULL;
}

/* Who cancelled it elsewhere may ask for it before its process has stored how it ended. */
static struct err *take(struct ctx *cx, const struct turn_new *new, struct turn *turn,
                        struct span *unsaid_out)
{
	bool is_due = true;

	for (unsigned i = 0, ms = PAUSE_MS; i < TRIES; i++, ms *= 2) {
		TRY(turn_resume(cx, new, i > 0, turn, unsaid_out, &is_due));
		if (!is_due)
			return NULL;
		TRY(pause_for(cx, ms));
	}
	FAIL(cx, ERR_NOT_FOUND, "nothing was written of the turn");
}

/* A client may leave, or the database go, while the commit is under way; and of what is taken over
 * and does not open nobody goes on with the rest. */
struct err *resume_take(struct ctx *cx, struct in *in, struct turn *turn, struct left *out)
{
	char *claim = arena_alloc(cx->arena, CRYPTO_UUID_CHARS + 1);
	struct turn_new new = {.session_id = in->session_id,
	                       .session_secret = in->session_secret,
	                       .message = "",
	                       .turn_id = in->turn_id,
	                       .deadline_ms = deadline_left_ms(cx->deadline) + CLEANUP_MS,
	                       .claim = claim};
	struct span unsaid;
	struct err *e;
	bool        is_taken;

	crypto_uuid(claim);
	new.instance = heartbeat_hold(cx, in->session_id, claim);
	e = take(cx, &new, turn, &unsaid);
	is_taken = !e;
	if (!e)
		e = left_read(cx, turn, unsaid, out);
	if (e && (is_taken || e->uncertain))
		heartbeat_doubt_turn(in->session_id, claim);
	in->user_message = turn->message;
	return e;
}
