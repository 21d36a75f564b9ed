/* agent_reply -- the turn: hear what was said, think, answer aloud.
 *
 * POST { session_id, session_secret, user_message or audio_base64, language?,
 *        mode?, is_performer_mode?, model?, context?, turn_id?, audio?, barge_in? }
 *   or a recording itself, and X-Session-Id, X-Session-Secret, X-Turn-Id?
 *   -> { heard?, text, extract, audio_base64, session_id, current_mode,
 *        provider, turn_id, timings, usage, degraded?, flags, is_truncated? }
 *
 *   { session_id, session_secret, cancel: true, turn_id, heard_ms? }
 *   -> { cancelled }
 *
 *   { ..., speculative: true }: what was said so far, so that the turn is prepared (ahead.h)
 *   -> { prepared }
 *
 *   { session_id, session_secret, resume: true, turn_id }
 *   -> as the turn it goes on with
 *
 * A recording is heard first, as speech_to_text would; where nobody says
 * anything in it, text is "" and nothing else happens; nor where what is said into a reply
 * (barge_in) only tells that somebody listens.
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
#include "../../common/work/heard.h"
#include "../../common/work/memory.h"
#include "../../common/engines/acts.h"
#include "../../common/engines/decoders.h"
#include "../../common/engines/embedding.h"
#include "../../common/engines/hearing.h"
#include "../../common/engines/hearing_budget.h"
#include "../../common/web/service.h"
#include "../../common/work/slack.h"
#include "../../common/store/sessions.h"
#include "../../common/store/turns.h"
#include "address_pace.h"
#include "ahead.h"
#include "answer.h"
#include "closing.h"
#include "delivery.h"
#include "excuse.h"
#include "interrupt.h"
#include "kept_audio.h"
#include "kept_sound.h"
#include "lead.h"
#include "record.h"
#include "request.h"
#include "resume.h"
#include "running.h"
#include "shelf.h"
#include "spoken.h"
#include "stream.h"
#include "thought.h"
#include "turn_count.h"

#define BODY_MAX      ((size_t)17 << 20) /* with a recording */
#define DEADLINE_MS   30000u
#define JOIN_TRIES    3
#define JOIN_FIRST_MS 25u
#define JOIN_LAST_MS  200u
#define LEAD_MS       250u /* for a lead, behind a stream's last sound: who hears it may answer */
#define CLEAR_BATCH   200  /* answers are large */
#define CLEARS_MAX    50   /* in one go; the rest waits for the next */

/* ---- a turn of our own ---- */

/* That is history, should the reply end here. */
static void note_sent(struct span said, unsigned ms, void *data)
{
	struct answer *a = data;

	if (a->reading.is_in_distress)
		progress_is_grave(a->progress);
	progress_note(a->progress, said, ms);
}

/* Who hears the reply as it is made hears the first clause before its sentence is whole. */
static bool is_clause_first(const struct in *in, const struct answer *a)
{
	return in->stream && in->audio && !flags_has(&a->flags, FLAG_WHOLE_FIRST_SENTENCE);
}

static enum language language_of(struct ctx *cx, const struct in *in, const struct turn *turn)
{
	struct act_words said = act_words_of(cx, span_of(in->user_message));

	return reading_language(cx, &said, turn->history, turn->history_n);
}

/* What a model was still writing is not asked for again: where that is gone, it is said. */
static void go_on_saying(struct ctx *cx, const struct in *in, const struct turn *turn,
                         struct delivery *d, struct answer *a)
{
	const struct left *before = a->before;

	delivery_go_on(d, before);
	if (before->lacks_end)
		delivery_say(d, closing_line(language_of(cx, in, turn)));
	a->is_truncated = before->is_truncated || before->lacks_end;
	a->usage = before->usage;
	if (before->provider)
		a->provider = before->provider;
	if (before->is_degraded)
		a->degraded[a->degraded_n++] = thinking.capability;
}

