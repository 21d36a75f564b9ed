/* feed.c -- text from one task to one thread. */
#include "feed.h"

#define MEMORY_BYTES 4096u

struct feed {
	struct ctx  *cx;
	struct post  post;
	task_fn     *think;
	void        *data;
	struct task *task; /* NULL: nothing is thought */
	bool         is_told;

	/* Under the post's lock. */
	struct {
		unsigned   generation;
		struct buf text;     /* nobody has looked at it; in the post's memory */
		bool       is_eager; /* the last text may have ended a sentence */
		bool       is_due;   /* since the last look one may have ended */
		bool       is_seen;  /* of text that is no sentence the thread knows */
		bool       is_out, is_over;
	} shared;

	unsigned generation, seen; /* the thread's */
	uint64_t told_at_ms;
};

void post_tell(struct post *post)
{
	post->news++;
	monitor_tell(&post->monitor);
}

static void free_memory(void *data)
{
	struct feed *f = data;

	arena_free(&f->post.memory);
}

struct feed *feed_new(struct ctx *cx, bool is_told)
{
	struct feed *f = NEW(cx->arena, struct feed);

	f->cx = cx;
	f->is_told = is_told;
	f->post = (struct post){.monitor = MONITOR, .memory = arena_new(MEMORY_BYTES)};
	arena_defer(cx->arena, free_memory, f);
	f->shared.text = buf_new(f->post.memory, FEED_TEXT_MAX);
	return f;
}

struct post *feed_post(struct feed *f)
{
	return &f->post;
}

/* ---- by the task that thinks ---- */

/* May a sentence end here? A wrong yes costs a look. */
static bool may_end(struct span piece)
{
	for (size_t i = 0; i < piece.len; i++)
		if (strchr(".!?\n", piece.ptr[i]) || (unsigned char)piece.ptr[i] >= 0xe2)
			return true;
	return false;
}

bool feed_text(struct span piece, void *data)
{
	struct feed *f = data;
	bool         may = may_end(piece);

	monitor_lock(&f->post.monitor);
	buf_add(&f->shared.text, piece.ptr, piece.len);
	/* What comes behind a sentence is what ends it. Else one look in FEED_MS is enough. */
	if (f->shared.is_eager || may || (f->is_told && !f->shared.is_seen))
		post_tell(&f->post);
	f->shared.is_due |= f->shared.is_eager || may;
	f->shared.is_eager = may;
	f->shared.is_seen = true;
	monitor_unlock(&f->post.monitor);
	return true;
}

bool feed_restart(struct feed *f)
{
	bool may;

	monitor_lock(&f->post.monitor);
	may = !f->shared.is_out;
	if (may) {
		f->shared.generation++;
		f->shared.text.len = 0;
		post_tell(&f->post);
	}
	monitor_unlock(&f->post.monitor);
	return may;
}

static struct err *think(struct ctx *cx, void *data)
{
	struct feed *f = data;
	struct err  *e = f->think(cx, f->data);

	monitor_lock(&f->post.monitor);
	f->shared.is_over = true;
	post_tell(&f->post);
	monitor_unlock(&f->post.monitor);
	return e;
}

void feed_start(struct feed *f, task_fn *fn, void *data)
{
	f->think = fn;
	f->data = data;
	f->task = task_start(f->cx, think, f);
}

/* ---- by the thread of the request ---- */

struct fed feed_take(struct feed *f, struct buf *out)
{
	struct fed fed;

	monitor_lock(&f->post.monitor);
	fed = (struct fed){.is_anew = f->generation != f->shared.generation,
	                   .is_urgent = f->shared.is_due,
	                   .is_over = f->shared.is_over};
	f->generation = f->shared.generation;
	f->seen = f->post.news;
	if (fed.is_anew)
		out->len = 0;
	buf_add(out, buf_text(&f->shared.text), f->shared.text.len);
	f->shared.text.len = 0;
	f->shared.is_seen = f->shared.is_due = false;
	monitor_unlock(&f->post.monitor);
	return fed;
}

bool feed_claim(struct feed *f)
{
	bool may;

	if (!f->is_told)
		return true;
	monitor_lock(&f->post.monitor);
	may = f->generation == f->shared.generation;
	f->shared.is_out |= may;
	monitor_unlock(&f->post.monitor);
	return may;
}

static struct deadline next_due(const struct feed *f)
{
	return (struct deadline){f->told_at_ms + FEED_MS};
}

bool feed_is_due(const struct feed *f)
{
	return deadline_left_ms(next_due(f)) == 0;
}

void feed_was_told(struct feed *f)
{
	f->told_at_ms = clock_mono_ms();
}

struct err *feed_wait(struct feed *f, bool has_more)
{
	struct ctx     *cx = f->cx;
	struct deadline until = has_more ? deadline_sooner(cx->deadline, next_due(f)) : cx->deadline;
	struct monitor_watch watch;
	enum waited          how = WAIT_READY;

	monitor_watch(&f->post.monitor, &watch, cx->cancel);
	monitor_lock(&f->post.monitor);
	while (how == WAIT_READY && f->post.news == f->seen)
		how = ctx_wait(cx, &f->post.monitor, &watch, until);
	monitor_unlock(&f->post.monitor);
	monitor_unwatch(&watch);
	if (how == WAIT_CANCELLED || ctx_cancelled(cx))
		FAIL(cx, ERR_CANCELLED, "nobody waits for the reply any more");
	if (deadline_left_ms(cx->deadline) == 0)
		FAIL(cx, ERR_DEADLINE, "the reply took too long");
	return NULL;
}

struct err *feed_join(struct feed *f)
{
	return f->task ? task_join(f->task) : NULL;
}

void feed_cancel(struct feed *f)
{
	if (f->task)
		task_cancel(f->task);
}
