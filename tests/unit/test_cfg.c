/* Settings: every problem is told, secrets are not. */
#include "unit.h"

#include "../../common/base/cfg.h"

#include <unistd.h>

struct values {
	const char *name, *url, *secret;
	int64_t     size;
	double      weight;
	bool        is_on;
};
static struct values values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(values, name, "T_NAME", .flags = CFG_REQUIRED, .help = "a name"),
	CFG_KEY_URL(values, url, "T_URL", .fallback = "https://example.com", .help = "a URL"),
	CFG_KEY_STR(values, secret, "T_SECRET", .flags = CFG_SECRET, .help = "a secret"),
	CFG_KEY_INT(values, size, "T_SIZE", .fallback = "4", .min = 1, .max = 10, .help = "a size"),
	CFG_KEY_NUM(values, weight, "T_WEIGHT", .fallback = "0.5", .max = 1, .help = "a weight"),
	CFG_KEY_BOOL(values, is_on, "T_ON", .fallback = "0", .help = "a switch"),
};
static const struct cfg_group        group = {"Test", &values, keys, COUNT(keys)};
static const struct cfg_group *const groups[] = {&group};

static int setup(void **state)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		unsetenv(keys[i].env);
	unsetenv("T_SECRET_FILE");
	values = (struct values){.name = NULL};
	return unit_setup(state);
}

static void defaults_and_environment(void **state)
{
	(void)state;
	setenv("T_NAME", "x", 1);
	setenv("T_ON", "yes", 1);
	setenv("T_SIZE", "", 1); /* empty is absent */
	assert_int_equal(cfg_load(groups, 1), 0);
	assert_string_equal(values.name, "x");
	assert_int_equal(values.size, 4);
	assert_true(values.is_on);
	assert_true(values.weight == 0.5);
	assert_string_equal(values.url, "https://example.com");
}

static void all_problems_are_counted(void **state)
{
	(void)state;
	setenv("T_SIZE", "11", 1);
	setenv("T_URL", "ftp://x", 1);
	setenv("T_ON", "maybe", 1);
	setenv("T_WEIGHT", "1.5", 1);
	assert_int_equal(cfg_load(groups, 1), 5); /* with the missing name */
}

static void a_port_that_is_none_is_a_problem(void **state)
{
	static const char *const good[] = {
		"http://x:1",           "https://x:65535/a:99999", "https://key:secret@x/1", "http://[::1]",
		"http://[::1]:80/?a:b", "https://x/{id}",          "https://k:s@x:8443",
	};
	static const char *const bad[] = {
		"https://x:99999", "https://key@x:99999/1",  "https://k:s@x:0/1",  "http://x:/",
		"http://x:1a",     "http://[::1]:65536?a:1", "http://x:123456789",
	};

	(void)state;
	setenv("T_NAME", "x", 1);
	for (size_t i = 0; i < COUNT(good); i++) {
		setenv("T_URL", good[i], 1);
		assert_int_equal(cfg_load(groups, 1), 0);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		setenv("T_URL", bad[i], 1);
		assert_int_equal(cfg_load(groups, 1), 1);
	}
}

static void a_secret_may_come_from_a_file_and_is_not_shown(void **state)
{
	struct ctx *cx = *state;
	char        path[] = "/tmp/scribe-cfg-XXXXXX";
	int         fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hidden\n", 7), 7);
	close(fd);
	setenv("T_NAME", "x", 1);
	setenv("T_SECRET_FILE", path, 1);
	assert_int_equal(cfg_load(groups, 1), 0);
	unlink(path);
	assert_string_equal(values.secret, "hidden");
	assert_string_equal(cfg_shown(&group, &keys[2], cx->arena), "(set)");
	setenv("T_SECRET_FILE", "/nonexistent", 1);
	assert_int_equal(cfg_load(groups, 1), 1);
}

