/* loop.h -- what the benchmark's programs share: one thread that waits for sockets and times. */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include "../../common/base/str.h"

#include <sys/epoll.h>

/* A socket; on_ready gets epoll's events. Its owner keeps it for as long as it is watched. */
struct loop_fd {
	int fd;
	void (*on_ready)(void *data, unsigned events);
	void *data;
};

/* Something that is due; zeroed it is not set. */
struct loop_timer {
	uint64_t at_us;
	size_t   place; /* in the heap, from 1; 0: not set */
	void (*on_time)(void *data);
	void *data;
};

/* Allows this process as many descriptors as it may have, and makes a broken connection an error
 * instead of a signal. */
void loop_start(void);

/* Until loop_stop(), or a SIGTERM or SIGINT. */
void loop_run(void);
void loop_stop(void);

/* CLOCK_MONOTONIC in microseconds. */
uint64_t loop_now_us(void);

/* Watch a socket for the events, or for others than before. Closing it ends that. */
void loop_watch(struct loop_fd *fd, unsigned events);
void loop_rewatch(struct loop_fd *fd, unsigned events);

/* Call on_time then, once; a timer that is set already moves. */
void loop_set(struct loop_timer *timer, uint64_t at_us);
void loop_unset(struct loop_timer *timer);

/* TCP over the loopback, not blocking; -1 when it can not be. */
int loop_listen(unsigned port, unsigned *port_out);
int loop_connect(unsigned port);

/* "name=value" among the arguments: its value, or the fallback. Ends the program with a sentence
 * where the value is no number of at least 0. */
const char *option_text(char **argv, const char *name, const char *fallback);
double      option_number(char **argv, const char *name, double fallback);

/* Ends the program when an argument is not one of the names, which end with NULL. */
void options_check(char **argv, const char *const *names);

/* Bytes that grow and are kept for the next use. */
struct bytes {
	char  *ptr;
	size_t len, cap;
};
void bytes_add(struct bytes *b, const void *from, size_t n);
void bytes_printf(struct bytes *b, const char *fmt, ...) PRINTF(2, 3);

/* The value that `share` (0 to 1) of n sorted values do not exceed; 0 when there are none. */
double percentile(const double *sorted, size_t n, double share);

#endif
