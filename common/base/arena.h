/* arena.h -- memory that lives exactly as long as one unit of work.
 *
 * Not thread-safe: one thread works on one request or job, with one arena.
 * Allocation never fails: out of memory ends the process with a message.
 * What could be large is limited where it enters (body_max, reply_max, row
 * limits), not at malloc. */
#ifndef ARENA_H
#define ARENA_H

#include "base.h"

#include <stdarg.h>

struct arena;

/* Its first block stays for as long as the arena does. */
struct arena *arena_new(size_t first_block_bytes) NEVER_NULL;

/* Runs the defers, newest first; gives back all blocks but the first. */
void arena_reset(struct arena *a);

/* Resets, then releases; sets *a to NULL. NULL is a no-op. */
void arena_free(struct arena **a);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t bytes) NEVER_NULL;

/* The same for count * bytes_each, with the product checked. */
void *arena_alloc_array(struct arena *a, size_t count, size_t bytes_each) NEVER_NULL;

/* Like arena_alloc, without the zeroing: for buffers that are filled at once. */
void *arena_alloc_raw(struct arena *a, size_t bytes) NEVER_NULL;

/* Like arena_alloc, and wiped on reset. For secrets. */
void *arena_alloc_secret(struct arena *a, size_t bytes) NEVER_NULL;

/* Nobody reads these bytes any more, which are the arena's: what they fill goes back to the system
 * before the reset does that. They read as zeros then, or as they were. */
void arena_let_go(const void *at, size_t bytes);

/* NUL-terminated copies. */
char *arena_strndup(struct arena *a, const char *s, size_t len) NEVER_NULL;
char *arena_strdup(struct arena *a, const char *s) NEVER_NULL;
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3) NEVER_NULL;
char *arena_vprintf(struct arena *a, const char *fmt, va_list args) PRINTF(2, 0) NEVER_NULL;

/* Run fn(data) when the arena is reset: gives back what is not memory (a
 * database result, a curl list, a file). fn must not allocate. */
void arena_defer(struct arena *a, void (*fn)(void *data), void *data);

/* Bytes handed out since the last reset, for the request's log line. */
size_t arena_used(const struct arena *a);

#define NEW(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define NEW_ARRAY(a, type, n) ((type *)arena_alloc_array((a), (n), sizeof(type)))

#endif
