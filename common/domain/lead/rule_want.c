/* rule_want.c -- what the visitor wants: use case, channel, permissions, follow-ups. */
#include "rules.h"

#include "money.h"
#include "timeline.h"
#include "../text/words.h"

enum {
	PAIN_WORDS_MAX = 12,
	CLAUSE_WORDS_MAX = 30,
	CHANNEL_WORDS_MAX = 4,
	CLEAR_WORDS = 4,
	NEED_WORTH = 100,
	PAIN_WORTH = 60,
	WORK_WORTH = 5,
	MEANT_WORDS_MIN = 3,
	ANSWER_TOPICS = 2,
	DOING_WORDS = 6,
	AMOUNT_MIN = 2000
};

/* ---- use case ---- */

/* "My colleague can help, his": what is helped is not what comes behind a pause. */
static bool is_help_given(const struct utterance *u, size_t i)
{
	static const char *const helps[] = {"can help", "could help", "might help", "would help"};
	size_t                   to = i + TOKENS_ANY_AT(u, i, helps);

	return to > i && to < u->n && u->words[to].gap != GAP_SPACE;
}

/* "I don't need", "do we need", "can it help with": denied, or asked. */
static bool is_no_wish(const struct rules *r, size_t i)
{
	struct pattern_match m = {.n = 0};
	size_t               start = tokens_sentence_from(r->u, i);

	if (pattern_at(&r->grammar, LIST(SAY_OF_PRODUCT), r->u, start, &m) && i > start)
		return true;
	for (size_t at = i > start + 4 ? i - 4 : start; at < i; at++)
		if (pattern_at(&r->grammar, LIST(SAY_NO_WISH), r->u, at, &m) && m.to >= i)
			return true;
	return false;
}

/* Words of what leads to a wish at i: what is needed, and what is only being done; 0: none. */
static size_t wish_at(const struct rules *r, size_t i, size_t *worth)
{
	const struct utterance *u = r->u;
	size_t                  need = is_help_given(u, i) ? 0 : phrases_at(LIST(WISHES), u, i),
		   work = phrases_at(LIST(WORKS_ON), u, i);

	if (is_no_wish(r, i))
		return 0;
	*worth = need >= work ? NEED_WORTH : WORK_WORTH;
	return need >= work ? need : work;
}

/* Clauses that begin so are about the conversation and not about a project. */
static bool begins_small_talk(const struct utterance *u, size_t i)
{
	return phrases_at(LIST(SMALL_TALK), u, i) > 0 &&
	       !(tokens_is(u, i, "stop") && i + 2 < u->n && rules_is_doing(u->words[i + 1].low)) &&
	       !(tokens_is(u, i, "one") && i + 1 < u->n && u->words[i + 1].gap == GAP_SPACE &&
	         (tokens_is(u, i + 1, "of") || !words_is_stop(u->words[i + 1].text)));
}

/* The word where money or a date begins, so that each entity keeps to itself. */
static size_t first_fact(const struct utterance *u, size_t from, size_t to)
{
	struct span  rest = tokens_text(u, from, to);
	struct money m;
	bool         is_amount = false;
	size_t       at = from, when_from, when_to, first = to;
	/* What comes behind the clause is no matter of it, and would be looked at for each. */
	struct utterance clause = {u->text, u->words, to};

	while (!is_amount && money_next(&rest, &m))
		is_amount = m.is_marked || m.is_scaled || m.high >= AMOUNT_MIN;
	if (is_amount)
		for (size_t i = from; i < first; i++)
			if (u->words[i].text.ptr >= m.text.ptr)
				first = i;
	if (timeline_next(&clause, false, &at, &when_from, &when_to) && when_from < first)
		first = when_from;
	return first;
}

static size_t clause_to(const struct utterance *u, size_t from)
{
	size_t to = from;

	while (to < u->n && to - from < CLAUSE_WORDS_MAX &&
	       (to == from || u->words[to].gap != GAP_STOP) && !u->words[to].is_contact &&
	       !(to > from && phrases_at(LIST(CLAUSE_ENDS), u, to)))
		to++;
	to = first_fact(u, from, to);
	while (to > from && phrases_has(LIST(DANGLERS), u->words[to - 1].low))
		to--;
	return to;
}

static size_t topic_words(const struct utterance *u, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += !words_is_stop(u->words[i].text);
	return n;
}

static bool is_corrected(const struct utterance *u, size_t i)
{
	static const char *const words[] = {"actually", "sorry", "rather", "instead", "correction"};

	return TOKENS_ANY_IN(u, i > 6 ? i - 6 : 0, i, words);
}

