/* act.c -- words that leave no doubt, then the nearest examples. */
#include "act.h"

#include "../../base/unicode.h"
#include "../../base/utf8.h"
#include "../text/phrases.h"
#include "../text/words.h"
#include "../who/contact.h"
#include "act_model.h"

#include <assert.h>

#define ACTS_WORDS_TABLES
#include "common/domain/talk/acts.words.h"

#define LATIN_END         0x370 /* and U+1E00 to U+1EFF are Latin, too */
#define FOREIGN_WORDS_MIN 4
#define OTHERS_MIN        2  /* one may be a name */
#define BACKCHANNEL_BYTES 60 /* more is a speech of its own */
#define NEAREST           3
#define FORM_WEIGHT       0.05 /* of asking or telling, among likenesses of 0 to 1 */
#define LENGTH_WEIGHT     0.02 /* of each step in length */
#define SHARED_BYTES      200  /* words that tell of danger are not so far apart */

static const char *const names[] = {
#define X(name) #name,
	ACTS(X)
#undef X
};

static const struct act_example examples[] = {
#define X(name, text) {ACT_##name, text},
#include "common/domain/talk/act_examples.tsv.h"
#undef X
};

const char *act_name(enum act act)
{
	return names[act];
}

const char *act_event(enum act act)
{
	bool is_theirs = act == ACT_distress || act == ACT_wants_person || act == ACT_wants_refund ||
	                 act == ACT_wants_erasure || act == ACT_threat;

	return is_theirs ? act_name(act) : NULL;
}

const struct act_example *act_examples(size_t *n_out)
{
	*n_out = COUNT(examples);
	return examples;
}

/* ---- form ---- */

/* Behind a greeting and the like. */
static size_t begins_at(const struct utterance *u)
{
	size_t i = 0, n;

	while ((n = phrases_at(ACTS_LIST(GREETING), u, i)) > 0 ||
	       (n = phrases_at(ACTS_LIST(LEADS_IN), u, i)) > 0)
		i += n;
	return i;
}

static bool asks(const struct utterance *u)
{
	return memchr(u->text.ptr, '?', u->text.len) || phrases_at(ACTS_LIST(ASKS), u, begins_at(u));
}

struct act_form act_form_said(const struct utterance *u)
{
	return (struct act_form){.is_question = asks(u),
	                         .length = u->n <= 2    ? 0
	                                   : u->n <= 5  ? 1
	                                   : u->n <= 10 ? 2
	                                                : 3};
}

static enum act by_form(const struct utterance *u)
{
	return asks(u) ? ACT_question : ACT_statement;
}

struct act_form act_form_of(struct ctx *cx, struct span text)
{
	struct utterance u = tokens_split(cx, text);

	return act_form_said(&u);
}

/* ---- words ---- */

static bool tells(const struct utterance *u, int list)
{
	return phrases_in(&acts_words[list], u, 0, u->n);
}

/* The same of a list of patterns, none of which has a slot. */
static bool fits_at(const struct utterance *u, size_t i, int list)
{
	static const struct grammar plain = {.lists = acts_words};
	struct pattern_match        match = {.n = 0};

	return pattern_at(&plain, &acts_words[list], u, i, &match);
}

static bool fits(const struct utterance *u, int list)
{
	for (size_t i = 0; i < u->n; i++)
		if (fits_at(u, i, list))
			return true;
	return false;
}

/* Nothing but phrases: what the last of them tells; "yes, thank you" is thanks. */
static bool is_whole(const struct utterance *u, enum act *out)
{
	static const enum act acts[] = {
		[ACTS_WORDS_THANKS] = ACT_thanks,
		[ACTS_WORDS_GOODBYE] = ACT_goodbye,
		[ACTS_WORDS_GREETING] = ACT_greeting,
		[ACTS_WORDS_YES] = ACT_yes,
		[ACTS_WORDS_NO] = ACT_no,
	};

	for (size_t i = 0, longest; i < u->n; i += longest) {
		longest = 0;
		for (size_t k = 0; k < COUNT(acts); k++) {
			size_t n = phrases_at(&acts_words[k], u, i);

			if (n > longest) {
				longest = n;
				*out = acts[k];
			}
		}
		if (!longest)
			return false;
	}
	return u->n > 0;
}

/* It ends as a question, or begins with what nothing else does. */
static bool is_asked(const struct utterance *u)
{
	struct span text = span_trim(u->text);

	return (text.len && text.ptr[text.len - 1] == '?') ||
	       fits_at(u, 0, ACTS_WORDS_SAY_ASKS_OUTRIGHT);
}

