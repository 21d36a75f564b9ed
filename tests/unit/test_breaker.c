/* test_breaker.c -- trips, backs off, lets one probe through, and is shared safely. */
#include "../../common/base/log.h"
#include "../../common/call/breaker.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define NOW 1000000u

/* The pass of the latest call that was let through. */
static _Thread_local struct breaker_pass pass;

static bool allow(struct breaker *b, uint64_t now)
{
	return breaker_allow(b, now, &pass);
}

/* A call that was let through, and how it went. */
static void call(struct breaker *b, bool ok, uint64_t now)
{
	if (allow(b, now))
		breaker_report(b, pass, ok, now);
}

static void fail_times(struct breaker *b, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++)
		call(b, false, now);
}

/* The first time it lets a call through, to the millisecond. */
static uint64_t opens_at(struct breaker *b, uint64_t from)
{
	while (breaker_is_open(b, from))
		from++;
	return from;
}

static void trips_on_five_failures(void **state)
{
	struct breaker b = {0};

	(void)state;
	fail_times(&b, 4, NOW);
	assert_true(allow(&b, NOW));
	fail_times(&b, 1, NOW);
	assert_false(allow(&b, NOW));
	assert_in_range(opens_at(&b, NOW), NOW + 4375, NOW + 5625);
}

static void trips_on_half_of_the_window(void **state)
{
	struct breaker b = {0};

	(void)state;
	for (int i = 0; i < 20; i++)
		call(&b, i % 3 != 0, NOW); /* a third fails */
	assert_true(allow(&b, NOW));
	for (int i = 0; i < 20 && !breaker_is_open(&b, NOW); i++)
		call(&b, i % 2 == 0, NOW);
	assert_true(breaker_is_open(&b, NOW));
}

static void backs_off_and_recovers(void **state)
{
	static const unsigned want_ms[] = {5000, 10000, 20000, 40000, 60000, 60000, 60000};
	struct breaker        b = {0};
	uint64_t              now = NOW;

	(void)state;
	fail_times(&b, 5, now);
	for (size_t i = 0; i < COUNT(want_ms); i++) {
		uint64_t until = opens_at(&b, now);

		assert_in_range(until - now, want_ms[i] - want_ms[i] / 8, want_ms[i] + want_ms[i] / 8);
		now = until;
		assert_true(allow(&b, now));
		assert_false(allow(&b, now));
		breaker_report(&b, pass, false, now);
	}
	now = opens_at(&b, now);
	assert_true(allow(&b, now));
	breaker_report(&b, pass, true, now);
	assert_true(allow(&b, now));
	fail_times(&b, 5, now);
	assert_in_range(opens_at(&b, now) - now, 4375, 5625);
}

static void gives_up_a_dead_probe(void **state)
{
	struct breaker b = {0};
	uint64_t       now;

	(void)state;
	fail_times(&b, 5, NOW);
	now = opens_at(&b, NOW);
	assert_true(allow(&b, now));
	assert_false(allow(&b, now + 29999));
	assert_true(allow(&b, now + 30000));
	assert_false(allow(&b, now + 30000));
	breaker_forget(&b, pass);
	assert_true(allow(&b, now + 30000));
}

static void holds_when_asked(void **state)
{
	struct breaker b = {0};

	(void)state;
	breaker_hold(&b, NOW + 7000);
	breaker_hold(&b, NOW + 3000); /* the longer one stands */
	assert_false(allow(&b, NOW + 6999));
	breaker_forget(&b, pass); /* says nothing while it is open */
	breaker_report(&b, pass, true, NOW);
	assert_false(allow(&b, NOW + 6999));
	assert_true(allow(&b, NOW + 7000));
	assert_false(allow(&b, NOW + 7000));
}

static void survives_any_word(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		struct breaker b = {~0ull << i, ~0ull >> i};

		allow(&b, NOW);
		breaker_report(&b, pass, false, NOW);
		breaker_unusable(&b, pass, "a", NOW);
		breaker_hold(&b, NOW + 10);
		breaker_forget(&b, pass);
		assert_in_range(opens_at(&b, NOW), NOW, NOW + 120000);
	}
}

static struct breaker contended;
static atomic_int     probes;

