/* fuzz_arrival.c -- what a web server sends on a connection, in pieces of any size.
 *
 * The first byte tells how large the pieces are, the second how much may be on its way. In one
 * piece or in many the same becomes of it: the same request, a closed connection, or a wait for
 * more. What is handed on as whole is whole, and afterwards nothing is held for anybody. */
#include "../../common/base/address.h"
#include "../../common/web/incoming.h"
#include "fuzz.h"

#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_BYTES 4096 /* a socket takes so many at once */
#define PIECES_MAX 100u /* nor of any size more than so many */
#define MANY       ((size_t)64 << 20)

enum outcome { WAITS, CLOSED, WHOLE, REFUSED };

/* What dispatch.c has; of it only this is asked here. */
struct dispatch_office office;

static enum outcome outcome;

void office_close(struct conn *c)
{
	(void)c;
	outcome = CLOSED;
}

bool conn_has_file(const struct conn *c)
{
	return c->arrival.file >= 0;
}

static struct conn *hand_on(struct conn *c)
{
	outcome = c->refusal == REFUSAL_NONE ? WHOLE : REFUSED;
	return NULL;
}

static struct conn *take_back(uint64_t client)
{
	(void)client;
	return NULL;
}

/* The request, from its file or from the socket, without what may stand behind it. */
static struct span request_of(struct ctx *cx, const struct conn *c, size_t max)
{
	unsigned char   *bytes = arena_alloc_raw(cx->arena, max + 1);
	struct fcgi_body body;
	ssize_t          n = c->arrival.file >= 0 ? pread(c->arrival.file, bytes, max, 0)
	                                          : recv(c->fd, bytes, max, MSG_DONTWAIT);
	size_t           len, head;
	enum fcgi_head   kind;

	assert(n > 0);
	len = (size_t)n;
	kind = fcgi_head(bytes, len < FCGI_HEAD_MAX ? len : FCGI_HEAD_MAX, &body);
	assert(kind == FCGI_HEAD_WHOLE || kind == FCGI_HEAD_UNSAID);
	head = body.left;
	len = fcgi_body_take(&body, bytes, len);
	assert(body.is_whole && !body.is_broken && len >= head);
	assert(c->job.client == address_key(fcgi_head_param(bytes, len, "REMOTE_ADDR")));
	return (struct span){(char *)bytes, len};
}

static enum outcome arrive(struct ctx *cx, struct span bytes, size_t step, struct span *request_out)
{
	struct conn c = {.state = PARKED, .arrival = ARRIVAL};
	int         ends[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	c.fd = ends[1];
	outcome = WAITS;
	for (size_t at = 0; at < bytes.len && outcome == WAITS; at += step) {
		size_t  left = bytes.len - at, some = left < step ? left : step;
		ssize_t n = send(ends[0], bytes.ptr + at, some, MSG_DONTWAIT);

		assert(n == (ssize_t)some);
		incoming_look(&c);
		assert(outcome != WAITS || c.state == PARKED);
	}
	*request_out = outcome == WHOLE ? request_of(cx, &c, bytes.len) : SPAN("");
	arrival_end(&c.arrival);
	close(ends[0]);
	close(ends[1]);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx   cx = fuzz_begin();
	struct span  all, one, other;
	size_t       step;
	enum outcome how;

	office.how.hand_on = hand_on;
	office.how.take_back = take_back;
	if (len < 2)
		return fuzz_end(&cx);
	all = (struct span){(const char *)bytes + 2, len - 2};
	step = 1 + bytes[0] * 3u + len / PIECES_MAX;
	arrivals_limit(MANY);
	how = arrive(&cx, all, SEND_BYTES, &one);
	assert(how != REFUSED);
	assert(arrive(&cx, all, step, &other) == how && span_equal(one, other));
	arrivals_limit(MANY / 64 / (1 + bytes[1]));
	how = arrive(&cx, all, SEND_BYTES, &one);
	arrivals_limit(0);
	assert(!arrivals_are_too_many()); /* nothing is held any more */
	return fuzz_end(&cx);
}
