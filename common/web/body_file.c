/* body_file.c -- from the transport to a file, a piece at a time, and then mapped. */
#include "body_file.h"

#include "../base/temp_file.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE_BYTES 65536u

struct body_file {
	int    fd;
	void  *at;
	size_t bytes;
};

static void drop(void *data)
{
	struct body_file *f = data;

	if (f->at != MAP_FAILED)
		munmap(f->at, f->bytes);
	close(f->fd);
}

static struct err *failed(struct ctx *cx)
{
	int why = errno;

	if (why == ENOSPC || why == EDQUOT)
		FAIL_WORDED(cx, ERR_UNAVAILABLE, .status = 507, .code = "insufficient_storage",
		            .text = "There is no room for this body.");
	FAIL(cx, ERR_INTERNAL, "a body's file: %s", strerror(why));
}

static struct err *fill(struct ctx *cx, struct transport *t, int fd, size_t max, size_t *len_out)
{
	char  *piece = arena_alloc_raw(cx->arena, PIECE_BYTES);
	size_t n = 1;

	for (*len_out = 0; n; *len_out += n) {
		n = t->read(t, piece, PIECE_BYTES);
		if (n > max - *len_out)
			FAIL(cx, ERR_TOO_LARGE, "the body is larger than %zu bytes", max);
		if (!temp_file_write(fd, (struct span){piece, n}))
			return failed(cx);
	}
	return NULL;
}

struct err *body_file_read(struct ctx *cx, struct transport *t, size_t max, const char *folder,
                           struct span *out)
{
	struct body_file *f = NEW(cx->arena, struct body_file);
	size_t            len;

	*f = (struct body_file){.fd = temp_file(folder), .at = MAP_FAILED};
	if (f->fd < 0)
		return failed(cx);
	arena_defer(cx->arena, drop, f);
	TRY(fill(cx, t, f->fd, max, &len));
	f->bytes = len + 1;
	if (ftruncate(f->fd, (off_t)f->bytes) == 0)
		f->at = mmap(NULL, f->bytes, PROT_READ, MAP_SHARED, f->fd, 0);
	if (f->at == MAP_FAILED)
		return failed(cx);
	*out = (struct span){f->at, len};
	return NULL;
}
