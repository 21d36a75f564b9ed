/* act.c -- words that leave no doubt, then the nearest examples. */
#include "act.h"

#include "../../base/utf8.h"
#include "../text/tokens.h"
#include "../text/words.h"
#include "../who/contact.h"

#define NEAREST       3
#define FORM_WEIGHT   0.05 /* of asking or telling, among likenesses of 0 to 1 */
#define LENGTH_WEIGHT 0.02 /* of each step in length */
#define DOUBT         0.05

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

/* What words tell: the whole message, or that somebody is in danger, may be, or rather not. */
enum tells { TELLS_thanks, TELLS_goodbye, TELLS_greeting, TELLS_yes, TELLS_no, WHOLE_N };
enum {
	TELLS_danger_en = WHOLE_N, /* one for each of enum language, in its order */
	TELLS_danger_de,
	TELLS_danger_fr,
	TELLS_danger_es,
	TELLS_danger_it,
	TELLS_danger_pt,
	TELLS_hint,
	TELLS_idiom,
	TELLS_threat
};

static const struct {
	int         tells;
	const char *phrase;
} phrases[] = {
#define X(name, text) {TELLS_##name, text},
#include "common/domain/talk/act_words.tsv.h"
#undef X
};

const char *act_name(enum act act)
{
	return names[act];
}

const struct act_example *act_examples(size_t *n_out)
{
	*n_out = COUNT(examples);
	return examples;
}

/* ---- form ---- */

static bool asks(const struct utterance *u)
{
	static const char *const before[] = {"so", "and", "but",   "ok",    "okay", "well", "um",
	                                     "hi", "hey", "sorry", "right", "oh",   "no",   "please"};
	static const char *const starts[] = {
		"what",  "who",    "how",    "why",   "when", "where", "which",  "whats", "what's",
		"who's", "how's",  "do",     "does",  "did",  "can",   "could",  "would", "will",
		"is",    "are",    "am",     "was",   "has",  "have",  "shall",  "may",   "isn't",
		"don't", "aren't", "didn't", "won't", "hows", "whose", "should",
	};
	size_t i = 0;

	if (memchr(u->text.ptr, '?', u->text.len))
		return true;
	while (TOKENS_IS_ANY(u, i, before))
		i++;
	return TOKENS_IS_ANY(u, i, starts);
}

static struct act_form form_of(const struct utterance *u)
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

	return form_of(&u);
}

/* ---- words ---- */

/* A phrase at word i; "..." in it stands for at most three words. How many words, 0: none. */
static size_t phrase_at(const struct utterance *u, size_t i, const char *phrase)
{
	enum { GAP_WORDS = 3 };
	const char *gap = strstr(phrase, " ... ");
	char        first[64];
	size_t      n, rest = 0;

	if (!gap)
		return tokens_at(u, i, phrase);
	snprintf(first, sizeof(first), "%.*s", (int)(gap - phrase), phrase);
	n = tokens_at(u, i, first);
	for (size_t skip = 0; n && !rest && skip <= GAP_WORDS; skip++) {
		rest = phrase_at(u, i + n + skip, gap + strlen(" ... "));
		rest += rest ? skip : 0;
	}
	return rest ? n + rest : 0;
}

static bool tells(const struct utterance *u, int what)
{
	for (size_t k = 0; k < COUNT(phrases); k++)
		for (size_t i = 0; phrases[k].tells == what && i < u->n; i++)
			if (phrases[k].phrase[0] == u->words[i].low[0] && phrase_at(u, i, phrases[k].phrase))
				return true;
	return false;
}

/* The longest phrase at word i that may make a whole message, and what it tells. */
static size_t whole_at(const struct utterance *u, size_t i, int *tells_out)
{
	size_t longest = 0;

	for (size_t k = 0; k < COUNT(phrases); k++) {
		size_t n = phrases[k].tells < WHOLE_N ? phrase_at(u, i, phrases[k].phrase) : 0;

		if (n > longest) {
			longest = n;
			*tells_out = phrases[k].tells;
		}
	}
	return longest;
}

