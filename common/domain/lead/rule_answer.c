/* rule_answer.c -- what a bare answer means, by what the agent asked for right before.
 *
 * A question is known by a few of its words and not by its text, so that a model's questions
 * count as well as our own. */
#include "rules.h"

#include "../../base/unicode.h"
#include "../../base/utf8.h"
#include "../text/words.h"

enum { WHOLE_NAME_WORDS = 3, REFUSAL_WORDS_MAX = 8 };

static const struct {
	const struct phrases *patterns;
	enum subject          subject;
} questions[] = {
	{LIST(SAY_ASKS_NAME), ASKED_NAME},         {LIST(SAY_ASKS_FAMILY), ASKED_FAMILY_NAME},
	{LIST(SAY_ASKS_ORG), ASKED_ORG},           {LIST(SAY_ASKS_ROLE), ASKED_ROLE},
	{LIST(SAY_ASKS_USE_CASE), ASKED_USE_CASE}, {LIST(SAY_ASKS_BUDGET), ASKED_BUDGET},
	{LIST(SAY_ASKS_TIMELINE), ASKED_TIMELINE},
};

/* The last sentence that ends in a question mark; without one the last sentence, as spoken. */
static struct span question_of(struct span asked)
{
	const char *end = asked.ptr + asked.len, *from;

	for (const char *p = end; p > asked.ptr; p--)
		if (p[-1] == '?') {
			end = p - 1;
			break;
		}
	while (end > asked.ptr && strchr(".!? \n", end[-1]))
		end--;
	for (from = end; from > asked.ptr && !strchr(".!?\n", from[-1]);)
		from--;
	return (struct span){from, (size_t)(end - from)};
}

static size_t no_slot(const void *data, char kind, size_t i)
{
	(void)data;
	(void)kind;
	return i;
}

unsigned rules_subjects_of(struct ctx *cx, struct span asked)
{
	const struct grammar g = {lead_words, no_slot, NULL};
	struct utterance     u = tokens_split(cx, question_of(asked));
	struct pattern_match m = {.n = 0};
	unsigned             subjects = 0;

	for (size_t k = 0; k < COUNT(questions); k++)
		for (size_t i = 0; i < u.n; i++)
			if (pattern_at(&g, questions[k].patterns, &u, i, &m) && !m.is_refusal)
				subjects |= questions[k].subject;
	return subjects;
}

/* "No", "I'd rather not", "why do you ask?" tell nothing. */
static bool is_declined(const struct utterance *u)
{
	const char *end = u->text.ptr + u->text.len;

	while (end > u->text.ptr && strchr(" \n\"", end[-1]))
		end--;
	return (end > u->text.ptr && end[-1] == '?') || phrases_at(LIST(ASKING), u, 0) ||
	       phrases_in(LIST(REFUSALS), u, 0, u->n < 6 ? u->n : 6);
}

/* The first word that is more than a lead to the answer. */
static size_t answer_from(const struct utterance *u)
{
	size_t i = 0, n;

	while (i < u->n && (n = phrases_at(LIST(ANSWER_LEADS), u, i)) > 0)
		i += n;
	return i;
}

/* Nothing follows that makes another thing of the words before. */
static bool ends_answer(const struct utterance *u, size_t to)
{
	return to >= u->n || u->words[to].gap != GAP_SPACE || !u->words[to].low[1] ||
	       phrases_at(LIST(ANSWER_TAILS), u, to);
}

/* "Our large oven is red", "Search in our shop": nobody is called that. */
static bool is_of_a_thing(const struct rules *r, size_t from, size_t to)
{
	static const char *const determiners[] = {"our", "the", "a", "an", "my", "your", "their"};

	if (rules_is_known_name(r, from))
		return false;
	return (from > 0 && TOKENS_IS_ANY(r->u, from - 1, determiners)) ||
	       (tokens_is(r->u, to, "in") && TOKENS_IS_ANY(r->u, to + 1, determiners));
}

/* "It's raining cats and dogs", "I'm driving": how things are, and nobody's name, unless it is one
 * we know or written as one. */
static bool is_how_things_are(const struct rules *r, size_t from)
{
	static const char *const states[] = {"it's", "its", "it is", "i'm", "im", "i am", "we're"};
	const char              *low = r->u->words[from].low;
	size_t                   back = from > 2 ? from - 2 : 0;
	bool                     is_state = TOKENS_ANY_IN(r->u, back, from, states);

	if (r->has_capitals && rules_is_capital(r, from) && (from > 0 || rules_is_capital(r, 1)))
		return false;
	if (is_state && phrases_at(LIST(WEATHERS), r->u, from))
		return true;
	return !rules_is_known_name(r, from) &&
	       (rules_is_doing(low) || (is_state && rules_is_adjectival(low)));
}

