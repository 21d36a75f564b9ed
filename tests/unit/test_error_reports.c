/* test_error_reports.c -- errors are counted over processes and their ends, apart by what and
 * where, and told without a word of anybody's. */
#include "unit.h"

#include "../../common/base/crypto.h"
#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/base/metrics.h"
#include "../../common/work/error_reports.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define ITEM  "{\"type\":\"event\",\"length\":"

static uint64_t told_of(const char *event, const char *code, struct error_counted *out)
{
	struct error_counted found = {.row = 0};
	uint64_t             n = 0;

	for (unsigned i = 0; i < ERROR_ROWS && error_count_next(found.row + 1, &found); i++) {
		if (str_equal(found.event, event) && str_equal(found.code, code)) {
			n += found.n;
			*out = found;
		}
		error_count_told(found.row, found.n);
	}
	return n;
}

static void what_is_logged_as_an_error_is_counted(void **state)
{
	struct ctx          *cx = *state;
	struct err          *e = err_new(cx, ERR_UNAVAILABLE, "common/db/db_pool.c:7", "zqxjkv");
	struct error_counted found;

	memcpy(cx->trace.id, TRACE, sizeof(TRACE));
	log_err(LOG_WARN, cx, "a_warning", e);
	log_err(LOG_ERROR, cx, "ledger_not_written", e);
	cx->trace.id[0] = 'f';
	log_err(LOG_ERROR, cx, "ledger_not_written", e);
	LOG(LOG_ERROR, NULL, "voice_not_loaded", F_STR("library", "zqxjkv"));
	assert_true(error_count_next(0, &found));
	assert_int_equal(told_of("ledger_not_written", "unavailable", &found), 2);
	assert_string_equal(found.where, "common/db/db_pool.c:7");
	assert_string_equal(found.trace_id, TRACE);
	assert_false(error_count_next(0, &found));
	log_err(LOG_ERROR, cx, "ledger_not_written", e);
	LOG(LOG_ERROR, NULL, "voice_not_loaded", F_STR("library", "zqxjkv"));
	assert_int_equal(told_of("voice_not_loaded", "", &found), 1);
	error_count_told(found.row, 1);
	assert_false(error_count_next(0, &found));
}

static void without_a_row_errors_count_together(void **state)
{
	struct error_counted found;
	uint64_t             others;
	char                 where[32];

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(where, sizeof(where), "a_file.c:%d", i);
		error_count_add("of_many", NULL, where, NULL);
	}
	assert_true(error_count_next(0, &found));
	assert_string_equal(found.event, "other_errors");
	others = found.n;
	assert_true(others > 300 - ERROR_ROWS && others < 300);
	assert_int_equal(told_of("of_many", "", &found) + others, 300);
}

