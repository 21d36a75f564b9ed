/* breaker.h -- stop calling a provider that keeps failing.
 *
 * Pure logic over one atomic word, time passed in: lock-free between threads,
 * and between the programs of a host when the word lies in shared memory.
 * Window, trip and back-off follow the survey of resilience4j, Polly and Envoy:
 * the last 16 calls, at least 5 of them, half failed or 5 in a row; open 5 s,
 * doubling to 60 s with jitter; then exactly one probe. */
#ifndef BREAKER_H
#define BREAKER_H

#include "../base/base.h"

#include <stdatomic.h>

struct breaker {
	_Atomic uint64_t word;
};

/* May the provider be called now? In the half-open state only one caller is told yes. */
bool breaker_allow(struct breaker *b, uint64_t now_ms);

/* How a call that was allowed went. */
void breaker_report(struct breaker *b, bool ok, uint64_t now_ms);

/* A call that was allowed ended in a way that says nothing about the provider
 * (cancelled, our own fault): if it was the probe, the next caller may probe. */
void breaker_forget(struct breaker *b);

/* The provider asked for peace (429) or refused us (quota, key): not before that time. */
void breaker_hold(struct breaker *b, uint64_t until_ms);

/* Would breaker_allow say no? Asks without taking the probe. */
bool breaker_is_open(const struct breaker *b, uint64_t now_ms);

/* The breaker with this name: shared by all programs of the host that name the
 * same file, private to the process when path is NULL or can not be mapped. At
 * most 64 names; lives as long as the process. Call at start, before threads. */
void            breaker_share(const char *path);
struct breaker *breaker_named(const char *name) NEVER_NULL;

#endif
