/* rule_extract.c -- one pass over the utterances, oldest first; each rule fills its field.
 *
 * A field said again replaces what was there, which is what a correction is.
 * "Not X, Y" after the fact is looked at on its own. */
#include "rule_extract.h"

#include "money.h"
#include "../text/quantity.h"
#include "rules.h"
#include "timeline.h"
#include "../text/words.h"

#include <ctype.h>

/* ---- amounts and times ---- */

/* The text with one word in the place of another, when it has that. */
static const char *replaced(struct rules *r, const char *text, const char *old, struct span new)
{
	struct buf  out = buf_new(r->cx->arena, 512);
	struct span rest = span_of(text), word;
	const char *done = text;
	bool        is_found = false;

	while (words_next(&rest, &word)) {
		if (!words_equal(word, old) || is_found)
			continue;
		buf_add(&out, done, (size_t)(word.ptr - done));
		buf_add(&out, new.ptr, new.len);
		done = word.ptr + word.len;
		is_found = true;
	}
	buf_str(&out, done);
	return is_found ? buf_text(&out) : NULL;
}

/* "Make that 12,000", of "15,000 euros": the figures are others; NULL: it is more than figures. */
static const char *figures_fixed(struct rules *r, const char *known, struct span number,
                                 const char *scale)
{
	size_t before = strcspn(known, "0123456789"), n = strspn(known + before, "0123456789.,");

	for (size_t i = 0; i < number.len && !*scale; i++)
		if (!strchr("0123456789.,", number.ptr[i]))
			return NULL;
	if (n == 0)
		return *scale ? arena_printf(r->cx->arena, "%.*s%s", (int)number.len, number.ptr, scale)
		              : NULL;
	if (isalpha((unsigned char)known[before + n])) /* "12k" */
		scale = "";
	return arena_printf(r->cx->arena, "%.*s%.*s%s%s", (int)before, known, (int)number.len,
	                    number.ptr, scale, known + before + n);
}

/* "Make that fifteen", of "twelve thousand pounds": the number is another, of the same kind. */
static const char *amount_fixed(struct rules *r, const char *known, struct span number)
{
	enum { WHOLE = 1000 };
	struct utterance old = tokens_split(r->cx, span_of(known));
	size_t           i = 0;

	while (i < old.n && !phrases_has(LIST(SCALES), old.words[i].low))
		i++;
	if (i < old.n && money_largest(number) >= WHOLE)
		i++;
	if (i < old.n)
		return arena_printf(r->cx->arena, "%.*s %s", (int)number.len, number.ptr,
		                    old.words[i].text.ptr);
	if (money_largest(span_of(known)) < money_largest(number) * 10) /* it is whole */
		return figures_fixed(r, known, number, "");
	return figures_fixed(r, known, number, " thousand");
}

/* "I got the amount wrong, it's": one past it; i: that is not said. */
static size_t wrong_amount_to(const struct utterance *u, size_t i)
{
	size_t at = i + phrases_at(LIST(AMOUNT_WRONGS), u, i);

	while (at > i && at < u->n && phrases_has(LIST(RIGHT_LINKS), u->words[at].low))
		at++;
	return at;
}

static void correct_amount(struct rules *r, const char *known)
{
	const char *fixed = NULL;

	for (size_t i = 0, at, n; known && !fixed && i < r->u->n; i++) {
		at = i + phrases_at(LIST(AMOUNT_FIXES), r->u, i);
		at = at > i ? at : wrong_amount_to(r->u, i);
		n = at > i ? quantity_words(r->u, at) : 0;
		if (n && !phrases_in(LIST(SCALES), r->u, at, at + n) &&
		    (at + n == r->u->n || r->u->words[at + n].gap != GAP_SPACE))
			fixed = amount_fixed(r, known, tokens_text(r->u, at, at + n));
	}
	if (fixed)
		r->x->entities.budget_range = extract_clean(r->cx, span_of(fixed), 200);
}

