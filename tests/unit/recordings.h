/* recordings.h -- what the tests of hearing share: files, a unit of work, made-up sounds. */
#ifndef RECORDINGS_H
#define RECORDINGS_H

#include "../../common/base/ctx.h"
#include "../../common/domain/voice/audio.h"

#include <assert.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>

#define RECORDINGS      "tests/data/audio/"
#define RECORDING_BYTES (4u << 20)

static inline struct ctx new_ctx(unsigned ms)
{
	return (struct ctx){.arena = arena_new(16384), .deadline = deadline_in(ms)};
}

/* A file of the test data; the tests run in the top folder. */
static inline struct span read_recording(struct ctx *cx, const char *name)
{
	FILE  *file = fopen(arena_printf(cx->arena, RECORDINGS "%s", name), "rb");
	char  *bytes = arena_alloc_raw(cx->arena, RECORDING_BYTES);
	size_t len;

	assert(file);
	len = fread(bytes, 1, RECORDING_BYTES, file);
	assert(len < RECORDING_BYTES);
	fclose(file);
	return (struct span){bytes, len};
}

/* How many there are in a folder; 0 where it can not be read. */
static inline size_t entries_in(const char *path)
{
	DIR   *folder = opendir(path);
	size_t n = 0;

	if (!folder)
		return 0;
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
		n += entry->d_name[0] != '.';
	closedir(folder);
	return n;
}

static inline double rms_of(struct pcm pcm)
{
	double sum = 0;

	for (size_t i = 0; i < pcm.n; i++)
		sum += (double)pcm.samples[i] * (double)pcm.samples[i];
	return pcm.n ? sqrt(sum / (double)pcm.n) : 0;
}

#endif
