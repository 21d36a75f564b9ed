/* programs.c -- all main()s and one service_main().
 *
 * Their main()s, renamed by the Makefile, tell a service_main() of ours what they are. The real one
 * is then called once, with all of their settings and engines, and serves what stands in `merged`
 * at that moment. These calls lead to us instead (the Makefile's list for the linker):
 *
 *   serve_cgi, heartbeat_*, bookkeeping_*   threads and waits of a process that serves
 *   session_check, session_prove            OPEN_SECRET is right, any other wrong
 *   decoders_decode, speak, embed           nobody is there
 *   log_line_write                          a line must be JSON of harmless characters
 *
 * The database is at an address where there is none. */
#include "programs.h"

/* Only the linker knows who calls what is called __wrap_. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#include "../../common/base/json_check.h"
#include "../../common/base/log.h"
#include "../../common/base/thread.h"
#include "../../common/engines/decoders.h"
#include "../../common/engines/engines.h"
#include "../../common/web/fcgi.h"
#include "../../common/web/service.h"
#include "../../common/work/bookkeeping.h"
#include "../../common/work/heartbeat.h"
#include "../../common/store/sessions.h"

#include <assert.h>
#include <unistd.h>

#define GROUPS_MAX  40
#define STACK_BYTES ((size_t)1 << 20)
#define UUID_TEXT   "8c5a3d9e-0f6b-4b21-9d27-51d6a3c0e7f4"

/* clang-format off */
int action_items_main(int argc, char **argv);
int agent_reply_main(int argc, char **argv);
int auth_main(int argc, char **argv);
int browser_timings_main(int argc, char **argv);
int collect_email_main(int argc, char **argv);
int create_session_main(int argc, char **argv);
int groq_chat_main(int argc, char **argv);
int modes_main(int argc, char **argv);
int oversight_main(int argc, char **argv);
int recall_memories_main(int argc, char **argv);
int reports_main(int argc, char **argv);
int save_memory_main(int argc, char **argv);
int speech_to_text_main(int argc, char **argv);
int summarize_session_main(int argc, char **argv);
int text_to_speech_main(int argc, char **argv);
/* clang-format on */

static int (*const mains[PROGRAMS_N])(int argc, char **argv) = {
	action_items_main,   agent_reply_main,       auth_main,           browser_timings_main,
	collect_email_main,  create_session_main,    groq_chat_main,      modes_main,
	oversight_main,      recall_memories_main,   reports_main,        save_memory_main,
	speech_to_text_main, summarize_session_main, text_to_speech_main,
};

static struct service          services[PROGRAMS_N], merged;
static size_t                  services_n;
static const struct cfg_group *groups[GROUPS_MAX];
static struct chain           *chains[] = {&hearing, &thinking, &speaking, &embedding};
static struct chain           *chains_of[PROGRAMS_N][COUNT(chains)];
static serve_handler          *handler;

/* ---- what the programs are ---- */

int __real_service_main(int argc, char **argv, const struct service *service);

/* What it points to lives in main(). */
int __wrap_service_main(int argc, char **argv, const struct service *service)
{
	struct service *s = &services[services_n];

	(void)argc;
	(void)argv;
	*s = *service;
	assert(s->chains_n <= COUNT(chains) && merged.settings_n + s->settings_n <= GROUPS_MAX);
	for (size_t i = 0; i < s->chains_n; i++)
		chains_of[services_n][i] = service->chains[i];
	s->chains = chains_of[services_n];
	for (size_t i = 0; i < s->settings_n; i++)
		groups[merged.settings_n++] = service->settings[i];
	s->settings_n = s->jobs_n = 0;
	services_n++;
	return 0;
}

static void set_environment(void)
{
	static const char *const values[][2] = {
		{"DATABASE_URL", "host=/nonexistent"},
		{"SCRIBE_USER", "root"},
		{"SCRIBE_ANON_KEY", ANON_KEY},
		{"SCRIBE_JWT_SECRET", "c1f02a7be94d5830764be1d29a0c83f5"},
		{"SCRIBE_DATA_KEY", "5d8e13b7f60a942ce71b48f3a92d06c4"},
		{"SCRIBE_ALLOWED_ORIGINS", "https://page.example"},
		{"LLM_PROVIDERS", "builtin"},
		{"STT_PROVIDERS", "groq"},
		{"TTS_PROVIDERS", "elevenlabs"},
		{"EMBED_PROVIDERS", "openai"},
		{"GROQ_API_KEY", "groq-key"},
		{"ELEVENLABS_API_KEY", "elevenlabs-key"},
		{"OPENAI_API_KEY", "openai-key"},
	};

	for (size_t i = 0; i < COUNT(values); i++)
		setenv(values[i][0], values[i][1], 1);
}

