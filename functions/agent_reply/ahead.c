/* ahead.c -- thinking for words that may be the last. */
#include "ahead.h"

#include "../../common/base/json_in.h"
#include "../../common/base/unicode.h"
#include "../../common/base/utf8.h"
#include "../../common/domain/talk/mode.h"
#include "../../common/domain/text/tokens.h"
#include "delivery.h"
#include "running.h"
#include "shelf.h"
#include "thought.h"

#define ARENA_BYTES 4096u

struct ahead_values {
	bool thinks;
};
static struct ahead_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_BOOL(ahead_values, thinks, "REPLY_AHEAD", .fallback = "1",
                 .help = "1: a turn that is prepared ahead is thought, and begun to be spoken"),
};
const struct cfg_group ahead_settings = {"Ahead", &values, keys, COUNT(keys)};

/* Whom it is for, and what. */
struct ahead {
	struct left     left;
	struct reading  reading;
	struct dynamics dynamics;
	const char     *words, *asked; /* the message's words, and all else that makes the reply */
	int64_t         number;
};

static const char *key_of(struct ctx *cx, const struct turn *turn)
{
	return arena_printf(cx->arena, "ahead %s", turn->session_id);
}

/* What only says how a sentence is spoken; not what is said itself, as in "C++" and "5 %". */
static bool is_pause(uint32_t c)
{
	return unicode_is_space(c) ||
	       (unicode_is_punctuation(c) && !(c < 0x80 && strchr("#%&*/@\\", (int)c)));
}

/* However they are written: case, accents, spaces and the signs between sentences do not count, but
 * whether it is a question does. */
static const char *words_of(struct ctx *cx, const char *message)
{
	struct span            text = span_of(message);
	struct buf             words = buf_new(cx->arena, text.len * UNICODE_GROWTH + 4);
	struct unicode_folding folding = {.rest = text};
	char                   bytes[4];
	bool                   is_apart = false;

	buf_str(&words, act_form_of(cx, text).is_question ? "?" : ".");
	for (uint32_t c; (c = unicode_fold_next(&folding)) != 0;) {
		if (is_pause(c)) {
			is_apart = true;
			continue;
		}
		if (is_apart && words.len > 1)
			buf_char(&words, ' ');
		is_apart = false;
		buf_add(&words, bytes, utf8_encode(c, bytes));
	}
	return buf_text(&words);
}

/* What is replied to: a turn that is still being answered, or cut where it was heard, ends it
 * otherwise. */
static const char *behind(struct ctx *cx, const struct turn *turn)
{
	const struct utterance_text *last = turn->history + turn->history_n;

	if (turn->history_n == 0)
		return "";
	last--;
	return arena_printf(cx->arena, "%s %zu %d", turn->last_id, strlen(last->text),
	                    last->is_interrupted);
}

static const char *asked_of(struct ctx *cx, const struct in *in, const struct turn *turn)
{
	struct span context = in->context ? json_print(cx, in->context) : SPAN("");

	return arena_printf(cx->arena, "%s %s %d %d %s %.*s", behind(cx, turn), turn->mode,
	                    in->is_performer_mode, in->audio, in->model ? in->model : "",
	                    (int)context.len, context.ptr);
}

/* ---- preparing ---- */

static void shelve(struct ctx *cx, const struct in *in, const struct turn *turn,
                   const struct answer *a, const struct left *left)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct ahead *kept = NEW(arena, struct ahead);

	*kept = (struct ahead){.left = left_copy(arena, left),
	                       .dynamics = a->dynamics,
	                       .words = arena_strdup(arena, words_of(cx, in->user_message)),
	                       .asked = arena_strdup(arena, asked_of(cx, in, turn)),
	                       .number = turn->number};
	/* Without what points into this unit of work. */
	kept->reading = (struct reading){.act = a->reading.act,
	                                 .is_foreign = a->reading.is_foreign,
	                                 .language = a->reading.language};
	shelf_put(key_of(cx, turn), AHEAD_MS, arena, kept);
}

