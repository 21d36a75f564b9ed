/* decoders.c -- a nursery of helpers, started with the program and again whenever it is gone.
 *
 * What starts it is another program (common/decoder/decoder.c), so it has none of what we have in
 * memory, in the environment or open, whenever that is. Helpers come ready over its socket, one
 * more than may be at work, so that one who is ended has its successor waiting.
 *
 * Who has a place in front has it for half a second. A recording made to keep a decoder busy is so
 * out of everybody's way before it is known to be one; helpers see to it themselves that they take
 * little of a processor from others by then (confine.c).
 *
 * Only root can start that other program as a user of its own, and we are root no more when we
 * serve. Should it ever be gone, we end as we do when asked to, and are started anew by root. */
#include "decoders.h"

#include "../base/log.h"
#include "../base/thread.h"
#include "../base/wait.h"
#include "../domain/voice/wav.h"
#include "decoding.h"
#include "slots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIELD   "audio_base64"
#define PROGRAM "../libexec/decoder" /* from where our own program is */
/* By the clock: its limit of processor time is below, but it may have to wait for a processor. */
#define DECODE_MS 10000u
/* What a visitor says is decoded in a few hundredths of it. What is not is begun anew behind, where
 * it keeps only those waiting who are as slow, or who have used so much of late. */
#define FRONT_MS      500u
#define FRONT_USED_MS 2000.0
/* What a recording takes, as far as its size tells: a helper's way there and back, and 100 MB/s. */
#define ERRAND_MS   5.0
#define MS_PER_BYTE 1e-5
/* A sanitizer's build needs a few seconds to load. */
#define START_MS 30000u
/* Until a helper comes, of whom there is always one more than places: a fork takes milliseconds. */
#define HELPER_MS     3000u
#define TRY_MS        250u /* of sound */
#define STARTS_MAX    2u   /* for one recording */
#define BEGIN_STACK   ((size_t)256 << 10)
#define HELPERS_TRIED (4 * DECODERS_MAX) /* for one recording */
#define KILLS_MAX     2u                 /* of those at work on one recording */

static struct settings {
	int64_t     n;
	const char *user;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(settings, n, "DECODERS", .fallback = "2", .min = 1, .max = DECODERS_MAX,
                .help = "recordings decoded at the same time, each in a process of its own, "
                        "and as many that take longer"),
	CFG_KEY_STR(settings, user, "DECODER_USER",
                .help = "who decoders run as where the program is root's; "
                        "default: scribe-decoder if there is one, else nobody"),
};
const struct cfg_group decoders_settings = {"Decoding", &settings, keys, COUNT(keys)};

static struct {
	pthread_mutex_t lock;     /* of who starts it */
	int             socket;   /* keeps its number for as long as we run */
	int             starter;  /* socket to who forks it; -1: none */
	pid_t           pid;      /* of that one; 0: none */
	unsigned        number;   /* which one it is, from 1 on */
	bool            was_root; /* when it was started first */
} nursery = {.lock = PTHREAD_MUTEX_INITIALIZER, .socket = -1, .starter = -1};

static struct slots slots = SLOTS_WITH_FRONT(1, FRONT_MS, FRONT_USED_MS); /* of milliseconds */

/* ---- the nursery ---- */

/* False: our own place is not known, or too deep. */
static bool find_program(char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof(PROGRAM));

	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len <= 0)
		return false;
	memcpy(path + len, PROGRAM, sizeof(PROGRAM));
	return true;
}

/* Nothing of ours, but for how a sanitizer should behave. */
static void choose_environment(char *out[], size_t max)
{
	static const char *const names[] = {"ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS="};
	size_t                   n = 0;

	for (char **at = environ; *at; at++)
		for (size_t i = 0; i < COUNT(names) && n < max - 1; i++)
			if (strncmp(*at, names[i], strlen(names[i])) == 0)
				out[n++] = *at;
	out[n] = NULL;
}

/* Returns an errno. Descriptors 0 and 1 are nothing; all others of ours close with the exec. */
static int spawn(const char *path, int socket, pid_t *pid_out)
{
	posix_spawn_file_actions_t files;
	char                       n[12], *environment[4];
	const char                *user = str_is_blank(settings.user) ? NULL : settings.user;
	char *const                args[] = {(char[]){"decoder"}, n, (char *)(uintptr_t)user, NULL};
	int                        failed;

	snprintf(n, sizeof(n), "%d", (int)LANES * (int)settings.n + 1);
	choose_environment(environment, COUNT(environment));
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, socket, STARTER_SOCKET);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	failed = posix_spawn(pid_out, path, &files, NULL, args, environment);
	posix_spawn_file_actions_destroy(&files);
	return failed;
}