static struct left *rest_of(struct ctx *cx, struct delivery *d, const struct thought *thought,
                            const struct answer *a)
{
	struct left *rest = NEW(cx->arena, struct left);

	if (!delivery_left(d, rest))
		return NULL;
	if (thought)
		thought_sign(thought, rest);
	if (a->before) {
		rest->provider = a->provider;
		rest->usage = a->usage;
		rest->is_truncated = a->is_truncated;
		rest->is_degraded = a->before->is_degraded;
	}
	return rest;
}

/* What is thought, or, where nothing is to be, the text that is there already. */
static struct err *deliver(struct ctx *cx, const struct in *in, const struct turn *turn,
                           struct thought *thought, struct answer *a)
{
	struct delivery_order order = {
		.sentences_max = mode_sentences_max(in->is_performer_mode),
		.first_bytes = is_clause_first(in, a) ? thought_first_bytes() : 0,
		.is_aloud = in->audio,
		.is_joined = in->needs_joined,
		.outlet = in->stream ? stream_outlet(in->stream, a->progress ? note_sent : NULL, a) : NULL,
		.start_ms = a->start_ms,
	};
	struct delivery *d = delivery_new(cx, &order);
	struct delivered done;
	struct err      *e;

	if (thought)
		thought_start(thought, d);
	else if (a->before)
		go_on_saying(cx, in, turn, d, a);
	else
		delivery_say(d, a->text);
	e = delivery_run(d, &done);
	a->rest = rest_of(cx, d, thought, a);
	TRY(e);
	if (thought)
		thought_end(thought, a);
	a->text = done.text;
	a->audio = done.audio;
	a->sound = done.sound;
	a->pieces = done.pieces;
	a->pieces_n = done.pieces_n;
	if (done.is_tts_degraded)
		a->degraded[a->degraded_n++] = speaking.capability;
	a->first_sentence_ms = done.first_sentence_ms;
	a->first_audio_ms = done.first_audio_ms;
	a->last_audio_ms = done.last_audio_ms;
	if (done.last_audio_ms)
		a->speak_ms = done.last_audio_ms - done.first_sentence_ms;
	return NULL;
}

/* Events, where they are asked for; the first is what was heard. */
static struct err *open_stream(const struct in *in)
{
	return in->stream && in->spoken ? stream_heard(in->stream, in) : NULL;
}

/* And the next is whose turn it is. */
static struct err *open_turn(const struct in *in, const struct turn *turn)
{
	TRY(open_stream(in));
	return in->stream ? stream_meta(in->stream, turn) : NULL;
}

/* All there was to hear has been: that a client left before the end takes nothing back. */
static void tell_end(struct ctx *cx, const struct in *in, const struct answer *a, struct span json)
{
	struct err *e = stream_extract(in->stream, in, a->lead);

	if (!e)
		e = stream_done(in->stream, json);
	if (e)
		log_err(LOG_INFO, cx, "end_not_sent", e);
}

/* Who is told as it goes is told the rest; what is kept for a key is whole either way. */
static struct err *reply(struct req *rq, const struct in *in, const struct answer *a,
                         struct span silent)
{
	struct ctx *cx = req_ctx(rq);
	struct span json;

	TRY(spoken_answer(cx, in, silent, &json));
	if (in->stream)
		tell_end(cx, in, a, json);
	if (in->needs_joined)
		TRY(answer_voice(cx, json, a->audio, &json));
	reply_bytes(rq, 200, "application/json", json);
	return NULL;
}

/* Of a turn that goes on it was found out before. */
static bool is_grave_before_reading(const struct in *in, const struct answer *a)
{
	return a->said_in_distress || in->said.is_danger || a->reading.is_in_distress;
}

static struct err *answer_turn(struct req *rq, const struct in *in, const struct turn *turn,
                               struct answer *a)
{
	struct ctx     *cx = req_ctx(rq);
	struct thought *thought;
	struct span     silent;

