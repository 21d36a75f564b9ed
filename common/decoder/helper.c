/* helper.c -- one decoder: waits for an errand, runs it, ends.
 *
 * One errand only: what a recording may have done to the process is gone before the next
 * visitor's comes, and what it may take is counted from zero. */
#include "helper.h"

#include "audio_decode.h"
#include "confine.h"
#include "errand.h"

#include <sys/mman.h>
#include <unistd.h>

#define ARENA_BYTES 4096u

static bool write_samples(int file, struct pcm pcm)
{
	const char *bytes = (const char *)pcm.samples;
	size_t      len = pcm.n * sizeof(*pcm.samples), done = 0;
	ssize_t     n = 1;

	for (; done < len && n > 0; done += (size_t)n) {
		n = pwrite(file, bytes + done, len - done, (off_t)done);
		if (n < 0)
			return false;
	}
	return done == len;
}

/* What fails here is our machine's fault, not the recording's: ends without a result. */
static struct errand_result run(const struct errand *errand, const int files[ERRAND_FILES])
{
	struct ctx  cx = {.arena = arena_new(ARENA_BYTES), .deadline = DEADLINE_NEVER};
	struct span bytes = {"", errand->bytes};
	struct pcm  pcm;
	struct err *e;

	if (bytes.len)
		bytes.ptr = mmap(NULL, bytes.len, PROT_READ, MAP_PRIVATE, files[ERRAND_RECORDING], 0);
	if (bytes.ptr == MAP_FAILED)
		_exit(1);
	e = audio_decode(&cx, bytes, errand->format, &pcm);
	if (e)
		return (struct errand_result){e->kind == ERR_TOO_LARGE ? ERRAND_TOO_LONG : ERRAND_NO_AUDIO,
		                              0};
	if (!write_samples(files[ERRAND_SAMPLES], pcm))
		_exit(1);
	return (struct errand_result){ERRAND_DONE, (uint32_t)pcm.n};
}

_Noreturn void helper_run(int socket)
{
	struct errand        errand;
	struct errand_result result;
	int                  files[ERRAND_FILES];

	confine_helper();
	if (errand_receive(socket, &errand, sizeof(errand), files, ERRAND_FILES, 0) != sizeof(errand))
		_exit(0);
	if (errand.is_patient)
		confine_be_patient();
	result = run(&errand, files);
	_exit(errand_send(socket, (struct span){(const char *)&result, sizeof(result)}, NULL, 0) ? 0
	                                                                                         : 1);
}