/* "12,000 pounds", "£12,000" and "12,000" in dollars. */
static const char *in_currency(struct rules *r, const char *known, const struct utterance *old,
                               struct span currency)
{
	for (size_t i = 0; i < old->n; i++)
		if (phrases_has(LIST(CURRENCIES), old->words[i].low))
			return replaced(r, known, old->words[i].low, currency);
	return arena_printf(r->cx->arena, "%s %.*s", old->n ? old->words[0].text.ptr : known,
	                    (int)currency.len, currency.ptr);
}

/* "Dollars, not pounds", "sorry, euros": what was told was of another currency. */
static void correct_currency(struct rules *r)
{
	const struct utterance *u = r->u;
	const char             *known = r->x->entities.budget_range, *fixed = NULL;
	struct utterance        old = tokens_split(r->cx, span_of(known ? known : ""));
	struct pattern_match    m = {.n = 0};

	for (size_t i = 0; i < u->n && known && !fixed; i++)
		if (pattern_at(&r->grammar, LIST(SAY_CURRENCY), u, i, &m) && !m.is_refusal)
			for (size_t k = m.from; k < m.to && !fixed; k++)
				if (phrases_has(LIST(CURRENCIES), u->words[k].low) &&
				    !(k > 0 && tokens_is(u, k - 1, "not")))
					fixed = in_currency(r, known, &old, u->words[k].text);
	r->x->entities.budget_range = fixed ? fixed : known;
}

/* "They offered 310,000 francs, ours stops at 240,000": in what the amount before it is. */
static const char *as_before(struct rules *r, const struct money *m)
{
	struct span  rest = {r->u->text.ptr, (size_t)(m->text.ptr - r->u->text.ptr)};
	struct money before, last = {.is_marked = false};
	const char  *fixed = NULL;

	while (!m->is_marked && money_next(&rest, &before))
		last = before.is_marked ? before : last;
	if (last.is_marked)
		fixed = amount_fixed(r, arena_strndup(r->cx->arena, last.text.ptr, last.text.len), m->text);
	return extract_clean(r->cx, fixed ? span_of(fixed) : m->text, 200);
}

static void find_budget(struct rules *r)
{
	const char **budget = &r->x->entities.budget_range, *told = *budget; /* with what it is of */
	struct span  rest = r->u->text;
	struct money m;

	while (money_next_spoken(r->u, r->subjects & ASKED_BUDGET, &rest, &m)) {
		*budget = as_before(r, &m);
		told = m.is_marked || m.is_scaled || !told ? *budget : told;
	}
	correct_amount(r, told);
	correct_currency(r);
}

/* A day of a month, one past it; i: none. */
static size_t ordinal_to(const struct utterance *u, size_t i)
{
	static const char *const tens[] = {"twenty", "thirty"};
	size_t                   at = i + TOKENS_IS_ANY(u, i, tens);

	return at < u->n && phrases_has(LIST(ORDINALS), u->words[at].low) ? at + 1 : i;
}

/* The day in a date that was told, "tenth" or the "12" of "12 June"; NULL: there is none. */
static struct span day_of(const struct utterance *date)
{
	int64_t figures;

	for (size_t i = 0; i < date->n; i++) {
		bool is_by_month = phrases_at(LIST(MONTHS), date, i + 1) ||
		                   (i > 0 && phrases_at(LIST(MONTHS), date, i - 1));
		size_t to = ordinal_to(date, i);

		if (to == i && is_by_month && str_to_int(date->words[i].low, 1, 31, &figures))
			to++;
		if (to > i)
			return tokens_text(date, i, to);
	}
	return (struct span){NULL, 0};
}

/* "No, the fair is on": nothing is named that was not when the date was told, so it is the same. */
static bool is_of_that_date(const struct rules *r, size_t from, size_t to)
{
	static const char *const moves[] = {"moved", "moves", "changed"};
	bool                     is_same = true;

	for (size_t i = from; i < to && is_same; i++) {
		is_same = words_is_stop(r->u->words[i].text) || phrases_at(LIST(FIXES), r->u, i) ||
		          phrases_at(LIST(NEEDS), r->u, i) || TOKENS_IS_ANY(r->u, i, moves);
		for (size_t k = 0; k < r->dated->n && !is_same; k++)
			is_same = str_equal(r->dated->words[k].low, r->u->words[i].low);
	}
	return is_same;
}

