/* test_service.c -- a program has as many settings as its modules give it. */
#include "unit.h"

#include "../../common/web/service.h"

#include <unistd.h>

enum { GROUPS_N = 200 };

static const char      *value[GROUPS_N];
static struct cfg_key   key[GROUPS_N];
static struct cfg_group group[GROUPS_N];

static void make_groups(struct ctx *cx, const struct cfg_group **groups)
{
	for (size_t i = 0; i < GROUPS_N; i++) {
		key[i] = (struct cfg_key){.env = arena_printf(cx->arena, "T_%zu", i),
		                          .fallback = "x",
		                          .help = "a setting"};
		group[i] = (struct cfg_group){"Test", &value[i], &key[i], 1};
		groups[i] = &group[i];
	}
}

/* What it prints, which is read from a file in place of stdout. */
static const char *shown(struct ctx *cx, const struct service *s)
{
	char    name[] = "many", option[] = "--show-config", *argv[] = {name, option, NULL};
	FILE   *file = tmpfile();
	char   *text = arena_alloc(cx->arena, 1 << 17);
	int     before = dup(STDOUT_FILENO), status;
	ssize_t len;

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	status = service_main(2, argv, s);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	assert_int_equal(status, 0);
	len = pread(fileno(file), text, (1 << 17) - 1, 0);
	assert_true(len > 0);
	fclose(file);
	return text;
}

static void all_groups_are_there(void **state)
{
	const struct cfg_group *groups[GROUPS_N];
	struct ctx             *cx = *state;
	struct service          s = {.name = "many", .settings = groups, .settings_n = GROUPS_N};
	const char             *text;

	make_groups(cx, groups);
	groups[7] = groups[6]; /* once, however many modules share it */
	text = shown(cx, &s);
	for (size_t i = 0; i < GROUPS_N; i++) {
		const char *name = arena_printf(cx->arena, "\"name\":\"T_%zu\"", i);
		const char *found = strstr(text, name);

		assert_true((found != NULL) == (i != 7));
		assert_true(!found || !strstr(found + 1, name));
	}
}

/* nginx is made from that. */
static void a_path_of_its_own_and_all_methods_are_told(void **state)
{
	struct service own = {.name = "shelf",
	                      .path = "/shelf/v1",
	                      .methods =
	                          METHOD_GET | METHOD_HEAD | METHOD_PUT | METHOD_PATCH | METHOD_DELETE};
	struct service usual = {.name = "usual", .methods = METHOD_GET | METHOD_POST};
	struct service inner = {.name = "inner", .methods = METHOD_GET, .for_operators = true};

	assert_non_null(strstr(shown(*state, &own), "\"path\":\"/shelf/v1\",\"for_operators\":false,"
	                                            "\"has_path_info\":true,"
	                                            "\"protocol\":\"fastcgi\",\"methods\":"
	                                            "[\"GET\",\"HEAD\",\"PUT\",\"PATCH\",\"DELETE\"]"));
	assert_non_null(
		strstr(shown(*state, &usual),
	           "\"path\":\"/functions/v1/usual\",\"for_operators\":false,\"has_path_info\":false,"
	           "\"protocol\":\"fastcgi\","
	           "\"methods\":[\"GET\",\"POST\"]"));
	assert_non_null(strstr(shown(*state, &inner), "\"path\":\"/inner\",\"for_operators\":true,"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(all_groups_are_there),
		UNIT_TEST(a_path_of_its_own_and_all_methods_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
