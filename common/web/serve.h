/* serve.h -- where requests come from: a FastCGI socket shared by threads, or plain CGI. */
#ifndef SERVE_H
#define SERVE_H

#include "../base/cancel.h"

/* One request's way in and out. All calls belong to the thread that handles it. */
struct transport {
	/* CGI variable; NULL when absent. Valid while the request is handled. */
	const char *(*param)(struct transport *t, const char *name);
	/* Up to max bytes of the body; 0 at its end, also when the sender broke off. */
	size_t (*read)(struct transport *t, char *to, size_t max);
	/* Both false when the client is gone. */
	bool (*write)(struct transport *t, const char *bytes, size_t n);
	bool (*flush)(struct transport *t);
	struct cancel *cancel; /* fired when the client goes away; lives while the request is handled */
};

/* Called once for each request, from any of the threads. */
typedef void serve_handler(struct transport *t);

/* Called by each thread when it serves no more. */
typedef void serve_thread_end(void);

/* Is descriptor 0 a listening socket, as spawn-fcgi or systemd hand over? */
bool serve_has_socket(void);

/* Blocks SIGTERM and SIGINT for all threads started later and makes a broken
 * pipe an error instead of a signal. Call first in main. */
void serve_block_signals(void);

/* Waits for SIGTERM or SIGINT, which serve_block_signals has kept for it. */
void serve_wait_for_stop(void);

/* Serves descriptor 0 with that many threads until SIGTERM or SIGINT, then lets
 * the requests in hand finish. The socket itself stays whole for the next
 * process that inherits it. Returns the exit status. */
int serve_fastcgi(unsigned threads, serve_handler *handle, serve_thread_end *end);

/* Serves the one request found in the environment and on standard input. */
int serve_cgi(serve_handler *handle, serve_thread_end *end);

#endif
