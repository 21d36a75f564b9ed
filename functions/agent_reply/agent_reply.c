/* agent_reply -- the turn: hear what was said, think, answer aloud.
 *
 * POST { session_id, session_secret, user_message, mode?, is_performer_mode?,
 *        model?, context?, turn_id?, audio? }
 *   -> { text, extract, audio_base64, session_id, current_mode, provider,
 *        turn_id, timings, usage, degraded?, is_truncated? }
 *
 * With Accept: text/event-stream the events of stream.h, each when there is something to tell.
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
#include "closing.h"
#include "delivery.h"
#include "lead.h"
#include "running.h"
#include "stream.h"
#include "thought.h"

#define DEADLINE_MS   30000u
#define CLEANUP_MS    2000u /* for storing how it ended, when the request's own time is over */
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
	in->is_stream = req_accepts(rq, SSE_MEDIA_TYPE);
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

/* The words before this end are history, should the reply end here. */
static void note_sent(struct span said, void *data)
{
	struct answer *a = data;

	a->sent = said;
}

/* What is thought, or, where nothing is to be, the text that is there already. */
static struct err *deliver(struct ctx *cx, const struct in *in, struct stream *stream,
                           struct thought *thought, struct answer *a)
{
	struct delivery_order order = {
		.sentences_max = mode_sentences_max(in->is_performer_mode),
		.first_bytes = stream && in->audio ? thought_first_bytes() : 0,
		.is_aloud = in->audio,
		.outlet = stream ? stream_outlet(stream, note_sent, a) : NULL,
		.start_ms = a->start_ms,
	};
	struct delivery *d = delivery_new(cx, &order);
	struct delivered done;

	if (thought)
		thought_start(thought, d);
	else
		delivery_say(d, a->text);
	TRY(delivery_run(d, &done));
	if (thought)
		thought_end(thought, a);
	a->text = done.text;
	a->audio = done.audio;
	if (done.is_tts_degraded)
		a->degraded[a->degraded_n++] = speaking.capability;
	a->first_sentence_ms = done.first_sentence_ms;
	a->first_audio_ms = done.first_audio_ms;
	a->last_audio_ms = done.last_audio_ms;
	if (done.last_audio_ms)
		a->speak_ms = done.last_audio_ms - done.first_sentence_ms;
	return NULL;
}

/* Who is told as it goes is told the rest; what is kept for a key is whole either way. */
static struct err *reply(struct req *rq, struct stream *stream, struct span silent,
                         struct span audio)
{
	struct ctx *cx = req_ctx(rq);
	struct span json = silent;

	if (stream)
		TRY(stream_done(stream, silent));
	if (!stream || req_header(rq, "Idempotency-Key"))
		TRY(answer_voice(cx, silent, audio, &json));
	reply_bytes(rq, 200, "application/json", json);
	return NULL;
}

static struct err *answer_turn(struct req *rq, const struct in *in, const struct turn *turn,
                               struct stream *stream, struct answer *a)
{
	struct ctx         *cx = req_ctx(rq);
	struct lead_search *search = NULL;
	struct span         silent;

	if (stream)
		TRY(stream_meta(stream, turn));
	if (in->heard)
		heard_admit(cx, in->heard);
	a->said_in_distress = thought_said_in_distress(turn);
	if (!in->is_nudge && !a->said_in_distress && !in->said.is_danger) {
		search = lead_start(cx, turn, in->user_message, thought_budget_tokens());
		a->reading.told = lead_told(search);
	}
	TRY(deliver(cx, in, stream, thought_new(cx, in, turn, a), a));
	if (search && !a->reading.is_in_distress)
		a->lead = lead_join(cx, search, str_equal(a->provider, "builtin"));
	if (stream)
		TRY(stream_extract(stream, in, a->lead));
	TRY(answer_json(cx, in, turn, a, &silent));
	TRY(finish(cx, in, turn, a, silent));
	return reply(rq, stream, silent, a->audio);
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
	struct err     *e = answer_turn(rq, in, turn, in->is_stream ? stream_start(rq) : NULL, a);

	if (e)
		e = end_badly(cx, turn, e);
	running_end(running);
	return e;
}

/* ---- other ends of the story ---- */

static struct err *stay_silent(struct req *rq, const struct in *in, const struct turn *turn,
                               struct answer *a)
{
	struct stream *stream = in->is_stream ? stream_start(rq) : NULL;
	struct span    json;

