/* breaker.h -- stop calling a provider that keeps failing.
 *
 * Pure logic over two atomic words, time passed in: lock-free between threads,
 * and between the programs of a host when the words lie in shared memory.
 * Window, trip and back-off follow the survey of resilience4j, Polly and Envoy:
 * the last 16 calls, at least 5 of them, half failed or 5 in a row; open 5 s,
 * doubling to 60 s with jitter; then exactly one probe. Answers that came but were
 * of no use count apart: a service is not sick because of words. */
#ifndef BREAKER_H
#define BREAKER_H

#include "../base/base.h"

#include <stdatomic.h>

struct breaker {
	_Atomic uint64_t word;
	_Atomic uint64_t unusable; /* the answers of no use since the last good one */
};

/* What a call that was allowed hands back with its report: when the breaker has opened, been
 * probed or closed since, the call is too old to tell anything. */
struct breaker_pass {
	uint64_t seen;
};

/* May the provider be called now? In the half-open state only one caller is told yes. */
bool breaker_allow(struct breaker *b, uint64_t now_ms, struct breaker_pass *out);

/* How a call that was allowed went. */
void breaker_report(struct breaker *b, struct breaker_pass pass, bool ok, uint64_t now_ms);

/* The provider answered, and its answer was of no use: neither well nor ill, but eight in a row,
 * from at least four sessions, open the breaker for 30 s. NULL: a session nobody knows. */
void breaker_unusable(struct breaker *b, struct breaker_pass pass, const char *session,
                      uint64_t now_ms);

/* A call that was allowed ended in a way that says nothing about the provider
 * (cancelled, our own fault): if it was the probe, the next caller may probe. */
void breaker_forget(struct breaker *b, struct breaker_pass pass);

/* The provider asked for peace (429): not before that time. */
void breaker_hold(struct breaker *b, uint64_t until_ms);

/* A breaker of its own for refusals (a wrong key, a used-up quota), with nothing else told to it:
 * whoever asks as `whom` (16 bits) is left out until that time, others are not; of several only
 * the last one refused is known. breaker_pardon: a person may have mended it, ask once more. */
void breaker_deny(struct breaker *b, unsigned whom, uint64_t until_ms);
bool breaker_denies(const struct breaker *b, unsigned whom, uint64_t now_ms);
void breaker_pardon(struct breaker *b);

/* Would breaker_allow say no? Asks without taking the probe. */
bool breaker_is_open(const struct breaker *b, uint64_t now_ms);

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING };

/* Calls fn for each breaker with a name, shared or not. One whose time is over, and that nobody
 * asked since, is closed. */
void breaker_each(uint64_t now_ms,
                  void (*fn)(const char *name, enum breaker_state state, void *data), void *data);

/* The breaker with this name: shared by all programs of the host that name the
 * same file, private to the process when path is NULL or can not be mapped. At
 * most 64 names; lives as long as the process. Call at start, before threads. */
void            breaker_share(const char *path);
struct breaker *breaker_named(const char *name) NEVER_NULL;

#endif
