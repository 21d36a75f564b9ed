/* rule_want.c -- what the visitor wants: use case, channel, permissions, follow-ups. */
#include "rules.h"

#include "money.h"
#include "timeline.h"
#include "../text/words.h"

enum { CLAUSE_WORDS_MAX = 30, CHANNEL_WORDS_MAX = 4 };

/* ---- use case ---- */

static const char *const wishes[] = {
	"we want to",
	"i want to",
	"we'd like to",
	"i'd like to",
	"we would like to",
	"i would like to",
	"we need to",
	"i need to",
	"we need help with",
	"i need help with",
	"need help with",
	"need some help with",
	"help us with",
	"help me with",
	"help us",
	"help with",
	"looking for help with",
	"looking for",
	"looking to",
	"interested in",
	"we need",
	"i need",
	"we're building",
	"building a",
	"building an",
	"we are building",
	"i'm building",
	"i am building",
	"we build",
	"working on",
	"trying to",
	"hoping to",
	"planning to",
	"we're developing",
	"our goal is to",
	"the goal is to",
	"our project is",
	"the project is",
	"use case is",
	"we plan to",
	"we intend to",
	"i'm developing",
	"we want",
	"i want help with",
	"thinking about building",
	"hire you to",
	"hire someone to",
	"need someone to",
	"want help with",
	"exploring",
	"we're launching",
	"advice on",
	"advice about",
	"wanna build",
	"we wanna",
	"i wanna",
	"we're looking at",
	"invite you to",
	"interview you about",
	"podcast about",
	"article about",
	"talk about your",
};

/* Clauses that begin so are about the conversation and not about a project. */
static const char *const small_talk[] = {
	"talk",
	"speak",
	"know",
	"ask",
	"say",
	"thank",
	"schedule",
	"book",
	"hear",
	"tell",
	"see",
	"learn more",
	"be clear",
	"share",
	"chat",
	"meet",
	"discuss",
	"give you",
	"introduce",
	"you",
	"your story",
	"get in touch",
	"reach",
	"a call",
	"somebody who",
	"an answer",
	"figure out if",
	"hang up",
	"leave",
	"go",
	"think",
	"run",
	"call",
	"email",
	"correct",
	"change my",
	"make sure",
	"it",
	"that",
	"this",
	"them",
	"to talk",
	"some information",
	"set up a call",
	"have a call",
	"get back",
	"find out",
	"understand how you",
	"congratulate",
	"offer you",
	"more information",
	"a quote",
	"a proposal",
	"pricing",
	"your work",
	"hearing",
	"set up a meeting",
	"finding out",
	"learning more",
	"about",
	"him",
	"her",
};

/* Words that begin another thought. */
static const char *const clause_ends[] = {
	"and my",
	"and our",
	"and we have",
	"and i have",
	"and i'm",
	"and we're",
	"our budget",
	"my budget",
	"budget is",
	"the budget",
	"with a budget",
	"because",
	"my email",
	"my name",
	"you can",
	"you could",
	"can you",
	"could you",
	"please",
	"and you",
	"but",
	"i'm",
	"our timeline",
	"the timeline",
	"my number",
	"if you",
	"and the budget",
	"so",
	"and it",
	"and that",
	"we have",
	"we've",
	"i have",
	"and i",
	"and we",
	"is that",
	"do you",
	"would you",
	"what do",
	"thanks",
	"thank you",
	"for about",
	"we'd",
	"i'd",
	"let me",
	"and could",
	"and can",
	"with about",
	"we can spend",
	"we're a",
	"we are a",
	"ideally",
	"my company",
	"our company",
	"and have a budget",
	"and a budget",
	"and have about",
	"and have around",
	"and have up to",
};

static bool begins_small_talk(const struct utterance *u, size_t i)
{
	return TOKENS_ANY_AT(u, i, small_talk) > 0;
}

/* The word where money or a date begins, so that each entity keeps to itself. */
static size_t first_fact(const struct utterance *u, size_t from, size_t to)
{
	struct span  rest = tokens_text(u, from, to);
	struct money m;
	size_t       at = from, when_from, when_to, first = to;

	if (money_next_spoken(&rest, false, &m))
		for (size_t i = from; i < first; i++)
			if (u->words[i].text.ptr >= m.text.ptr)
				first = i;
	if (timeline_next(u, false, &at, &when_from, &when_to) && when_from < first)
		first = when_from;
	return first;
}

