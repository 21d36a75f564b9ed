/* http_admission.c -- a line for each origin, and how many of it go in at a time.
 *
 * The width of a line is the number of calls that may be without a stream. Each stream on a
 * connection that was there widens it by one, each new connection halves it. libcurl does not tell
 * how many streams a server allows; that the width stays small bounds what it costs to find the
 * connections full: so many new ones at most. */
#include "http_admission.h"

#include <stdio.h>

#define ORIGINS      32u
#define ORIGIN_BYTES 288u /* a name has 255 at most */
#define WIDTH_LOW    4u   /* servers with few streams on a connection are not reached one by one */
#define WIDTH_HIGH   16u
#define WIDTH_MOST   4096u /* when nothing is heard */
#define STILL_MS     300u

enum protocol { UNKNOWN, HTTP_1, HTTP_2 };

struct origin {
	char             key[ORIGIN_BYTES];
	enum protocol    protocol;
	unsigned         width;
	unsigned         without_stream, with_stream;
	unsigned         users; /* these and those in line: entered and not left */
	uint64_t         used_at_ms, moved_at_ms;
	struct exchange *first, **end; /* of the line */
};

static struct origin origins[ORIGINS];
static unsigned      in_line; /* of all origins */

const char *admission_origin(struct arena *a, const char *url)
{
	size_t scheme = strlen("https://"), len;

	if (!span_starts_nocase(span_of(url), SPAN("https://")))
		return NULL;
	len = scheme + strcspn(url + scheme, "/?#");
	return len < ORIGIN_BYTES ? arena_strndup(a, url, len) : NULL;
}

/* ---- the table ---- */

/* The one to replace: unused the longest; NULL: all are in use. */
static struct origin *oldest_idle(void)
{
	struct origin *oldest = NULL;

	for (size_t i = 0; i < ORIGINS; i++)
		if (!origins[i].users && (!oldest || origins[i].used_at_ms < oldest->used_at_ms))
			oldest = &origins[i];
	return oldest;
}

static struct origin *origin_of(const char *key)
{
	struct origin *o;

	for (size_t i = 0; i < ORIGINS; i++)
		if (str_equal(origins[i].key, key))
			return &origins[i];
	o = oldest_idle();
	if (!o)
		return NULL;
	*o = (struct origin){0};
	snprintf(o->key, sizeof(o->key), "%s", key);
	return o;
}

/* ---- the line ---- */

static void join_line(struct origin *o, struct exchange *x)
{
	x->next_in_line = NULL;
	x->link_in_line = o->end;
	*o->end = x;
	o->end = &x->next_in_line;
	x->standing = IN_LINE;
	in_line++;
}

static void leave_line(struct origin *o, struct exchange *x)
{
	*x->link_in_line = x->next_in_line;
	if (x->next_in_line)
		x->next_in_line->link_in_line = x->link_in_line;
	else
		o->end = x->link_in_line;
	in_line--;
}

static void widen(struct origin *o, unsigned by, unsigned most)
{
	if (o->width < most)
		o->width = o->width + by < most ? o->width + by : most;
	o->moved_at_ms = clock_mono_ms();
}

static bool has_room(const struct origin *o)
{
	return o->protocol == HTTP_1 || o->without_stream < o->width;
}

static void go_in(struct origin *o, struct exchange *x)
{
	if (!o->without_stream)
		o->moved_at_ms = clock_mono_ms();
	x->standing = WITHOUT_STREAM;
	o->without_stream++;
}

/* A burst after a pause finds other connections than the last one did: one goes first again. */
static void begin_use(struct origin *o)
{
	if (o->users++)
		return;
	o->width = 1;
	o->first = NULL;
	o->end = &o->first;
}

bool admission_enter(struct exchange *x)
{
	struct origin *o = x->origin_key ? origin_of(x->origin_key) : NULL;

	if (!o)
		return true;
	x->origin = o;
	begin_use(o);
	if (!o->first && has_room(o)) {
		go_in(o, x);
		return true;
	}
	join_line(o, x);
	return false;
}

static struct exchange *next_of(struct origin *o)
{
	struct exchange *x = o->first;

	if (!o->users || !x)
		return NULL;
	if (!has_room(o) && clock_mono_ms() - o->moved_at_ms >= STILL_MS)
		widen(o, o->width, WIDTH_MOST);
	if (!has_room(o))
		return NULL;
	leave_line(o, x);
	go_in(o, x);
	return x;
}

struct exchange *admission_next(void)
{
	struct exchange *x = NULL;

	for (size_t i = 0; in_line && !x && i < ORIGINS; i++)
		x = next_of(&origins[i]);
	return x;
}

/* ---- what became of it ---- */

/* Before an answer says it: while one call has a stream, whether the next shares its connection. */
static void guess_protocol(struct origin *o, bool made_connection)
{
	if (o->protocol == UNKNOWN && o->with_stream)
		o->protocol = made_connection ? HTTP_1 : HTTP_2;
}

void admission_connected(struct exchange *x, bool made_connection)
{
	struct origin *o = x->origin;

	if (!o || x->standing != WITHOUT_STREAM)
		return;
	guess_protocol(o, made_connection);
	x->standing = WITH_STREAM;
	o->without_stream--;
	o->with_stream++;
	if (o->width > WIDTH_HIGH)
		o->width = WIDTH_HIGH;
	if (made_connection && o->width >= 2 * WIDTH_LOW)
		o->width /= 2;
	widen(o, made_connection ? 0 : 1, WIDTH_HIGH);
}

void admission_answered(struct exchange *x, bool is_http_2)
{
	if (x->origin)
		x->origin->protocol = is_http_2 ? HTTP_2 : HTTP_1;
}

void admission_leave(struct exchange *x, bool has_failed)
{
	struct origin *o = x->origin;

	if (!o)
		return;
	switch (x->standing) {
	case IN_LINE:
		leave_line(o, x);
		break;
	case WITHOUT_STREAM:
		o->without_stream--;
		if (has_failed)
			widen(o, o->width, WIDTH_MOST);
		break;
	case WITH_STREAM:
		o->with_stream--;
		break;
	}
	x->origin = NULL;
	o->users--;
	o->used_at_ms = clock_mono_ms();
}

unsigned admission_sleep_ms(unsigned most_ms)
{
	return in_line && most_ms > STILL_MS ? STILL_MS : most_ms;
}