	TRY(open_turn(in, turn));
	thought_look(cx, in, turn, a);
	if (turn->utterance_id && !is_grave_before_reading(in, a)) {
		a->search = lead_start(cx, turn, in->user_message, thought_budget_tokens());
		a->reading.told = lead_told(a->search);
	}
	if (!a->before)
		a->before = ahead_take(cx, in, turn, a);
	thought = a->before ? NULL : thought_new(cx, in, turn, a);
	a->is_read = !ctx_cancelled(cx); /* or its meaning could not be asked for */
	record_distress(cx, in, turn, a);
	TRY(deliver(cx, in, turn, thought, a));
	a->is_out = in->stream != NULL;
	if (a->search && !a->reading.is_in_distress)
		a->lead = lead_join(cx, a->search, str_equal(a->provider, "builtin"),
		                    in->stream ? deadline_in(LEAD_MS) : cx->deadline);
	TRY(answer_json(cx, in, turn, a, &silent));
	TRY(record_end(cx, in, turn, a, silent));
	kept_audio_after(rq, in, turn, a);
	return reply(rq, in, a, silent);
}

static struct err *run_turn(struct req *rq, const struct in *in, const struct turn *turn,
                            struct answer *a)
{
	struct ctx     *cx = req_ctx(rq);
	struct running *running = running_start(cx, turn, a->start_ms);
	struct err     *e;

	a->progress = progress_start(cx, turn);
	if (a->before)
		progress_go_on(a->progress,
		               &(struct turn_sent){.text = left_sent(cx, a->before),
		                                   .pieces = a->before->ends,
		                                   .pieces_n = a->before->ends_n,
		                                   .is_in_distress = a->reading.is_in_distress});
	e = answer_turn(rq, in, turn, a);
	if (e)
		e = interrupt_end(cx, turn, a, e);
	count_turn(a, e);
	running_end(running);
	if (e)
		record_broken(cx, in, turn, a);
	return e;
}

/* ---- other ends of the story ---- */

static struct err *stay_silent(struct req *rq, const struct in *in, const struct turn *turn,
                               struct answer *a)
{
	struct span json;

	a->text = SILENT_TEXT;
	TRY(open_turn(in, turn));
	TRY(answer_json(req_ctx(rq), in, turn, a, &json));
	return reply(rq, in, a, json);
}

/* Nobody said anything, or only that they listen: there is no turn, and what is being answered goes
 * on. */
static struct err *hear_nothing(struct req *rq, const struct in *in, struct answer *a)
{
	const struct turn none = {.session_id = in->session_id,
	                          .turn_id = in->turn_id,
	                          .mode = in->mode};
	struct span       json;

	a->text = "";
	TRY(open_stream(in));
	TRY(answer_json(req_ctx(rq), in, &none, a, &json));
	return reply(rq, in, a, json);
}

/* An answer that was kept, and its audio. */
static struct err *reply_whole(struct req *rq, const struct in *in, struct span silent,
                               struct span audio)
{
	TRY(open_stream(in));
	if (!in->stream)
		return reply(rq, in, &(struct answer){.audio = audio}, silent);
	TRY(spoken_answer(req_ctx(rq), in, silent, &silent));
	TRY(stream_whole(in->stream, silent, audio));
	TRY(answer_voice(req_ctx(rq), silent, audio, &silent));
	reply_bytes(rq, 200, "application/json", silent);
	return NULL;
}

/* The words of a turn whose kept answer or sound is lost are in the history; they are spoken once
 * more, for whoever asks again has not heard them. */
static struct err *say_again(struct req *rq, const struct in *in, const struct turn *turn,
                             struct answer *a)
{
	struct ctx           *cx = req_ctx(rq);
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
	TRY(open_turn(in, turn));
	TRY(deliver(cx, in, turn, NULL, a));
	TRY(answer_json(cx, in, turn, a, &silent));
	return reply(rq, in, a, silent);
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
	struct span     kept, audio = {NULL, 0};

	TRY(await(req_ctx(rq), turn, &state, &kept));
	*is_answered_out = state == TURN_UNKEPT || state == TURN_ANSWERED;
	if (state == TURN_ANSWERED && in->audio && !kept_sound_find(req_ctx(rq), turn, &audio))
		state = TURN_UNKEPT;
	if (state == TURN_UNKEPT)
		return say_again(rq, in, turn, a);
	return state == TURN_ANSWERED ? reply_whole(rq, in, kept, audio) : NULL;
}