	a->text = SILENT_TEXT;
	if (stream)
		TRY(stream_meta(stream, turn));
	TRY(answer_json(req_ctx(rq), in, turn, a, &json));
	return reply(rq, stream, json, a->audio);
}

/* An answer that was kept, and its audio. */
static struct err *reply_whole(struct req *rq, const struct in *in, struct span silent,
                               struct span audio)
{
	if (in->is_stream)
		TRY(stream_whole(stream_start(rq), silent, audio));
	return reply(rq, NULL, silent, audio);
}

/* The words of a turn whose kept answer is lost are in the history; they are spoken once more, for
 * whoever asks again has not heard them. */
static struct err *say_again(struct req *rq, const struct in *in, const struct turn *turn,
                             struct answer *a)
{
	struct ctx           *cx = req_ctx(rq);
	struct stream        *stream;
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
	stream = in->is_stream ? stream_start(rq) : NULL;
	if (stream)
		TRY(stream_meta(stream, turn));
	TRY(deliver(cx, in, stream, NULL, a));
	if (stream)
		TRY(stream_extract(stream, in, a->lead));
	TRY(answer_json(cx, in, turn, a, &silent));
	return reply(rq, stream, silent, a->audio);
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

/* *is_answered_out is false when the turn ended without an answer: begin again. */
static struct err *join(struct req *rq, const struct in *in, const struct turn *turn,
                        struct answer *a, bool *is_answered_out)
{
	enum turn_state state;
	struct span     kept, silent, audio;

	TRY(await(req_ctx(rq), turn, &state, &kept));
	*is_answered_out = state == TURN_UNKEPT || state == TURN_ANSWERED;
	if (state == TURN_UNKEPT)
		return say_again(rq, in, turn, a);
	if (state != TURN_ANSWERED)
		return NULL;
	answer_unpack(kept, &silent, &audio);
	return reply_whole(rq, in, silent, audio);
}

/* What tasks look at lives as long as they do: in the arena. */
static struct err *agent_reply(struct req *rq)
{
	struct ctx    *cx = req_ctx(rq);
	struct in     *in = NEW(cx->arena, struct in);
	struct answer *a = NEW(cx->arena, struct answer);
	struct turn   *turn = NEW(cx->arena, struct turn);
	bool           is_answered;

	in->audio = true;
	a->start_ms = clock_mono_ms();
	TRY(read_input(rq, in));
	if (!in->is_nudge) { /* a tab that nobody sits at uses up nothing of those who type */
		TRY(address_rate_take(cx, req_client_ip(rq), (unsigned)rates.per_minute));
		in->heard = heard_start(cx, in->session_id, in->user_message);
	}
	for (int i = 0; i < JOIN_TRIES; i++) {
		TRY(begin(rq, in, turn));
		a->begin_ms = (unsigned)(clock_mono_ms() - a->start_ms);
		if (turn->action == TURN_BEGUN)
			return run_turn(rq, in, turn, a);
		if (turn->action == TURN_QUIET)
			return stay_silent(rq, in, turn, a);
		TRY(join(rq, in, turn, a, &is_answered));
		if (is_answered)
			return NULL;
	}
	FAIL(cx, ERR_UPSTREAM, "the joined turn failed %d times", JOIN_TRIES);
}

/* What an Idempotency-Key brings back, for who wants a stream. */
static struct err *replay(struct req *rq, struct span json)
{
	struct span silent, audio;

	if (!req_accepts(rq, SSE_MEDIA_TYPE))
		return NULL;
	TRY(answer_unvoice(req_ctx(rq), json, &silent, &audio));
	return stream_whole(stream_start(rq), silent, audio);
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
	                      .streams = true,
	                      .engines = &engine_room,
	                      .chains = (struct chain *const[]){&thinking, &speaking, &embedding},
	                      .chains_n = 3,
	                      .jobs = jobs,
	                      .jobs_n = COUNT(jobs),
	                      .settings =
	                          (const struct cfg_group *const[]){&thought_settings,
	                                                            &closing_settings, &lead_settings,
	                                                            &page_settings, &rate_settings,
	                                                            &slack_settings, MEMORY_SETTINGS},
	                      .settings_n = 9,
	                      .handle = agent_reply,
	                      .replay = replay});
}
