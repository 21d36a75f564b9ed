/* rule_answer.c -- what a bare answer means, by what the agent asked for right before.
 *
 * A question is known by a few of its words and not by its text, so that a model's questions
 * count as well as our own. */
#include "rules.h"

#include "../text/words.h"

enum { WHOLE_NAME_WORDS = 3, CLAUSE_MIN = 2 };

/* Words of a question, and what it asks for. */
static const struct {
	const char  *words;
	enum subject subject;
} questions[] = {
	{"your name", ASKED_NAME},
	{"your full name", ASKED_NAME},
	{"your first name", ASKED_NAME},
	{"your last name", ASKED_NAME},
	{"the name", ASKED_NAME},
	{"a name", ASKED_NAME},
	{"call you", ASKED_NAME},
	{"who am i", ASKED_NAME},
	{"who i'm", ASKED_NAME},
	{"who i am", ASKED_NAME},
	{"who are you", ASKED_NAME},
	{"who is this", ASKED_NAME},
	{"who's this", ASKED_NAME},
	{"who's calling", ASKED_NAME},
	{"who do i", ASKED_NAME},
	{"introduce yourself", ASKED_NAME},
	{"which company", ASKED_ORG},
	{"what company", ASKED_ORG},
	{"what's the company", ASKED_ORG},
	{"what is the company", ASKED_ORG},
	{"what's your company", ASKED_ORG},
	{"what is your company", ASKED_ORG},
	{"company are you", ASKED_ORG},
	{"company called", ASKED_ORG},
	{"company's name", ASKED_ORG},
	{"company name", ASKED_ORG},
	{"name of your company", ASKED_ORG},
	{"name of the company", ASKED_ORG},
	{"name of your", ASKED_ORG},
	{"name of the organization", ASKED_ORG},
	{"name of the organisation", ASKED_ORG},
	{"name of the business", ASKED_ORG},
	{"which organization", ASKED_ORG},
	{"which organisation", ASKED_ORG},
	{"what organization", ASKED_ORG},
	{"what organisation", ASKED_ORG},
	{"which firm", ASKED_ORG},
	{"which business", ASKED_ORG},
	{"which team", ASKED_ORG},
	{"where do you work", ASKED_ORG},
	{"who do you work for", ASKED_ORG},
	{"who do you work with", ASKED_ORG},
	{"are you with", ASKED_ORG},
	{"your role", ASKED_ROLE},
	{"your title", ASKED_ROLE},
	{"your job", ASKED_ROLE},
	{"job title", ASKED_ROLE},
	{"your position", ASKED_ROLE},
	{"what do you do", ASKED_ROLE},
	{"do you do there", ASKED_ROLE},
	{"problem", ASKED_USE_CASE},
	{"challenge", ASKED_USE_CASE},
	{"use case", ASKED_USE_CASE},
	{"trying to", ASKED_USE_CASE},
	{"hoping to", ASKED_USE_CASE},
	{"looking for", ASKED_USE_CASE},
	{"looking to", ASKED_USE_CASE},
	{"help you with", ASKED_USE_CASE},
	{"help with", ASKED_USE_CASE},
	{"working on", ASKED_USE_CASE},
	{"building", ASKED_USE_CASE},
	{"want to build", ASKED_USE_CASE},
	{"do you need", ASKED_USE_CASE},
	{"brings you", ASKED_USE_CASE},
	{"your project", ASKED_USE_CASE},
	{"the project", ASKED_USE_CASE},
	{"your goal", ASKED_USE_CASE},
	{"the goal", ASKED_USE_CASE},
	{"solve", ASKED_USE_CASE},
	{"budget", ASKED_BUDGET},
	{"spend", ASKED_BUDGET},
	{"invest", ASKED_BUDGET},
	{"price range", ASKED_BUDGET},
	{"set aside", ASKED_BUDGET},
	{"how much money", ASKED_BUDGET},
	{"when", ASKED_TIMELINE},
	{"how soon", ASKED_TIMELINE},
	{"how quickly", ASKED_TIMELINE},
	{"how urgent", ASKED_TIMELINE},
	{"timeline", ASKED_TIMELINE},
	{"time frame", ASKED_TIMELINE},
	{"timeframe", ASKED_TIMELINE},
	{"deadline", ASKED_TIMELINE},
	{"by what date", ASKED_TIMELINE},
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

unsigned rules_subjects_of(struct span asked)
{
	struct span question = question_of(asked), rest, word;
	unsigned    subjects = 0;

	for (rest = question; words_next(&rest, &word);) {
		struct span here = {word.ptr, (size_t)(question.ptr + question.len - word.ptr)};

		for (size_t i = 0; i < COUNT(questions); i++)
			if ((word.ptr[0] | ' ') == questions[i].words[0] &&
			    words_start_with(here, questions[i].words, NULL))
				subjects |= questions[i].subject;
	}
	/* "The name of your company" asks for one name and not for two. */
	if (subjects & ASKED_ORG && words_contain(question, "name of"))
		subjects &= ~(unsigned)ASKED_NAME;
	return subjects;
}

/* "No", "I'd rather not", "why do you ask?" tell nothing. */
static bool is_declined(const struct utterance *u)
{
	static const char *const refusals[] = {
		"rather not", "don't",   "do not", "won't",   "not",    "can't", "cannot",    "prefer to",
		"none",       "nothing", "skip",   "pass",    "nobody", "never", "anonymous", "later",
		"no name",    "secret",  "stop",   "private", "sorry",  "what",  "who",       "why",
		"how",        "where",   "nope",   "no",      "none of"};
	const char *end = u->text.ptr + u->text.len;

	while (end > u->text.ptr && strchr(" \n\"", end[-1]))
		end--;
	return (end > u->text.ptr && end[-1] == '?') ||
	       TOKENS_ANY_IN(u, 0, u->n < 6 ? u->n : 6, refusals);
}

/* The first word that is more than a lead to the answer. */
static size_t answer_from(const struct utterance *u)
{
	static const char *const leads[] = {"sure",        "yes",        "yeah",
	                                    "yep",         "ok",         "okay",
	                                    "well",        "uh",         "um",
	                                    "erm",         "oh",         "ah",
	                                    "hi",          "hello",      "hey",
	                                    "so",          "just",       "of course",
	                                    "certainly",   "absolutely", "it's",
	                                    "it is",       "its",        "that's",
	                                    "that is",     "i'm",        "i am",
	                                    "im",          "we're",      "we are",
	                                    "my name",     "my name is", "my name's",
	                                    "name is",     "this is",    "called",
	                                    "at",          "from",       "with",
	                                    "for",         "i work at",  "i work for",
	                                    "the name",    "the",        "a",
	                                    "an",          "to",         "like",
	                                    "it's called", "our",        "alright",
	                                    "right",       "please",     "great",
	                                    "thanks",      "thank you",  "mr",
	                                    "mrs",         "ms",         "dr",
	                                    "the company", "is",         "good",
	                                    "i work as",   "basically",  "actually",
	                                    "i'm the",     "my",         "you can call me"};
	size_t                   i = 0, n;

	while (i < u->n && (n = TOKENS_ANY_AT(u, i, leads)) > 0)
		i += n;
	return i;
}

/* Nothing follows that makes another thing of the words before. */
static bool ends_answer(const struct utterance *u, size_t to)
{
	static const char *const tails[] = {"here", "speaking", "from", "at", "and", "in",   "by",
	                                    "but",  "from",     "we",   "i",  "i'm", "we're"};

	return to >= u->n || u->words[to].gap != GAP_SPACE || TOKENS_IS_ANY(u, to, tails);
}

static void answer_name(struct rules *r, size_t from)
{
	size_t to = rules_name_to(r, from, true);

	if (to > from && to - from <= WHOLE_NAME_WORDS && ends_answer(r->u, to))
		rules_keep(r, ENTITY_person_name, from, to, true);
}

static void answer_org(struct rules *r, size_t from)
{
	size_t to = rules_org_to(r, from);

	if (to > from && ends_answer(r->u, to))
		rules_keep(r, ENTITY_org_name, from, to, true);
}

static void answer_role(struct rules *r, size_t from)
{
	size_t to = rules_role_to(r, from);

	if (to > from)
		rules_keep(r, ENTITY_role, from, to, false);
}

static void answer_use_case(struct rules *r)
{
	size_t from = 0, to = rules_clause_to(r, from);

	if (to >= from + CLAUSE_MIN && rules_topic_words(r, from, to) >= CLAUSE_MIN) {
		rules_keep(r, ENTITY_use_case, from, to, false);
		r->use_case_words = rules_topic_words(r, from, to);
	}
}

void rules_take_answer(struct rules *r, const struct extract_entities *before)
{
	const struct extract_entities *e = &r->x->entities;
	unsigned                       asked = r->subjects;
	size_t                         from = answer_from(r->u);

	if (asked == 0 || is_declined(r->u))
		return;
	if (asked & ASKED_USE_CASE && e->use_case == before->use_case && !e->use_case)
		answer_use_case(r);
	if (from >= r->u->n)
		return;
	if (asked & ASKED_NAME && e->person_name == before->person_name)
		answer_name(r, from);
	if (asked & ASKED_ORG && e->org_name == before->org_name)
		answer_org(r, from);
	if (asked & ASKED_ROLE && e->role == before->role)
		answer_role(r, from);
}