static void answer_name(struct rules *r, size_t from)
{
	size_t to = rules_slot_to(r, 'N', from);

	/* "Hope" is a word, and a name where it is all that is said. */
	if (to == from && from + 1 == r->u->n && rules_is_known_name(r, from))
		to = r->u->n;
	if (tokens_is(r->u, to, "and") && rules_is_capital(r, to + 1))
		return; /* "Harcourt and Vale" are a firm */
	if (to == from + 1 && phrases_has(LIST(NOT_NAMES), r->u->words[from].low) &&
	    !rules_is_known_name(r, from))
		return; /* "Maybe." */
	if (is_of_a_thing(r, from, to) || is_how_things_are(r, from))
		return;
	if (to > from && to - from <= WHOLE_NAME_WORDS && ends_answer(r->u, to))
		rules_keep(r, ENTITY_person_name, from, to, true);
}

/* "And your surname?" asks for what is behind the name we know. */
static void answer_family_name(struct rules *r, size_t from)
{
	const char *known = r->x->entities.person_name;
	size_t      to = rules_slot_to(r, 'N', from);

	if (to == from || to - from > WHOLE_NAME_WORDS || !ends_answer(r->u, to))
		return;
	rules_keep(r, ENTITY_person_name, from, to, true);
	if (known && !strchr(known, ' ') && to - from == 1)
		r->x->entities.person_name =
			arena_printf(r->cx->arena, "%s %s", known, r->x->entities.person_name);
}

/* "A thin stripe", and "Thin stripes run down the middle" where sentences get their capitals, are
 * written as no name is; "brindle freight" alone may be one. */
static bool is_written_as_a_thing(const struct rules *r, size_t from, size_t to)
{
	static const char *const determiners[] = {"our", "a", "an", "my", "your", "their"};

	for (size_t i = from > 0 ? from : 1; i < to; i++)
		if (rules_is_capital(r, i))
			return false;
	return (from > 0 && TOKENS_IS_ANY(r->u, from - 1, determiners)) ||
	       (rules_is_capital(r, 0) && to - from > 1 && to < r->u->n &&
	        r->u->words[to].gap == GAP_SPACE);
}

static void answer_org(struct rules *r, size_t from)
{
	size_t to = rules_slot_to(r, 'O', from);

	if (to > from && (ends_answer(r->u, to) || rules_counts_at(r->u, to)) &&
	    !is_written_as_a_thing(r, from, to))
		rules_keep(r, ENTITY_org_name, from, to, true);
}

static void answer_role(struct rules *r, size_t from)
{
	size_t to = rules_role_to(r, from, true);

	if (to == from) { /* "Sales.", but not "our product search" */
		to = rules_department_to(r->u, from);
		to = ends_answer(r->u, to) ? to : from;
	}
	if (to > from)
		rules_keep(r, ENTITY_role, from, to, false);
}

/* "We're Tidewell Freight" is no problem, whatever was asked, nor is how to reach somebody. */
static bool tells_who(const struct rules *r, const struct extract_entities *before)
{
	const struct extract_entities *e = &r->x->entities;

	return r->reach || e->org_name != before->org_name || e->person_name != before->person_name;
}

/* Words mostly of another writing, which may be anything, unless all are written as a name is:
 * "Иван Петров". */
static bool is_unreadable(const struct rules *r)
{
	const struct utterance *u = r->u;
	size_t                  others = 0, capitals = 0;

	for (size_t i = 0; i < u->n; i++) {
		struct span text = u->words[i].text;

		others += !rules_is_latin(r, i);
		capitals += unicode_is_upper(utf8_next(&text)) && (i == 0 || u->words[i].gap == GAP_SPACE);
	}
	return others > 0 && others * 2 >= u->n && (capitals < u->n || u->n < 2);
}

/* "Vielen Dank, bis morgen!": all of it is politeness. */
static bool is_courtesy(const struct rules *r)
{
	size_t i = 0;

	for (size_t n = 1; n > 0 && i < r->u->n; i += n)
		n = rules_courtesy_at(r, i);
	return i == r->u->n;
}

void rules_take_answer(struct rules *r, const struct extract_entities *before)
{
	const struct extract_entities *e = &r->x->entities;
	unsigned                       asked = r->subjects;
	size_t                         from = answer_from(r->u);

	if (asked == 0 || is_courtesy(r) || is_unreadable(r))
		return;
	/* "Nobody can find anything in it" is no refusal. */
	if (asked & ASKED_USE_CASE && e->use_case == before->use_case && !tells_who(r, before) &&
	    (r->u->n > REFUSAL_WORDS_MAX || !is_declined(r->u)))
		rules_answer_use_case(r);
	if (is_declined(r->u))
		return;
	if (from >= r->u->n || rules_courtesy_at(r, from))
		return;
	if (asked & ASKED_NAME && e->person_name == before->person_name)
		answer_name(r, from);
	if (asked & ASKED_FAMILY_NAME && e->person_name == before->person_name)
		answer_family_name(r, from);
	if (asked & ASKED_ORG && e->org_name == before->org_name &&
	    e->person_name == before->person_name)
		answer_org(r, from);
	if (asked & ASKED_ROLE && e->role == before->role)
		answer_role(r, from);
}