/* It leaves when our end is closed, where it is not ours to kill. */
static void end_starter(void)
{
	if (nursery.pid > 0)
		kill(nursery.pid, SIGKILL);
	if (nursery.starter >= 0)
		close(nursery.starter);
	nursery.starter = -1;
	while (nursery.pid > 0 && waitpid(nursery.pid, NULL, 0) < 0 && errno == EINTR)
		;
	nursery.pid = 0;
}

/* Returns an errno. */
static int begin_starter(void)
{
	char path[PATH_MAX] = "";
	int  ends[2], failed = EINVAL;

	end_starter();
	if (nursery.was_root && geteuid() != 0) {
		kill(getpid(), SIGTERM);
		return EPERM;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return errno;
	if (find_program(path))
		failed = spawn(path, ends[1], &nursery.pid);
	if (failed)
		LOG(LOG_ERROR, NULL, "decoders_not_started", F_STR("path", path));
	else
		nursery.starter = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
	close(ends[0]);
	close(ends[1]);
	return failed;
}

static bool is_sent_to_starter(int socket)
{
	return nursery.starter >= 0 && errand_send(nursery.starter, SPAN("1"), &socket, 1);
}

/* Returns an errno. */
static int begin_nursery(void)
{
	int ends[2], failed = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return errno;
	if (!is_sent_to_starter(ends[1])) {
		failed = begin_starter();
		if (!failed && !is_sent_to_starter(ends[1]))
			failed = EPIPE;
	}
	if (!failed && nursery.socket < 0)
		nursery.socket = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
	else if (!failed && dup3(ends[0], nursery.socket, O_CLOEXEC) < 0) /* under those who wait */
		failed = errno;
	nursery.number += !failed;
	close(ends[0]);
	close(ends[1]);
	return failed;
}

static bool nursery_is_gone(void)
{
	struct pollfd fd = {.fd = nursery.socket};

	return nursery.socket < 0 || (poll(&fd, 1, 0) > 0 && fd.revents);
}

static void *run_begin(void *failed)
{
	*(int *)failed = begin_nursery();
	return NULL;
}

/* A process has its niceness from the thread that starts it, which may do so for a crowd. */
static bool begins_nursery(void)
{
	pthread_t thread;
	int       failed = 0, started;

	started = thread_start_for_all(&thread, BEGIN_STACK, run_begin, &failed);
	if (started == 0)
		pthread_join(thread, NULL);
	else
		failed = started;
	if (failed)
		LOG(LOG_ERROR, NULL, "decoders_not_started", F_INT("errno", failed));
	return !failed;
}

/* That one is over, though a helper just born may have its socket open still. */
static void give_up_nursery(unsigned number)
{
	pthread_mutex_lock(&nursery.lock);
	if (nursery.number == number && nursery.socket >= 0)
		shutdown(nursery.socket, SHUT_RDWR);
	pthread_mutex_unlock(&nursery.lock);
}

/* Whoever comes first starts it for all; but one that will not stay is not started for ever. */
static struct err *see_to_nursery(struct ctx *cx, unsigned *starts, unsigned *number_out)
{
	bool is_there = true;

	pthread_mutex_lock(&nursery.lock);
	if (nursery_is_gone())
		is_there = (*starts)++ < STARTS_MAX && begins_nursery();
	*number_out = nursery.number;
	pthread_mutex_unlock(&nursery.lock);
	if (!is_there)
		FAIL(cx, ERR_UNAVAILABLE, "the decoders can not be started");
	return NULL;
}

/* ---- one recording ---- */

static struct err *wait_for_helper(struct ctx *cx, struct deadline until)
{
	struct pollfd fd = {.fd = nursery.socket, .events = POLLIN};

	switch (wait_fds(cx->cancel, &fd, 1, deadline_sooner(cx->deadline, until))) {
	case WAIT_CANCELLED:
		FAIL(cx, ERR_CANCELLED, "cancelled while waiting for a decoder");
	case WAIT_DEADLINE:
		FAIL(cx, ERR_UNAVAILABLE, "no decoder came");
	case WAIT_READY:
		break;
	}
	return NULL;
}

static struct err *take_helper(struct ctx *cx, struct decoding *d)
{
	struct deadline until = deadline_in(HELPER_MS), until_started = deadline_in(START_MS);
	unsigned        starts = 0;
	char            mark;

	while (d->helper < 0) {
		TRY(see_to_nursery(cx, &starts, &d->nursery));
		TRY(wait_for_helper(cx, starts ? until_started : until));
		/* Another may have been quicker. */
		(void)errand_receive(nursery.socket, &mark, 1, &d->helper, 1, MSG_DONTWAIT);
	}
	return NULL;
}

/* One that died while it waited leaves its socket behind; it is passed over. */
static struct err *hand_over(struct ctx *cx, struct decoding *d)
{
	for (unsigned i = 0; i < HELPERS_TRIED; i++) {
		TRY(take_helper(cx, d));
		if (decoding_send(d))
			return NULL;
	}
	FAIL(cx, ERR_UNAVAILABLE, "no decoder lives for long");
}

struct attempt {
	struct span       bytes;
	enum audio_format format;
	struct slot       slot;
	struct deadline   until;
	unsigned          took_ms; /* of its helpers */
	enum loss         loss;    /* of the last one */
	unsigned          kills;   /* of all, by others */
};

/* By somebody who had nothing to do with the recording, or with its nursery. */
static bool was_killed(const struct attempt *a)
{
	return a->loss == LOSS_KILLED || a->loss == LOSS_NURSERY;
}

/* The clock runs from here: what was waited for a helper is nobody's doing. */
static struct err *have_decoded(struct ctx *cx, struct attempt *a, struct decoding *d,
                                struct pcm *out)
{
	uint64_t    since_ms = clock_mono_ms();
	struct err *e;

	slots_begin(&slots, a->slot);
	a->until = deadline_in(a->slot.lane == LANE_FRONT ? FRONT_MS : DECODE_MS);
	e = decoding_receive(cx, d, a->until, &a->loss, out);
	a->took_ms += (unsigned)(clock_mono_ms() - since_ms) + 1;
	if (was_killed(a)) {
		a->kills++;
		give_up_nursery(d->nursery);
	}
	return e;
}

static struct err *run_errand(struct ctx *cx, struct attempt *a, struct pcm *out)
{
	struct decoding d = DECODING;
	struct err     *e = decoding_pack(cx, &d, a->bytes, a->format);

	a->loss = LOSS_NONE;
	d.errand.is_patient = a->slot.lane == LANE_BACK;
	if (!e)
		e = hand_over(cx, &d);
	if (!e)
		e = have_decoded(cx, a, &d, out);
	decoding_end(&d);
	return e;
}

/* A helper that was killed, or went with its nursery, tells nothing of the recording: another one
 * is asked, and where that is killed too, it is we who can not decode. */
static struct err *run_in_place(struct ctx *cx, struct attempt *a, struct pcm *out)
{
	struct err *e = run_errand(cx, a, out);

	while (e && was_killed(a) && a->kills < KILLS_MAX)
		e = run_errand(cx, a, out);
	if (e && was_killed(a))
		return err_new(cx, ERR_UNAVAILABLE, WHERE, "decoders are killed: %s", e->detail);
	return e;
}

/* In a place of that lane, or behind. */
static struct err *decode_within(struct ctx *cx, struct attempt *a, double cost, struct pcm *out)
{
	struct err *e;

	a->took_ms = 0;
	a->loss = LOSS_NONE;
	TRY(slots_take(cx, &slots, cost, &a->slot));
	e = run_in_place(cx, a, out);
	cx->cost.decode_ms += a->took_ms;
	slots_correct(&slots, cx, a->slot, a->took_ms);
	slots_give(&slots, a->slot, !e);
	return e;
}

static struct err *decode_in_turn(struct ctx *cx, struct attempt *a, struct pcm *out)
{
	double      cost = ERRAND_MS + MS_PER_BYTE * (double)a->bytes.len;
	struct err *e = decode_within(cx, a, cost, out);

	if (e && a->loss && !was_killed(a) && a->slot.lane == LANE_FRONT &&
	    deadline_left_ms(a->until) == 0)
		e = decode_within(cx, a, DECODE_MS, out);
	if (e && a->loss)
		LOG(LOG_WARN, cx, "decoder_lost", F_STR("why", e->detail));
	return e;
}

struct err *decoders_decode(struct ctx *cx, struct span bytes, enum audio_format format,
                            struct pcm *out)
{
	struct attempt a = {.bytes = bytes, .format = format};

	if (format == AUDIO_UNKNOWN || !bytes.len || bytes.len > UINT32_MAX)
		return err_field(cx, ERR_AUDIO, FIELD, WHERE, "not a known audio format");
	return decode_in_turn(cx, &a, out);
}

/* ---- the program ---- */

static bool have_a_try(void)
{
	int16_t     silence[PCM_RATE * TRY_MS / 1000] = {0};
	struct ctx  cx = {.arena = arena_new(4096), .deadline = deadline_in(START_MS), .id = "start"};
	struct span wav = wav_file(cx.arena, silence, COUNT(silence), PCM_RATE);
	struct pcm  pcm;
	struct err *e = decoders_decode(&cx, wav, AUDIO_WAV, &pcm);

	if (e)
		log_err(LOG_ERROR, &cx, "decoders_not_started", e);
	arena_free(&cx.arena);
	return !e;
}

int decoders_start(void)
{
	slots_resize(&slots, (unsigned)settings.n);
	slots.pace[LANE_BACK] = 1; /* what it costs is milliseconds */
	nursery.was_root = geteuid() == 0;
	return have_a_try() ? 0 : 1;
}

void decoders_stop(void)
{
	if (nursery.socket >= 0)
		close(nursery.socket);
	nursery.socket = -1;
	end_starter();
}
