/* feed.c -- text from who thinks to who tells, in one thread. */
#include "feed.h"

#define MEMORY_BYTES 4096u

struct feed {
	struct ctx *cx;
	struct post post;
	feed_look  *look;
	void       *data;
	struct err *failed; /* of a look; NULL: none has */

	struct buf text;     /* nobody has looked at it */
	bool       is_eager; /* the last text may have ended a sentence */
	bool       is_due;   /* since the last look one may have ended */
	bool       is_anew;  /* since then another engine has begun */
	bool       is_told, is_out;
	uint64_t   told_at_ms;
};

static void free_memory(void *data)
{
	struct feed *f = data;

	arena_free(&f->post.memory);
}

static struct deadline next_due(const struct feed *f)
{
	return (struct deadline){f->told_at_ms + FEED_MS};
}

static bool look(void *data)
{
	struct feed *f = data;
	bool         has_more = false;

	if (!f->failed)
		f->failed = f->look(f->data, &has_more);
	f->post.aside.due = has_more ? next_due(f) : DEADLINE_NEVER;
	return !f->failed;
}

struct feed *feed_new(struct ctx *cx, bool is_told, feed_look *at, void *data)
{
	struct feed *f = NEW(cx->arena, struct feed);

	f->cx = cx;
	f->look = at;
	f->data = data;
	f->is_told = is_told;
	f->post.memory = arena_new(MEMORY_BYTES);
	arena_defer(cx->arena, free_memory, f);
	aside_init(&f->post.aside, look, f);
	f->text = buf_new(cx->arena, FEED_TEXT_MAX);
	return f;
}

struct post *feed_post(struct feed *f)
{
	return &f->post;
}

struct err *feed_look_now(struct feed *f)
{
	aside_look(&f->post.aside);
	return f->failed;
}

struct err *feed_think(struct feed *f, struct err *(*think)(struct ctx *cx, void *data), void *data)
{
	struct aside *before = f->cx->aside;
	struct err   *e;

	f->cx->aside = &f->post.aside;
	e = think(f->cx, data);
	f->cx->aside = before;
	return f->failed ? f->failed : e;
}

struct err *feed_wait(struct feed *f)
{
	enum waited how = aside_wait(f->cx, &f->post.aside, f->cx->deadline);

	if (how == WAIT_CANCELLED || ctx_cancelled(f->cx))
		FAIL(f->cx, ERR_CANCELLED, "nobody waits for the reply any more");
	if (how == WAIT_DEADLINE)
		FAIL(f->cx, ERR_DEADLINE, "the reply took too long");
	return NULL;
}

/* ---- by who thinks ---- */

/* May a sentence end here? A wrong yes costs a look. */
static bool may_end(struct span piece)
{
	for (size_t i = 0; i < piece.len; i++)
		if (strchr(".!?\n", piece.ptr[i]) || (unsigned char)piece.ptr[i] >= 0xe2)
			return true;
	return false;
}

/* What comes behind a sentence is what ends it. Else one look in FEED_MS is enough, and none where
 * nobody is told before the end. */
bool feed_text(struct span piece, void *data)
{
	struct feed *f = data;
	bool         may = may_end(piece);

	if (!piece.len)
		return !f->failed;
	buf_add(&f->text, piece.ptr, piece.len);
	f->is_due |= f->is_eager || may;
	f->is_eager = may;
	if (f->is_due || (f->is_told && feed_is_due(f)))
		return aside_look(&f->post.aside);
	if (f->is_told)
		f->post.aside.due = deadline_sooner(f->post.aside.due, next_due(f));
	return true;
}

bool feed_restart(struct feed *f)
{
	if (f->is_out)
		return false;
	f->is_anew = true;
	f->text.len = 0;
	return true;
}

/* ---- by who looks ---- */

struct fed feed_take(struct feed *f, struct buf *out)
{
	struct fed fed = {.is_anew = f->is_anew, .is_urgent = f->is_due};

	if (fed.is_anew)
		out->len = 0;
	buf_add(out, buf_text(&f->text), f->text.len);
	f->text.len = 0;
	f->is_due = f->is_anew = false;
	return fed;
}

void feed_claim(struct feed *f)
{
	f->is_out = f->is_told;
}

bool feed_is_due(const struct feed *f)
{
	return deadline_left_ms(next_due(f)) == 0;
}

void feed_was_told(struct feed *f)
{
	f->told_at_ms = clock_mono_ms();
}
