/* confine.h -- takes from a process what it does not need, for good.
 *
 * What a kernel or a container does not let us have (namespaces) is told and done without; the
 * filter of system calls is never done without. */
#ifndef CONFINE_H
#define CONFINE_H

#include "../base/base.h"

/* In builds with a sanitizer a helper has no filter and no limit of memory: these want the whole
 * address space, threads and files. */
#ifdef __clang__
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CONFINE_IS_RELAXED true
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINE_IS_RELAXED true
#endif
#ifndef CONFINE_IS_RELAXED
#define CONFINE_IS_RELAXED false
#endif

/* Of one thread, for itself and all it will fork: no files but an empty folder, no network, no
 * rights, and where it is root, another user: `user`, or with NULL "scribe-decoder" where there is
 * one, else "nobody". Ends the process when that user is not known or can not be become. */
void confine_nursery(const char *user);

/* Of a processor, for one errand, or SIGXCPU: two minutes of 192 kHz FLAC in eight channels take
 * less than a third of it. */
#define CONFINE_CPU_S 3u

/* Of a helper, whose errand comes next: a few system calls, a few seconds of processor, memory for
 * one recording, no process, and no file but those it is sent. After a tenth of a second of
 * processor it gets little of one that others want. Ends the process when it fails. */
void confine_helper(void);

/* From now on the helper gets next to no processor that others want. */
void confine_be_patient(void);

#endif