static void write_credential(const char *dir, const char *name, const char *text)
{
	char  path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void systemd_gives_secrets_and_nothing_else(void **state)
{
	char dir[] = "/tmp/scribe-cfg-XXXXXX", path[128];

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	setenv("T_NAME", "x", 1);
	assert_int_equal(cfg_load(groups, 1), 0);
	assert_null(values.secret);
	write_credential(dir, "scribe_T_SECRET", "lent\n");
	write_credential(dir, "scribe_T_SIZE", "7\n");
	assert_int_equal(cfg_load(groups, 1), 0);
	assert_string_equal(values.secret, "lent");
	assert_int_equal(values.size, 4);
	setenv("T_SECRET", "given", 1);
	assert_int_equal(cfg_load(groups, 1), 0);
	assert_string_equal(values.secret, "given");
	unsetenv("T_SECRET");
	write_credential(dir, "scribe_T_SECRET", "\n");
	assert_int_equal(cfg_load(groups, 1), 1);
	unsetenv("CREDENTIALS_DIRECTORY");
	snprintf(path, sizeof(path), "%s/scribe_T_SECRET", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/scribe_T_SIZE", dir);
	unlink(path);
	rmdir(dir);
}

static void secrets_that_are_none_are_refused(void **state)
{
	struct {
		const char *one, *other, *public;
	} secrets;
	const struct cfg_key some[] = {
		{.env = "ONE", .flags = CFG_SECRET | CFG_OURS, .min = 8, .help = "h"},
		{.env = "OTHER", .offset = 8, .flags = CFG_SECRET | CFG_OURS, .min = 8, .help = "h"},
		{.env = "PUBLIC", .offset = 16, .flags = CFG_SECRET | CFG_OURS, .help = "h"},
	};
	const struct cfg_group all = {"Secrets", &secrets, some, COUNT(some)}, *at = &all;
	const struct {
		const char *one, *other, *public;
		int         problems;
	} cases[] = {
		{"12345678", "87654321", "a", 0},   {"", "", "", 0},
		{"1234567", "87654321", "a", 1},    {"12345678", "12345678", "a", 1},
		{"12345678", "", "12345678", 1},    {"aaaaaaaaaa", "abcabcabc", "aa", 2},
		{"abcdabcdab", "abcdabcda", "", 2}, {"abcdefgabc", "abcdefghij", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		setenv("ONE", cases[i].one, 1);
		setenv("OTHER", cases[i].other, 1);
		setenv("PUBLIC", cases[i].public, 1);
		assert_int_equal(cfg_load(&at, 1), 0);
		assert_int_equal(cfg_check_secrets(&at, 1), cases[i].problems);
	}
}

static void the_file_gives_way_to_the_environment(void **state)
{
	char  dir[] = "/tmp/scribe-cfg-XXXXXX", before[4096];
	FILE *file;

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	file = fopen("scribe.env", "w");
	assert_non_null(file);
	fputs("# a comment\n\nT_NAME = \"from file\" \nT_SIZE=7\nnot a setting\n"
	      "export T_URL=https://x\n",
	      file);
	fclose(file);
	setenv("T_SIZE", "2", 1);
	setenv("SCRIBE_STACK_UNIT", "x", 1);
	assert_int_equal(cfg_load_file(), 0); /* the stack has read it */
	assert_null(getenv("T_NAME"));
	unsetenv("SCRIBE_STACK_UNIT");
	assert_int_equal(cfg_load_file(), 2);
	assert_int_equal(cfg_load(groups, 1), 0);
	assert_string_equal(values.name, "from file");
	assert_int_equal(values.size, 2);
	unlink("scribe.env");
	assert_int_equal(chdir(before), 0);
	rmdir(dir);
}

static void lists_are_split_at_commas_and_blanks(void **state)
{
	static const char *const all[] = {"https://a", "https://b", "*", "c"};
	struct span              rest = span_of(" ,https://a, https://b *\t,\n, c , "), item;

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		assert_true(cfg_next_item(&rest, &item));
		assert_true(span_equal(item, span_of(all[i])));
	}
	assert_false(cfg_next_item(&rest, &item));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_and_environment),
		TEST(all_problems_are_counted),
		TEST(a_port_that_is_none_is_a_problem),
		TEST(a_secret_may_come_from_a_file_and_is_not_shown),
		TEST(systemd_gives_secrets_and_nothing_else),
		TEST(the_file_gives_way_to_the_environment),
		TEST(lists_are_split_at_commas_and_blanks),
		TEST(secrets_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
