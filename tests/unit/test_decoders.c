/* test_decoders.c -- recordings are decoded by processes that can do nothing else, and that end. */
#include "unit.h"

#include "../../common/base/user.h"
#include "../../common/base/wait.h"
#include "../../common/decoder/audio_decode.h"
#include "../../common/decoder/confine.h"
#include "../../common/domain/voice/wav.h"
#include "devilish.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 600u /* more than anybody has in front */
#define KILLS   200u

/* ---- tests: recordings ---- */

static void gives_the_same_samples_as_libav_here(void **state)
{
	static const char *const names[] = {"formats/opus.webm",       "formats/opus.ogg",
	                                    "formats/vorbis.ogg",      "formats/tagged.mp3",
	                                    "formats/plain.mp3",       "formats/sound.flac",
	                                    "formats/aac.m4a",         "formats/fragmented.m4a",
	                                    "formats/camera.webm",     "speech/jfk.wav",
	                                    "formats/stereo-24bit.wav"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct ctx  cx = new_ctx(PATIENCE);
		struct span bytes = read_recording(&cx, names[i]);
		struct pcm  here, there;

		assert_ok(audio_decode(&cx, bytes, audio_sniff(bytes), &here));
		assert_ok(decoders_decode(&cx, bytes, audio_sniff(bytes), &there));
		assert_int_equal(here.n, there.n);
		assert_memory_equal(here.samples, there.samples, here.n * sizeof(float));
		arena_free(&cx.arena);
	}
}

static void refuses_what_is_no_sound(void **state)
{
	static const char *const names[] = {"malformed/awful.wav", "malformed/bad.wav",
	                                    "malformed/null.wav", "formats/picture-only.webm"};
	struct ctx               cx = new_ctx(PATIENCE);
	int16_t                 *long_one = NEW_ARRAY(cx.arena, int16_t, 121 * 8000);
	struct pcm               pcm;
	struct err              *e;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct span bytes = read_recording(&cx, names[i]);

		e = decoders_decode(&cx, bytes, audio_sniff(bytes), &pcm);
		assert_err(e, ERR_AUDIO);
		assert_string_equal(e->field, "audio_base64");
	}
	assert_err(decoders_decode(&cx, SPAN("no sound"), AUDIO_UNKNOWN, &pcm), ERR_AUDIO);
	assert_err(decoders_decode(&cx, SPAN(""), AUDIO_WAV, &pcm), ERR_AUDIO);
	e = decoders_decode(&cx, wav_file(cx.arena, long_one, 121 * 8000, 8000), AUDIO_WAV, &pcm);
	assert_err(e, ERR_TOO_LARGE);
	assert_string_equal(e->field, "audio_base64");
	arena_free(&cx.arena);
}

static void ends_what_would_work_for_ever(void **state)
{
	struct task devilish = {.cancel = NULL};

	(void)state;
	begin_devilish(&devilish);
	assert_decodes(); /* beside it */
	pthread_join(devilish.thread, NULL);
	assert_non_null(devilish.e);
	assert_int_equal(devilish.kind, ERR_AUDIO);
	assert_true(devilish.decode_ms > 1000);
	assert_decodes(); /* behind it */
}

static void ends_what_nobody_waits_for(void **state)
{
	struct cancel cancel;
	struct task   devilish = {.cancel = &cancel};
	pid_t         worker;

	(void)state;
	cancel_init(&cancel);
	begin_devilish(&devilish);
	worker = wait_for_worker(getpid());
	kill(worker, SIGSTOP); /* so that no limit ends it */
	cancel_fire(&cancel, CANCEL_CLIENT_LEFT);
	pthread_join(devilish.thread, NULL);
	assert_non_null(devilish.e);
	assert_int_equal(devilish.kind, ERR_CANCELLED);
	wait_until_gone(worker);
	cancel_end(&cancel);
	assert_decodes();
}

static void comes_back_after_a_kill(void **state)
{
	struct pids helpers;
	pid_t       nursery = nursery_of(getpid(), HELPERS, &helpers);

	(void)state;
	kill(nursery, SIGKILL);
	for (size_t i = 0; i < helpers.n; i++)
		wait_until_gone(helpers.pid[i]);
	assert_decodes();
	assert_int_not_equal(nursery_of(getpid(), HELPERS, &helpers), nursery);
	for (size_t i = 0; i < helpers.n; i++)
		kill(helpers.pid[i], SIGKILL);
	for (size_t i = 0; i < helpers.n; i++)
		wait_until_gone(helpers.pid[i]);
	nursery_of(getpid(), HELPERS, &helpers);
	for (size_t i = 0; i <= helpers.n; i++)
		assert_decodes();
}

