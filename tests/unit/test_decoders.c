/* test_decoders.c -- recordings are decoded by processes that can do nothing else, and that end. */
#include "unit.h"

#include "../../common/base/thread.h"
#include "../../common/base/wait.h"
#include "../../common/decoder/audio_decode.h"
#include "../../common/decoder/confine.h"
#include "../../common/domain/voice/wav.h"
#include "../../common/engines/decoders.h"
#include "recordings.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 60000u /* builds under a sanitizer on a busy machine */
#define LOST_MS  20000u /* by then a decoder that works for ever was ended */
#define PIDS_MAX 64u
#define KEYS     60000u
#define DEVILISH (KEYS * 14 + 100)

/* ---- processes ---- */

struct pids {
	pid_t  pid[PIDS_MAX];
	size_t n;
};

static pid_t parent_of(pid_t pid)
{
	char  path[64], line[256] = "";
	FILE *file;
	int   parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fgets(line, sizeof(line), file) && strrchr(line, ')'))
		(void)!sscanf(strrchr(line, ')') + 1, " %*c %d", &parent);
	fclose(file);
	return parent;
}

static struct pids children_of(pid_t parent)
{
	struct pids    found = {.n = 0};
	DIR           *all = opendir("/proc");
	struct dirent *entry;

	assert_non_null(all);
	for (entry = readdir(all); entry; entry = readdir(all)) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && parent_of(pid) == parent && found.n < PIDS_MAX)
			found.pid[found.n++] = pid;
	}
	closedir(all);
	return found;
}

static void pause_shortly(void)
{
	assert_int_equal(wait_fds(NULL, NULL, 0, deadline_in(5)), WAIT_DEADLINE);
}

static void wait_until_gone(pid_t pid)
{
	struct deadline until = deadline_in(PATIENCE);

	while (kill(pid, 0) == 0 && deadline_left_ms(until))
		pause_shortly();
	assert_int_equal(kill(pid, 0), -1);
}

/* The nursery of a program, and its helpers when there are n. */
static pid_t nursery_of(pid_t program, size_t n, struct pids *helpers_out)
{
	struct deadline until = deadline_in(PATIENCE);
	struct pids     nursery = children_of(program);

	*helpers_out = (struct pids){.n = 0};
	while ((nursery.n != 1 || helpers_out->n != n) && deadline_left_ms(until)) {
		pause_shortly();
		nursery = children_of(program);
		*helpers_out = children_of(nursery.n ? nursery.pid[0] : -1);
	}
	assert_int_equal(nursery.n, 1);
	assert_int_equal(helpers_out->n, n);
	return nursery.pid[0];
}

/* What /proc/PID/status says behind "NAME:\t". */
static const char *status_of(struct ctx *cx, pid_t pid, const char *name)
{
	FILE *file = fopen(arena_printf(cx->arena, "/proc/%d/status", pid), "re");
	char  line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
			fclose(file);
			return arena_strndup(cx->arena, line + strlen(name) + 2,
			                     strcspn(line, "\n") - strlen(name) - 2);
		}
	fclose(file);
	return "";
}

/* ---- recordings ---- */

static char *add(char *at, const void *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

/* A FLAC with so many different keys of comments; libav compares each with all before. */
static struct span devilish_flac(struct ctx *cx)
{
	static const uint8_t info[] = {'f', 'L', 'a', 'C', 0, 0, 0, 34,   0x10, 0,    0x10,
	                               0,   0,   0,   0,   0, 0, 0, 0x03, 0xe8, 0x00, 0xf0};
	uint32_t             n = KEYS, zero = 0, key_len = 10;
	char                *bytes = NEW_ARRAY(cx->arena, char, DEVILISH);
	char                *at = add(bytes, info, sizeof(info)), *head;
	char                 key[16];
	size_t               len;

	at += 4 + 34 + 4 - (ptrdiff_t)sizeof(info);
	head = at;
	at = add(add(at + 4, &zero, 4), &n, 4);
	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "k%07u=v", i);
		at = add(add(at, &key_len, 4), key, 10);
	}
	len = (size_t)(at - head - 4);
	memcpy(head, (char[]){(char)0x84, (char)(len >> 16), (char)(len >> 8), (char)len}, 4);
	return (struct span){bytes, (size_t)(at - bytes)};
}

/* One recording decoded beside what the test does. */
struct task {
	pthread_t      thread;
	struct cancel *cancel;
	struct ctx     cx;
	struct err    *e;
	enum err_kind  kind;
};