/* The word before i is one that a day stands behind. */
static bool is_led(const struct utterance *u, size_t i)
{
	static const char *const leads[] = {"on",     "by",   "for",   "to",    "until",   "till",
	                                    "before", "it's", "it is", "but",   "date is", "day is",
	                                    "its",    "not",  "isn't", "it was"};

	return TOKENS_ANY_AT(u, i - 1, leads) == 1 || (i > 1 && TOKENS_ANY_AT(u, i - 2, leads) == 2);
}

/* The day [from, to) is said to be wrong, or right. */
static bool is_wrong_day(const struct utterance *u, size_t from)
{
	static const char *const nots[] = {"not", "isn't", "wasn't"};

	return TOKENS_IS_ANY(u, from - 1, nots) || (from > 1 && TOKENS_IS_ANY(u, from - 2, nots));
}

static bool is_right_day(const struct rules *r, size_t fixed, size_t from, size_t to)
{
	enum { ASIDE_WORDS = 4 };
	const struct utterance *u = r->u;
	bool                    is_behind = phrases_at(LIST(FIXES), u, to) || tokens_is(u, to, "not");

	if (fixed == from || (fixed && from - fixed <= ASIDE_WORDS && u->words[from].gap == GAP_COMMA))
		return true; /* "no, they moved it, the fifteenth" */
	if (!fixed && is_behind)
		fixed = tokens_sentence_from(u, from);
	else if (!fixed)
		return false;
	return is_led(u, from) && is_of_that_date(r, fixed, from);
}

/* The day of a month that the newest words put in the place of another; NULL: none. */
static struct span corrected_day(const struct rules *r)
{
	const struct utterance *u = r->u;
	struct span             day = {NULL, 0};
	size_t                  fixed = 0; /* one past the last word that says so */

	for (size_t i = 1; i < u->n; i++) {
		size_t at = i + tokens_is(u, i, "the"), to = ordinal_to(u, at);

		fixed = phrases_at(LIST(FIXES), u, i - 1) ? i : fixed;
		if (to == at || u->words[at].gap == GAP_STOP ||
		    (to < u->n && u->words[to].gap == GAP_SPACE && !tokens_is(u, to, "not") &&
		     !tokens_is(u, to, "but")))
			continue;
		if (is_wrong_day(u, i))
			fixed = to;
		else if (is_right_day(r, fixed, i, to))
			day = tokens_text(u, at, to);
	}
	return day;
}

/* "By the tenth of June. No, the fifteenth": the day of the month that was told is another. */
static void correct_day(struct rules *r)
{
	const char      *known = r->x->entities.timeline;
	struct utterance date = tokens_split(r->cx, span_of(known ? known : ""));
	struct span      old = day_of(&date), day;

	day = old.ptr ? corrected_day(r) : old;
	if (day.ptr)
		r->x->entities.timeline = arena_printf(r->cx->arena, "%.*s%.*s%s", (int)(old.ptr - known),
		                                       known, (int)day.len, day.ptr, old.ptr + old.len);
}

/* "On 14 May. Not May, June": the month of the date that was told is another. */
static void correct_month(struct rules *r, const char *known)
{
	const char      *now = r->x->entities.timeline, *fixed = NULL;
	struct utterance old = tokens_split(r->cx, span_of(known ? known : ""));
	struct utterance new = tokens_split(r->cx, span_of(now ? now : ""));

	if (now == known || new.n != 1 || !phrases_at(LIST(MONTHS), &new, 0) || !day_of(&old).ptr ||
	    !(phrases_in(LIST(FIXES), r->u, 0, r->u->n) || tokens_is(r->u, 0, "not")))
		return;
	for (size_t i = 0; i < old.n && !fixed; i++)
		if (phrases_at(LIST(MONTHS), &old, i))
			fixed = replaced(r, known, old.words[i].low, new.words[0].text);
	r->x->entities.timeline = fixed ? fixed : now;
}

/* "Right away" is how "immediately" is said. Beside a date in the same breath ("this quarter, can
 * you start right away?") it is when to begin, and the date stays. */
