/* agent_reply -- the turn: hear what was said, think, answer aloud.
 *
 * POST { session_id, session_secret, user_message, mode?, is_performer_mode?,
 *        model?, context?, turn_id?, audio? }
 *   -> { text, extract, audio_base64, session_id, current_mode, provider,
 *        turn_id, timings, usage, degraded? }
 *
 * A turn is one statement to begin and one to end, and no connection is held
 * in between. The session has one newest turn: it supersedes the one running,
 * and the same message sent twice joins the first.
 *
 * Jobs: "slack_lead" (tells people of a lead), "clear_turns" (clears what is kept for a moment). */
#include "../../common/base/log.h"
#include "../../common/domain/talk/mode.h"
#include "../../common/domain/talk/prompt.h"
#include "../../common/work/heard.h"
#include "../../common/work/heartbeat.h"
#include "../../common/work/memory.h"
#include "../../common/engines/acts.h"
#include "../../common/engines/embedding.h"
#include "../../common/web/service.h"
#include "../../common/work/slack.h"
#include "../../common/store/addresses.h"
#include "../../common/store/turns.h"
#include "answer.h"
#include "lead.h"
#include "running.h"

#define DEADLINE_MS   30000u
#define CLEANUP_MS    2000u  /* for storing how it ended, when the request's own time is over */
#define SPEAK_MS      15000u /* then the text alone is the answer */
#define LEAD_MS       1000u  /* of the request's time, kept back from the voice */
#define MODE_MAX      50
#define MODEL_MAX     200
#define JOIN_TRIES    3
#define JOIN_FIRST_MS 25u
#define JOIN_LAST_MS  200u
#define CLEAR_BATCH   200 /* answers are large */
#define CLEARS_MAX    50  /* in one go; the rest waits for the next */
#define COMPAT_CLIENT "supabase-js-web"

static const struct input_field fields[] = {
	INPUT_SESSION(in),
	INPUT_TEXT(in, user_message, .is_required = true, .max = USER_MESSAGE_MAX),
	INPUT_TEXT(in, mode, .max = MODE_MAX),
	INPUT_BOOL(in, is_performer_mode),
	INPUT_TEXT(in, model, .max = MODEL_MAX),
	INPUT_NODE(in, context, .is_object = true),
	INPUT_TEXT(in, turn_id, .min = 1, .max = TURN_ID_MAX),
	INPUT_BOOL(in, audio),
};

struct page_values {
	bool is_compat;
};
static struct page_values page;

static const struct cfg_key page_keys[] = {
	CFG_KEY_BOOL(page_values, is_compat, "SCRIBE_COMPAT_UI", .fallback = "1",
                 .help = "1: intents on which the existing page goes mute are spelled apart"),
};
static const struct cfg_group page_settings = {"Page", &page, page_keys, COUNT(page_keys)};

struct rate_values {
	int64_t per_minute;
};
static struct rate_values rates;

static const struct cfg_key rate_keys[] = {
	CFG_KEY_INT(rate_values, per_minute, "RATE_AGENT_REPLY", .fallback = "30", .min = 0,
                .max = 1000000,
                .help = "messages of people from one address a minute; 0: no limit"),
};
static const struct cfg_group rate_settings = {"Rates", &rates, rate_keys, COUNT(rate_keys)};

static bool is_existing_page(const struct req *rq)
{
	const char *client = req_header(rq, "X-Client-Info");

	return page.is_compat && client && span_starts(span_of(client), SPAN(COMPAT_CLIENT));
}

static struct err *read_input(struct req *rq, struct in *in)
{
	struct ctx *cx = req_ctx(rq);
	struct span message;
	enum mode   mode;

	TRY(input_parse(rq, fields, COUNT(fields), in));
	if (in->mode && !mode_find(in->mode, &mode))
		FAIL_FIELD(cx, "mode", "is not a known mode");
	message = span_of(in->user_message);
	in->is_nudge = prompt_strip_nudge(&message);
	if (in->is_nudge)
		in->audio = false;
	else
		in->said = act_words_of(cx, span_of(in->user_message));
	in->is_compat = is_existing_page(rq);
	return NULL;
}