/* What words say of a message that is neither of danger nor a wish that stands. */
static enum act by_words(const struct utterance *u, enum act act)
{
	static const struct {
		int      say;
		enum act act;
	} plain[] = {
		{ACTS_WORDS_SAY_BYE, ACT_goodbye},           {ACTS_WORDS_SAY_LEGAL, ACT_threat},
		{ACTS_WORDS_SAY_SCORN, ACT_complaint},       {ACTS_WORDS_SAY_WHO, ACT_about_you},
		{ACTS_WORDS_SAY_ERASE, ACT_wants_erasure},   {ACTS_WORDS_SAY_RECALL_OWN, ACT_recall},
		{ACTS_WORDS_SAY_PLAY, ACT_small_talk},       {ACTS_WORDS_SAY_WORN, ACT_sad},
		{ACTS_WORDS_SAY_REACH_US, ACT_wants_person}, {ACTS_WORDS_SAY_UNSURE, ACT_at_a_loss},
		{ACTS_WORDS_SAY_ASK_OTHERS, ACT_no}};

	for (size_t i = 0; i < COUNT(plain); i++)
		if (fits(u, plain[i].say))
			return plain[i].act;
	if (act != ACT_complaint && !asks(u) && fits(u, ACTS_WORDS_SAY_SORRY))
		return ACT_apology;
	if (asks(u) && act != ACT_about_you && fits(u, ACTS_WORDS_SAY_RECALL))
		return ACT_recall;
	if (tells(u, ACTS_WORDS_RECAP))
		return ACT_recall;
	if (act != ACT_stop_asking && act != ACT_only_looking && fits(u, ACTS_WORDS_SAY_DROP))
		return ACT_no;
	if (fits(u, ACTS_WORDS_SAY_PUT_RIGHT))
		return ACT_statement;
	if (tells(u, ACTS_WORDS_MEANT) && !memchr(u->text.ptr, '?', u->text.len))
		return ACT_statement;
	if (fits(u, ACTS_WORDS_SAY_STOP))
		return ACT_stop_asking;
	if (act != ACT_complaint && fits(u, ACTS_WORDS_SAY_ASKED))
		return ACT_asked_already;
	return act == ACT_statement && is_asked(u) ? ACT_question : act;
}

/* ---- languages ---- */

static size_t count_in(const struct utterance *u, int list)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		n += phrases_has(&acts_words[list], u->words[i].low);
	return n;
}

/* One whose small words are more than those of any other, English among them; LANGUAGES_N also
 * where these are of a language that is none of ours ("Ik ben Sanne de Vries en ik heb"). */
static enum language language_of(const struct utterance *u, bool *is_other_out)
{
	enum language best = LANGUAGES_N;
	size_t        most = u->n > 2, n;

	for (size_t i = 0, stops = 0; i < u->n; i++) {
		stops += words_is_stop(u->words[i].text);
		most = stops > most ? stops : most;
	}
	if (u->n > 2 && most > 1)
		best = LANGUAGE_en;
	for (int i = LANGUAGE_de; i < LANGUAGES_N; i++) {
		n = count_in(u, ACTS_WORDS_SMALL_DE + i - LANGUAGE_de);
		if (n > most) {
			most = n;
			best = (enum language)i;
		}
	}
	n = count_in(u, ACTS_WORDS_SMALL_OTHERS);
	*is_other_out = n > most && n >= OTHERS_MIN;
	return *is_other_out ? LANGUAGES_N : best;
}

/* ---- meaning ---- */

/* Plain C would add one number after the other. */
typedef float many __attribute__((vector_size(32)));

static double alike(const float *a, const float *b, size_t dims)
{
	many  sum = {0}, x, y;
	float whole = 0;

	for (size_t i = 0; i + 8 <= dims; i += 8) {
		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		sum += x * y;
	}
	for (size_t i = 0; i < 8; i++)
		whole += sum[i];
	return (double)whole;
}

struct nearest {
	double best[NEAREST]; /* the best first */
};

static void add_to(struct nearest *n, double now)
{
	for (size_t i = 0; i < NEAREST; i++) {
		double before = n->best[i];

		if (now <= before)
			continue;
		n->best[i] = now;
		now = before;
	}
}

static double mean(const struct nearest *n)
{
	double sum = 0;

	for (size_t i = 0; i < NEAREST; i++)
		sum += n->best[i];
	return sum / NEAREST;
}