static void find_timeline(struct rules *r)
{
	static const char *const haste[] = {"right away", "straight away"};
	const char              *known = r->x->entities.timeline;
	size_t                   i = 0, from, to;
	bool                     has_date = false;

	while (timeline_next(r->u, r->subjects & ASKED_TIMELINE, &i, &from, &to)) {
		bool is_haste = TOKENS_ANY_AT(r->u, from, haste) == to - from;

		r->dated = r->u;
		if (!is_haste)
			rules_keep(r, ENTITY_timeline, from, to, false);
		else if (!has_date)
			r->x->entities.timeline = "immediately";
		has_date = has_date || !is_haste;
	}
	correct_month(r, known);
	correct_day(r);
}

/* ---- "it's Northlight, not Northwind" ---- */

static void correct_word(struct rules *r, size_t old, size_t new)
{
	static const enum entity named[] = {ENTITY_person_name, ENTITY_org_name, ENTITY_geo};
	char                    *text;

	if (old >= r->u->n || new >= r->u->n || words_is_stop(r->u->words[new].text))
		return;
	text = arena_strndup(r->cx->arena, r->u->words[new].text.ptr, r->u->words[new].text.len);
	text[0] = (char)toupper((unsigned char)text[0]);
	for (size_t k = 0; k < COUNT(named); k++) {
		const char **entity = &r->x->entities.text[named[k]];
		const char  *fixed =
            *entity ? replaced(r, *entity, r->u->words[old].low, span_of(text)) : NULL;

		*entity = fixed ? fixed : *entity;
	}
}

/* "Not Royal College, Royal Society": what was told, and then what it should be. */
static void correct_whole(struct rules *r, size_t i, enum entity entity, char slot)
{
	const char *known = r->x->entities.text[entity];
	size_t      at = i + 1 + tokens_is(r->u, i + 1, "the"), to = rules_told_to(r, known, at);

	if (to == at || to >= r->u->n || r->u->words[to].gap == GAP_STOP)
		return;
	for (at = to; at < r->u->n && (phrases_at(LIST(FIXES), r->u, at) ||
	                               phrases_has(LIST(LINKS), r->u->words[at].low));)
		at++;
	to = rules_slot_to(r, slot, at);
	if (to > at)
		rules_keep(r, entity, at, to, entity != ENTITY_role);
}

/* How many letters of one are others in the other. */
static size_t letters_apart(const char *a, const char *b)
{
	enum { LETTERS = 24 };
	size_t row[LETTERS + 1], n = strlen(b);

	if (n > LETTERS)
		return n;
	for (size_t k = 0; k <= n; k++)
		row[k] = k;
	for (; *a; a++)
		for (size_t k = 1, corner = row[0]++, up; k <= n; k++, corner = up) {
			up = row[k];
			row[k] = corner + (*a != b[k - 1]);
			row[k] = up + 1 < row[k] ? up + 1 : row[k];
			row[k] = row[k - 1] + 1 < row[k] ? row[k - 1] + 1 : row[k];
		}
	return row[n];
}

/* "Stubbs with two b's": the part of a name that sounds like it is spelled so. */
static void correct_spelling(struct rules *r, size_t i)
{
	static const enum entity named[] = {ENTITY_person_name, ENTITY_org_name};
	const char              *low = r->u->words[i].low;

	for (size_t k = 0; k < COUNT(named); k++) {
		const char      *known = r->x->entities.text[named[k]];
		struct utterance old = tokens_split(r->cx, span_of(known ? known : ""));

		for (size_t w = 0; w < old.n; w++)
			if (letters_apart(old.words[w].low, low) <= 2 && strlen(low) > 2)
				r->x->entities.text[named[k]] =
					replaced(r, known, old.words[w].low,
				             span_of(rules_titled(r->cx, r->u->words[i].text)));
	}
}