/* What is thin, of a few words, gives way to what is told at length; what was clear stays. */
static void keep_use_case(struct rules *r, size_t from, size_t to, size_t worth, bool is_corrected)
{
	size_t topics = topic_words(r->u, from, to);

	if (topics == 0 || (topics <= CLEAR_WORDS && phrases_in(LIST(LIFE), r->u, from, to)))
		return;
	worth = (to - from >= CLEAR_WORDS ? worth : worth / 10) + topics;
	if (!is_corrected && (r->is_use_case_clear || worth <= r->use_case_worth))
		return;
	rules_keep(r, ENTITY_use_case, from, to, false);
	r->use_case_worth = worth;
}

/* "Looking for some advice on X": the wish inside says more. 0: there is none. */
static size_t nested_wish(const struct rules *r, size_t i)
{
	const struct utterance *u = r->u;
	size_t                  worth;

	for (size_t k = i; k < i + 3 && k < u->n && (k == i || u->words[k].gap != GAP_STOP); k++) {
		size_t n = wish_at(r, k, &worth);

		if (n)
			return begins_small_talk(u, k + n) && k > i ? 0 : k;
	}
	return 0;
}

/* "We read the reports by hand", "nobody can find a thing": what hurts, and no wish. */
static void take_pain(struct rules *r)
{
	const struct utterance *u = r->u;

	for (size_t i = 0; i < u->n; i++) {
		size_t n = phrases_at(LIST(PAINS), u, i), start = tokens_sentence_from(u, i), from = i;

		while (n && from > start && i - from < PAIN_WORDS_MAX &&
		       !phrases_at(LIST(CLAUSE_ENDS), u, from - 1) &&
		       !phrases_at(LIST(MONEY_BREAKS), u, from - 1))
			from--;
		if (n)
			keep_use_case(r, from, clause_to(u, i), PAIN_WORTH, false);
	}
}

/* "That answered", "something to sort them": of what was told before. */
static bool is_of_before(const struct utterance *u, size_t i)
{
	static const char *const meant[] = {"that", "this", "it", "them", "those"};
	static const char *const some[] = {"something", "somebody", "someone"};

	if (TOKENS_IS_ANY(u, i, some))
		return TOKENS_ANY_IN(u, i + 1, i + 4, meant);
	return TOKENS_IS_ANY(u, i, meant) && i + 1 < u->n && u->words[i + 1].gap == GAP_SPACE &&
	       !words_is_stop(u->words[i + 1].text);
}

/* "Drivers ring for gate codes and we want that answered": what they want is told before it. */
static void take_what_was_meant(struct rules *r, size_t i, size_t behind)
{
	static const char *const joints[] = {"and", "so"};
	const struct utterance  *u = r->u;
	size_t                   from = tokens_sentence_from(u, i), to = i;

	if (to == from && from > 0) /* "The sign-ups are chaos. We need something to sort them." */
		from = tokens_sentence_from(u, from - 1);
	if (!is_of_before(u, behind))
		return;
	while (to > from && TOKENS_IS_ANY(u, to - 1, joints))
		to--;
	if (topic_words(u, from, to) >= MEANT_WORDS_MIN)
		keep_use_case(r, from, clause_to(u, from) < to ? clause_to(u, from) : to, NEED_WORTH,
		              false);
}

/* "We are a small practice with three vets": who they are, whatever was asked. */
static bool begins_with_who(const struct utterance *u)
{
	enum { BEFORE_MAX = 2 };

	for (size_t i = 0; i <= BEFORE_MAX && i < u->n; i++)
		if (phrases_at(LIST(SELF_TELLS), u, i))
			return !phrases_in(LIST(PAINS), u, i, u->n);
	return false;
}

void rules_answer_use_case(struct rules *r)
{
	size_t               to = clause_to(r->u, 0);
	struct pattern_match m = {.n = 0};

	if (to < DOING_WORDS && (phrases_at(LIST(I_DO), r->u, 0) || phrases_at(LIST(WE_DO), r->u, 0)))
		return; /* "I sell jam" */
	if (begins_with_who(r->u))
		return;
	if (topic_words(r->u, 0, to) >= ANSWER_TOPICS && !phrases_in(LIST(LIFE), r->u, 0, r->u->n) &&
	    !phrases_in(LIST(NEWS_DAYS), r->u, 0, r->u->n) &&
	    !pattern_at(&r->grammar, LIST(SAY_ASKED), r->u, 0, &m))
		keep_use_case(r, 0, to, PAIN_WORTH, false);
}

void rules_find_use_case(struct rules *r)
{
	const struct utterance *u = r->u;

	r->is_use_case_clear = r->use_case_worth >= PAIN_WORTH;

	for (size_t i = 0; i < u->n;) {
		size_t worth = 0, n = wish_at(r, i, &worth), to;

		if (n == 0 || u->words[i].is_contact) {
			i++;
			continue;
		}
		/* "We'd like to talk about working on X": the wish inside goes on. */
		if (begins_small_talk(u, i + n)) {
			take_what_was_meant(r, i, i + n);
			i += n;
			continue;
		}
		if (nested_wish(r, i + n) > i) {
			i = nested_wish(r, i + n);
			continue;
		}
		to = clause_to(u, i + n);
		if (is_of_before(u, i + n))
			take_what_was_meant(r, i, i + n);
		keep_use_case(r, i + n, to, worth, is_corrected(u, i));
		i = to > i + n ? to : i + n;
	}
	take_pain(r);
}