/* A client may leave, or the database go, while the statement is under way: then nobody knows
 * whether the turn has begun. */
static struct err *begin(struct req *rq, const struct in *in, struct turn *turn)
{
	struct ctx *cx = req_ctx(rq);
	char       *claim = arena_alloc(cx->arena, CRYPTO_UUID_CHARS + 1);
	struct turn_new new = {
		.session_id = in->session_id,
		.session_secret = in->session_secret,
		.message = in->user_message,
		.is_proactive = in->is_nudge,
		.is_in_distress = in->said.is_danger,
		.mode = in->mode,
		.turn_id = in->turn_id,
		.age_ms = req_age_ms(rq),
		.deadline_ms = DEADLINE_MS + CLEANUP_MS,
		.claim = claim,
	};
	struct err *e;

	crypto_uuid(claim);
	new.instance = heartbeat_hold(cx, in->session_id, claim);
	e = turn_begin(cx, &new, turn);
	if (e && e->uncertain)
		heartbeat_doubt_turn(in->session_id, claim);
	return e;
}

/* ---- a turn of our own ---- */

/* What people want to see, whatever else was said. */
static const char *event_of(enum act act)
{
	bool is_theirs = act == ACT_distress || act == ACT_wants_person || act == ACT_wants_refund ||
	                 act == ACT_threat;

	return is_theirs ? act_name(act) : NULL;
}

/* Words that nobody is there to receive are not said. Once they are being stored the turn is as
 * good as answered: a client that leaves from here on finds the answer kept. */
static struct err *finish(struct ctx *cx, const struct in *in, const struct turn *turn,
                          const struct answer *a, struct span json)
{
	struct turn_end end = {.reply = a->text,
	                       .answer = answer_pack(cx->arena, json, a->audio),
	                       .lead = a->lead,
	                       .marks = a->dynamics.should_keep ? &a->dynamics.marks : NULL};
	struct cancel  *cancel = cx->cancel;
	unsigned        left_ms = deadline_left_ms(cx->deadline);
	struct err     *e;

	if (ctx_cancelled(cx))
		FAIL(cx, ERR_CANCELLED, "nobody waits for the reply any more");
	end.is_in_distress = a->reading.is_in_distress;
	end.event = event_of(a->reading.act);
	if (in->heard && !end.is_in_distress)
		end.heard = heard_vector(cx, in->heard, deadline_in(0));
	ctx_detach(cx, left_ms > CLEANUP_MS ? left_ms : CLEANUP_MS);
	e = turn_finish(cx, turn, &end);
	cx->cancel = cancel;
	return e;
}

/* Text that is there is not lost to a voice that is slow, silent or busy with others. */
static struct err *speak_in_time(struct ctx *cx, struct answer *a)
{
	struct deadline whole = cx->deadline;
	unsigned        left_ms = deadline_left_ms(whole);
	struct err     *e;

	left_ms = left_ms > LEAD_MS ? left_ms - LEAD_MS : 0;
	cx->deadline = deadline_in(left_ms < SPEAK_MS ? left_ms : SPEAK_MS);
	e = answer_speak(cx, a);
	cx->deadline = whole;
	return e;
}

static struct err *answer_turn(struct ctx *cx, const struct in *in, const struct turn *turn,
                               struct answer *a, struct span *json_out)
{
	struct lead_search *search = NULL;
	struct span         silent;