static void find_corrections(struct rules *r)
{
	struct pattern_match     m = {.n = 0};
	static const char *const buts[] = {"but", "it's", "its", "is"};
	const struct utterance  *u = r->u;

	for (size_t i = 0; i + 1 < u->n; i++) {
		if (pattern_at(&r->grammar, LIST(SAY_LETTER), u, i + 1, &m))
			correct_spelling(r, i);
		if (!tokens_is(u, i, "not"))
			continue;
		correct_whole(r, i, ENTITY_person_name, 'M');
		correct_whole(r, i, ENTITY_org_name, 'O');
		correct_whole(r, i, ENTITY_role, 'R');
		correct_whole(r, i, ENTITY_role, 'D');
		if (i > 0 && (i + 2 == u->n || u->words[i + 2].gap != GAP_SPACE) &&
		    u->words[i].gap != GAP_STOP)
			correct_word(r, i + 1, i - 1);
		if (TOKENS_IS_ANY(u, i + 2, buts))
			correct_word(r, i + 1, i + 3);
	}
}

/* ---- all of it ---- */

enum { SHORT_WORDS = 3, CLEAR_WEIGHT = 3, OVERWHELMING = 5 };

/* Capitals tell names apart only where most words have none: neither in text
 * all in lower case nor in text all in capitals. */
static bool tells_by_capitals(const struct utterance *u)
{
	size_t capitals = 0, inner = 0;

	for (size_t i = 0; i < u->n; i++) {
		const struct token *w = &u->words[i];
		bool                is_i = w->low[0] == 'i' && (!w->low[1] || w->low[1] == '\'');
		bool                is_capital = words_is_capitalised(w->text);

		capitals += is_capital && (i == 0 || !is_i);
		inner += is_capital && !is_i && w->gap != GAP_STOP;
	}
	return capitals > 0 && (inner * 4 <= u->n * 3 || u->n <= 6) &&
	       (inner > 0 || (words_is_capitalised(u->words[0].text) && u->n <= SHORT_WORDS));
}

/* "From uh Redwood Freight": nobody means the "uh", nor the pause that it fills. */
static void drop_hesitations(struct utterance *u)
{
	enum token_gap gap = GAP_SPACE;
	bool           is_filled = false;
	size_t         n = 0;

	for (size_t i = 0; i < u->n; i++) {
		struct token w = u->words[i];

		if (phrases_has(LIST(HESITATIONS), w.low)) {
			gap = w.gap > gap && w.gap == GAP_STOP ? w.gap : gap;
			is_filled = true;
			continue;
		}
		if (is_filled && w.gap != GAP_STOP)
			w.gap = gap;
		gap = GAP_SPACE;
		is_filled = false;
		u->words[n++] = w;
	}
	u->n = n;
}

static size_t heaviest(const struct rules *r)
{
	size_t best = INTENT_CONSULTING_INQUIRY;

	for (size_t i = 0; i < INTENT_COUNT; i++)
		best = r->weights[i] > r->weights[best] ? i : best;
	return best;
}

/* Who wants a speaker, an interview or a job wants it still when they ask what something costs. */
static void note_clear_intent(struct rules *r)
{
	size_t best = heaviest(r);

	if (!r->clear_intent && r->weights[best] >= CLEAR_WEIGHT &&
	    !phrases_in(LIST(FOUND_YOU), r->u, 0, r->u->n) &&
	    (best == INTENT_SPEAKING_REQUEST || best == INTENT_MEDIA_REQUEST ||
	     best == INTENT_JOB_OPPORTUNITY))
		r->clear_intent = best;
}

static void look_at(struct rules *r, const struct exchange *x)
{
	struct utterance             *u = NEW(r->cx->arena, struct utterance);
	const struct extract_entities before = r->x->entities;
	bool                          was_name_told = r->is_name_told;

	*u = tokens_split(r->cx, text_without_orders(r->cx, x->said));
	drop_hesitations(u);
	r->is_name_told =
		phrases_in(LIST(NAME_TALK), u, 0, u->n) || phrases_said(LIST(NAME_TALK), x->asked);
	if (u->n == 0)
		return;
	r->u = u;
	r->grammar = (struct grammar){lead_words, rules_slot_to, r};
	r->subjects = rules_subjects_of(r->cx, x->asked);
	r->has_capitals = tells_by_capitals(u);
	r->is_name_due = was_name_told || r->is_name_told;
	rules_mark_contacts(r, u);
	rules_find_person(r);
	rules_find_contacts(r);
	rules_find_org(r);
	rules_find_role(r);
	rules_find_place(r);
	find_corrections(r);
	find_budget(r);
	find_timeline(r);
	rules_find_use_case(r);
	rules_find_channel(r);
	rules_find_permissions(r);
	rules_find_actions(r);
	rules_weigh_intents(r);
	note_clear_intent(r);
	rules_take_answer(r, &before);
	r->u = NULL;
}