static struct err *take_turn(struct req *rq, const struct in *in, struct answer *a)
{
	struct turn *turn = NEW(req_ctx(rq)->arena, struct turn);
	uint64_t     since_ms = clock_mono_ms();
	bool         is_answered;

	for (int i = 0; i < JOIN_TRIES; i++) {
		TRY(record_begin(rq, in, a->start_ms, DEADLINE_MS, turn));
		record_flags(rq, turn, a);
		a->begin_ms = (unsigned)(clock_mono_ms() - since_ms);
		if (turn->action == TURN_BEGUN)
			return run_turn(rq, in, turn, a);
		if (turn->action == TURN_QUIET)
			return stay_silent(rq, in, turn, a);
		TRY(join(rq, in, turn, a, &is_answered));
		if (is_answered)
			return NULL;
	}
	FAIL(req_ctx(rq), ERR_UPSTREAM, "the joined turn failed %d times", JOIN_TRIES);
}

/* A reply that was interrupted by mistake. */
static struct err *go_on(struct req *rq, struct in *in, struct answer *a)
{
	struct ctx  *cx = req_ctx(rq);
	struct turn *turn = NEW(cx->arena, struct turn);
	struct left *before = NEW(cx->arena, struct left);

	cx->deadline.at_ms -= HEAR_MS;
	TRY(resume_take(cx, in, turn, before));
	record_flags(rq, turn, a);
	a->before = before;
	a->is_resumed = true;
	a->reading.is_in_distress = turn->is_in_distress;
	return run_turn(rq, in, turn, a);
}

static void read_words(struct ctx *cx, struct in *in)
{
	in->said = act_words_of(cx, span_of(in->user_message));
	in->is_backchannel = in->barge_in && act_is_backchannel(&in->said);
}

/* From somebody in danger a "yes" is an answer. */
static struct err *listen(struct ctx *cx, struct in *in)
{
	const char *mode;
	bool        is_in_distress;

	TRY(session_check_mode(cx, in->session_id, in->session_secret, &mode));
	TRY(session_is_in_distress(cx, in->session_id, &is_in_distress));
	in->is_backchannel = !is_in_distress;
	if (in->is_backchannel)
		in->mode = mode;
	return NULL;
}

static void read_meaning(struct ctx *cx, struct in *in)
{
	in->heard = heard_start(cx, in->session_id, in->user_message, !in->speculative);
}

/* Where it is not to be, nothing is heard either. */
static struct err *prepare(struct req *rq, struct in *in, struct answer *a)
{
	struct turn *turn = NEW(req_ctx(rq)->arena, struct turn);
	bool         is_enough, is_prepared = false;

	TRY(ahead_begin(req_ctx(rq), in, turn, &is_enough));
	if (!is_enough)
		TRY(spoken_message(rq, in, a, DEADLINE_MS));
	if (!is_enough)
		read_words(req_ctx(rq), in);
	if (!is_enough && *in->user_message && !in->is_backchannel) {
		read_meaning(req_ctx(rq), in);
		TRY(ahead_prepare(req_ctx(rq), in, turn, a, &is_prepared));
	}
	ahead_answer(rq, is_prepared);
	return NULL;
}

/* A message, typed or spoken, and its turn. */
static struct err *hear_and_answer(struct req *rq, struct in *in, struct answer *a)
{
	TRY(spoken_message(rq, in, a, DEADLINE_MS));
	if (!in->is_nudge)
		read_words(req_ctx(rq), in);
	if (in->is_backchannel)
		TRY(listen(req_ctx(rq), in));
	if (in->is_backchannel || !*in->user_message)
		return hear_nothing(rq, in, a);
	if (!in->is_nudge)
		read_meaning(req_ctx(rq), in);
	return take_turn(rq, in, a);
}

