/* test_metrics.c -- counts add up over processes and restarts, whoever is killed when; a file that
 * is not ours is made anew. */
#include "unit.h"

#include "../../common/base/log.h"
#include "../../common/base/metric_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS  20u
#define WRITERS 4u

static char folder[64], path[80];

static int begin(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/test_metrics_XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/metrics", folder);
	return unit_setup(state);
}

static int end(void **state)
{
	DIR *all = opendir(folder);

	metrics_stop();
	assert_non_null(all);
	for (struct dirent *entry = readdir(all); entry; entry = readdir(all))
		(void)!unlinkat(dirfd(all), entry->d_name, 0);
	closedir(all);
	rmdir(folder);
	return unit_teardown(state);
}

/* The one file there is, with its mark. */
static const char *file_of(struct ctx *cx)
{
	char link[64], target[256] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", metric_file.fd);
	assert_true(readlink(link, target, sizeof(target) - 1) > 0);
	return arena_strdup(cx->arena, target);
}

static uint64_t answered(const char *program)
{
	unsigned own = metric_file.program;
	uint64_t n;

	metric_file.program = metric_file_find(NAMES_program, program);
	n = metrics_value(METRIC_requests, AT(metrics_status(200)));
	assert_int_equal(n, metrics_value(METRIC_request_time, ALONE));
	metric_file.program = own;
	return n;
}

/* What a writer has counted for sure, and what it had begun to. */
struct tally {
	_Atomic uint64_t begun[WRITERS], done[WRITERS];
};

static void write_on(struct tally *tally, unsigned i)
{
	metrics_start(path, i % 2 ? "odd" : "even");
	metrics_gauge_add(GAUGE_in_flight, 1);
	for (;;) {
		atomic_fetch_add(&tally->begun[i], 1);
		metrics_add(METRIC_requests, AT(metrics_status(200)), 1);
		atomic_fetch_add(&tally->done[i], 1);
	}
}

static void count_alive(const struct metric_process *p, void *data)
{
	int64_t *sum = data;

	sum[0]++;
	sum[1] += p->gauges[GAUGE_in_flight];
}

/* Whoever is killed, wherever: nothing that was counted is lost, nothing is counted twice, and
 * nobody waits. Each may have been killed between two lines above, once. */
static void sums_hold_over_killed_processes(void **state)
{
	struct tally *tally =
		mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t done = 0, begun = 0, counted;
	int64_t  alive[2] = {0, 0};

	(void)state;
	assert_ptr_not_equal(tally, MAP_FAILED);
	metrics_start(path, "reader");
	for (unsigned round = 0; round < ROUNDS; round++) {
		pid_t    pids[WRITERS];
		uint64_t before[WRITERS];

		for (unsigned i = 0; i < WRITERS; i++) {
			before[i] = atomic_load(&tally->done[i]);
			pids[i] = fork();
			if (pids[i] == 0) {
				metrics_stop();
				write_on(tally, i);
			}
		}
		for (unsigned i = 0; i < WRITERS; i++) {
			while (atomic_load(&tally->done[i]) < before[i] + 1000)
				usleep(100);
			kill(pids[i], SIGKILL);
			assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
		}
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		done += atomic_load(&tally->done[i]);
		begun += atomic_load(&tally->begun[i]);
	}
	metric_file.program = metric_file_find(NAMES_program, "odd");
	counted = metrics_value(METRIC_requests, AT(metrics_status(200)));
	metric_file.program = metric_file_find(NAMES_program, "even");
	counted += metrics_value(METRIC_requests, AT(metrics_status(200)));
	assert_in_range(counted, done, begun);
	assert_true(begun - done <= WRITERS * ROUNDS);
	/* What they had in hand went with them; their places are free. */
	metrics_processes(count_alive, alive);
	assert_int_equal(alive[0], 1);
	assert_int_equal(alive[1], 0);
	munmap(tally, sizeof(*tally));
}

static void counts_go_on_after_a_restart(void **state)
{
	(void)state;
	metrics_start(path, "one");
	metrics_add(METRIC_requests, AT(metrics_status(200)), 3);
	for (int i = 0; i < 3; i++)
		metrics_time_ms(METRIC_request_time, ALONE, 7);
	metrics_stop();
	metrics_start(path, "two");
	metrics_add(METRIC_requests, AT(metrics_status(200)), 1);
	metrics_time_ms(METRIC_request_time, ALONE, 7);
	assert_int_equal(answered("one"), 3);
	assert_int_equal(answered("two"), 1);
}

/* Each way to damage the file, and that counting begins anew behind it. */
static void write_garbage(const char *file)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);

	assert_int_equal(pwrite(fd, "garbage garbage", 15, 0), 15);
	close(fd);
}

static void cut_short(const char *file)
{
	assert_int_equal(truncate(file, 100), 0);
}

static void open_to_others(const char *file)
{
	assert_int_equal(chmod(file, 0644), 0);
}

