/* speech_act_topic.c -- what a message is about, in a few of its own words.
 *
 * A topic is a run of words that are neither stop words nor verbs, best behind
 * "our", "a" or "about". The determiner comes along, turned to the listener's
 * side ("our search" is "your search"), and so does one "of" or "for" phrase. */
#include "speech_act.h"

#include "../text/words.h"

#include <ctype.h>

enum { TOPIC_WORDS_MAX = 4, TOPIC_TAIL_MAX = 3, TOPIC_WORD_BYTES_MAX = 22 };

/* Never part of a topic: verbs, and adjectives that say how somebody feels. */
static const char *const no_topics[] = {
	"build",       "building",  "built",     "run",        "running",      "runs",
	"ran",         "work",      "working",   "works",      "worked",       "struggle",
	"struggling",  "struggled", "plan",      "planning",   "launch",       "launching",
	"launched",    "improve",   "improving", "improved",   "start",        "started",
	"starting",    "stop",      "hire",      "hiring",     "lead",         "leading",
	"manage",      "managing",  "grow",      "growing",    "grew",         "sell",
	"selling",     "sells",     "buy",       "buying",     "buys",         "fix",
	"fixing",      "solve",     "solving",   "change",     "changed",      "changing",
	"broken",      "slow",      "lose",      "losing",     "lost",         "fail",
	"failing",     "fails",     "failed",    "stuck",      "worried",      "worry",
	"feel",        "feeling",   "feels",     "spend",      "spending",     "spent",
	"invest",      "pay",       "paying",    "write",      "writing",      "wrote",
	"read",        "reading",   "create",    "creating",   "created",      "develop",
	"developing",  "developed", "offer",     "offering",   "move",         "moving",
	"moved",       "learn",     "learning",  "learned",    "teach",        "teaching",
	"invite",      "inviting",  "join",      "joining",    "joined",       "leave",
	"leaving",     "left",      "wish",      "believe",    "excited",      "curious",
	"tired",       "lucky",     "important", "impossible", "possible",     "available",
	"happen",      "decide",    "decided",   "consider",   "considering",  "explore",
	"exploring",   "discuss",   "ship",      "shipped",    "shipping",     "serve",
	"serving",     "handle",    "handling",  "deal",       "dealing",      "test",
	"testing",     "tested",    "raise",     "raised",     "raising",      "meet",
	"meeting",     "problem",   "problems",  "issue",      "issues",       "challenge",
	"challenges",  "project",   "idea",      "question",   "questions",    "budget",
	"timeline",    "email",     "company",   "currently",  "recently",     "complain",
	"complaining", "ignore",    "nowadays",  "founder",    "co",           "ceo",
	"cto",         "cfo",       "cmo",       "vp",         "svp",          "head",
	"director",    "manager",   "engineer",  "developer",  "designer",     "student",
	"consultant",  "owner",     "thousand",  "million",    "dollars",      "euros",
	"pounds",      "k",         "usd",       "eur",        "fuck",         "fucking",
	"shit",        "bitch",     "asshole",   "bullshit",   "stupid",       "idiot",
	"crap",        "damn",      "hell",      "returns",    "return",       "returned",
	"keeps",       "finds",     "costs",     "cost",       "takes",        "brings",
	"search for",  "searching", "looking",   "hoping",     "hope",         "visit",
	"visited",     "live",      "living",    "lives",      "born",         "name",
	"today",       "tomorrow",  "called",    "else",       "terrible",     "awful",
	"ready",       "difficult", "simple",    "boring",     "confused",     "confusing",
	"irrelevant",  "wrong",     "useless",   "afraid",     "guys",         "online",
	"work",        "latest",    "easily",    "anyway",     "name's",       "brought",
	"drop",        "drops",     "burn",      "broke",      "sad",          "went",
	"came",        "sold",      "bought",    "taught",     "grown",        "lately",
	"exciting",    "wastes",    "breaks",    "loses",      "hurts",        "matters",
	"admire",      "write",     "writes",    "builds",     "helps",        "lack",
	"lacks",       "miss",      "missing",   "crazy",      "complicated",  "boss",
	"unsure",      "roughly",   "honestly",  "especially", "specifically", "unfortunately",
	"finally",     "mention",   "mentioned", "remember",   "forget",       "forgot",
	"show",        "shows",     "turn",      "turns",
};

