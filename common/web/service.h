/* service.h -- everything the programs do the same way, so that each states only its own. */
#ifndef SERVICE_H
#define SERVICE_H

#include "../base/cfg.h"
#include "input.h"
#include "req.h"
#include "../work/workers.h"
#include "../engines/engine_room.h"

/* Each with its bit of service.methods, in the order in which they are told. */
#define METHODS(X) X(GET, 1) X(HEAD, 4) X(POST, 2) X(PUT, 8) X(PATCH, 16) X(DELETE, 32)
enum {
#define X(name, bit) METHOD_##name = bit,
	METHODS(X)
#undef X
};

struct service {
	const char *name;            /* of the function, the program, its log lines and metrics */
	unsigned    methods;         /* others get 405; OPTIONS is answered for all */
	size_t      body_max;        /* bytes; more is 413 */
	size_t      small_max;       /* of larger ones few are in hand (large_bodies.h). 0: of none */
	unsigned    deadline_ms;     /* for the whole request */
	unsigned    rate_per_minute; /* per client address, enforced by nginx; 0: none */
	unsigned    rate_factor;     /* nginx lets so many times more by, it counts itself; 0: 1 */
	unsigned    threads;         /* requests served at once */
	unsigned    client_max;      /* of one client; its others wait. 0: any number */
	bool        needs_key;       /* wants a key where SCRIBE_REQUIRE_KEY is set */
	bool        is_idempotent;   /* honours Idempotency-Key */
	bool        takes_session;   /* its body may hold a session pair, which then owns the key */
	bool        streams;         /* may answer with an event stream */
	/* Bodies larger than small_max go into files of this folder, as they arrive and as they are
	 * read: for programs that keep files. NULL, or NULL from it: into memory. */
	const char *(*bodies_folder)(void);
	/* Who signs in is served: the database decides what they may (db_start_for_people). */
	bool serves_people;
	/* Served at /NAME on the socket of who runs the system, and nowhere else. */
	bool for_operators;
	/* "/auth/v1": all that stands behind it is the program's, as req_path_info(), and browsers may
	 * use what the clients of such an API send (origin.h). NULL: /functions/v1/NAME alone. */
	const char      *path;
	enum error_shape errors; /* how it tells them */
	/* &engine_room where it calls out; NULL: it does not. */
	const struct engine_room *engines;
	struct chain *const      *chains; /* engines it uses */
	size_t                    chains_n;
	/* What it keeps of its own, started before the engines and ended behind them. NULL: nothing.
	 * start() returns the number of problems, each told on stderr. */
	int (*start)(void);
	void (*stop)(void);
	/* What it begins once the database may be asked, and ends while it still may. NULL: nothing. */
	void (*open)(void);
	void (*close)(void);
	const struct cfg_group *const *settings; /* its own, beyond what everything here needs */
	size_t                         settings_n;
	struct err *(*handle)(struct req *rq);
	/* Where a stored answer, with this body, is given again: may send it in another way
	 * (req_stream). NULL: as it is. */
	struct err *(*replay)(struct req *rq, struct span body);
	/* May put another reply in the place of a prepared error. NULL: it is told as it is. */
	void (*excuse)(struct req *rq, const struct err *e);
	/* Serves descriptor 0 in its own way until SIGTERM, instead of FastCGI and of handle(); returns
	 * the exit status. */
	int (*serve)(void);
	const struct job_kind *jobs; /* kinds of jobs it works beside its requests */
	size_t                 jobs_n;
};

/* Owns the process: options, settings, engines, threads, accept loop or plain CGI,
 * jobs; origin, method, size and key checks around handle(); idempotency, error
 * replies, one log line per request, drain on SIGTERM. Returns the exit status:
 * 0, 1 (could not start), 64 (wrong options). */
int service_main(int argc, char **argv, const struct service *service);

#endif
