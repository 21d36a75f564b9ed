/* heard.c -- a task embeds the message while the turn begins, and is waited for no longer than a
 * reply waits for what is remembered. What comes later still serves the memory. */
#include "heard.h"

#include "../base/str.h"
#include "../base/task.h"
#include "../base/wait.h"
#include "../domain/memory/index_text.h"
#include "../engines/embedding.h"
#include "memory.h"

struct heard {
	const char          *session_id, *said;
	bool                 is_here, is_said;
	struct task         *task; /* NULL: not begun */
	struct monitor       monitor;
	bool                 is_done; /* under the monitor, as the vector is */
	struct memory_vector vector;
};

static struct err *embed_said(struct ctx *cx, void *data)
{
	struct heard        *heard = data;
	struct memory_vector vector;

	memory_embed_said(cx, heard->session_id, heard->said, &vector);
	monitor_lock(&heard->monitor);
	heard->vector = vector;
	heard->is_done = true;
	monitor_tell_all(&heard->monitor);
	monitor_unlock(&heard->monitor);
	return NULL;
}

struct heard *heard_start(struct ctx *cx, const char *session_id, const char *message, bool is_said)
{
	const struct embed_engine *engine = embedding_next(cx);
	struct heard              *heard = NEW(cx->arena, struct heard);
	struct index_text          text;

	*heard = (struct heard){.session_id = session_id, .is_said = is_said, .monitor = MONITOR};
	index_text_said(cx, NULL, message, clock_unix_ms(), &text);
	heard->said = text.said;
	heard->is_here = engine && engine->p.is_local;
	if (heard->is_here)
		heard->task = task_start(cx, embed_said, heard);
	return heard;
}

bool heard_is_here(const struct heard *heard)
{
	return heard->is_here;
}

bool heard_is_said(const struct heard *heard)
{
	return heard->is_said;
}

void heard_admit(struct ctx *cx, struct heard *heard)
{
	if (!heard->task)
		heard->task = task_start(cx, embed_said, heard);
}

struct memory_vector heard_vector(struct ctx *cx, struct heard *heard, struct deadline until)
{
	struct memory_vector none = {.at = NULL};
	struct monitor_watch watch;
	enum waited          waited = WAIT_READY;
	bool                 is_done;

	if (!heard->task)
		return none;
	monitor_watch(&heard->monitor, &watch, cx->cancel);
	monitor_lock(&heard->monitor);
	while (!heard->is_done && waited == WAIT_READY)
		waited = monitor_wait(&heard->monitor, &watch, until);
	is_done = heard->is_done;
	monitor_unlock(&heard->monitor);
	monitor_unwatch(&watch);
	if (!is_done || task_join(heard->task)) /* for what it has cost; it fails never */
		return none;
	return heard->vector;
}
