/* The literals that scripts/embed-sql makes are what was written, without what is for people; and
 * what it can not read it does not embed. */
#include "unit.h"

#include "tests/unit/embedded.sql.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static char program[] = "scripts/embed-sql";

static void nothing_within_quotes_changes(void **state)
{
	(void)state;
	assert_string_equal(EMBEDDED_SQL, "select 'it''s -- no comment', \"a -- \"\"name\"\"\","
	                                  " E'\\\\\\' -- \\n', 'C:\\', e'',"
	                                  " 'part'"
	                                  " , 1 - -1;");
}

static int status_of(char *sql_path, char *header_path)
{
	char *const argv[] = {program, sql_path, header_path, NULL};
	pid_t       pid;
	int         status;

	assert_int_equal(posix_spawn(&pid, program, NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Embeds `sql`, in a directory of its own under the name own.sql. */
static bool is_embedded(const char *sql)
{
	char  dir[] = "/tmp/embed_sql.XXXXXX", source[64], header[64], made_from[64];
	FILE *f;
	bool  is_there;
	int   status;

	assert_non_null(mkdtemp(dir));
	snprintf(source, sizeof(source), "%s/own.sql", dir);
	snprintf(header, sizeof(header), "%s/own.sql.h", dir);
	snprintf(made_from, sizeof(made_from), "%s/own.sql.d", dir);
	f = fopen(source, "w");
	assert_non_null(f);
	assert_true(fputs(sql, f) >= 0);
	assert_int_equal(fclose(f), 0);
	status = status_of(source, header);
	is_there = access(header, F_OK) == 0;
	unlink(header);
	unlink(made_from);
	unlink(source);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(is_there, status == 0); /* or make would take it for made */
	return is_there;
}

static void what_it_can_not_read_is_refused(void **state)
{
	static const char *const unreadable[] = {
		"select 'over\ntwo lines'",
		"select E'ends not \\'",
		"select 1 /* as in C */",
		"do $$ begin end $$",
		"do $body$ begin end $body$",
		"select 1,\n-- include nobody.sql\n",
		"select 1,\n\t-- include own.sql\n",
		"-- nothing but a comment\n",
	};

	(void)state;
	assert_true(is_embedded("select $1, '$$ /*', \"/*\" -- $$ /* '\n"));
	for (size_t i = 0; i < COUNT(unreadable); i++)
		assert_false(is_embedded(unreadable[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(nothing_within_quotes_changes),
		UNIT_TEST(what_it_can_not_read_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