static void *decode_devilish(void *data)
{
	struct task *t = data;
	struct pcm   pcm;

	t->cx = new_ctx(PATIENCE);
	t->cx.cancel = t->cancel;
	t->e = decoders_decode(&t->cx, devilish_flac(&t->cx), AUDIO_FLAC, &pcm);
	if (t->e)
		t->kind = t->e->kind;
	arena_free(&t->cx.arena);
	return NULL;
}

static void begin_devilish(struct task *t)
{
	assert_int_equal(thread_start(&t->thread, 1 << 20, decode_devilish, t), 0);
}

static void assert_decodes(void)
{
	struct ctx  cx = new_ctx(PATIENCE);
	struct span bytes = read_recording(&cx, "formats/opus.webm");
	struct pcm  pcm;

	assert_ok(decoders_decode(&cx, bytes, AUDIO_WEBM, &pcm));
	assert_in_range(pcm_ms(pcm), 1500, 1610);
	arena_free(&cx.arena);
}

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
	uint64_t    since_ms = clock_mono_ms();

	(void)state;
	begin_devilish(&devilish);
	assert_decodes(); /* beside it */
	pthread_join(devilish.thread, NULL);
	assert_non_null(devilish.e);
	assert_int_equal(devilish.kind, ERR_AUDIO);
	assert_true(clock_mono_ms() - since_ms < LOST_MS);
	assert_decodes(); /* behind it */
}

static bool has_worked(pid_t pid)
{
	char          path[64], line[512] = "";
	unsigned long ticks = 0;
	FILE         *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fgets(line, sizeof(line), file) && strrchr(line, ')'))
		(void)!sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu",
		              &ticks);
	fclose(file);
	return ticks >= 20; /* 0.2 s: more than any start */
}

/* -1: none of the program's helpers is at work. */
static pid_t worker_of(pid_t program)
{
	struct pids nurseries = children_of(program);

	for (size_t i = 0; i < nurseries.n; i++) {
		struct pids helpers = children_of(nurseries.pid[i]);

		for (size_t j = 0; j < helpers.n; j++)
			if (has_worked(helpers.pid[j]))
				return helpers.pid[j];
	}
	return -1;
}

static pid_t wait_for_worker(pid_t program)
{
	struct deadline until = deadline_in(PATIENCE);
	pid_t           worker = worker_of(program);

	while (worker < 0 && deadline_left_ms(until)) {
		pause_shortly();
		worker = worker_of(program);
	}
	assert_true(worker > 0);
	return worker;
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
	pid_t       nursery = nursery_of(getpid(), 3, &helpers);

	(void)state;
	kill(nursery, SIGKILL);
	for (size_t i = 0; i < helpers.n; i++)
		wait_until_gone(helpers.pid[i]);
	assert_decodes();
	assert_int_not_equal(nursery_of(getpid(), 3, &helpers), nursery);
	for (size_t i = 0; i < helpers.n; i++)
		kill(helpers.pid[i], SIGKILL);
	for (size_t i = 0; i < helpers.n; i++)
		wait_until_gone(helpers.pid[i]);
	nursery_of(getpid(), 3, &helpers);
	for (size_t i = 0; i <= helpers.n; i++)
		assert_decodes();
}

/* A kill of the nursery is not the recording's fault: it is decoded by the next. */
static void asks_again_when_the_nursery_went(void **state)
{
	struct cancel cancel;
	struct task   devilish = {.cancel = &cancel};
	pid_t         worker;

	(void)state;
	cancel_init(&cancel);
	begin_devilish(&devilish);
	worker = wait_for_worker(getpid());
	kill(children_of(getpid()).pid[0], SIGKILL);
	wait_until_gone(worker);
	wait_for_worker(getpid());
	cancel_fire(&cancel, CANCEL_CLIENT_LEFT);
	pthread_join(devilish.thread, NULL);
	assert_int_equal(devilish.kind, ERR_CANCELLED);
	cancel_end(&cancel);
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
	nursery = nursery_of(program, 3, &helpers);
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
	nursery = nursery_of(getpid(), 3, &helpers);
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
	arena_free(&cx.arena);
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
	file = open(arena_printf(cx.arena, "/proc/%d/environ", nursery_of(getpid(), 3, &helpers)),
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
		cmocka_unit_test(asks_again_when_the_nursery_went),
		cmocka_unit_test(ends_with_its_program),
		cmocka_unit_test(has_nothing),
		cmocka_unit_test(learns_no_secret),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
