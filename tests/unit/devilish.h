/* devilish.h -- a recording made to be decoded for ever, and who is at work on it. */
#ifndef DEVILISH_H
#define DEVILISH_H

#include "unit.h"

#include "../../common/base/thread.h"
#include "../../common/engines/decoders.h"
#include "processes.h"
#include "recordings.h"

#include <stdatomic.h>

#define KEYS     60000u
#define DEVILISH (KEYS * 14 + 100)
#define PLACES   2u /* in front, and as many behind */
#define HELPERS  (2 * PLACES + 1)

static inline char *add(char *at, const void *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

/* A FLAC with so many different keys of comments; libav compares each with all before. */
static inline struct span devilish_flac(struct ctx *cx)
{
	static const uint8_t info[] = {'f', 'L', 'a', 'C', 0, 0, 0, 34,   0x10, 0,    0x10,
	                               0,   0,   0,   0,   0, 0, 0, 0x03, 0xe8, 0x00, 0xf0};
	uint32_t             n = KEYS, zero = 0, key_len = 10;
	char                *bytes = NEW_ARRAY(cx->arena, char, DEVILISH);
	char                *at = add(bytes, info, sizeof(info)), *head;
	char                 key[16];
	size_t               len;

	at += 4 + 34 + 4 - (ptrdiff_t)sizeof(info);
	head = at;
	at = add(add(at + 4, &zero, 4), &n, 4);
	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "k%07u=v", i);
		at = add(add(at, &key_len, 4), key, 10);
	}
	len = (size_t)(at - head - 4);
	memcpy(head, (char[]){(char)0x84, (char)(len >> 16), (char)(len >> 8), (char)len}, 4);
	return (struct span){bytes, (size_t)(at - bytes)};
}

/* One recording decoded beside what the test does. */
struct task {
	pthread_t      thread;
	struct cancel *cancel;
	uint64_t       client;
	struct ctx     cx;
	struct err    *e;
	enum err_kind  kind;
	unsigned       decode_ms;
	atomic_bool    is_over;
};

static inline void *decode_devilish(void *data)
{
	struct task *t = data;
	struct pcm   pcm;

	t->cx = new_ctx(PATIENCE);
	t->cx.cancel = t->cancel;
	t->cx.client = t->client;
	t->e = decoders_decode(&t->cx, devilish_flac(&t->cx), AUDIO_FLAC, &pcm);
	if (t->e)
		t->kind = t->e->kind;
	t->decode_ms = t->cx.cost.decode_ms;
	atomic_store(&t->is_over, true);
	arena_free(&t->cx.arena);
	return NULL;
}

static inline void begin_devilish(struct task *t)
{
	assert_int_equal(thread_start(&t->thread, 1 << 20, decode_devilish, t), 0);
}

static inline void assert_decodes(void)
{
	struct ctx  cx = new_ctx(PATIENCE);
	struct span bytes = read_recording(&cx, "formats/opus.webm");
	struct pcm  pcm;

	assert_ok(decoders_decode(&cx, bytes, AUDIO_WEBM, &pcm));
	assert_in_range(pcm_ms(pcm), 1500, 1610);
	arena_free(&cx.arena);
}

/* The nursery, which has no helper left and makes none until it goes on (SIGCONT). */
static inline pid_t leave_no_helper(void)
{
	pid_t nursery = stop_nursery(getpid(), HELPERS);

	for (unsigned i = 0; i < HELPERS; i++)
		assert_decodes();
	return nursery;
}

static inline bool has_worked(pid_t pid)
{
	char          path[64], line[512] = "";
	unsigned long ticks = 0;
	FILE         *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fgets(line, sizeof(line), file) && strrchr(line, ')'))
		(void)!sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu",
		              &ticks);
	fclose(file);
	return ticks >= 5; /* more than any start, and had before others go first (confine.c) */
}

/* -1: none of the program's helpers is at work. */
static inline pid_t worker_of(pid_t program)
{
	struct pids nurseries = children_of(starter_of(program));

	for (size_t i = 0; i < nurseries.n; i++) {
		struct pids helpers = children_of(nurseries.pid[i]);

		for (size_t j = 0; j < helpers.n; j++)
			if (has_worked(helpers.pid[j]))
				return helpers.pid[j];
	}
	return -1;
}

static inline pid_t wait_for_worker(pid_t program)
{
	struct deadline until = deadline_in(PATIENCE);
	pid_t           worker = worker_of(program);

	while (worker < 0 && deadline_left_ms(until)) {
		pause_shortly();
		worker = worker_of(program);
	}
	assert_true(worker > 0);
	return worker;
}

#endif
