/* test_whisper_weights.c -- the weights are there when they are asked for, whoever asks first. */
#include "unit.h"

#include "../../common/base/task.h"
#include "../../common/base/thread.h"
#include "../../common/engines/whisper_weights.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ASK_AT_ONCE 6
#define SOME_BYTES  100000

static const char *weights_file(struct ctx *cx)
{
	const char *cache = getenv("SCRIBE_CACHE"), *home = getenv("HOME");
	const char *file = "models/whisper-tiny-q8_0.bin";

	return cache ? arena_printf(cx->arena, "%s/%s", cache, file)
	             : arena_printf(cx->arena, "%s/.cache/scribe/%s", home, file);
}

/* A file with so many of its bytes. */
static const char *copy_of(struct ctx *cx, size_t bytes)
{
	char  *path = arena_strdup(cx->arena, "/tmp/weights-XXXXXX"), *some;
	int    to = mkstemp(path), from = open(weights_file(cx), O_RDONLY);
	off_t  all = lseek(from, 0, SEEK_END);
	size_t n = bytes < (size_t)all ? bytes : (size_t)all;

	assert_true(to >= 0 && from >= 0);
	some = arena_alloc_raw(cx->arena, n);
	assert_int_equal(pread(from, some, n, 0), n);
	assert_int_equal(write(to, some, n), n);
	close(from);
	close(to);
	return path;
}

static void they_are_loaded_at_start(void **state)
{
	struct ctx             *cx = *state;
	struct whisper_context *model;

	assert_true(whisper_weights_start(weights_file(cx), false));
	cx->deadline = deadline_in(0);
	assert_ok(whisper_weights(cx, &model));
	assert_non_null(model);
	whisper_weights_stop();
}

static struct err *ask(struct ctx *cx, void *data)
{
	return whisper_weights(cx, data);
}

/* Who may not read the file any more by then has it open. */
static void they_are_loaded_once_by_who_comes_first(void **state)
{
	struct ctx             *cx = *state;
	const char             *path = copy_of(cx, SIZE_MAX);
	struct whisper_context *models[ASK_AT_ONCE] = {NULL};
	struct task            *tasks[ASK_AT_ONCE];

	assert_true(whisper_weights_start(path, true));
	unlink(path);
	for (int i = 0; i < ASK_AT_ONCE; i++)
		tasks[i] = task_start(cx, ask, (void *)&models[i]);
	for (int i = 0; i < ASK_AT_ONCE; i++) {
		assert_ok(task_join(tasks[i]));
		assert_non_null(models[i]);
		assert_ptr_equal(models[i], models[0]);
	}
	whisper_weights_stop();
}

static int nice_of_reader; /* the highest of who read a file */

/* The system's, and it notes who calls it. */
ssize_t read(int fd, void *to, size_t n)
{
	int nice = getpriority(PRIO_PROCESS, 0);

	nice_of_reader = nice > nice_of_reader ? nice : nice_of_reader;
	return syscall(SYS_read, fd, to, n);
}

static struct err *ask_from_behind(struct ctx *cx, void *data)
{
	thread_stand_back();
	return ask(cx, data);
}

static void they_are_loaded_by_nobody_who_stands_back(void **state)
{
	struct ctx             *cx = *state;
	struct whisper_context *model = NULL;

	assert_true(whisper_weights_start(weights_file(cx), true));
	nice_of_reader = -20;
	assert_ok(task_join(task_start(cx, ask_from_behind, (void *)&model)));
	assert_non_null(model);
	assert_int_equal(nice_of_reader, getpriority(PRIO_PROCESS, 0));
	whisper_weights_stop();
}

static void what_can_not_be_loaded_is_told_to_each(void **state)
{
	struct ctx             *cx = *state;
	const char             *path = copy_of(cx, SOME_BYTES);
	struct whisper_context *model;

	assert_true(whisper_weights_start(path, true));
	for (int i = 0; i < 2; i++)
		assert_err(whisper_weights(cx, &model), ERR_UNAVAILABLE);
	whisper_weights_stop();
	assert_false(whisper_weights_start(path, false));
	whisper_weights_stop();
	unlink(path);
	assert_false(whisper_weights_start(path, true));
	whisper_weights_stop();
}

static void nothing_was_loaded_and_nothing_is_left(void **state)
{
	struct ctx *cx = *state;

	assert_true(whisper_weights_start(weights_file(cx), true));
	whisper_weights_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(they_are_loaded_at_start),
		UNIT_TEST(they_are_loaded_once_by_who_comes_first),
		UNIT_TEST(they_are_loaded_by_nobody_who_stands_back),
		UNIT_TEST(what_can_not_be_loaded_is_told_to_each),
		UNIT_TEST(nothing_was_loaded_and_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
