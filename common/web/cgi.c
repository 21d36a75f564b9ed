/* cgi.c -- one request as plain CGI (RFC 3875): environment and stdin in, response on stdout.
 *
 * A thread beside it waits for the reader of the response to go away. */
#include "serve.h"

#include "../base/fatal.h"
#include "../base/thread.h"
#include "../base/wait.h"

#include <fcntl.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)256 << 10)

static bool is_written = true; /* and nothing of it was lost */

static const char *cgi_param(struct transport *t, const char *name)
{
	(void)t;
	return getenv(name);
}

static size_t cgi_read(struct transport *t, char *to, size_t max)
{
	(void)t;
	return fread(to, 1, max, stdin);
}

static bool cgi_write(struct transport *t, const char *bytes, size_t n)
{
	(void)t;
	is_written = fwrite(bytes, 1, n, stdout) == n && is_written;
	return is_written;
}

static bool cgi_flush(struct transport *t)
{
	(void)t;
	is_written = fflush(stdout) == 0 && is_written;
	return is_written;
}

/* ---- the reader of the response ---- */

struct reader {
	pthread_t      thread;
	struct cancel *cancel; /* of the request */
	struct cancel  unwatched;
};

/* Only hanging up is waited for; a file never does. */
static void *watch(void *data)
{
	struct reader *r = data;
	struct pollfd  out = {.fd = STDOUT_FILENO, .events = POLLRDHUP};

	if (wait_fds(&r->unwatched, &out, 1, DEADLINE_NEVER) == WAIT_READY)
		cancel_fire(r->cancel, CANCEL_CLIENT_LEFT);
	return NULL;
}

static void watch_reader(struct reader *r)
{
	cancel_init(&r->unwatched);
	if (thread_start(&r->thread, STACK_BYTES, watch, r) != 0)
		fatal("cannot watch the reader of the response");
}

static void unwatch_reader(struct reader *r)
{
	cancel_fire(&r->unwatched, CANCEL_UNWANTED);
	pthread_join(r->thread, NULL);
	cancel_end(&r->unwatched);
}

/* ---- the request ---- */

struct cgi {
	struct transport t; /* first */
	struct reader    reader;
	bool             is_finished;
};

/* A server takes the end of the output for the end of the response, so it is given one. */
static void cgi_finish(struct transport *t)
{
	struct cgi *c = (struct cgi *)t;
	int         nowhere;

	if (c->is_finished)
		return;
	c->is_finished = true;
	unwatch_reader(&c->reader);
	cgi_flush(t);
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
		close(STDOUT_FILENO);
	if (nowhere >= 0)
		close(nowhere);
}

int serve_cgi(serve_handler *handle, serve_thread_end *end)
{
	struct cancel cancel;
	struct cgi    c = {.t = {.param = cgi_param,
	                         .read = cgi_read,
	                         .write = cgi_write,
	                         .flush = cgi_flush,
	                         .finish = cgi_finish,
	                         .cancel = &cancel,
	                         .since_ms = clock_mono_ms()},
	                   .reader = {.cancel = &cancel}};

	cancel_init(&cancel);
	watch_reader(&c.reader);
	handle(&c.t);
	cgi_finish(&c.t);
	cancel_end(&cancel);
	end();
	return is_written ? 0 : 1;
}