/* Whatever it is about when it is killed: giving birth, say, to a helper that holds its socket. */
static void is_missed_whenever_it_is_killed(void **state)
{
	struct pids nursery = {.n = 0};

	(void)state;
	for (unsigned i = 0; i < KILLS; i++) {
		nursery = children_of(starter_of(getpid()));
		assert_decodes(); /* a helper goes, and another is born */
		for (size_t j = 0; j < nursery.n; j++)
			kill(nursery.pid[j], SIGKILL);
		assert_decodes(); /* by one of the next, or by one that has not ended yet */
	}
	for (size_t j = 0; j < nursery.n; j++)
		wait_until_gone(nursery.pid[j]);
	assert_decodes();
}

static void comes_back_without_its_starter(void **state)
{
	struct pids helpers;
	pid_t       starter = starter_of(getpid()), nursery = nursery_of(getpid(), HELPERS, &helpers);

	(void)state;
	kill(starter, SIGKILL);
	assert_decodes(); /* the nursery goes on */
	kill(nursery, SIGKILL);
	wait_until_gone(nursery);
	assert_decodes();
	assert_int_not_equal(starter_of(getpid()), starter);
}

/* A kill is not the recording's fault: it is decoded by the next. */
static void assert_asked_again(bool is_nursery_killed)
{
	struct cancel cancel;
	struct task   devilish = {.cancel = &cancel};
	pid_t         worker;

	cancel_init(&cancel);
	begin_devilish(&devilish);
	worker = wait_for_worker(getpid());
	kill(is_nursery_killed ? children_of(starter_of(getpid())).pid[0] : worker, SIGKILL);
	wait_until_gone(worker);
	worker = wait_for_worker(getpid());
	cancel_fire(&cancel, CANCEL_CLIENT_LEFT);
	pthread_join(devilish.thread, NULL);
	assert_int_equal(devilish.kind, ERR_CANCELLED);
	wait_until_gone(worker);
	cancel_end(&cancel);
}

static void asks_again_when_the_nursery_went(void **state)
{
	(void)state;
	assert_asked_again(true);
}

static void asks_again_when_the_helper_was_killed(void **state)
{
	(void)state;
	assert_asked_again(false);
}

/* Whoever is at work, or its nursery; nobody where that is over meanwhile. */
static bool kill_at_work(bool is_nursery_killed)
{
	pid_t worker = worker_of(getpid()), nursery = worker > 0 ? process_of(worker).parent : -1;

	if (nursery <= 1)
		return false;
	kill(is_nursery_killed ? nursery : worker, SIGKILL);
	wait_until_gone(worker);
	return true;
}

/* Until the recording is given up: on a busy machine one that is being born, or was given up with
 * its nursery, is taken for one at work now and then, and then there is another to be killed. */
static void kill_them(struct task *task, bool is_first_nursery, bool is_next_nursery)
{
	unsigned killed = 0;

	while (!atomic_load(&task->is_over))
		if (kill_at_work(killed ? is_next_nursery : is_first_nursery))
			killed++;
		else
			pause_shortly();
	assert_in_range(killed, 2, 100);
}

/* Nor is the second, of whoever: it is our failure, and a third is not asked. */
static void blames_no_recording_for_kills(void **state)
{
	static const struct {
		bool first, second; /* is the nursery's */
	} kills[] = {{false, false}, {false, true}, {true, false}, {true, true}};

	(void)state;
	for (size_t i = 0; i < COUNT(kills); i++) {
		struct task devilish = {.cancel = NULL};

		begin_devilish(&devilish);
		kill_them(&devilish, kills[i].first, kills[i].second);
		pthread_join(devilish.thread, NULL);
		assert_non_null(devilish.e);
		assert_int_equal(devilish.kind, ERR_UNAVAILABLE);
		assert_decodes();
	}
}

/* A recording that is quick, decoded beside what the test does. */
struct quick {
	pthread_t   thread;
	atomic_bool is_begun;
	struct err *e;
	uint64_t    ended_ms;
	unsigned    decode_ms;
};

static void *decode_quick(void *data)
{
	struct quick *q = data;
	struct ctx    cx = new_ctx(PATIENCE);
	struct span   bytes = read_recording(&cx, "formats/opus.webm");
	struct pcm    pcm;

	atomic_store(&q->is_begun, true);
	q->e = decoders_decode(&cx, bytes, AUDIO_WEBM, &pcm);
	q->ended_ms = clock_mono_ms();
	q->decode_ms = cx.cost.decode_ms;
	arena_free(&cx.arena);
	return NULL;
}