static void *race(void *data)
{
	(void)data;
	for (int i = 0; i < 1000; i++)
		if (allow(&contended, NOW + 10000))
			probes++;
	return NULL;
}

static void lets_one_probe_through(void **state)
{
	pthread_t threads[8];

	(void)state;
	fail_times(&contended, 5, NOW);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_create(&threads[i], NULL, race, NULL);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(probes, 1);
}

static void *report_many(void *data)
{
	for (int i = 0; i < 1000; i++)
		call(data, i % 4 != 0, NOW);
	return NULL;
}

static void loses_no_report(void **state)
{
	struct breaker b = {0};
	pthread_t      threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_create(&threads[i], NULL, report_many, &b);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(b.word >> 16 & 0x1f, breaker_is_open(&b, NOW) ? 0 : 16);
}

/* Who was called before it opened knows nothing of the probe, nor of the time after. */
static void ignores_what_is_too_old(void **state)
{
	struct breaker      b = {0};
	struct breaker_pass old, probe;
	uint64_t            now;

	(void)state;
	assert_true(breaker_allow(&b, NOW, &old));
	fail_times(&b, 5, NOW);
	now = opens_at(&b, NOW);
	assert_true(breaker_allow(&b, now, &probe));
	breaker_report(&b, old, true, now);
	assert_false(allow(&b, now)); /* the probe is still out */
	breaker_forget(&b, old);
	assert_false(allow(&b, now));
	breaker_unusable(&b, old, "a", now);
	assert_false(allow(&b, now));
	breaker_report(&b, old, false, now);
	assert_int_equal(opens_at(&b, now), now + 30000); /* when it is given up */
	breaker_report(&b, probe, true, now);
	for (int i = 0; i < 9; i++)
		breaker_report(&b, old, false, now);
	assert_true(allow(&b, now));
}

static void say_nonsense(struct breaker *b, unsigned times, unsigned sessions, uint64_t now)
{
	char session[24];

	for (unsigned i = 0; i < times && allow(b, now); i++) {
		snprintf(session, sizeof(session), "session-%u", i % sessions);
		breaker_unusable(b, pass, session, now);
	}
}

static void leaves_alone_what_talks_nonsense(void **state)
{
	struct breaker b = {0};

	(void)state;
	say_nonsense(&b, 7, 4, NOW);
	assert_true(allow(&b, NOW));
	say_nonsense(&b, 1, 4, NOW);
	assert_int_equal(opens_at(&b, NOW), NOW + 30000);
	/* Nonsense again: it is left alone again; sense: all is forgotten. */
	say_nonsense(&b, 1, 1, NOW + 30000);
	assert_int_equal(opens_at(&b, NOW + 30000), NOW + 60000);
	call(&b, true, NOW + 60000);
	say_nonsense(&b, 7, 4, NOW + 60000);
	assert_true(allow(&b, NOW + 60000));
}

static void counts_nonsense_for_nobody(void **state)
{
	struct breaker b = {0};

	(void)state;
	say_nonsense(&b, 100, 3, NOW); /* of too few */
	assert_true(allow(&b, NOW));
	for (int i = 0; i < 100; i++) {
		assert_true(allow(&b, NOW));
		breaker_unusable(&b, pass, NULL, NOW); /* of nobody known */
	}
	call(&b, true, NOW);
	for (int i = 0; i < 20; i++) { /* never in a row */
		say_nonsense(&b, 7, 7, NOW);
		call(&b, true, NOW);
	}
	assert_true(allow(&b, NOW));
	assert_int_equal(__builtin_popcountll(b.word & 0xffff), 0);
	/* It is an answer, so the service is back. */
	fail_times(&b, 16, NOW);
	say_nonsense(&b, 1, 1, opens_at(&b, NOW));
	assert_false(breaker_is_open(&b, opens_at(&b, NOW)));
	assert_true(allow(&b, NOW + 10000));
	assert_true(allow(&b, NOW + 10000));
}

