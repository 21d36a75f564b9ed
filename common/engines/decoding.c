/* decoding.c -- one recording's way to a helper and back.
 *
 * We make both files, with sizes that nobody can change, and take none. What comes back is a
 * number of samples and their file, which is sealed against further writing before it is mapped
 * and looked at: a helper that was taken over by its recording may have kept a way to write. */
#include "decoding.h"

#include "../base/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIELD "audio_base64"

/* ---- there ---- */

static void let_go(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static struct err *no_file(struct ctx *cx)
{
	FAIL(cx, ERR_UNAVAILABLE, "no file in memory: errno %d", errno);
}

static bool write_all(int file, struct span bytes)
{
	while (bytes.len) {
		ssize_t n = write(file, bytes.ptr, bytes.len);

		if (n <= 0)
			return false;
		bytes.ptr += n;
		bytes.len -= (size_t)n;
	}
	return true;
}

static int new_file(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

struct err *decoding_pack(struct ctx *cx, struct decoding *d, struct span bytes,
                          enum audio_format format)
{
	const int whole = F_SEAL_SHRINK | F_SEAL_GROW;
	int      *recording = &d->files[ERRAND_RECORDING], *samples = &d->files[ERRAND_SAMPLES];

	d->errand = (struct errand){.format = format, .bytes = (uint32_t)bytes.len};
	*recording = new_file("recording");
	if (*recording < 0 || !write_all(*recording, bytes) ||
	    fcntl(*recording, F_ADD_SEALS, whole | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return no_file(cx);
	*samples = new_file("samples");
	if (*samples < 0 || ftruncate(*samples, (off_t)(AUDIO_SAMPLES_MAX * sizeof(float))) < 0 ||
	    fcntl(*samples, F_ADD_SEALS, whole) < 0)
		return no_file(cx);
	return NULL;
}

/* Who waits has said nothing, and nobody has told of its death. */
static bool waits(int helper)
{
	struct pollfd fd = {.fd = helper, .events = POLLIN};

	return poll(&fd, 1, 0) == 0;
}

bool decoding_send(struct decoding *d)
{
	struct span packet = {(const char *)&d->errand, sizeof(d->errand)};
	bool is_sent = waits(d->helper) && errand_send(d->helper, packet, d->files, ERRAND_FILES);

	if (!is_sent)
		let_go(&d->helper);
	return is_sent;
}

/* ---- and back ---- */

static struct err *lost(struct ctx *cx, const char *why, enum loss loss, enum loss *loss_out)
{
	*loss_out = loss;
	return err_field(cx, ERR_AUDIO, FIELD, WHERE, "%s", why);
}

static bool are_samples(const float *samples, size_t n)
{
	bool all = true;

	for (size_t i = 0; i < n; i++)
		all &= samples[i] >= -1 && samples[i] <= 1; /* no for what is no number */
	return all;
}

struct mapping {
	void  *at;
	size_t bytes;
};

static void unmap(void *data)
{
	const struct mapping *m = data;

	munmap(m->at, m->bytes);
}

/* NULL: it can be written to still, or there is no memory. */
static const float *map_samples(struct ctx *cx, int file, size_t n)
{
	struct mapping *m = NEW(cx->arena, struct mapping);

	m->bytes = n * sizeof(float);
	if (fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return NULL;
	m->at = mmap(NULL, m->bytes, PROT_READ, MAP_PRIVATE, file, 0);
	if (m->at == MAP_FAILED)
		return NULL;
	arena_defer(cx->arena, unmap, m);
	return m->at;
}

static struct err *take_samples(struct ctx *cx, const struct decoding *d, uint32_t n,
                                enum loss *loss_out, struct pcm *out)
{
	const float *samples;

	if (n == 0 || n > AUDIO_SAMPLES_MAX)
		return lost(cx, "it tells of more samples than there is room for, or of none", LOSS_HELPER,
		            loss_out);
	samples = map_samples(cx, d->files[ERRAND_SAMPLES], n);
	if (!samples)
		return lost(cx, "its samples can not be had for us alone", LOSS_HELPER, loss_out);
	if (!are_samples(samples, n))
		return lost(cx, "its samples are no wave", LOSS_HELPER, loss_out);
	*out = (struct pcm){samples, n};
	return NULL;
}

static struct err *wait_for_result(struct ctx *cx, int helper, struct deadline until,
                                   enum loss *loss_out)
{
	struct pollfd fd = {.fd = helper, .events = POLLIN};
	enum waited   how = wait_fds(cx->cancel, &fd, 1, deadline_sooner(cx->deadline, until));

	if (how == WAIT_CANCELLED)
		FAIL(cx, ERR_CANCELLED, "cancelled while decoding");
	if (how == WAIT_DEADLINE && deadline_left_ms(cx->deadline) == 0)
		FAIL(cx, ERR_DEADLINE, "deadline passed while decoding");
	if (how == WAIT_DEADLINE)
		return lost(cx, "it takes too long", LOSS_HELPER, loss_out);
	return NULL;
}

struct err *decoding_receive(struct ctx *cx, struct decoding *d, struct deadline until,
                             enum loss *loss_out, struct pcm *out)
{
	struct errand_result result;
	ssize_t              len;

	*loss_out = LOSS_NONE;
	TRY(wait_for_result(cx, d->helper, until, loss_out));
	len = errand_receive(d->helper, &result, sizeof(result), NULL, 0, MSG_DONTWAIT | MSG_TRUNC);
	if (len <= 0)
		return lost(cx, "it ended with its nursery", LOSS_NURSERY, loss_out);
	if (len != sizeof(result))
		return lost(cx, "it sent something else than a result", LOSS_HELPER, loss_out);
	switch (result.outcome) {
	case ERRAND_DONE:
		return take_samples(cx, d, result.samples, loss_out, out);
	case ERRAND_NO_AUDIO:
		return err_field(cx, ERR_AUDIO, FIELD, WHERE, "it can not be decoded");
	case ERRAND_TOO_LONG:
		return err_field(cx, ERR_TOO_LARGE, FIELD, WHERE, "longer than %u s", AUDIO_SECONDS_MAX);
	case ERRAND_DIED:
		return lost(cx, "it died", LOSS_HELPER, loss_out);
	case ERRAND_KILLED:
		return lost(cx, "it was killed", LOSS_KILLED, loss_out);
	default:
		return lost(cx, "it tells of an outcome that is none", LOSS_HELPER, loss_out);
	}
}

void decoding_end(struct decoding *d)
{
	let_go(&d->helper);
	for (size_t i = 0; i < ERRAND_FILES; i++)
		let_go(&d->files[i]);
}
