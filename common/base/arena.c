/* arena.c -- a chain of blocks, newest first, plus a list of defers.
 *
 * Small allocations are cut from the newest block; one that does not fit gets
 * a block of its own size, so a 16 MiB recording costs one malloc and is given
 * back to the system on reset, while the first block stays warm. Under ASan
 * everything not handed out is poisoned, so an arena hides no overrun. */
#include "arena.h"

#include "fatal.h"

#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, n)   ((void)(at), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#endif

#define ALIGN       16u
#define BLOCK_BYTES 16384u
/* Between two allocations under ASan, so that running off one is seen. */
#ifdef HAS_ASAN
#define RED_ZONE 16u
#else
#define RED_ZONE 0u
#endif

struct block {
	struct block *older;
	size_t        size, used;
	_Alignas(16) char bytes[];
};

struct defer {
	struct defer *older;
	void (*fn)(void *data);
	void *data;
};

struct secret {
	void  *at;
	size_t bytes;
};

struct arena {
	struct block *newest, *first;
	struct defer *defers;
	size_t        used;
};

static struct block *block_new(size_t size, struct block *older)
{
	struct block *b = malloc(sizeof(*b) + size);

	if (!b)
		fatal("out of memory: %zu bytes wanted", size);
	b->older = older;
	b->size = size;
	b->used = 0;
	ASAN_POISON_MEMORY_REGION(b->bytes, size);
	return b;
}

static void block_free(struct block *b)
{
	ASAN_UNPOISON_MEMORY_REGION(b->bytes, b->size);
	free(b);
}

struct arena *arena_new(size_t first_block_bytes)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		fatal("out of memory: no arena");
	a->first = a->newest = block_new(first_block_bytes, NULL);
	return a;
}

void arena_reset(struct arena *a)
{
	while (a->defers) {
		struct defer *d = a->defers;

		a->defers = d->older;
		d->fn(d->data);
	}
	while (a->newest != a->first) {
		struct block *b = a->newest;

		a->newest = b->older;
		block_free(b);
	}
	a->first->used = 0;
	a->used = 0;
	ASAN_POISON_MEMORY_REGION(a->first->bytes, a->first->size);
}

void arena_free(struct arena **a)
{
	if (!*a)
		return;
	arena_reset(*a);
	block_free((*a)->first);
	free(*a);
	*a = NULL;
}

/* A large allocation must not make the rest of the newest block useless, so
 * it goes behind it in the chain. */
static struct block *block_for(struct arena *a, size_t need)
{
	struct block *b = a->newest;

	if (need <= b->size - b->used)
		return b;
	if (need > BLOCK_BYTES / 4 && b != a->first) {
		b->older = block_new(need, b->older);
		return b->older;
	}
	a->newest = block_new(need > BLOCK_BYTES ? need : BLOCK_BYTES, b);
	return a->newest;
}

void *arena_alloc_raw(struct arena *a, size_t bytes)
{
	size_t        need = (bytes + RED_ZONE + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct block *b;
	void         *at;

	if (need < bytes)
		fatal("out of memory: %zu bytes wanted", bytes);
	b = block_for(a, need);
	at = b->bytes + b->used;
	b->used += need;
	a->used += bytes;
	ASAN_UNPOISON_MEMORY_REGION(at, bytes);
	return at;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	/* NOLINTNEXTLINE(analyzer-malloc-leak): the arena holds its blocks */
	return memset(arena_alloc_raw(a, bytes), 0, bytes);
}

void *arena_alloc_array(struct arena *a, size_t count, size_t bytes_each)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, bytes_each, &bytes))
		fatal("out of memory: %zu times %zu bytes wanted", count, bytes_each);
	return arena_alloc(a, bytes);
}

static void wipe(void *data)
{
	struct secret *s = data;

	sodium_memzero(s->at, s->bytes);
}

void *arena_alloc_secret(struct arena *a, size_t bytes)
{
	struct secret *s = NEW(a, struct secret);

	s->at = arena_alloc(a, bytes);
	/* NOLINTNEXTLINE(analyzer-malloc-leak): the arena holds its blocks */
	s->bytes = bytes;
	arena_defer(a, wipe, s);
	return s->at;
}

/* Whole pages only; what is before and behind them is in use. */
void arena_let_go(const void *at, size_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)at;
	uintptr_t to = (from + bytes) & ~(page - 1);

	from = (from + page - 1) & ~(page - 1);
	if (from < to)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_alloc_raw(a, len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
	va_list again;
	int     len;
	char   *out;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		fatal("format string not understood: %s", fmt);
	out = arena_alloc_raw(a, (size_t)len + 1);
	vsnprintf(out, (size_t)len + 1, fmt, args);
	return out;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	char   *out;

	va_start(args, fmt);
	out = arena_vprintf(a, fmt, args);
	va_end(args);
	return out;
}

void arena_defer(struct arena *a, void (*fn)(void *data), void *data)
{
	struct defer *d = NEW(a, struct defer);

	d->fn = fn;
	d->data = data;
	d->older = a->defers;
	a->defers = d;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
