/* whisper_weights.c -- opened at start, then read by whoever needs them first. */
#include "whisper_weights.h"

#include "../base/log.h"
#include "../base/thread.h"
#include "../base/wait.h"
#include "whisper_text.h"

#include <fcntl.h>
#include <unistd.h>
#include <whisper.h>

/* The library looks for its end with so many; it takes what is cut off for a model, too. */
#define READS_AT_END 3u
#define LOAD_STACK   ((size_t)1 << 20)

enum state { UNREAD, BEING_READ, READ, BROKEN };

static struct {
	struct monitor          m;
	enum state              state; /* under the monitor, as the model is */
	struct whisper_context *model; /* once READ */
	const char             *path;
	int                     file;    /* -1: none; of who reads it, as the two below */
	unsigned                in_vain; /* reads at its end */
	bool                    is_torn; /* it ended within something */
} weights = {.m = MONITOR, .file = -1};

static void log_whisper(enum ggml_log_level level, const char *text, void *data)
{
	(void)data;
	if (level == GGML_LOG_LEVEL_ERROR || level == GGML_LOG_LEVEL_WARN)
		LOG(LOG_DEBUG, NULL, "whisper", F_STR("said", text));
}

static size_t read_file(void *data, void *to, size_t n)
{
	size_t  have = 0;
	ssize_t got = 1;

	(void)data;
	while (have < n && got > 0) {
		got = read(weights.file, (char *)to + have, n - have);
		have += got > 0 ? (size_t)got : 0;
	}
	weights.in_vain += have < n;
	weights.is_torn |= have < n && (have > 0 || weights.in_vain > READS_AT_END);
	return have;
}

static bool is_at_end(void *data)
{
	(void)data;
	return weights.in_vain > 0;
}

static void close_file(void *data)
{
	(void)data;
	if (weights.file >= 0)
		close(weights.file);
	weights.file = -1;
}

static struct whisper_context *load(void)
{
	struct whisper_model_loader loader = {.read = read_file, .eof = is_at_end, .close = close_file};
	struct whisper_context_params params = whisper_context_default_params();
	struct whisper_context       *model;

	whisper_log_set(log_whisper, NULL);
	params.use_gpu = false;
	/* Its kernels read positions of the window in steps of 256, also those behind the part of it
	 * that was encoded, where there is nothing to read or what another recording left. */
	params.flash_attn = false;
	model = whisper_init_with_params_no_state(&loader, params);
	close_file(NULL);
	if (model && weights.is_torn) {
		whisper_free(model);
		model = NULL;
	}
	if (model)
		whisper_text_start(model);
	else
		LOG(LOG_ERROR, NULL, "whisper_not_loaded", F_STR("path", weights.path));
	return model;
}

static void settle(struct whisper_context *model)
{
	monitor_lock(&weights.m);
	weights.model = model;
	weights.state = model ? READ : BROKEN;
	monitor_tell_all(&weights.m);
	monitor_unlock(&weights.m);
}

bool whisper_weights_start(const char *path, bool may_wait)
{
	weights.path = path;
	weights.file = open(path, O_RDONLY | O_CLOEXEC);
	if (weights.file < 0)
		LOG(LOG_ERROR, NULL, "whisper_not_loaded", F_STR("path", path));
	if (weights.file < 0 || may_wait)
		return weights.file >= 0;
	settle(load());
	return weights.model;
}

bool whisper_weights_are_broken(void)
{
	bool is_broken;

	monitor_lock(&weights.m);
	is_broken = weights.state == BROKEN;
	monitor_unlock(&weights.m);
	return is_broken;
}

void whisper_weights_stop(void)
{
	close_file(NULL);
	if (weights.model) {
		whisper_free(weights.model);
		whisper_text_stop();
	}
	weights.model = NULL;
	weights.state = UNREAD;
}

/* True: it is the caller's to load them. */
static bool wait_for_turn(struct ctx *cx, enum waited *how_out)
{
	struct monitor_watch watch;
	bool                 is_ours;

	*how_out = WAIT_READY;
	monitor_watch(&weights.m, &watch, cx->cancel);
	monitor_lock(&weights.m);
	while (weights.state == BEING_READ && *how_out == WAIT_READY)
		*how_out = monitor_wait(&weights.m, &watch, cx->deadline);
	is_ours = weights.state == UNREAD;
	if (is_ours)
		weights.state = BEING_READ;
	monitor_unlock(&weights.m);
	monitor_unwatch(&watch);
	return is_ours;
}

static void *run_load(void *unused)
{
	settle(load());
	return unused;
}

/* Others may wait for them by then: who stands back has somebody load them who does not. */
static void load_for_all(void)
{
	pthread_t thread;

	if (thread_start_for_all(&thread, LOAD_STACK, run_load, NULL) == 0)
		pthread_join(thread, NULL);
	else
		run_load(NULL);
}

struct err *whisper_weights(struct ctx *cx, struct whisper_context **out)
{
	enum waited how;

	if (wait_for_turn(cx, &how))
		load_for_all();
	if (how == WAIT_CANCELLED)
		FAIL(cx, ERR_CANCELLED, "cancelled while the recogniser is loaded");
	monitor_lock(&weights.m);
	*out = weights.model;
	monitor_unlock(&weights.m);
	if (!*out)
		FAIL(cx, how == WAIT_DEADLINE ? ERR_DEADLINE : ERR_UNAVAILABLE, "no recogniser is loaded");
	return NULL;
}
