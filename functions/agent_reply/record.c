/* record.c -- the statements of a turn, with what they are given. */
#include "record.h"

#include "../../common/base/log.h"
#include "../../common/base/stages.h"
#include "../../common/work/heard.h"
#include "../../common/work/heartbeat.h"
#include "../../common/work/progress.h"

#include "interrupt.h"
#include "kept_sound.h"
#include "lead.h"
#include "left.h"

/* A client may leave, or the database go, while the statement is under way: then nobody knows
 * whether the turn has begun. */
struct err *record_begin(struct req *rq, const struct in *in, uint64_t asked_ms,
                         unsigned deadline_ms, struct turn *out)
{
	struct ctx *cx = req_ctx(rq);
	char       *claim = arena_alloc(cx->arena, CRYPTO_UUID_CHARS + 1);
	struct turn_new new = {
		.session_id = in->session_id,
		.session_secret = in->session_secret,
		.message = in->user_message,
		.is_spoken = in->spoken,
		.confidence = in->spoken ? in->spoken->confidence : 0,
		.is_proactive = in->is_nudge,
		.is_in_distress = in->said.is_danger,
		.mode = in->mode,
		.turn_id = in->turn_id,
		.age_ms = req_age_ms(rq),
		.asked_ms = asked_ms,
		.deadline_ms = deadline_ms + CLEANUP_MS,
		.claim = claim,
	};
	uint64_t    since_ms = clock_mono_ms();
	struct err *e;

	crypto_uuid(claim);
	new.instance = heartbeat_hold(cx, in->session_id, claim);
	e = turn_begin(cx, &new, out);
	if (e && e->uncertain)
		heartbeat_doubt_turn(in->session_id, claim);
	if (!e && out->action == TURN_BEGUN)
		progress_recall(cx, out);
	STAGE(cx, "history", since_ms, STAGE_INT("utterances", e ? 0 : out->history_n));
	return e;
}

/* Words that nobody is there to receive are not said. What was said to the end was said, though,
 * whoever has left since. */
static bool is_in_vain(const struct ctx *cx, const struct answer *a)
{
	enum cancel_reason why = cancel_reason(cx->cancel);

	return a->is_out ? why == CANCEL_SUPERSEDED || why == CANCEL_DISOWNED : why != CANCEL_NONE;
}

/* A vector that is left for the memory says that what was meant has been read by it, if it could
 * be: without one, who remembers reads the words first. */
static bool is_understood(const struct in *in, const struct answer *a)
{
	return !a->reading.is_by_words || !heard_is_here(in->heard);
}

/* Whatever becomes of the reply. */
static void found_out(struct ctx *cx, const struct in *in, const struct answer *a,
                      struct turn_end *end)
{
	end->lead = a->lead;
	end->is_in_distress = a->reading.is_in_distress;
	end->response_ms = a->first_sentence_ms;
	end->first_audio_ms = a->first_audio_ms;
	end->degraded = a->degraded;
	end->degraded_n = a->degraded_n;
	end->flags = a->flags.told;
	end->event = act_event(a->reading.act);
	if (in->heard && !end->is_in_distress && is_understood(in, a))
		end->heard = heard_vector(cx, in->heard, deadline_in(0));
}

/* Before the end is stored, so that who joined the turn finds it behind that. What is left of the
 * reply should that fail has its sound in the same memory. */
static struct err *finish(struct ctx *cx, const struct turn *turn, struct answer *a,
                          const struct turn_end *end)
{
	bool        is_kept = !answer_is_rest(a) && kept_sound_put(cx, turn, &a->sound);
	struct err *e = turn_finish(cx, turn, end);

	if (!e)
		a->rest = NULL;
	else if (is_kept && !kept_sound_take_back(cx, turn) && a->rest)
		a->rest->pieces_n = 0;
	return e;
}

/* Once words are being stored the turn is as good as answered: a client that leaves from here on
 * finds the answer kept. */
struct err *record_end(struct ctx *cx, const struct in *in, const struct turn *turn,
                       struct answer *a, struct span json)
{
	struct turn_end end = {.reply = a->text,
	                       .marks = a->dynamics.should_keep ? &a->dynamics.marks : NULL};
	struct cancel  *cancel = cx->cancel;
	unsigned        left_ms = deadline_left_ms(cx->deadline);
	uint64_t        since_ms;
	struct err     *e;

	if (is_in_vain(cx, a))
		FAIL(cx, ERR_CANCELLED, "nobody waits for the reply any more");
	progress_stop(a->progress);
	if (!answer_is_rest(a))
		end.answer = json;
	end.pieces = a->pieces;
	end.pieces_n = a->pieces_n;
	found_out(cx, in, a, &end);
	ctx_detach(cx, left_ms > KEEP_MS ? left_ms : KEEP_MS);
	since_ms = clock_mono_ms();
	e = finish(cx, turn, a, &end);
	STAGE(cx, "store", since_ms, STAGE_INT("bytes", json.len));
	cx->cancel = cancel;
	return e;
}

/* A newer turn reads those words itself; and where they were taken back, or are another's by now,
 * nothing is stored. */
void record_broken(struct ctx *cx, const struct in *in, const struct turn *turn, struct answer *a)
{
	struct turn_end end = {.reply = "", .is_broken = true};
	struct err     *e;

	if (!a->is_read || !turn->utterance_id)
		return;
	ctx_detach(cx, CLEANUP_MS);
	if (a->search && !a->reading.is_in_distress)
		a->lead = lead_by_rules(cx, a->search);
	found_out(cx, in, a, &end);
	e = turn_finish(cx, turn, &end);
	if (e && e->kind != ERR_SUPERSEDED)
		log_err(LOG_ERROR, cx, "turn_not_read", e);
}

/* Before anything is answered: whoever stops the turn, the words are not remembered, and the next
 * turn knows of them. */
void record_distress(struct ctx *cx, const struct in *in, const struct turn *turn,
                     const struct answer *a)
{
	struct cancel  *cancel = cx->cancel;
	struct deadline whole = cx->deadline;
	struct err     *e;

	if (!a->reading.is_in_distress || in->said.is_danger || !turn->utterance_id)
		return;
	cx->cancel = NULL;
	cx->deadline = deadline_sooner(whole, deadline_in(CLEANUP_MS));
	e = utterance_is_grave(cx, turn->session_id, turn->utterance_id);
	cx->cancel = cancel;
	cx->deadline = whole;
	if (e)
		log_err(LOG_ERROR, cx, "distress_not_noted", e);
}

/* What the database holds is JSON; were it none, nothing would be forced. */
static const struct cJSON *forced_of(struct ctx *cx, const struct turn *turn)
{
	const struct cJSON *forced = NULL;

	if (turn->flags_forced && json_parse(cx, span_of(turn->flags_forced), &forced))
		return NULL;
	return forced;
}

void record_flags(struct req *rq, const struct turn *turn, struct answer *a)
{
	flags_judge(req_ctx(rq),
	            &(struct flag_who){.owner = turn->owner,
	                               .mode = turn->mode,
	                               .origin = req_header(rq, "Origin"),
	                               .forced = forced_of(req_ctx(rq), turn)},
	            &a->flags);
}