/* Nothing but phrases: what the last of them tells; "yes, thank you" is thanks. */
static bool is_whole(const struct utterance *u, enum act *out)
{
	static const enum act acts[WHOLE_N] = {ACT_thanks, ACT_goodbye, ACT_greeting, ACT_yes, ACT_no};
	int                   what = WHOLE_N;

	for (size_t i = 0, n; i < u->n; i += n) {
		n = whole_at(u, i, &what);
		if (!n)
			return false;
	}
	if (what == WHOLE_N)
		return false;
	*out = acts[what];
	return true;
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

/* By how much the examples of danger must be nearer than all others. */
static double danger_margin(const struct act_scale *scale, const struct utterance *u)
{
	if (tells(u, TELLS_idiom))
		return scale->danger_idiom;
	return tells(u, TELLS_hint) ? scale->danger_hinted : scale->danger;
}

/* What would hurt where it is wrong must be clearly nearer than a plain statement. */
static double doubt(size_t act, const double scores[ACTS_N], const struct utterance *u)
{
	bool hurts = act == ACT_threat || act == ACT_wants_refund || act == ACT_orders ||
	             act == ACT_stop_asking || act == ACT_say_again;

	if (act == ACT_threat && !tells(u, TELLS_threat))
		return 1;
	return hurts && scores[act] - scores[ACT_statement] < DOUBT ? 1 : 0;
}

static enum act nearest_act(const struct act_vectors *known, const float *vector,
                            const struct utterance *u)
{
	double   scores[ACTS_N], danger;
	enum act best = ACT_statement;

	compare(known, vector, form_of(u), scores);
	danger = scores[ACT_distress];
	for (size_t i = 0; i < ACTS_N; i++)
		if (i != ACT_distress && scores[i] - doubt(i, scores, u) > scores[best])
			best = (enum act)i;
	if (danger > known->scale.floor && danger - scores[best] > danger_margin(&known->scale, u))
		return ACT_distress;
	return scores[best] > known->scale.floor ? best : by_form(u);
}

/* The examples are English; what has three words and hardly one of its small ones is not. */
static bool is_english(const struct utterance *u)
{
	size_t stops = 0;

	for (size_t i = 0; i < u->n; i++)
		stops += words_is_stop(u->words[i].text);
	return u->n < 3 || stops * 5 >= u->n;
}

/* ---- both ---- */

struct act_words act_words_of(struct ctx *cx, struct span message)
{
	struct utterance *u = NEW(cx->arena, struct utterance);
	struct act_words  said = {.u = u, .language = LANGUAGE_en};

	*u = tokens_split(cx, utf8_prefix(message, ACT_BYTES_MAX));
	for (int i = 0; i < LANGUAGES_N && !said.is_danger; i++)
		if (tells(u, TELLS_danger_en + i)) {
			said.is_danger = true;
			said.language = (enum language)i;
		}
	return said;
}

bool act_is_foreign(const struct act_words *said)
{
	return !is_english(said->u);
}

bool act_hints_danger(const struct act_words *said)
{
	return tells(said->u, TELLS_hint) && !tells(said->u, TELLS_idiom);
}

/* Whatever address or order stands beside it. */
static bool stands(enum act act)
{
	return act == ACT_distress || act == ACT_wants_person || act == ACT_wants_refund ||
	       act == ACT_threat;
}

enum act act_of(struct ctx *cx, const struct act_words *said, const struct act_vectors *known,
                const float *vector)
{
	const struct utterance *u = said->u;
	const struct contact   *contacts;
	enum act                act;

	if (said->is_danger)
		return ACT_distress;
	if (is_whole(u, &act))
		return act;
	act = vector && is_english(u) ? nearest_act(known, vector, u) : by_form(u);
	if (stands(act))
		return act;
	if (text_has_orders(cx, u->text))
		return ACT_orders;
	return contact_find(cx, u->text, &contacts) > 0 ? ACT_statement : act;
}