/* ---- channel ---- */

/* "Referred by John at Google"; 0: nobody did at word i. */
static size_t referral_to(const struct rules *r, size_t i)
{
	const struct utterance *u = r->u;
	size_t                  n = phrases_at(LIST(REFERRALS), u, i), to, org;

	if (n == 0)
		return 0;
	to = rules_slot_to(r, 'N', i + n);
	if (to == i + n || !(tokens_is(u, to, "at") || tokens_is(u, to, "from")))
		return to;
	org = rules_slot_to(r, 'O', to + 1);
	return org > to + 1 ? org : to;
}

void rules_find_channel(struct rules *r)
{
	const struct utterance *u = r->u;

	for (size_t i = 0; i < u->n; i++) {
		size_t to = referral_to(r, i), start = tokens_sentence_from(u, i), way = 0;

		if (to)
			rules_keep(r, ENTITY_channel, i, to, false);
		else if (phrases_at(LIST(REFERRERS), u, i))
			rules_keep(r, ENTITY_channel,
			           i > start + CHANNEL_WORDS_MAX ? i - CHANNEL_WORDS_MAX : start, i + 2, false);
		else if (phrases_at(LIST(FOUND_YOU), u, i) && !r->x->entities.channel)
			for (size_t k = i + 2; !way && k < u->n && k < i + 10 && u->words[k].gap != GAP_STOP;
			     k++)
				if ((way = phrases_at(LIST(WAYS), u, k)) > 0)
					rules_keep(r, ENTITY_channel, k, k + way, false);
	}
}

/* ---- permissions ---- */

void rules_find_permissions(struct rules *r)
{
	struct extract_entities *e = &r->x->entities;

	if (phrases_in(LIST(MAIL_NO), r->u, 0, r->u->n))
		e->email_opt_in = PERMISSION_REFUSED;
	else if (r->reach == REACH_EMAIL ||
	         (r->reach != REACH_OTHERS && phrases_in(LIST(MAIL_YES), r->u, 0, r->u->n)))
		e->email_opt_in = PERMISSION_GIVEN;
	if (phrases_in(LIST(QUOTE_NO), r->u, 0, r->u->n))
		e->quote_ok = PERMISSION_REFUSED;
	else if (phrases_in(LIST(QUOTE_YES), r->u, 0, r->u->n))
		e->quote_ok = PERMISSION_GIVEN;
}

/* ---- what we owe them ---- */

static const struct {
	const struct phrases *asked;
	const char           *action;
} actions[] = {
	{LIST(ACTION_SEND_PROPOSAL), "send_proposal"},
	{LIST(ACTION_SEND_PRICING), "send_pricing"},
	{LIST(ACTION_SCHEDULE_CALL), "schedule_call"},
	{LIST(ACTION_ARRANGE_INTERVIEW), "arrange_interview"},
	{LIST(ACTION_ARRANGE_DEMO), "arrange_demo"},
	{LIST(ACTION_SEND_INFORMATION), "send_information"},
	{LIST(ACTION_SEND_CASE_STUDIES), "send_case_studies"},
	{LIST(ACTION_CALL_BACK), "call_back"},
	{LIST(ACTION_SEND_EMAIL), "send_email"},
	{LIST(ACTION_CHECK_AVAILABILITY), "check_availability"},
	{LIST(ACTION_ADD_TO_LIST), "add_to_list"},
	{LIST(ACTION_MAKE_INTRODUCTION), "make_introduction"},
};

static bool is_refused(const struct utterance *u, size_t i)
{
	static const char *const nots[] = {"don't", "not", "no", "never", "without", "can't"};

	return TOKENS_ANY_IN(u, i > 3 ? i - 3 : 0, i, nots);
}

static void add_action(struct extract *x, const char *action)
{
	for (size_t i = 0; i < x->n_actions; i++)
		if (strcmp(x->followup_actions[i], action) == 0)
			return;
	if (x->n_actions < EXTRACT_ACTIONS_MAX)
		x->followup_actions[x->n_actions++] = action;
}

void rules_find_actions(struct rules *r)
{
	for (size_t i = 0; i < r->u->n; i++)
		for (size_t k = 0; k < COUNT(actions); k++)
			if (phrases_at(actions[k].asked, r->u, i) && !is_refused(r->u, i))
				add_action(r->x, actions[k].action);
}