static const struct {
	const char *said, *heard;
} determiners[] = {
	{"our", "your"}, {"my", "your"},     {"the", "the"},   {"a", "a"},         {"an", "an"},
	{"your", ""},    {"their", "their"}, {"this", "this"}, {"these", "these"}, {"about", ""},
	{"on", ""},      {"with", ""},       {"for", ""},      {"into", ""},       {"around", ""},
};

static const char *const time_words[] = {
	"monday",   "tuesday",  "wednesday",   "thursday", "friday", "saturday", "sunday",    "january",
	"february", "march",    "april",       "june",     "july",   "august",   "september", "october",
	"november", "december", "quarter",     "summer",   "winter", "autumn",   "christmas", "days",
	"asap",     "urgent",   "immediately", "minutes",  "hours",  "minute",   "hour",
};

/* Stop words that may stand between a determiner and its noun. */
static const char *const soft_words[] = {
	"small", "big",    "new",  "little", "own",  "whole", "different", "great", "good", "first",
	"best",  "better", "very", "bad",    "hard", "easy",  "nice",      "whole", "main",
};

static const char *const be_words[] = {
	"i'm",  "am",   "is",    "are",     "was",    "were", "be",
	"been", "it's", "we're", "they're", "that's", "got",  "gets",
};

/* End in s without being a plural that a verb would follow. */
static const char *const no_plurals[] = {
	"sales",      "news",      "sports",  "analytics",   "logistics", "games",
	"operations", "systems",   "arts",    "graphics",    "customs",   "goods",
	"savings",    "economics", "physics", "mathematics",
};

static const char *const tail_numbers[] = {
	"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
};

static const char *const subjects[] = {"i",   "we",   "it",  "they",      "he",    "she",
                                       "you", "that", "who", "customers", "people"};

static const char *const tail_units[] = {"days", "weeks", "months", "years", "hours", "minutes"};

struct candidate {
	size_t      from, to, score;
	const char *determiner;
};

/* Is the word part of what is known by another name already? */
static bool is_in(struct span word, const char *known)
{
	struct span rest, one;

	if (!known)
		return false;
	rest = span_of(known);
	while (words_next(&rest, &one))
		if (span_equal_nocase(one, word))
			return true;
	return false;
}

static bool can_be_topic(const struct speech_act_word *w, const struct speech_act *known)
{
	return !w->is_stop && w->text.len <= TOPIC_WORD_BYTES_MAX && w->text.len > 1 &&
	       !isdigit((unsigned char)w->text.ptr[0]) && !SPEECH_ACT_IS(w->text, no_topics) &&
	       !SPEECH_ACT_IS(w->text, time_words) && !is_in(w->text, known->name) &&
	       !is_in(w->text, known->company) && !is_in(w->text, known->when) &&
	       !is_in(w->text, known->amount);
}

/* The determiner before the run, past one adjective that is left out; its worth to *score. */
static const char *determiner_before(const struct speech_act_words *w, size_t from, size_t *score)
{
	size_t at = from;

	if (at >= 2 && !w->at[at].is_cut_off && SPEECH_ACT_IS(w->at[at - 1].text, no_topics))
		at--;
	else if (at >= 2 && !w->at[at].is_cut_off && SPEECH_ACT_IS(w->at[at - 1].text, soft_words))
		at--;
	if (!at || w->at[at].is_cut_off)
		return "";
	for (size_t i = 0; i < COUNT(determiners); i++) {
		if (words_equal(w->at[at - 1].text, determiners[i].said)) {
			*score += i < 2 ? 4 : determiners[i].heard[0] ? 3 : 2;
			return determiners[i].heard;
		}
	}
	return "";
}