static void *run(void *data)
{
	char  name[] = "fuzz";
	char *args[] = {name, NULL};

	(void)data;
	_exit(__real_service_main(1, args, &merged)); /* which returns only when it could not start */
}

void programs_start(void)
{
	pthread_t thread;

	for (size_t i = 0; i < PROGRAMS_N; i++)
		mains[i](0, NULL);
	assert(services_n == PROGRAMS_N);
	set_environment();
	merged = (struct service){.name = "fuzz",
	                          .engines = &engine_room,
	                          .chains = chains,
	                          .chains_n = COUNT(chains),
	                          .settings = groups,
	                          .settings_n = merged.settings_n};
	assert(thread_start(&thread, STACK_BYTES, run, NULL) == 0);
	while (!__atomic_load_n(&handler, __ATOMIC_ACQUIRE))
		usleep(1000);
	fcgi_start();
}

size_t programs_find(struct span name)
{
	size_t i = 0;

	while (i < PROGRAMS_N && !span_equal(name, span_of(services[i].name)))
		i++;
	return i;
}

serve_handler *programs_handler(size_t i)
{
	merged = services[i];
	return handler;
}

/* ---- what they do not wait for ---- */

int __wrap_serve_cgi(serve_handler *handle, serve_thread_end *end)
{
	(void)end;
	__atomic_store_n(&handler, handle, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

void __wrap_heartbeat_start(const char *program)
{
	(void)program;
}

const char *__wrap_heartbeat_hold(struct ctx *cx, const char *session_id, const char *claim)
{
	(void)cx;
	(void)session_id;
	assert(claim);
	return UUID_TEXT;
}

void __wrap_heartbeat_doubt_turn(const char *session_id, const char *claim)
{
	assert(session_id && claim);
}

void __wrap_heartbeat_doubt_key(const char *claim)
{
	assert(claim);
}

void __wrap_bookkeeping_start(void)
{
}

void __wrap_bookkeeping_now(struct ctx *cx)
{
	(void)cx;
}

struct err *__wrap_session_check(struct ctx *cx, const char *id, const char *secret)
{
	assert(id && secret);
	if (!str_is_uuid(id) || !str_equal(secret, OPEN_SECRET))
		FAIL(cx, ERR_SESSION, "no such session");
	return NULL;
}

struct err *__wrap_session_check_mode(struct ctx *cx, const char *id, const char *secret,
                                      const char **mode_out)
{
	*mode_out = "mentor";
	return __wrap_session_check(cx, id, secret);
}

struct err *__wrap_session_prove(struct ctx *cx, const char *id, const char *secret)
{
	return __wrap_session_check(cx, id, secret);
}

struct err *__wrap_speak(struct ctx *cx, const struct speech_order *order, struct speech *out,
                         struct chain_result *served_out)
{
	(void)out;
	(void)served_out;
	assert(order->n > 0);
	FAIL(cx, ERR_UPSTREAM_REJECTED, "nobody speaks");
}

struct err *__wrap_embed(struct ctx *cx, const struct embed_order *order, struct embeddings *out,
                         struct chain_result *served_out)
{
	(void)out;
	(void)served_out;
	assert(order->n > 0);
	FAIL(cx, ERR_UNAVAILABLE, "nobody embeds");
}

struct err *__wrap_decoders_decode(struct ctx *cx, struct span bytes, enum audio_format format,
                                   struct pcm *out)
{
	(void)bytes;
	(void)format;
	(void)out;
	return err_field(cx, ERR_AUDIO, "audio_base64", WHERE, "nobody decodes");
}

/* Whoever reads the log is not to be led astray by what a stranger put there. */
void __wrap_log_line_write(struct log_line *l)
{
	struct arena       *a = arena_new(LOG_LINE_MAX);
	struct json_numbers numbers;
	struct json_fault   fault;

	assert(l->len < sizeof(l->text) - 2);
	l->text[l->len++] = '}';
	for (size_t i = 0; i < l->len; i++)
		assert(l->text[i] >= 0x20 && l->text[i] < 0x7f);
	fault = json_check(a, (struct span){l->text, l->len}, &numbers);
	assert(!fault.what);
	arena_free(&a);
}
