/* cgi.c -- one request as plain CGI (RFC 3875): environment and stdin in, response on stdout. */
#include "peer_watch.h"
#include "serve.h"

#include <unistd.h>

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
	return fwrite(bytes, 1, n, stdout) == n;
}

static bool cgi_flush(struct transport *t)
{
	(void)t;
	return fflush(stdout) == 0;
}

int serve_cgi(serve_handler *handle, serve_thread_end *end)
{
	struct peer_watch watch;
	struct cancel     cancel;
	struct transport  t = {.param = cgi_param,
	                       .read = cgi_read,
	                       .write = cgi_write,
	                       .flush = cgi_flush,
	                       .cancel = &cancel};

	cancel_init(&cancel);
	peer_watch(&watch, STDOUT_FILENO, &cancel);
	handle(&t);
	peer_unwatch(&watch);
	cancel_end(&cancel);
	end();
	return fflush(stdout) == 0 ? 0 : 1;
}
