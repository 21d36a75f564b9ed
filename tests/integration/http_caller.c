/* http_caller.c -- many callers at once, for http_loop.test.mjs.
 *
 * http_caller URL[,URL] CALLERS ROUNDS [warm]: so many threads post to the URL, every other one to
 * the second, and read the event stream that comes, round after round. Prints {"ok", "failed",
 * "counted", "uncertain", "events", "kb_per_caller", "first_ms", "cpu_ms"}: `counted` are failures
 * that were not another one's, the times are a median and the processor's. With "warm" it connects
 * and waits for a line of input first. */
#include "../../common/call/http_client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>

#define STACK_BYTES ((size_t)256 << 10)
#define CALLERS_MAX 4000

static const char *urls[2];
static long        rounds;
static atomic_long ok, failed, counted, uncertain, events;
static unsigned    firsts[CALLERS_MAX];

static enum http_verdict take(const struct http_piece *piece, void *data)
{
	(void)data;
	events++;
	return str_equal(piece->event, "end") ? HTTP_LAST : HTTP_USEFUL;
}

static bool is_urgent(const struct http_piece *piece)
{
	return str_equal(piece->event, "end");
}

static void call_once(const char *url, unsigned *first_ms)
{
	struct ctx        cx = {.arena = arena_new(1024), .deadline = deadline_in(60000)};
	struct http_reply reply;
	struct err       *e = http_do(&cx,
	                              &(struct http_call){.url = url,
	                                                  .body = SPAN("{\"stream\":true}"),
	                                                  .event_max = 4096,
	                                                  .reply_max = (size_t)16 << 20,
	                                                  .on_data = take,
	                                                  .is_urgent = is_urgent},
	                              &reply);

	if (e || reply.status != 200)
		failed++;
	else
		ok++;
	if (e && !e->is_counted)
		counted++;
	if (e && e->uncertain)
		uncertain++;
	if (e)
		fprintf(stderr, "%s: %s\n", err_code(e->kind), e->detail);
	*first_ms = reply.first_ms;
	arena_free(&cx.arena);
}

static void *call(void *data)
{
	for (long i = 0; i < rounds; i++)
		call_once(urls[((unsigned *)data - firsts) % 2], data);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

static void run(long callers)
{
	static pthread_t threads[CALLERS_MAX];
	pthread_attr_t   attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (long i = 0; i < callers; i++)
		if (pthread_create(&threads[i], &attr, call, &firsts[i]) != 0)
			abort();
	for (long i = 0; i < callers; i++)
		pthread_join(threads[i], NULL);
	qsort(firsts, (size_t)callers, sizeof(*firsts), by_size);
}

static long peak_kb(struct rusage *u)
{
	getrusage(RUSAGE_SELF, u);
	return u->ru_maxrss;
}

static void read_urls(char *list)
{
	char *comma = strchr(list, ',');

	urls[0] = urls[1] = list;
	if (!comma)
		return;
	*comma = '\0';
	urls[1] = comma + 1;
}

int main(int argc, char **argv)
{
	const struct cfg_group *groups[] = {&http_settings};
	long                    callers = argc > 3 ? strtol(argv[2], NULL, 10) : 0, before;
	struct rusage           u;

	if (callers < 1 || callers > CALLERS_MAX || cfg_load(groups, 1) || http_start())
		return 2;
	read_urls(argv[1]);
	rounds = strtol(argv[3], NULL, 10);
	if (argc > 4) {
		http_warm(urls[0]);
		getchar();
	}
	before = peak_kb(&u);
	run(callers);
	printf("{\"ok\":%ld,\"failed\":%ld,\"counted\":%ld,\"uncertain\":%ld,\"events\":%ld,"
	       "\"kb_per_caller\":%ld,",
	       ok, failed, counted, uncertain, events, (peak_kb(&u) - before) / callers);
	printf("\"first_ms\":%u,\"cpu_ms\":%ld}\n", firsts[callers / 2],
	       (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000);
	http_stop();
	return 0;
}
