/* counting.c -- requests by status and time; descriptors. */
#include "counting.h"

#include "../base/metrics.h"
#include "health.h"

#include <dirent.h>

#define DESCRIPTORS_MS 10000u

void counting_start(const char *path, const char *program)
{
	/* Those that somebody waits for the first one of. */
	static const int awaited[] = {200, 429, 500, 502, 503, 504};

	static const int by_nginx[] = {502, 504};

	metrics_start(path, program);
	for (size_t i = 0; i < COUNT(awaited); i++)
		metrics_expect(METRIC_requests, AT(metrics_status(awaited[i])));
	for (size_t i = 0; i < COUNT(by_nginx); i++)
		metrics_expect(METRIC_nginx_failures,
		               AT(metrics_name(NAMES_program, program), metrics_status(by_nginx[i])));
}

void counting_begin(uint64_t since_ms)
{
	metrics_gauge_add(GAUGE_in_flight, 1);
	metrics_time_ms(METRIC_queue_time, ALONE, clock_mono_ms() - since_ms);
}

/* Health checks are no use of a program. */
void counting_end(const struct req *rq, uint64_t since_ms)
{
	metrics_gauge_add(GAUGE_in_flight, -1);
	if (health_asked(req_path_info(rq)) != HEALTH_NOT_ASKED)
		return;
	metrics_add(METRIC_requests, AT(metrics_status(req_reply(rq).status)), 1);
	metrics_time_ms(METRIC_request_time, ALONE, clock_mono_ms() - since_ms);
	if (req_refusal(rq) != REFUSAL_NONE)
		metrics_add(METRIC_refused, ALONE, 1);
}

void counting_descriptors(uint64_t now_ms)
{
	static uint64_t next_ms;
	DIR            *all;
	int64_t         n = -3; /* ".", ".." and its own */

	if (now_ms < next_ms)
		return;
	next_ms = now_ms + DESCRIPTORS_MS;
	all = opendir("/proc/self/fd");
	if (!all)
		return;
	while (readdir(all))
		n++;
	closedir(all);
	metrics_gauge_set(GAUGE_descriptors, n);
}