static struct err *think(struct ctx *cx, const struct in *in, struct thought *thought,
                         struct answer *a, struct left *out)
{
	struct delivery_order order = {
		.sentences_max = mode_sentences_max(in->is_performer_mode),
		.first_bytes = in->audio ? thought_first_bytes() : 0,
		.is_aloud = in->audio,
		.spoken_max = 1,
		.start_ms = a->start_ms,
	};
	struct delivery *d = delivery_new(cx, &order);
	struct delivered done;

	thought_start(thought, d);
	TRY(delivery_run(d, &done));
	thought_end(thought, a);
	delivery_left(d, out);
	thought_sign(thought, out);
	return NULL;
}

/* To somebody in danger nothing is said that was not meant for these words. */
static struct err *prepare(struct ctx *cx, const struct in *in, const struct turn *turn,
                           struct answer *a, bool *is_prepared_out)
{
	struct thought *thought;
	struct left     left;

	thought_look(cx, in, turn, a);
	chain_warm(&thinking);
	chain_warm(&speaking);
	*is_prepared_out = !a->said_in_distress;
	if (a->said_in_distress)
		return NULL;
	thought = thought_new(cx, in, turn, a);
	if (!values.thinks || a->reading.is_in_distress || in->said.u->n == 0)
		return NULL;
	TRY(think(cx, in, thought, a, &left));
	shelve(cx, in, turn, a, &left);
	return NULL;
}

void ahead_answer(struct req *rq, bool is_prepared)
{
	struct json_out *j = reply_json(rq, 200, 0);

	json_obj(j, NULL);
	json_bool(j, "prepared", is_prepared);
	json_end(j);
}

/* The turn that it is for ends it where it begins here, and so does what is prepared after it. */
static struct err *prepare_unless_late(struct ctx *cx, const struct in *in, const struct turn *turn,
                                       struct answer *a, bool *is_prepared_out)
{
	struct running *running = running_ahead(cx, turn->session_id, turn->number, a->start_ms);
	struct err     *e = prepare(cx, in, turn, a, is_prepared_out);

	running_end(running);
	if (cancel_reason(cx->cancel) == CANCEL_SUPERSEDED)
		FAIL(cx, ERR_SUPERSEDED, "the turn, or something newer, has begun");
	return e;
}

struct err *ahead_begin(struct ctx *cx, const struct in *in, struct turn *out, bool *is_enough_out)
{
	return turn_ahead(cx,
	                  &(struct turn_new){.session_id = in->session_id,
	                                     .session_secret = in->session_secret,
	                                     .mode = in->mode},
	                  out, is_enough_out);
}

struct err *ahead_prepare(struct ctx *cx, const struct in *in, struct turn *turn, struct answer *a,
                          bool *is_prepared_out)
{
	*is_prepared_out = false;
	turn->message = in->user_message;
	cx->deadline = deadline_sooner(cx->deadline, deadline_in(AHEAD_MS));
	return in->said.is_danger ? NULL : prepare_unless_late(cx, in, turn, a, is_prepared_out);
}

/* ---- using it ---- */

const struct left *ahead_take(struct ctx *cx, const struct in *in, const struct turn *turn,
                              struct answer *a)
{
	const struct ahead *kept = shelf_take(cx, key_of(cx, turn));

	if (!kept || in->is_nudge || in->said.is_danger || a->said_in_distress ||
	    kept->number != turn->number || !str_equal(kept->words, words_of(cx, in->user_message)) ||
	    !str_equal(kept->asked, asked_of(cx, in, turn)))
		return NULL;
	a->reading.act = kept->reading.act;
	a->reading.is_foreign = kept->reading.is_foreign;
	a->reading.language = kept->reading.language;
	a->dynamics = kept->dynamics;
	return &kept->left;
}
