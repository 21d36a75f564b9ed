/* programs.h -- the programs of functions in one process, without database, network or helpers.
 *
 * Each is what its folder and its main() make it: fields, handler, settings. One story serves
 * them, service.c's own. What they would wait for is cut off where it begins (programs.c has the
 * list). */
#ifndef FUZZ_PROGRAMS_H
#define FUZZ_PROGRAMS_H

#include "../../common/web/serve.h"

#define PROGRAMS_N 15

/* A session's secret that opens any session; what browsers send as their key. */
#define OPEN_SECRET "open sesame"
#define ANON_KEY    "anon-key-of-the-fuzzer"

/* Once. */
void programs_start(void);

/* The i-th by name; PROGRAMS_N: none has it. */
size_t programs_find(struct span name);

/* Who handles what comes next. Call the handler that this returns. */
serve_handler *programs_handler(size_t i) NEVER_NULL;

#endif