/* However long that took, its time begins when it has one. */
static void waiting_for_a_helper_is_no_decoding(void **state)
{
	pid_t           nursery = leave_no_helper();
	struct quick    quick = {.is_begun = false};
	struct deadline until;
	uint64_t        held_ms;

	(void)state;
	assert_int_equal(thread_start(&quick.thread, 1 << 20, decode_quick, &quick), 0);
	while (!atomic_load(&quick.is_begun))
		sched_yield();
	until = deadline_in(WAIT_MS);
	while (deadline_left_ms(until))
		pause_shortly();
	held_ms = clock_mono_ms();
	kill(nursery, SIGCONT);
	pthread_join(quick.thread, NULL);
	assert_null(quick.e);
	assert_true(quick.decode_ms > 0);
	assert_true(quick.decode_ms <= quick.ended_ms - held_ms + 2); /* it is rounded up */
}

static _Noreturn void be_program(void)
{
	struct task devilish = {.cancel = NULL};

	if (decoders_start() != 0)
		_exit(1);
	begin_devilish(&devilish);
	for (;;)
		pause();
}

static void ends_with_its_program(void **state)
{
	struct pids helpers;
	pid_t       program, nursery;

	(void)state;
	decoders_stop();
	program = fork();
	assert_true(program >= 0);
	if (program == 0)
		be_program();
	nursery = nursery_of(program, HELPERS, &helpers);
	kill(wait_for_worker(program), SIGSTOP); /* so that no limit ends it */
	kill(program, SIGKILL);
	waitpid(program, NULL, 0);
	wait_until_gone(nursery);
	for (size_t i = 0; i < helpers.n; i++)
		wait_until_gone(helpers.pid[i]);
	assert_int_equal(decoders_start(), 0);
}

/* ---- tests: what it may ---- */

static bool has_namespaces(void)
{
	int   status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) == 0 ? 0 : 1);
	waitpid(pid, &status, 0);
	return status == 0;
}

static void assert_elsewhere(struct ctx *cx, pid_t pid, const char *space)
{
	char    here[64] = "", there[64] = "";
	ssize_t n =
		readlink(arena_printf(cx->arena, "/proc/self/ns/%s", space), here, sizeof(here) - 1);
	ssize_t m =
		readlink(arena_printf(cx->arena, "/proc/%d/ns/%s", pid, space), there, sizeof(there) - 1);

	assert_true(n > 0 && m > 0);
	assert_string_not_equal(here, there);
}

static void has_nothing(void **state)
{
	struct ctx  cx = new_ctx(PATIENCE);
	struct pids helpers;
	pid_t       nursery;

	(void)state;
	assert_decodes();
	nursery = stop_nursery(getpid(), HELPERS); /* once all have become what they are */
	helpers = children_of(nursery);
	for (size_t i = 0; i < helpers.n; i++) {
		assert_string_equal(status_of(&cx, helpers.pid[i], "CapEff"), "0000000000000000");
		assert_string_equal(status_of(&cx, helpers.pid[i], "CapPrm"), "0000000000000000");
		assert_string_equal(status_of(&cx, helpers.pid[i], "NoNewPrivs"), "1");
		if (!CONFINE_IS_RELAXED)
			assert_string_equal(status_of(&cx, helpers.pid[i], "Seccomp"), "2");
		if (geteuid() == 0) /* or nobody may look */
			assert_true(entries_in(arena_printf(cx.arena, "/proc/%d/fd", helpers.pid[i])) <= 4);
		if (geteuid() == 0 && has_namespaces()) {
			assert_elsewhere(&cx, helpers.pid[i], "net");
			assert_int_equal(entries_in(arena_printf(cx.arena, "/proc/%d/root/", helpers.pid[i])),
			                 0);
		}
		if (geteuid() == 0)
			assert_true(strtol(status_of(&cx, helpers.pid[i], "Uid"), NULL, 10) != 0);
	}
	assert_string_equal(status_of(&cx, nursery, "CapEff"), "0000000000000000");
	kill(nursery, SIGCONT);
	arena_free(&cx.arena);
}

/* What a program that root started says at its end. */
enum { DECODES = 1, DECODERS_OF_ANOTHER = 2, DECODES_AGAIN = 4, ASKS_TO_END = 8 };

static bool decodes(void)
{
	struct ctx  cx = new_ctx(PATIENCE);
	struct span bytes = read_recording(&cx, "formats/opus.webm");
	struct pcm  pcm;
	struct err *e = decoders_decode(&cx, bytes, AUDIO_WEBM, &pcm);

	arena_free(&cx.arena);
	return !e;
}