	if (in->heard)
		heard_admit(cx, in->heard);
	a->said_in_distress = answer_said_in_distress(turn);
	if (!in->is_nudge && !a->said_in_distress && !in->said.is_danger) {
		search = lead_start(cx, turn, in->user_message, answer_budget_tokens());
		a->reading.told = lead_told(search);
	}
	TRY(answer_think(cx, in, turn, a));
	if (in->audio)
		TRY(speak_in_time(cx, a));
	if (search && !a->reading.is_in_distress)
		a->lead = lead_join(cx, search, str_equal(a->provider, "builtin"));
	TRY(answer_json(cx, in, turn, a, &silent));
	TRY(answer_voice(cx, silent, a->audio, json_out));
	return finish(cx, in, turn, a, silent);
}

/* What the client was told it may try again takes the visitor's words back;
 * when nobody was there to be told, they stay for the same message to adopt. */
static void give_up(struct ctx *cx, const struct turn *turn, bool take_back)
{
	struct err *e;

	ctx_detach(cx, CLEANUP_MS);
	e = turn_give_up(cx, turn, take_back);
	if (e)
		log_err(LOG_ERROR, cx, "turn_not_given_up", e);
	if (e)
		heartbeat_doubt_turn(turn->session_id, turn->claim);
}

/* Of one that another process took over nothing is ours to say. */
static struct err *end_badly(struct ctx *cx, const struct turn *turn, struct err *e)
{
	enum cancel_reason why = cancel_reason(cx->cancel);

	if (why == CANCEL_SUPERSEDED)
		FAIL(cx, ERR_SUPERSEDED, "a newer turn began");
	if (why == CANCEL_DISOWNED)
		FAIL(cx, ERR_CANCELLED, "another took the turn over");
	if (e->kind != ERR_SUPERSEDED)
		give_up(cx, turn, !why);
	return e;
}

static struct err *run_turn(struct req *rq, const struct in *in, const struct turn *turn,
                            struct answer *a)
{
	struct ctx     *cx = req_ctx(rq);
	struct running *running = running_start(cx, turn->session_id, turn->number, a->start_ms);
	struct span     json;
	struct err     *e = answer_turn(cx, in, turn, a, &json);

	if (!e)
		reply_bytes(rq, 200, "application/json", json);
	else
		e = end_badly(cx, turn, e);
	running_end(running);
	return e;
}

/* ---- other ends of the story ---- */

static struct err *stay_silent(struct req *rq, const struct in *in, const struct turn *turn,
                               struct answer *a)
{
	struct span json;

	a->text = SILENT_TEXT;
	TRY(answer_json(req_ctx(rq), in, turn, a, &json));
	reply_bytes(rq, 200, "application/json", json);
	return NULL;
}

/* The words of a turn whose kept answer is lost are in the history; they are spoken once more, for
 * whoever asks again has not heard them. */
static struct err *say_again(struct ctx *cx, const struct in *in, const struct turn *turn,
                             struct answer *a, struct span *json_out)
{
	struct turn_lead     *lead = NEW(cx->arena, struct turn_lead);
	struct lead_score    *score = NEW(cx->arena, struct lead_score);
	const struct extract *known;
	struct span           silent;

	TRY(turn_reply(cx, turn, &a->text, &known));
	if (known) {
		lead_score(known, score);
		*lead = (struct turn_lead){.extract = known, .score = score};
		a->lead = lead;
	}
	if (in->audio)
		TRY(speak_in_time(cx, a));
	TRY(answer_json(cx, in, turn, a, &silent));
	return answer_voice(cx, silent, a->audio, json_out);
}

/* In this process the turn's end is heard. From another's no NOTIFY comes, which would cost every
 * turn something: looks that grow rarer find it, and notice when its process is dead. */
static struct err *await(struct ctx *cx, const struct turn *turn, enum turn_state *state_out,
                         struct span *kept_out)
{
	unsigned pause_ms = JOIN_FIRST_MS;

