/* test_acts.c -- the file of what was learnt from the examples, and when it is made. */
#include "unit.h"
#include "meaning.h"

#include "../../common/base/json_in.h"

#include <sys/stat.h>
#include <unistd.h>

static int start(void **state)
{
	(void)state;
	crypto_start();
	json_start();
	return meaning_start();
}

/* Is a file of so many bytes taken for what was made? Who has no time makes no other. */
static bool takes_for_whole(struct arena *a, const char *path, off_t bytes)
{
	struct ctx    cx = {.arena = a};
	struct cancel gone;
	struct err   *e;

	assert_int_equal(truncate(path, bytes), 0);
	cancel_init(&gone);
	cancel_fire(&gone, CANCEL_UNWANTED);
	cx.cancel = &gone;
	e = acts_make(&cx);
	cancel_end(&gone);
	assert_true(!e || e->kind == ERR_CANCELLED);
	return !e;
}

static void makes_anew_what_was_cut_short(void **state)
{
	const struct cfg_group   *group = minilm_embed.p.settings;
	struct arena             *a = arena_new(1 << 20);
	size_t                    n;
	const struct act_example *examples = act_examples(&n);
	const char               *name = acts_file_name(a, examples, n);
	char                      dir[] = "/tmp/acts_XXXXXX";
	const char               *path;
	struct stat               whole;
	FILE                     *file;

	(void)state;
	assert_int_equal(stat(minilm_file(a, name), &whole), 0);
	assert_non_null(mkdtemp(dir));
	setenv("MINILM_DIR", dir, 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	path = minilm_file(a, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_false(takes_for_whole(a, path, 0));
	assert_false(takes_for_whole(a, path, whole.st_size - 1));
	assert_true(takes_for_whole(a, path, whole.st_size));
	unlink(path);
	unlink(arena_printf(a, "%s.lock", path));
	rmdir(dir);
	unsetenv("MINILM_DIR");
	assert_int_equal(cfg_load(&group, 1), 0);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(makes_anew_what_was_cut_short),
	};

	return cmocka_run_group_tests(tests, start, meaning_stop);
}