static double same_form(struct act_form a, struct act_form b)
{
	return (a.is_question == b.is_question ? FORM_WEIGHT : 0) -
	       LENGTH_WEIGHT * abs(a.length - b.length);
}

static void compare(const struct act_vectors *known, const float *vector, struct act_form form,
                    double out[ACTS_N])
{
	struct nearest nearest[ACTS_N] = {0};

	for (size_t i = 0; i < COUNT(examples); i++)
		add_to(&nearest[examples[i].act],
		       alike(known->rows + i * known->dims, vector, known->dims) +
		           same_form(form, known->forms[i]));
	for (size_t i = 0; i < ACTS_N; i++)
		out[i] = mean(&nearest[i]);
}

/* Without a word of somebody or of harm nothing is danger, whatever it is near to: "Should people
 * trust you?" is of nobody's. */
static bool may_be_danger(const struct utterance *u)
{
	return tells(u, ACTS_WORDS_SOMEONE) || tells(u, ACTS_WORDS_HINT) || tells(u, ACTS_WORDS_IDIOM);
}

/* By how much the examples of danger must be nearer than all others: the more, the less its words
 * tell of somebody's harm. */
static double danger_margin(const struct act_scale *scale, const struct utterance *u)
{
	if (tells(u, ACTS_WORDS_IDIOM))
		return scale->danger_idiom;
	if (tells(u, ACTS_WORDS_SOMEONE) && (tells(u, ACTS_WORDS_HINT) || tells(u, ACTS_WORDS_CUE)))
		return scale->danger;
	return scale->danger_unsaid;
}

/* What would hurt or puzzle where it is not so takes more than a guess. */
static bool is_costly(enum act act)
{
	static const enum act costly[] = {
		ACT_complaint,     ACT_wants_person, ACT_wants_refund, ACT_wants_erasure, ACT_threat,
		ACT_asked_already, ACT_stop_asking,  ACT_say_again,    ACT_goodbye,       ACT_orders,
	};

	for (size_t i = 0; i < COUNT(costly); i++)
		if (costly[i] == act)
			return true;
	return false;
}

/* The act with the most, danger aside. */
static enum act most_of(const double scores[ACTS_N])
{
	enum act best = ACT_statement;

	for (enum act i = 0; i < ACTS_N; i++)
		if (i != ACT_distress && scores[i] > scores[best])
			best = i;
	return best;
}

/* By how much the examples of danger are nearer than all others; -1: they are not near. */
static double danger_lead(const struct act_vectors *known, const float *vector,
                          const struct utterance *u)
{
	double scores[ACTS_N];

	if (!may_be_danger(u))
		return -1;
	compare(known, vector, act_form_said(u), scores);
	if (scores[ACT_distress] <= known->scale.danger_floor)
		return -1;
	return scores[ACT_distress] - scores[most_of(scores)];
}

static enum act by_meaning(const struct act_vectors *known, const float *vector,
                           const struct utterance *u)
{
	const struct act_scale *scale = &known->scale;
	double                  lead = danger_lead(known, vector, u), likely[ACTS_N];
	enum act                best;

	act_model_ask(known, vector, u, likely);
	best = most_of(likely);
	if (lead > danger_margin(scale, u) && likely[ACT_distress] > scale->danger_likely)
		return ACT_distress;
	if (lead > 0 && likely[ACT_distress] > likely[best])
		return ACT_uneasy;
	return likely[best] > (is_costly(best) ? scale->sure : scale->likely) ? best : by_form(u);
}

/* Most of its letters are of another writing than ours. */
static bool is_of_other_writing(struct span text)
{
	size_t ours = 0, others = 0;

	while (text.len) {
		uint32_t c = utf8_next(&text);

		others += c >= LATIN_END && !(c >= 0x1e00 && c < 0x1f00) && unicode_is_word(c);
		ours += (c < LATIN_END || (c >= 0x1e00 && c < 0x1f00)) && unicode_is_word(c);
	}
	return others > ours;
}

/* The examples are English; what has some words and none of its small ones is not, nor what is
 * written in other letters. */
static bool is_english(const struct act_words *said)
{
	const struct utterance *u = said->u;
	size_t                  stops = 0;

	if (said->is_other || (said->language != LANGUAGE_en && said->language != LANGUAGES_N))
		return false;
	for (size_t i = 0; i < u->n; i++)
		stops += words_is_stop(u->words[i].text);
	return stops > 0 || (u->n < FOREIGN_WORDS_MIN && !is_of_other_writing(u->text));
}