	for (;;) {
		TRY(turn_look(cx, turn, state_out, kept_out));
		if (*state_out == TURN_OVERTAKEN)
			FAIL(cx, ERR_SUPERSEDED, "a newer turn took over");
		if (*state_out != TURN_RUNNING)
			return NULL;
		if (deadline_left_ms(cx->deadline) == 0)
			FAIL(cx, ERR_DEADLINE, "the joined turn is still running");
		if (running_wait(cx, turn->session_id, turn->number, pause_ms) == WAIT_CANCELLED)
			FAIL(cx, ERR_CANCELLED, "nobody waits any more");
		pause_ms = pause_ms * 2 < JOIN_LAST_MS ? pause_ms * 2 : JOIN_LAST_MS;
	}
}

/* *json_out has ptr NULL when the turn ended without an answer: begin again. */
static struct err *join(struct ctx *cx, const struct in *in, const struct turn *turn,
                        struct answer *a, struct span *json_out)
{
	enum turn_state state;
	struct span     kept, silent, audio;

	*json_out = (struct span){NULL, 0};
	TRY(await(cx, turn, &state, &kept));
	if (state == TURN_UNKEPT)
		return say_again(cx, in, turn, a, json_out);
	if (state != TURN_ANSWERED)
		return NULL;
	answer_unpack(kept, &silent, &audio);
	return answer_voice(cx, silent, audio, json_out);
}

static struct err *agent_reply(struct req *rq)
{
	struct ctx   *cx = req_ctx(rq);
	struct in     in = {.audio = true};
	struct answer a = {.start_ms = clock_mono_ms()};
	struct span   joined;
	struct turn   turn;

	TRY(read_input(rq, &in));
	if (!in.is_nudge) { /* a tab that nobody sits at uses up nothing of those who type */
		TRY(address_rate_take(cx, req_client_ip(rq), (unsigned)rates.per_minute));
		in.heard = heard_start(cx, in.session_id, in.user_message);
	}
	for (int i = 0; i < JOIN_TRIES; i++) {
		TRY(begin(rq, &in, &turn));
		a.begin_ms = (unsigned)(clock_mono_ms() - a.start_ms);
		if (turn.action == TURN_BEGUN)
			return run_turn(rq, &in, &turn, &a);
		if (turn.action == TURN_QUIET)
			return stay_silent(rq, &in, &turn, &a);
		TRY(join(cx, &in, &turn, &a, &joined));
		if (joined.ptr) {
			reply_bytes(rq, 200, "application/json", joined);
			return NULL;
		}
	}
	FAIL(cx, ERR_UPSTREAM, "the joined turn failed %d times", JOIN_TRIES);
}

/* A batch each time until there is no whole one. */
static struct err *clear_turns(struct ctx *cx, struct job *job)
{
	int64_t n = CLEAR_BATCH;

	for (int i = 0; n == CLEAR_BATCH && i < CLEARS_MAX; i++) {
		TRY(job_extend(cx, job));
		TRY(turns_clear(cx, CLEAR_BATCH, &n));
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct job_kind jobs[] = {
		slack_jobs[0],
		{.name = "clear_turns", .lease_ms = 10000, .every_ms = 5000, .run = clear_turns},
	};

	return service_main(
		argc, argv,
		&(struct service){.name = "agent_reply",
	                      .methods = METHOD_POST,
	                      .body_max = (size_t)1 << 20,
	                      .deadline_ms = DEADLINE_MS,
	                      .rate_per_minute = 30,
	                      .rate_factor = 10,
	                      .threads = 1000,
	                      .is_idempotent = true,
	                      .start = acts_start,
	                      .stop = acts_stop,
	                      .takes_session = true,
	                      .engines = &engine_room,
	                      .chains = (struct chain *const[]){&thinking, &speaking, &embedding},
	                      .chains_n = 3,
	                      .jobs = jobs,
	                      .jobs_n = COUNT(jobs),
	                      .settings =
	                          (const struct cfg_group *const[]){&answer_settings, &lead_settings,
	                                                            &page_settings, &rate_settings,
	                                                            &slack_settings, MEMORY_SETTINGS},
	                      .settings_n = 8,
	                      .handle = agent_reply});
}