/* A turn that has an id of the client's may be cancelled by it before it has begun. */
static struct err *answer_message(struct req *rq, struct in *in, struct answer *a)
{
	struct ctx             *cx = req_ctx(rq);
	struct running_message *message;
	struct err             *e;

	if (!in->turn_id)
		return hear_and_answer(rq, in, a);
	message = running_message(cx, in->session_id, in->turn_id, in->resume, req_came_ms(rq));
	e = in->resume ? go_on(rq, in, a) : hear_and_answer(rq, in, a);
	running_message_end(message);
	if (e && cancel_reason(cx->cancel) == CANCEL_SUPERSEDED)
		FAIL(cx, ERR_SUPERSEDED, "the client wants no more of it");
	return e;
}

/* What tasks look at lives as long as they do: in the arena. */
static struct err *agent_reply(struct req *rq)
{
	struct ctx    *cx = req_ctx(rq);
	struct in     *in = NEW(cx->arena, struct in);
	struct answer *a = NEW(cx->arena, struct answer);

	in->audio = true;
	a->start_ms = clock_mono_ms();
	TRY(request_read(rq, in));
	if (in->cancel)
		return interrupt_turn(rq, in);
	in->stream = !in->speculative && req_accepts(rq, SSE_MEDIA_TYPE) ? stream_new(rq) : NULL;
	in->needs_joined = !in->stream || req_header(rq, "Idempotency-Key") || storage_keeps_audio();
	if (!in->resume)
		TRY(address_pace_take(rq, in));
	if (in->speculative)
		return prepare(rq, in, a);
	return answer_message(rq, in, a);
}

/* What an Idempotency-Key brings back, for who wants a stream. What a cancellation or a preparation
 * was answered is no reply, and never a stream. */
static struct err *replay(struct req *rq, struct span json)
{
	struct stream *stream;
	struct span    silent, audio;
	bool           is_reply;

	if (!req_accepts(rq, SSE_MEDIA_TYPE))
		return NULL;
	TRY(answer_unvoice(req_ctx(rq), json, &silent, &audio));
	TRY(answer_is_reply(req_ctx(rq), silent, &is_reply));
	if (!is_reply)
		return NULL;
	stream = stream_new(rq);
	TRY(stream_heard_then(stream, silent));
	return stream_whole(stream, silent, audio);
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

/* Most turns are written, and not every program like this one hears any: the recogniser waits. */
static int start(void)
{
	hearing_may_wait();
	interrupt_listen();
	return acts_start() + decoders_start() + object_bytes_check();
}

static void stop(void)
{
	shelf_end();
	decoders_stop();
	acts_stop();
	excuse_stop();
}

int main(int argc, char **argv)
{
	const struct job_kind jobs[] = {
		slack_jobs[0],
		{.name = "clear_turns", .lease_ms = 10000, .every_ms = 5000, .run = clear_turns},
	};

	return service_main(
		argc, argv,
		&(struct service){
			.name = "agent_reply",
			.methods = METHOD_POST,
			.body_max = BODY_MAX,
			.small_max = TEXT_BODY_MAX,
			.deadline_ms = HEAR_MS + DEADLINE_MS,
			.rate_per_minute = 30,
			.rate_factor = 10,
			.threads = 1000,
			.is_idempotent = true,
			.start = start,
			.open = flags_start,
			.close = flags_stop,
			.stop = stop,
			.takes_session = true,
			.streams = true,
			.engines = &engine_room,
			.chains = (struct chain *const[]){&hearing, &thinking, &speaking, &embedding},
			.chains_n = 4,
			.jobs = jobs,
			.jobs_n = COUNT(jobs),
			.settings = (const struct cfg_group *const[]){&thought_settings, &ahead_settings,
	                                                      &closing_settings, &lead_settings,
	                                                      &page_settings, &address_pace_settings,
	                                                      &flags_settings, &slack_settings,
	                                                      MEMORY_SETTINGS, SPOKEN_SETTINGS},
			.settings_n = 15,
			.handle = agent_reply,
			.replay = replay,
			.excuse = excuse_take});
}