const char *language_line(const struct language_lines *lines, enum language language)
{
	const char *const all[] = {
#define X(code) [LANGUAGE_##code] = lines->code,
		LANGUAGES(X)
#undef X
	};

	assert(language < LANGUAGES_N);
	return all[language] ? all[language] : "";
}

/* ---- both ---- */

/* Everybody's danger is told in English, too. */
static bool tells_danger(const struct utterance *u, enum language *language)
{
	for (int i = 0; i < LANGUAGES_N; i++)
		if ((i == LANGUAGE_en || *language != LANGUAGE_en) &&
		    fits(u, ACTS_WORDS_SAY_DANGER_EN + i)) {
			*language = (enum language)i;
			return true;
		}
	return false;
}

/* Piece by piece, which share some words. */
static bool tells_danger_behind(struct ctx *cx, struct span message, enum language *language)
{
	struct utterance u;
	size_t           n;

	while (message.len > ACT_BYTES_MAX) {
		n = utf8_prefix(message, ACT_BYTES_MAX - SHARED_BYTES).len;
		message = (struct span){message.ptr + n, message.len - n};
		u = tokens_split(cx, utf8_prefix(message, ACT_BYTES_MAX));
		if (tells_danger(&u, language))
			return true;
	}
	return false;
}

struct act_words act_words_of(struct ctx *cx, struct span message)
{
	struct utterance *u = NEW(cx->arena, struct utterance);
	struct act_words  said = {.u = u};

	*u = tokens_split(cx, utf8_prefix(message, ACT_BYTES_MAX));
	said.language = language_of(u, &said.is_other);
	said.is_danger =
		tells_danger(u, &said.language) || tells_danger_behind(cx, message, &said.language);
	return said;
}

bool act_is_foreign(const struct act_words *said)
{
	return !is_english(said);
}

/* Letters, and signs that add nothing to them: no other mark of a question, no picture. */
static bool is_only_said(struct span text)
{
	while (text.len) {
		uint32_t c = utf8_next(&text);

		if (!unicode_is_word(c) && !unicode_is_space(c) && !unicode_is_dash(c) &&
		    !(c < 0x80 ? strchr(".,!'", (int)c) != NULL : c == 0x2019 || c == 0x2026))
			return false;
	}
	return true;
}

bool act_is_backchannel(const struct act_words *said)
{
	const struct phrases *list = &acts_words[ACTS_WORDS_BACKCHANNEL];

	if (said->u->n == 0 || said->u->text.len > BACKCHANNEL_BYTES || !is_only_said(said->u->text))
		return false;
	for (size_t i = 0, n; i < said->u->n; i += n)
		if ((n = phrases_at(list, said->u, i)) == 0)
			return false;
	return true;
}

bool act_hints_danger(const struct act_words *said)
{
	return tells(said->u, ACTS_WORDS_HINT) && !tells(said->u, ACTS_WORDS_IDIOM);
}

bool act_danger_by_meaning(const struct act_words *said)
{
	return !said->is_danger && is_english(said) && may_be_danger(said->u);
}

/* Whatever address or order stands beside it. */
static bool stands(enum act act)
{
	return act == ACT_wants_person || act == ACT_wants_refund || act == ACT_wants_erasure ||
	       act == ACT_threat;
}

/* Beside the orders in it. */
static bool has_other_words(struct ctx *cx, const struct utterance *u)
{
	return words_count(text_without_orders(cx, u->text)) > 0;
}

enum act act_of(struct ctx *cx, const struct act_words *said, const struct act_vectors *known,
                const float *vector)
{
	const struct utterance *u = said->u;
	const struct contact   *contacts;
	enum act                act;
	bool                    has_orders;

	if (said->is_danger)
		return ACT_distress;
	if (is_whole(u, &act))
		return act;
	if (fits(u, ACTS_WORDS_SAY_WANTS_PERSON) && !text_has_orders(cx, u->text))
		return ACT_wants_person;
	if (fits(u, ACTS_WORDS_SAY_WEARY) || fits(u, ACTS_WORDS_SAY_GRIEF))
		return ACT_sad;
	act = vector && is_english(said) ? by_meaning(known, vector, u) : by_form(u);
	has_orders = text_has_orders(cx, u->text);
	if (act == ACT_distress && (!has_orders || act_hints_danger(said)))
		return act;
	if (has_orders && !(stands(act) && has_other_words(cx, u)))
		return ACT_orders;
	if (stands(act))
		return act;
	return contact_find(cx, u->text, &contacts) > 0 ? ACT_statement : by_words(u, act);
}
