/* progress_probe.c -- a process that has one turn and sends it as told, for gone_clients.test.mjs.
 *
 * Reads an order per line and answers each with a line {"cancelled": somebody wants no more of it,
 * "code": "ok" or the error's, "turn": its number}:
 *
 *   {"session_id", "session_secret", "message", "turn_id"}   begins the turn
 *   {"said": all that has been sent, "ms": how long it sounds}
 *   {"wait": ms}         until somebody wants no more of it
 *   {"finish": the whole reply}
 *   {"interrupt": true}  it was stopped */
#include "../../common/base/fatal.h"
#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/base/vault.h"
#include "../../common/base/wait.h"
#include "../../common/db/db.h"
#include "../../common/store/sessions.h"
#include "../../common/work/heartbeat.h"
#include "../../common/work/progress.h"

#define LINE_BYTES 16384
#define ORDER_MS   20000u

static struct cancel    cancel;
static struct turn      turn;
static struct progress *progress;

static struct err *begin(struct ctx *cx, const struct cJSON *order)
{
	char *claim = arena_alloc(cx->arena, CRYPTO_UUID_CHARS + 1);
	struct turn_new new = {.session_id = json_text_at(order, "session_id"),
	                       .session_secret = json_text_at(order, "session_secret"),
	                       .message = json_text_at(order, "message"),
	                       .turn_id = json_text_at(order, "turn_id"),
	                       .asked_ms = clock_mono_ms(),
	                       .deadline_ms = 60000,
	                       .claim = claim};

	crypto_uuid(claim);
	new.instance = heartbeat_hold(cx, new.session_id, claim);
	TRY(turn_begin(cx, &new, &turn));
	progress = progress_start(cx, &turn);
	return NULL;
}

static struct err *finish(struct ctx *cx, const char *reply)
{
	struct turn_sent sent = progress_sent(progress);

	progress_stop(progress);
	return turn_finish(cx, &turn,
	                   &(struct turn_end){.reply = reply,
	                                      .pieces = sent.pieces,
	                                      .pieces_n = sent.pieces_n});
}

static struct err *interrupt(struct ctx *cx)
{
	struct turn_sent sent = progress_sent(progress);
	struct turn_name name = turn_name_of(&turn);

	progress_stop(progress);
	return turn_interrupt(cx, &name, &sent);
}

static struct err *obey(struct ctx *cx, const struct cJSON *order)
{
	double wait_ms = json_num_at(order, "wait", 0);

	cx->deadline = deadline_in(ORDER_MS);
	if (json_text_at(order, "session_id"))
		return begin(cx, order);
	if (json_text_at(order, "said"))
		progress_note(progress, span_of(json_text_at(order, "said")),
		              (unsigned)json_num_at(order, "ms", 0));
	if (wait_ms > 0)
		wait_fds(&cancel, NULL, 0, deadline_in((uint64_t)wait_ms));
	if (json_text_at(order, "finish"))
		return finish(cx, json_text_at(order, "finish"));
	return json_bool_at(order, "interrupt", false) ? interrupt(cx) : NULL;
}

static void answer(const struct err *e)
{
	printf("{\"cancelled\":%s,\"code\":\"%s\",\"turn\":%lld}\n",
	       cancel_reason(&cancel) ? "true" : "false", e ? err_code(e->kind) : "ok",
	       (long long)turn.number);
	fflush(stdout);
}

int main(void)
{
	const struct cfg_group *groups[] = {&db_settings, &session_settings, &vault_settings};
	struct ctx              cx = {.arena = arena_new(4096), .cancel = &cancel};
	char                    line[LINE_BYTES];
	const struct cJSON     *order;

	crypto_start();
	json_start();
	log_setup("progress_probe", LOG_INFO);
	cancel_init(&cancel);
	if (cfg_load(groups, COUNT(groups)) + vault_start())
		return 1;
	db_start("progress_probe");
	heartbeat_start("progress_probe");
	while (fgets(line, sizeof(line), stdin)) {
		if (json_parse(&cx, span_of(arena_strdup(cx.arena, line)), &order))
			fatal("an order is not JSON");
		answer(obey(&cx, order));
	}
	arena_free(&cx.arena);
	heartbeat_stop();
	progress_end_all();
	db_stop();
	cancel_end(&cancel);
	return 0;
}