static void make_link(const char *file)
{
	unlink(file);
	assert_int_equal(symlink("/etc/passwd", file), 0);
}

static void make_pipe(const char *file)
{
	unlink(file);
	assert_int_equal(mkfifo(file, 0600), 0);
}

/* So many names as there can not be. */
static void break_names(const char *file)
{
	uint32_t many = UINT32_MAX;
	int      fd = open(file, O_RDWR | O_CLOEXEC);

	assert_int_equal(pwrite(fd, &many, sizeof(many), offsetof(struct metric_head, names_n)),
	                 sizeof(many));
	close(fd);
}

static void what_is_not_ours_is_made_anew(void **state)
{
	static void (*const damage[])(const char *file) = {write_garbage, cut_short, open_to_others,
	                                                   make_link,     make_pipe, break_names};
	const char *file;

	metrics_start(path, "one");
	file = file_of(*state);
	for (size_t i = 0; i < COUNT(damage); i++) {
		struct stat st;

		metrics_add(METRIC_signups, ALONE, 5);
		metrics_stop();
		damage[i](file);
		metrics_start(path, "one");
		assert_true(metric_file.fd >= 0);
		assert_int_equal(metrics_value(METRIC_signups, ALONE), 0);
		assert_int_equal(lstat(file, &st), 0);
		assert_true(S_ISREG(st.st_mode));
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void without_a_file_it_counts_for_itself(void **state)
{
	(void)state;
	metrics_start("/proc/none/metrics", "one");
	assert_int_equal(metric_file.fd, -1);
	metrics_add(METRIC_signups, ALONE, 2);
	assert_int_equal(metrics_value(METRIC_signups, ALONE), 2);
}

/* However many names there come to be, the text has an end. */
static void names_are_bounded(void **state)
{
	struct ctx *cx = *state;
	unsigned    first = 0, last = 0;

	metrics_start(path, "one");
	for (unsigned i = 0; i < 200; i++) {
		last = metrics_name(NAMES_job, arena_printf(cx->arena, "kind_%u", i));
		first = i ? first : last;
		metrics_add(METRIC_jobs, AT(last, JOB_END_done), 1);
	}
	assert_int_equal(last, 0);
	assert_int_equal(metrics_name(NAMES_job, "kind_0"), first);
	assert_int_equal(metrics_value(METRIC_jobs, AT(0, JOB_END_done)), 200 - (SIZE_job - 1));
}

static void is_shown_as_prometheus_reads_it(void **state)
{
	struct ctx *cx = *state;
	struct buf  out = buf_new(cx->arena, 0);
	unsigned    call = 0;

	metrics_start(path, "one");
	call = metrics_name(NAMES_call, "groq llm.reply");
	metrics_add(METRIC_requests, AT(metrics_status(503)), 2);
	metrics_add(METRIC_requests, AT(metrics_status(299)), 1);
	metrics_add(METRIC_audio, AT(metrics_name(NAMES_provider, "groq")), 1500);
	metrics_expect(METRIC_calls, AT(call, OUTCOME_failed));
	metrics_time_ms(METRIC_call_time, AT(call), 20);
	metrics_time_ms(METRIC_call_time, AT(call), 60000);
	metrics_gauge_add(GAUGE_in_flight, 3);
	metrics_write(&out);
	assert_false(out.is_full);
	assert_non_null(strstr(out.ptr, "scribe_requests_total{program=\"one\",status=\"503\"} 2\n"));
	assert_non_null(strstr(out.ptr, "scribe_requests_total{program=\"one\",status=\"other\"} 1\n"));
	assert_non_null(
		strstr(out.ptr, "scribe_provider_audio_seconds_total{provider=\"groq\"} 1.500000\n"));
	assert_non_null(strstr(out.ptr,
	                       "scribe_provider_calls_total{provider=\"groq\",operation=\"llm.reply\","
	                       "outcome=\"failed\"} 0\n"));
	assert_null(strstr(out.ptr, "outcome=\"denied\""));
	assert_non_null(strstr(out.ptr, "operation=\"llm.reply\",le=\"0.025\"} 1\n"));
	assert_non_null(strstr(out.ptr, "operation=\"llm.reply\",le=\"+Inf\"} 2\n"));
	assert_non_null(strstr(
		out.ptr,
		"scribe_provider_call_seconds_sum{provider=\"groq\",operation=\"llm.reply\"} 60.020000\n"));
	assert_non_null(strstr(out.ptr, "\nscribe_signups_total 0\n"));
	assert_non_null(strstr(out.ptr, "scribe_requests_in_flight{program=\"one\"} 3\n"));
	assert_non_null(strstr(out.ptr, "scribe_processes{program=\"one\"} 1\n"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(sums_hold_over_killed_processes),
		TEST(counts_go_on_after_a_restart),
		TEST(what_is_not_ours_is_made_anew),
		TEST(without_a_file_it_counts_for_itself),
		TEST(names_are_bounded),
		TEST(is_shown_as_prometheus_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
