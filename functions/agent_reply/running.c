/* running.c -- a list of the turns in hand: at most one for each thread. */
#include "running.h"

#include "../../common/base/str.h"

#include <pthread.h>

struct running {
	struct running *next;
	const char     *session_id;
	int64_t         turn;
	struct cancel  *cancel;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct running *all;

static void leave(void *data)
{
	struct running **at = &all;

	pthread_mutex_lock(&lock);
	while (*at != data)
		at = &(*at)->next;
	*at = (*at)->next;
	pthread_mutex_unlock(&lock);
}

/* Threads may get here in another order than the database gave out the numbers. */
static void settle(struct running *r)
{
	for (struct running *other = all; other; other = other->next) {
		if (!str_equal(other->session_id, r->session_id))
			continue;
		cancel_fire(other->turn < r->turn ? other->cancel : r->cancel, CANCEL_SUPERSEDED);
	}
}

void running_start(struct ctx *cx, const char *session_id, int64_t turn)
{
	struct running *r = NEW(cx->arena, struct running);

	r->session_id = session_id;
	r->turn = turn;
	r->cancel = cx->cancel;
	pthread_mutex_lock(&lock);
	settle(r);
	r->next = all;
	all = r;
	pthread_mutex_unlock(&lock);
	arena_defer(cx->arena, leave, r);
}