static bool are_of_another(pid_t pid)
{
	struct ctx  cx = new_ctx(PATIENCE);
	const char *uid = arena_printf(cx.arena, "%u\t", geteuid());
	bool        are = strncmp(status_of(&cx, pid, "Uid"), uid, strlen(uid)) != 0;

	arena_free(&cx.arena);
	return are;
}

/* A process that is over may wait for its parent to notice. */
static void wait_until_over(pid_t pid)
{
	struct deadline until = deadline_in(PATIENCE);

	while (process_of(pid).state && process_of(pid).state != 'Z' && deadline_left_ms(until))
		pause_shortly();
	assert_true(!process_of(pid).state || process_of(pid).state == 'Z');
}

/* Only root may end those of another user. */
static void order_kill(int to_root, pid_t pid)
{
	assert_int_equal(write(to_root, &pid, sizeof(pid)), sizeof(pid));
	wait_until_over(pid);
}

static _Noreturn void be_program_of_root(int to_root)
{
	struct pids helpers;
	sigset_t    term, pending;
	int         says = 0;
	pid_t       nursery;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	if (decoders_start() != 0)
		_exit(0);
	user_become(user_named("daemon"));
	nursery = nursery_of(getpid(), HELPERS, &helpers);
	says |= decodes() ? DECODES : 0;
	order_kill(to_root, nursery);
	says |= decodes() ? DECODES_AGAIN : 0;
	nursery = nursery_of(getpid(), HELPERS, &helpers);
	says |= are_of_another(nursery) ? DECODERS_OF_ANOTHER : 0;
	order_kill(to_root, starter_of(getpid()));
	order_kill(to_root, nursery);
	says |=
		!decodes() && sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) ? ASKS_TO_END : 0;
	_exit(says);
}

/* It is root no more when a nursery is lost, yet its decoders stay another user's. */
static void stays_another_user(void **state)
{
	pid_t program, pid;
	int   ends[2], status;

	(void)state;
	if (geteuid() != 0)
		return; /* there is but one user then */
	decoders_stop();
	assert_int_equal(pipe(ends), 0);
	program = fork();
	assert_true(program >= 0);
	if (program == 0)
		be_program_of_root(ends[1]);
	close(ends[1]);
	while (read(ends[0], &pid, sizeof(pid)) == sizeof(pid))
		kill(pid, SIGKILL);
	close(ends[0]);
	waitpid(program, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status),
	                 DECODES | DECODERS_OF_ANOTHER | DECODES_AGAIN | ASKS_TO_END);
	assert_int_equal(decoders_start(), 0);
}

static void learns_no_secret(void **state)
{
	struct ctx  cx = new_ctx(PATIENCE);
	char        text[4096] = "";
	struct pids helpers;
	int         file;

	(void)state;
	decoders_stop();
	setenv("SCRIBE_JWT_SECRET", "a secret of the program", 1);
	assert_int_equal(decoders_start(), 0);
	unsetenv("SCRIBE_JWT_SECRET");
	file = open(arena_printf(cx.arena, "/proc/%d/environ", nursery_of(getpid(), HELPERS, &helpers)),
	            O_RDONLY | O_CLOEXEC);
	if (file >= 0) { /* it may be hidden from who is not root */
		ssize_t n = read(file, text, sizeof(text));

		assert_true(n >= 0);
		assert_null(memmem(text, sizeof(text), "SCRIBE", 6));
		assert_null(memmem(text, sizeof(text), "PATH", 4));
		close(file);
	}
	arena_free(&cx.arena);
}

static int start(void **state)
{
	const struct cfg_group *const groups[] = {&decoders_settings};

	(void)state;
	return cfg_load(groups, 1) + decoders_start();
}

static int stop(void **state)
{
	(void)state;
	decoders_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_same_samples_as_libav_here),
		cmocka_unit_test(refuses_what_is_no_sound),
		cmocka_unit_test(ends_what_would_work_for_ever),
		cmocka_unit_test(ends_what_nobody_waits_for),
		cmocka_unit_test(comes_back_after_a_kill),
		cmocka_unit_test(is_missed_whenever_it_is_killed),
		cmocka_unit_test(comes_back_without_its_starter),
		cmocka_unit_test(asks_again_when_the_nursery_went),
		cmocka_unit_test(asks_again_when_the_helper_was_killed),
		cmocka_unit_test(blames_no_recording_for_kills),
		cmocka_unit_test(waiting_for_a_helper_is_no_decoding),
		cmocka_unit_test(ends_with_its_program),
		cmocka_unit_test(has_nothing),
		cmocka_unit_test(stays_another_user),
		cmocka_unit_test(learns_no_secret),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
