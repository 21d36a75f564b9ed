/* sockets.c -- limits of each socket, and the list of all. */
#include "sockets.h"

#include "../../common/base/log.h"
#include "channels.h"
#include "clerk.h"
#include "limits.h"

#define BURST       4
#define STALLED_MS  1000u
#define BEHIND_MAX  8u /* times what may wait */
#define TOO_BIG     1009u
#define NOT_ALLOWED 1008u
#define TRY_LATER   1013u

static struct {
	struct wire_calls calls;
	struct socket    *first;
	unsigned          n;
	uint64_t          last_id;
	struct arena     *arena; /* of the message in hand */
} office;

void sockets_start(const struct wire_calls *calls)
{
	office.calls = *calls;
	office.arena = arena_new(16384);
}

struct socket *sockets_first(void)
{
	return office.first;
}

unsigned sockets_count(void)
{
	return office.n;
}

/* Errands are few, and those who sent them too. */
struct socket *socket_find(uint64_t id)
{
	for (struct socket *s = office.first; s; s = s->next)
		if (s->id == id)
			return s;
	return NULL;
}

bool socket_open(struct socket *s)
{
	uint64_t now = clock_mono_ms();

	s->id = ++office.last_id;
	s->heard_ms = s->wrote_ms = s->lonely_ms = s->counted_ms = now;
	s->allowance = limits.messages * BURST * 1000;
	s->next = office.first;
	s->link = &office.first;
	if (s->next)
		s->next->link = &s->next;
	office.first = s;
	if (office.n++ == 0)
		clerk_watch(true);
	if (office.n <= (unsigned)limits.sockets)
		return true;
	socket_close(s, TRY_LATER, "too many sockets; try again later");
	return false;
}

void socket_end(struct socket *s)
{
	if (!s->link)
		return;
	channels_leave_all(s);
	outbox_clear(&s->outbox);
	arena_free(&s->coming);
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	s->link = NULL;
	if (--office.n == 0)
		clerk_watch(false);
}

/* ---- out ---- */

void socket_close(struct socket *s, unsigned code, const char *reason)
{
	if (s->close_code)
		return;
	s->close_code = code;
	s->close_reason = reason;
	office.calls.want_to_write(s);
	office.calls.give_up(s);
}

struct parcel *socket_next(struct socket *s)
{
	s->wrote_ms = clock_mono_ms();
	return outbox_take(&s->outbox);
}

static bool is_over(const struct socket *s, const struct parcel *p, unsigned times)
{
	return s->outbox.bytes + p->len > (size_t)limits.queue_bytes * times;
}

/* Whoever has said much at once has not let us look whether this one reads: it is slow when it does
 * not, or is ever further behind. */
static bool is_slow(struct socket *s, const struct parcel *p)
{
	if (!is_over(s, p, 1))
		return false;
	office.calls.write_now(s);
	return is_over(s, p, BEHIND_MAX) ||
	       (is_over(s, p, 1) && clock_mono_ms() - s->wrote_ms > STALLED_MS);
}

void socket_post(struct socket *s, struct parcel *p)
{
	if (s->close_code)
		return;
	if (is_slow(s, p)) {
		LOG(LOG_INFO, NULL, "slow_reader_dropped", F_INT("bytes", s->outbox.bytes));
		outbox_clear(&s->outbox);
		socket_close(s, NOT_ALLOWED, "you read too slowly");
		return;
	}
	outbox_add(&s->outbox, p);
	office.calls.want_to_write(s);
}

/* ---- in ---- */

/* In thousandths, so that a fraction of a second counts too. */
static bool may_send(struct socket *s)
{
	uint64_t now = clock_mono_ms();
	int64_t  most = limits.messages * BURST * 1000;

	s->allowance += (int64_t)(now - s->counted_ms) * limits.messages;
	s->allowance = s->allowance < most ? s->allowance : most;
	s->counted_ms = now;
	s->allowance -= 1000;
	return s->allowance >= 0;
}

static void handle(struct socket *s, bool is_binary)
{
	struct ctx             cx = {.arena = office.arena, .deadline = DEADLINE_NEVER};
	struct phoenix_message m;
	struct err            *e;

	e = phoenix_parse(&cx, s->version, buf_span(&s->message), is_binary, &m);
	if (e)
		socket_close(s, NOT_ALLOWED, "that is no message of this protocol");
	else
		channels_take(&cx, s, &m);
	arena_reset(office.arena);
}

void socket_take(struct socket *s, struct span piece, bool is_last, bool is_binary)
{
	if (s->close_code)
		return;
	if (!s->coming) {
		s->coming = arena_new(piece.len + 64);
		s->message = buf_new(s->coming, (size_t)limits.message_bytes);
	}
	buf_add(&s->message, piece.ptr, piece.len);
	s->heard_ms = clock_mono_ms();
	if (s->message.is_full) {
		socket_close(s, TOO_BIG, "the message is too large");
		return;
	}
	if (!is_last)
		return;
	if (may_send(s))
		handle(s, is_binary);
	else
		socket_close(s, NOT_ALLOWED, "too many messages");
	arena_free(&s->coming);
}

/* ---- time ---- */

void sockets_tick(void)
{
	uint64_t       now = clock_mono_ms();
	struct socket *next;

	for (struct socket *s = office.first; s; s = next) {
		next = s->next;
		if (s->channels)
			s->lonely_ms = now;
		if (now - s->heard_ms > SILENCE_MS)
			socket_close(s, NOT_ALLOWED, "no heartbeat");
		else if (now - s->lonely_ms > (uint64_t)limits.join_ms)
			socket_close(s, NOT_ALLOWED, "in no channel");
	}
}
