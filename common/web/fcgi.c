/* fcgi.c -- requests by libfcgi: the only file that knows it.
 *
 * The library reads and writes descriptors of ours, one at a time: a large request is in a file,
 * its answer goes to the connection. It never accepts one itself. Nor does it close one, which
 * could take seconds (it lingers) and would pull a number from under the dispatcher: but where it
 * can make nothing of the parameters, and then without lingering. */
#include "fcgi.h"

#include "../base/fatal.h"
#include "../base/wait.h"

#include <fcgiapp.h>
#include <sys/socket.h>

#define WRITE_BYTES     8000u /* at once: less than a socket has room for that has any */
#define BODY_UNREAD_MAX ((size_t)32 << 20) /* read to its end, so that the connection can be kept */
#define BODY_UNREAD_MS  2000u
#define END_READ_MS     2000u /* how long it may take until who is cancelled takes more */

struct fcgi {
	struct transport t; /* first */
	FCGX_Request     request;
	struct conn     *conn; /* NULL: given back */
	struct cancel    cancel;
};

static struct fcgi *fcgi_of(struct transport *t)
{
	return (struct fcgi *)t;
}

static const char *param(struct transport *t, const char *name)
{
	return FCGX_GetParam(name, fcgi_of(t)->request.envp);
}

static size_t read_some(struct transport *t, char *to, size_t max)
{
	struct fcgi *f = fcgi_of(t);
	int          n;

	f->request.ipcFd = conn_request_fd(f->conn);
	n = FCGX_GetStr(to, max > INT32_MAX ? INT32_MAX : (int)max, f->request.in);
	f->request.ipcFd = conn_fd(f->conn);
	conn_was_read(f->conn);
	return n > 0 ? (size_t)n : 0;
}

/* Whose work is cancelled and who is still there is to read the end of the answer. */
static enum waited wait_for_room(struct fcgi *f)
{
	struct pollfd   room = {.fd = conn_fd(f->conn), .events = POLLOUT};
	struct deadline until = deadline_in(f->t.stall_ms);
	enum waited     how = wait_fds(NULL, &room, 1, deadline_in(0));

	if (how != WAIT_READY)
		how = wait_fds(&f->cancel, &room, 1, until);
	if (how == WAIT_CANCELLED && cancel_reason(&f->cancel) != CANCEL_CLIENT_LEFT)
		how = wait_fds(NULL, &room, 1, deadline_sooner(until, deadline_in(END_READ_MS)));
	return how;
}

/* Who takes nothing is hung up on: what else is written, the end of the answer too, fails at
 * once. */
static bool may_write(struct fcgi *f)
{
	if (!f->t.stall_ms || wait_for_room(f) == WAIT_READY)
		return true;
	shutdown(conn_fd(f->conn), SHUT_RDWR);
	return false;
}

/* What still fits into the library's buffer stays there. */
static bool is_kept_back(const struct fcgi *f, size_t n)
{
	return n <= (size_t)(f->request.out->stop - f->request.out->wrNext);
}

static bool write_all(struct transport *t, const char *bytes, size_t n)
{
	struct fcgi *f = fcgi_of(t);
	size_t       at = 0, some;

	for (; at < n; at += some) {
		some = n - at < WRITE_BYTES ? n - at : WRITE_BYTES;
		if ((!is_kept_back(f, some) && !may_write(f)) ||
		    FCGX_PutStr(bytes + at, (int)some, f->request.out) != (int)some)
			return false;
	}
	return true;
}

static bool flush(struct transport *t)
{
	struct fcgi *f = fcgi_of(t);

	return may_write(f) && FCGX_FFlush(f->request.out) == 0;
}

/* A body nobody read would be taken for the next request. A refused one's is skipped by the
 * dispatcher. */
static bool read_to_end(struct fcgi *f)
{
	char   bytes[4096];
	size_t n = 1, all = 0;

	if (f->t.refusal != REFUSAL_NONE)
		return true;
	/* Whose work was cancelled for another reason reads its answer: a connection closed with
	 * something unread in it would take that answer along. */
	if (cancel_reason(&f->cancel) == CANCEL_CLIENT_LEFT)
		return false;
	conn_limit(f->conn, BODY_UNREAD_MS);
	while (n > 0 && all <= BODY_UNREAD_MAX) {
		n = read_some(&f->t, bytes, sizeof(bytes));
		all += n;
	}
	return n == 0 && FCGX_GetError(f->request.in) == 0;
}

static void finish(struct transport *t)
{
	struct fcgi  *f = fcgi_of(t);
	FCGX_Request *r = &f->request;
	bool          may_stay;

	if (!f->conn)
		return;
	may_stay = read_to_end(f) && r->keepConnection;
	may_stay = FCGX_FClose(r->err) == 0 && may_stay;
	may_stay = FCGX_FClose(r->out) == 0 && may_stay;
	FCGX_Free(r, 0);
	r->ipcFd = -1;
	conn_end(f->conn, may_stay);
	f->conn = NULL;
}

/* Its parameters are all here, so it does not wait. */
static bool begin(struct fcgi *f)
{
	FCGX_Request *r = &f->request;

	if (FCGX_InitRequest(r, -1, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		fatal("FCGX_InitRequest failed");
	r->ipcFd = conn_request_fd(f->conn);
	r->keepConnection = 1; /* or it closes what it takes for the request before */
	r->detached = 1;       /* if it closes, it does not linger */
	if (FCGX_Accept_r(r) != 0)
		return false;
	r->ipcFd = conn_fd(f->conn);
	return true;
}

void fcgi_start(void)
{
	if (FCGX_Init() != 0)
		fatal("FCGX_Init failed");
}

void fcgi_serve(struct conn *c, unsigned limit_ms, serve_handler *handle)
{
	struct fcgi f = {.t = {.param = param,
	                       .read = read_some,
	                       .write = write_all,
	                       .flush = flush,
	                       .finish = finish,
	                       .since_ms = conn_since_ms(c),
	                       .coming_ms = conn_coming_ms(c),
	                       .is_crowd = conn_job(c)->is_crowd,
	                       .refusal = conn_refusal(c)},
	                 .conn = c};

	cancel_init(&f.cancel);
	f.t.cancel = &f.cancel;
	if (conn_begin(c, &f.cancel)) {
		if (begin(&f)) {
			conn_limit(c, limit_ms);
			handle(&f.t);
			finish(&f.t);
		} else {
			conn_lost(c);
		}
	}
	cancel_end(&f.cancel);
}