/* A verb follows: "our robots drop", "the oven burned". */
static bool ends_noun(struct span word, struct span next)
{
	size_t n = word.len;
	bool   is_plural = n > 3 && word.ptr[n - 1] == 's' && word.ptr[n - 2] != 's' &&
	                 word.ptr[n - 2] != 'u' && !SPEECH_ACT_IS(word, no_plurals);

	return is_plural || (next.len > 4 &&
	                     span_equal_nocase((struct span){next.ptr + next.len - 2, 2}, SPAN("ed")));
}

static struct candidate best_run(const struct speech_act_words *w, const struct speech_act *known)
{
	struct candidate best = {.score = 0};

	for (size_t i = 0; i < w->n; i++) {
		struct candidate c = {.from = i, .to = i};

		while (c.to < w->n && c.to - i < TOPIC_WORDS_MAX && can_be_topic(&w->at[c.to], known) &&
		       (c.to == i ||
		        (!w->at[c.to].is_cut_off && !ends_noun(w->at[c.to - 1].text, w->at[c.to].text))))
			c.to++;
		if (i && !w->at[i].is_cut_off && SPEECH_ACT_IS(w->at[i - 1].text, subjects))
			continue; /* a verb */
		if (i && w->at[i].is_capital && !w->at[i].is_cut_off &&
		    is_in(w->at[i - 1].text, known->name))
			continue; /* the surname */
		if (c.to == i)
			continue;
		c.score = c.to - c.from;
		c.determiner = determiner_before(w, c.from, &c.score);
		if (is_in(w->at[i].text, known->role))
			c.score = 0;
		/* "I am tired" is about nothing yet. */
		if (i && !c.determiner[0] && c.to - i == 1 && SPEECH_ACT_IS(w->at[i - 1].text, be_words))
			c.score = 0;
		if (c.to - c.from > 1 || w->at[i].text.len > 2 ||
		    isupper((unsigned char)w->at[i].text.ptr[1]))
			if (c.score > best.score)
				best = c;
		i = c.to - 1;
	}
	return best;
}

/* Behind the run: "of twelve", "for small shops". */
static size_t tail_end(const struct speech_act_words *w, size_t to, const struct speech_act *known)
{
	size_t from = to + 1, end;

	if (to + 1 >= w->n || w->at[to].is_cut_off ||
	    (!words_equal(w->at[to].text, "of") && !words_equal(w->at[to].text, "for") &&
	     !words_equal(w->at[to].text, "about")))
		return to;
	if (words_equal(w->at[from].text, "the") || words_equal(w->at[from].text, "a"))
		from++;
	if (SPEECH_ACT_IS(w->at[from].text, tail_numbers) && from + 1 < w->n &&
	    SPEECH_ACT_IS(w->at[from + 1].text, tail_units))
		return to; /* "for ten years" */
	end = from;
	while (end < w->n && end - from < TOPIC_TAIL_MAX && !w->at[end].is_cut_off &&
	       (can_be_topic(&w->at[end], known) || SPEECH_ACT_IS(w->at[end].text, tail_numbers) ||
	        (end == from && isdigit((unsigned char)w->at[end].text.ptr[0]))))
		end++;
	return end > from ? end : to;
}

const char *speech_act_topic(struct arena *a, const struct speech_act_words *w,
                             const struct speech_act *known)
{
	struct candidate best = best_run(w, known);
	struct span      first;
	char            *text;

	if (!best.score)
		return NULL;
	text = arena_strdup(a, speech_act_quote(a, w, best.from, tail_end(w, best.to, known)));
	first = w->at[best.from].text;
	if (!(best.to > best.from + 1 && w->at[best.from + 1].is_capital) &&
	    w->at[best.from].is_first && w->at[best.from].is_capital && first.len > 1 &&
	    islower((unsigned char)first.ptr[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return best.determiner[0] ? arena_printf(a, "%s %s", best.determiner, text) : text;
}
