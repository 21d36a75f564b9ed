/* serve.c -- a program on a FastCGI socket, from its start to its drain.
 *
 * The main thread dispatches: it accepts, keeps connections and finds out where a request has
 * arrived (dispatch.c). A crew of threads handles requests, one each, with blocking calls
 * (crew.c, fcgi.c). When all are at work and their queue is full, one more thread refuses the
 * rest at once, in the words and with the headers of any other answer; and so it does what
 * arrives too slowly, or too much at once. */
#include "serve.h"

#include "../base/log.h"
#include "../base/metrics.h"
#include "fcgi.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define REFUSED_MAX 4096u /* waiting to be refused */
#define REFUSE_MS   2000u
#define ACCEPT_US   1000        /* where the socket blocks all the same */
#define HEAD_BYTES  (256 << 10) /* of a TCP peer's head, so that it can arrive before it is read */

static struct {
	const struct serving *how;
	struct crew          *crew, *refusing;
} office; /* one per process */

bool serve_has_socket(void)
{
	int       is_listening = 0;
	socklen_t len = sizeof(is_listening);

	return getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == 0 &&
	       is_listening;
}

/* O_NONBLOCK is shared by all that were given this socket, and who starts another program with it
 * (systemd) may take it away from those that run. A time limit is the socket's own, and stays. */
void serve_never_block(void)
{
	struct timeval patience = {.tv_usec = ACCEPT_US};

	setsockopt(LISTEN_FD, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	fcntl(LISTEN_FD, F_SETFL, fcntl(LISTEN_FD, F_GETFL) | O_NONBLOCK);
}

static void stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
}

void serve_block_signals(void)
{
	sigset_t set;

	stop_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void serve_wait_for_stop(void)
{
	sigset_t set;
	int      got;

	stop_signals(&set);
	sigwait(&set, &got);
}

static void serve_job(struct crew_job *job)
{
	fcgi_serve(conn_of(job), office.how->limit_ms, office.how->handle);
}

static void refuse_job(struct crew_job *job)
{
	fcgi_serve(conn_of(job), REFUSE_MS, office.how->refuse);
}

static struct conn *hand_on(struct conn *c)
{
	struct crew_job *surplus = conn_job(c);

	if (conn_refusal(c) == REFUSAL_NONE)
		surplus = crew_give(office.crew, surplus);
	if (surplus)
		surplus = crew_give(office.refusing, surplus);
	return surplus ? conn_of(surplus) : NULL;
}

static bool has_file(struct crew_job *job)
{
	return conn_has_file(conn_of(job));
}

static struct conn *take_back(uint64_t client)
{
	struct crew_job *job = crew_take_back(office.crew, client, has_file);

	return job ? conn_of(job) : NULL;
}

/* Each request, connection and waiting thread may take a descriptor. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int serve_fastcgi(const struct serving *how)
{
	int head_bytes = HEAD_BYTES;

	office.how = how;
	office.crew = crew_new(&(struct crew_plan){.threads_max = how->threads,
	                                           .queue_max = how->queue_max,
	                                           .client_max = how->client_max,
	                                           .has_crowds = true,
	                                           .work = serve_job,
	                                           .end = how->end});
	office.refusing = crew_new(&(struct crew_plan){
		.threads_max = 1, .queue_max = REFUSED_MAX, .work = refuse_job, .end = how->end});
	raise_descriptor_limit();
	setsockopt(LISTEN_FD, SOL_SOCKET, SO_RCVBUF, &head_bytes, sizeof(head_bytes));
	serve_never_block();
	fcgi_start();
	serve_block_signals(); /* FCGX_Init brought its own handlers */
	metrics_add(METRIC_starts, ALONE, 1);
	LOG(LOG_INFO, NULL, "serving", F_INT("threads", how->threads));
	dispatch(LISTEN_FD, &(struct dispatching){.hand_on = hand_on,
	                                          .take_back = take_back,
	                                          .arrive_ms = how->arrive_ms,
	                                          .bytes_max = how->bytes_max,
	                                          .folder = how->folder});
	crew_end(office.crew);
	crew_end(office.refusing);
	LOG(LOG_INFO, NULL, "drained", F_INT("threads", how->threads));
	return 0;
}