static void wait_for(pid_t child)
{
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void remove_all(const char *folder)
{
	DIR *all = opendir(folder);

	assert_non_null(all);
	for (struct dirent *entry = readdir(all); entry; entry = readdir(all))
		(void)!unlinkat(dirfd(all), entry->d_name, 0);
	closedir(all);
	rmdir(folder);
}

/* In a file of its own: the rows of the others are none of it. */
static void a_killed_process_has_counted(void **state)
{
	char                 folder[] = "/tmp/test_errors_XXXXXX", path[64];
	struct error_counted found;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/metrics", folder);
	for (int i = 0; i < 2; i++) {
		pid_t child = fork();

		if (child == 0) {
			metrics_start(path, i ? "groq_chat" : "agent_reply");
			error_count_add("request_failed", "internal", "a.c:1", TRACE);
			kill(getpid(), SIGKILL);
		}
		wait_for(child);
	}
	metrics_start(path, "summarize_session");
	assert_true(error_count_next(0, &found));
	assert_string_equal(found.program, "agent_reply");
	assert_int_equal(found.n, 1);
	assert_true(error_count_next(found.row + 1, &found));
	assert_string_equal(found.program, "groq_chat");
	metrics_stop();
	remove_all(folder);
}

static int problems_of(const char *dsn)
{
	const struct cfg_group *const groups[] = {&sentry_settings};
	int                           problems;

	setenv("SENTRY_DSN", dsn, 1);
	problems = cfg_load(groups, COUNT(groups));
	return problems ? problems : sentry_check();
}

static void only_a_dsn_is_taken(void **state)
{
	static const char *const good[] = {"https://abc123@o1.ingest.example.com/42",
	                                   "http://abc123:def@127.0.0.1:9000/42",
	                                   "https://abc@sentry.example.com/a/path/7"};
	static const char *const bad[] = {"abc@sentry.example.com/1",
	                                  "https://sentry.example.com/1",
	                                  "https://@sentry.example.com/1",
	                                  "https://abc@sentry.example.com",
	                                  "https://abc@sentry.example.com/",
	                                  "https://abc@sentry.example.com/one",
	                                  "https://abc@/1",
	                                  "https://ab%0ac@sentry.example.com/1",
	                                  "https://abc@sentry.example.com/1?x=2",
	                                  "https://abc@a@sentry.example.com/1"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_int_equal(problems_of(good[i]), 0);
	assert_true(sentry_is_wanted());
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(problems_of(bad[i]), 1);
	assert_int_equal(problems_of(""), 0);
	assert_false(sentry_is_wanted());
}

static void an_envelope_holds_one_event(void **state)
{
	struct ctx          *cx = *state;
	struct error_counted e = {.n = 12,
	                          .last_unix_ms = 1764374400500,
	                          .program = "agent_reply",
	                          .event = "turn_not_given_up",
	                          .code = "unavailable",
	                          .where = "common/db/db_pool.c:210",
	                          .trace_id = TRACE};
	const struct cJSON  *event;
	struct span          all, second;
	const char          *rest;

	assert_int_equal(problems_of("https://abc@sentry.example.com/1"), 0);
	assert_ok(sentry_envelope(cx, &e, &all));
	rest = strchr(all.ptr, '\n') + 1;
	assert_true(span_starts(span_of(rest), SPAN(ITEM)));
	second = (struct span){strchr(rest, '\n') + 1, strtoul(rest + strlen(ITEM), NULL, 10)};
	assert_string_equal(second.ptr + second.len, "\n");
	assert_ok(json_parse(cx, second, &event));
	assert_int_equal(strlen(json_text_at(event, "event_id")), 32);
	assert_string_equal(json_text_at(event, "fingerprint[0]"), "agent_reply");
	assert_string_equal(json_text_at(event, "fingerprint[3]"), "common/db/db_pool.c");
	assert_string_equal(json_text_at(event, "exception.values[0].type"), "turn_not_given_up");
	assert_string_equal(json_text_at(event, "tags.trace_id"), TRACE);
	assert_true(json_num_at(event, "exception.values[0].stacktrace.frames[0].lineno", 0) == 210);
	assert_true(json_num_at(event, "extra.count", 0) == 12);
	assert_true(json_num_at(event, "timestamp", 0) == 1764374400.5);
	assert_string_equal(json_text_at(event, "environment"), "production");
	assert_null(json_at(event, "release"));
}

static void without_a_dsn_what_was_counted_is_forgotten(void **state)
{
	struct error_counted found;

	assert_int_equal(problems_of(""), 0);
	error_count_add("fatal", NULL, NULL, NULL);
	assert_true(error_count_next(0, &found));
	assert_ok(tell_errors(*state, NULL));
	assert_false(error_count_next(0, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(what_is_logged_as_an_error_is_counted),
		UNIT_TEST(a_killed_process_has_counted),
		UNIT_TEST(only_a_dsn_is_taken),
		UNIT_TEST(an_envelope_holds_one_event),
		UNIT_TEST(without_a_dsn_what_was_counted_is_forgotten),
		UNIT_TEST(without_a_row_errors_count_together),
	};

	json_start();
	crypto_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