static size_t clause_to(const struct utterance *u, size_t from)
{
	static const char *const danglers[] = {"and",   "for",     "with",  "of",    "to",
	                                       "a",     "the",     "about", "by",    "around",
	                                       "in",    "or",      "at",    "then",  "our",
	                                       "my",    "is",      "on",    "that",  "which",
	                                       "maybe", "roughly", "up",    "under", "between"};
	size_t                   to = from;

	while (to < u->n && to - from < CLAUSE_WORDS_MAX &&
	       (to == from || u->words[to].gap != GAP_STOP) && !u->words[to].is_contact &&
	       !(to > from && TOKENS_ANY_AT(u, to, clause_ends)))
		to++;
	to = first_fact(u, from, to);
	while (to > from && TOKENS_IS_ANY(u, to - 1, danglers))
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

size_t rules_clause_to(const struct rules *r, size_t i)
{
	return clause_to(r->u, i);
}

size_t rules_topic_words(const struct rules *r, size_t from, size_t to)
{
	return topic_words(r->u, from, to);
}

static bool is_corrected(const struct utterance *u, size_t i)
{
	static const char *const words[] = {"actually", "sorry", "rather", "instead", "correction"};

	return TOKENS_ANY_IN(u, i > 3 ? i - 3 : 0, i, words);
}

/* "Looking for some advice on X": the wish inside says more. 0: there is none. */
static size_t nested_wish(const struct utterance *u, size_t i)
{
	for (size_t k = i; k < i + 3; k++)
		if (TOKENS_ANY_AT(u, k, wishes) && (k == i || u->words[k].gap != GAP_STOP))
			return k;
	return 0;
}

void rules_find_use_case(struct rules *r)
{
	const struct utterance *u = r->u;

	for (size_t i = 0; i < u->n;) {
		size_t n = TOKENS_ANY_AT(u, i, wishes), to, topics;

		if (n == 0 || u->words[i].is_contact) {
			i++;
			continue;
		}
		/* "We'd like to talk about working on X": the wish inside goes on. */
		if (begins_small_talk(u, i + n)) {
			i += n;
			continue;
		}
		if (nested_wish(u, i + n) > i) {
			i = nested_wish(u, i + n);
			continue;
		}
		to = clause_to(u, i + n);
		topics = topic_words(u, i + n, to);
		if (topics > 0 && (topics > r->use_case_words || is_corrected(u, i))) {
			rules_keep(r, ENTITY_use_case, i + n, to, false);
			r->use_case_words = topics;
		}
		i = to > i + n ? to : i + n;
	}
}

/* ---- channel ---- */

void rules_find_channel(struct rules *r)
{
	static const char *const found[] = {
		"found you", "found out about you", "heard about you",   "heard of you", "came across you",
		"saw you",   "discovered you",      "read about you",    "found your",   "heard about your",
		"saw your",  "came across your",    "learned about you", "heard you",    "heard about this",
	};
	static const char *const ways[] = {
		"linkedin",     "twitter",     "google",    "youtube",  "podcast",       "newsletter",
		"conference",   "friend",      "colleague", "website",  "instagram",     "facebook",
		"tiktok",       "reddit",      "search",    "blog",     "article",       "webinar",
		"event",        "hacker news", "medium",    "substack", "github",        "radio",
		"book",         "meetup",      "coworker",  "ted talk", "word of mouth", "ad",
		"product hunt",
	};
	static const char *const warm[] = {"referred by",   "introduced by", "recommended by",
	                                   "referral from", "intro from",    "introduction from"};
	static const char *const turned[] = {"referred me",     "referred us",
	                                     "introduced me",   "introduced us",
	                                     "recommended you", "introduced me to you"};
	const struct utterance  *u = r->u;

	for (size_t i = 0; i < u->n; i++) {
		size_t n = TOKENS_ANY_AT(u, i, warm), to = i + n, way;

		if (n) {
			to = rules_name_to(r, i + n, true);
			if (to < u->n && (tokens_is(u, to, "at") || tokens_is(u, to, "from")) && to > i + n)
				to = rules_org_to(r, to + 1) > to + 1 ? rules_org_to(r, to + 1) : to;
			rules_keep(r, ENTITY_channel, i, to, false);
			continue;
		}
		if (TOKENS_ANY_AT(u, i, turned)) {
			size_t start = tokens_sentence_from(u, i);

			rules_keep(r, ENTITY_channel,
			           i > start + CHANNEL_WORDS_MAX ? i - CHANNEL_WORDS_MAX : start, i + 2, false);
			continue;
		}
		if (!TOKENS_ANY_AT(u, i, found) || r->x->entities.channel)
			continue;
		for (size_t k = i + 2; k < u->n && k < i + 10 && u->words[k].gap != GAP_STOP; k++)
			if ((way = TOKENS_ANY_AT(u, k, ways)) > 0) {
				rules_keep(r, ENTITY_channel, k, k + way, false);
				break;
			}
	}
}

/* ---- permissions ---- */

void rules_find_permissions(struct rules *r)
{
	static const char *const mail_yes[] = {
		"you can email me",
		"you can mail me",
		"feel free to email",
		"please email me",
		"could you email me",
		"can you email me",
		"just email me",
		"email me",
		"send me an email",
		"send it to my email",
		"keep me updated",
		"keep me posted",
		"sign me up",
		"add me to the list",
		"add me to your list",
		"drop me an email",
		"send me a mail",
		"put me on the list",
		"subscribe me",
		"email it to me",
		"add me to your newsletter",
		"happy to get emails",
		"reach me by email",
		"reach me at",
		"my email is",
		"my email address is",
		"write me at",
		"email is",
		"reach me via email",
	};
	static const char *const mail_no[] = {
		"don't email",       "do not email",
		"no emails",         "don't send me",
		"do not send me",    "no spam",
		"don't add me",      "not email me",
		"no email",          "stop emailing",
		"unsubscribe",       "don't mail",
		"never email",       "without emailing me",
		"don't want emails", "don't want any emails",
		"don't write me",    "do not add me",
		"not want emails",   "don't want you to email",
	};
	static const char *const quote_yes[] = {
		"you can quote me", "you may quote me", "feel free to quote", "happy to be quoted",
		"okay to quote",    "ok to quote",      "fine to quote",      "on the record",
		"can be quoted",    "quote me on that", "free to quote me",   "fine being quoted",
	};
	static const char *const quote_no[] = {
		"don't quote",    "do not quote",         "off the record",          "not for attribution",
		"not be quoted",  "rather not be quoted", "please don't quote",      "never quote",
		"can't quote me", "cannot quote me",      "don't want to be quoted", "may not quote",
	};
	struct extract_entities *e = &r->x->entities;
	bool                     has_email = false;

	for (size_t i = 0; i < r->u->n; i++)
		has_email = has_email || (r->u->words[i].is_contact && e->contact_email);
	if (TOKENS_ANY_IN(r->u, 0, r->u->n, mail_no))
		e->email_opt_in = PERMISSION_REFUSED;
	else if (TOKENS_ANY_IN(r->u, 0, r->u->n, mail_yes) || has_email)
		e->email_opt_in = PERMISSION_GIVEN;
	if (TOKENS_ANY_IN(r->u, 0, r->u->n, quote_no))
		e->quote_ok = PERMISSION_REFUSED;
	else if (TOKENS_ANY_IN(r->u, 0, r->u->n, quote_yes))
		e->quote_ok = PERMISSION_GIVEN;
}

/* ---- what we owe them ---- */

static const struct {
	const char *phrase, *action;
} asked[] = {
	{"proposal", "send_proposal"},
	{"send me a quote", "send_proposal"},
	{"get a quote", "send_proposal"},
	{"an estimate", "send_proposal"},
	{"a quote for", "send_proposal"},
	{"your pricing", "send_pricing"},
	{"pricing", "send_pricing"},
	{"your rates", "send_pricing"},
	{"how much do you charge", "send_pricing"},
	{"schedule a call", "schedule_call"},
	{"book a call", "schedule_call"},
	{"set up a call", "schedule_call"},
	{"schedule a meeting", "schedule_call"},
	{"set up a meeting", "schedule_call"},
	{"book a meeting", "schedule_call"},
	{"schedule some time", "schedule_call"},
	{"hop on a call", "schedule_call"},
	{"have a call", "schedule_call"},
	{"talk next week", "schedule_call"},
	{"jump on a call", "schedule_call"},
	{"schedule an interview", "arrange_interview"},
	{"interview you", "arrange_interview"},
	{"see a demo", "arrange_demo"},
	{"a demo", "arrange_demo"},
	{"more information", "send_information"},
	{"more info", "send_information"},
	{"send me details", "send_information"},
	{"send me the details", "send_information"},
	{"case studies", "send_case_studies"},
	{"case study", "send_case_studies"},
	{"call me back", "call_back"},
	{"give me a call", "call_back"},
	{"call me at", "call_back"},
	{"call me on", "call_back"},
	{"email me", "send_email"},
	{"send me an email", "send_email"},
	{"speak at our", "check_availability"},
	{"keynote", "check_availability"},
	{"give a talk", "check_availability"},
	{"sign me up", "add_to_list"},
	{"keep me posted", "add_to_list"},
	{"keep me updated", "add_to_list"},
	{"newsletter", "add_to_list"},
	{"introduce me", "make_introduction"},
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
		for (size_t k = 0; k < COUNT(asked); k++)
			if (asked[k].phrase[0] == r->u->words[i].low[0] &&
			    tokens_at(r->u, i, asked[k].phrase) && !is_refused(r->u, i))
				add_action(r->x, asked[k].action);
}
