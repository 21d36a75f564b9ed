/* serve.h -- where requests come from: a FastCGI socket shared by threads, or plain CGI. */
#ifndef SERVE_H
#define SERVE_H

#include "../base/cancel.h"

#include <stdatomic.h>

/* Why a request is not handled. */
enum refusal {
	REFUSAL_NONE,     /* where it is whole; refused, no thread has a place for it */
	REFUSAL_STOPS,    /* the program stops before it is whole */
	REFUSAL_TOO_MUCH, /* its client sends more at once than it may */
	REFUSAL_SLOW      /* it did not arrive in time */
};

/* One request's way in and out. All calls belong to the thread that handles it. */
struct transport {
	/* CGI variable; NULL when absent. Valid until finish. */
	const char *(*param)(struct transport *t, const char *name);
	/* Up to max bytes of the body; 0 at its end, also when the sender broke off. */
	size_t (*read)(struct transport *t, char *to, size_t max);
	/* Both false when the client is gone. */
	bool (*write)(struct transport *t, const char *bytes, size_t n);
	bool (*flush)(struct transport *t);
	/* The answer is whole, and the client is told: no call of the others after it, and the cancel
	 * does not fire any more. What is still done is done behind the answer. */
	void (*finish)(struct transport *t);
	struct cancel *cancel; /* fired when the client goes away; lives while the request is handled */
	/* A client that takes nothing of what is written for so long is gone, and at once where nobody
	 * wants the answer any more; 0: it has the time of its request. */
	unsigned stall_ms;
	uint64_t since_ms;  /* when the request had arrived, clock_mono_ms() */
	unsigned coming_ms; /* how long before that it began to arrive */
	const atomic_bool
				*is_crowd; /* the client is one, who lets others go first; NULL: nobody knows */
	enum refusal refusal;  /* else than REFUSAL_NONE its body ends somewhere */
};

/* Called once for each request, from any of the threads. */
typedef void serve_handler(struct transport *t);

/* Called by each thread when it serves no more. */
typedef void serve_thread_end(void);

struct serving {
	unsigned          threads;    /* requests in hand at once; made as they come */
	unsigned          queue_max;  /* requests that may wait for one of these */
	unsigned          client_max; /* requests of one client in hand at once; 0: any number */
	unsigned          limit_ms;   /* after so long in hand a connection is shut */
	unsigned          arrive_ms;  /* for a request to arrive in, and more for a large body */
	size_t            bytes_max;  /* of requests that are arriving, all together */
	const char       *folder;     /* where large ones arrive; NULL: in memory */
	serve_handler    *handle;
	serve_handler    *refuse; /* instead of handle, as transport.refusal says; does not wait */
	serve_thread_end *end;
};

/* Where spawn-fcgi or systemd hand over a listening socket. */
#define LISTEN_FD 0

/* Is there one? */
bool serve_has_socket(void);

/* accept4() returns without one, and at once, where another program was quicker to take it. */
void serve_never_block(void);

/* Blocks SIGTERM and SIGINT for all threads started later and makes a broken
 * pipe an error instead of a signal. Call first in main. */
void serve_block_signals(void);

/* Waits for SIGTERM or SIGINT, which serve_block_signals has kept for it. */
void serve_wait_for_stop(void);

/* Serves descriptor 0 until SIGTERM or SIGINT, then lets the requests in hand and on their way
 * finish. The socket itself stays whole for the next process that inherits it. Returns the exit
 * status. */
int serve_fastcgi(const struct serving *how);

/* Serves the one request found in the environment and on standard input. */
int serve_cgi(serve_handler *handle, serve_thread_end *end);

#endif