static void share_in_child(const char *path, const char *name)
{
	pid_t child = fork();
	int   status;

	if (child == 0) {
		breaker_share(path);
		fail_times(breaker_named(name), 5, NOW);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void is_shared_between_programs(void **state)
{
	char            path[64];
	struct stat     st;
	struct breaker *groq;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/scribe-test-breakers-%d", (int)getpid());
	breaker_share(path);
	groq = breaker_named("llm.groq");
	assert_ptr_equal(breaker_named("llm.groq"), groq);
	assert_ptr_not_equal(breaker_named("llm.openai"), groq);
	for (int i = 0; i < 4; i++)
		share_in_child(path, "tts.elevenlabs");
	share_in_child(path, "llm.groq");
	assert_true(breaker_is_open(groq, NOW));
	assert_true(breaker_is_open(breaker_named("tts.elevenlabs"), NOW));
	assert_false(breaker_is_open(breaker_named("llm.openai"), NOW));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	breaker_share(NULL);
	unlink(path);
}

/* A file that can not be trusted: the program works, alone. */
static void expect_private(const char *path)
{
	struct breaker *b;

	breaker_share(path);
	b = breaker_named("test.private");
	b->word = 0;
	share_in_child(path, "test.private");
	assert_false(breaker_is_open(b, NOW));
	breaker_share(NULL);
}

static void write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);

	assert_int_equal(write(fd, text, len), (ssize_t)len);
	fchmod(fd, mode);
	close(fd);
}

/* Of a program before this one, the last time. */
static void begins_anew_in_an_old_file(void **state)
{
	static char old[64 + 64 * 64] = "scribe breakers 1";
	char        path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/scribe-test-old-%d", (int)getpid());
	memset(old + 64, 'x', 60);
	write_file(path, old, sizeof(old), 0600);
	breaker_share(path);
	share_in_child(path, "llm.groq");
	assert_true(breaker_is_open(breaker_named("llm.groq"), NOW));
	breaker_share(NULL);
	unlink(path);
}

static void distrusts_foreign_files(void **state)
{
	static char junk[64 + 64 * 64];
	char        path[64], link[80];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/scribe-test-foreign-%d", (int)getpid());
	snprintf(link, sizeof(link), "%s.link", path);
	write_file(path, "hello", 5, 0600);
	expect_private(path);
	memset(junk, 'x', sizeof(junk));
	write_file(path, junk, sizeof(junk), 0600);
	expect_private(path);
	write_file(path, "", 0, 0666);
	expect_private(path);
	assert_int_equal(symlink(path, link), 0);
	expect_private(link);
	expect_private("/nonexistent/breakers");
	unlink(link);
	unlink(path);
}

struct told {
	enum breaker_state state;
	unsigned           n;
};

static void hear_state(const char *name, enum breaker_state state, void *data)
{
	struct told *told = data;

	if (strcmp(name, "told.breaker") != 0)
		return;
	told->state = state;
	told->n++;
}

static enum breaker_state told_at(uint64_t now)
{
	struct told told = {.n = 0};

	breaker_each(now, hear_state, &told);
	assert_int_equal(told.n, 1);
	return told.state;
}

static void states_are_told(void **state)
{
	struct breaker *b;
	uint64_t        opens;

	(void)state;
	breaker_share(NULL);
	b = breaker_named("told.breaker");
	assert_int_equal(told_at(NOW), BREAKER_CLOSED);
	fail_times(b, 5, NOW);
	assert_int_equal(told_at(NOW), BREAKER_OPEN);
	opens = opens_at(b, NOW);
	assert_int_equal(told_at(opens), BREAKER_CLOSED);
	assert_true(allow(b, opens));
	assert_int_equal(told_at(opens), BREAKER_PROBING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trips_on_five_failures),
		cmocka_unit_test(trips_on_half_of_the_window),
		cmocka_unit_test(backs_off_and_recovers),
		cmocka_unit_test(gives_up_a_dead_probe),
		cmocka_unit_test(holds_when_asked),
		cmocka_unit_test(survives_any_word),
		cmocka_unit_test(lets_one_probe_through),
		cmocka_unit_test(loses_no_report),
		cmocka_unit_test(is_shared_between_programs),
		cmocka_unit_test(distrusts_foreign_files),
		cmocka_unit_test(ignores_what_is_too_old),
		cmocka_unit_test(counts_nonsense_for_nobody),
		cmocka_unit_test(begins_anew_in_an_old_file),
		cmocka_unit_test(leaves_alone_what_talks_nonsense),
		cmocka_unit_test(states_are_told),
	};

	log_setup("test_breaker", LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