static size_t count_entities(const struct extract_entities *e)
{
	size_t n = 0;

	for (size_t i = 0; i < ENTITY_COUNT; i++)
		n += e->text[i] != NULL;
	return n;
}

/* Honest: rules that agree with each other are worth something, yet never as
 * much as being sure. */
static double confidence_of(double best, double second, size_t entities)
{
	double margin = best > 0 ? (best - second) / best : 0;
	double base = best >= 5 ? 0.6 : best >= 3 ? 0.5 : best >= 1 ? 0.35 : 0.2;
	double c = base + 0.2 * (best > 0 ? margin : 0) + 0.02 * (double)entities;

	return c > 0.9 ? 0.9 : c;
}

/* A budget or a project without any other cue is a client's talk. */
static void decide_intent(struct rules *r)
{
	const struct extract_entities *e = &r->x->entities;
	double                         second = 0;
	size_t                         best;

	r->weights[INTENT_CONSULTING_INQUIRY] += e->budget_range ? 1 : 0;
	best = heaviest(r);
	if (r->clear_intent && best == INTENT_CONSULTING_INQUIRY &&
	    r->weights[best] < r->weights[r->clear_intent] + OVERWHELMING)
		best = r->clear_intent;
	for (size_t i = 0; i < INTENT_COUNT; i++)
		second = i != best && r->weights[i] > second ? r->weights[i] : second;
	r->x->intent = (enum intent)best;
	r->x->confidence = confidence_of(r->weights[best], second, count_entities(e));
}

static bool knows_nothing(const struct rules *r)
{
	for (size_t i = 0; i < INTENT_COUNT; i++)
		if (r->weights[i] > 0)
			return false;
	return count_entities(&r->x->entities) == 0 && r->x->n_actions == 0 &&
	       r->x->entities.email_opt_in == PERMISSION_UNKNOWN &&
	       r->x->entities.quote_ok == PERMISSION_UNKNOWN;
}

/* What was told now, too, is a string of its own. */
static struct extract_entities news(const struct extract_entities *now,
                                    const struct extract_entities *before)
{
	struct extract_entities out = {.email_opt_in = now->email_opt_in, .quote_ok = now->quote_ok};

	for (size_t i = 0; i < ENTITY_COUNT; i++)
		out.text[i] = now->text[i] != before->text[i] ? now->text[i] : NULL;
	return out;
}

void rule_extract_on(struct ctx *cx, const struct extract *known, const struct exchange *talk,
                     size_t n, struct rule_told *out)
{
	struct rules            r = {.cx = cx, .x = NEW(cx->arena, struct extract)};
	struct extract_entities before = {.text = {NULL}};

	for (size_t i = known && n > RULE_EXTRACT_NEWEST ? n - RULE_EXTRACT_NEWEST : 0; i < n; i++) {
		before = r.x->entities;
		look_at(&r, &talk[i]);
	}
	if (r.phone && !r.x->entities.channel)
		r.x->entities.channel = "phone";
	out->now = news(&r.x->entities, &before);
	out->phone = r.phone;
	out->reach = r.reach;
	out->is_redated = before.timeline && out->now.timeline;
	out->has_own_firm = r.has_own_firm;
	out->all = knows_nothing(&r) ? NULL : r.x;
	if (out->all)
		decide_intent(&r);
}

struct extract *rule_extract(struct ctx *cx, const struct exchange *talk, size_t n)
{
	struct rule_told told;

	rule_extract_on(cx, NULL, talk, n, &told);
	return told.all;
}
