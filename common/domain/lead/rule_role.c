/* rule_role.c -- job titles: "senior product manager", "VP of Engineering", "CEO and founder".
 *
 * A title has a head that is known ("director"), words before it that are not
 * ("managing"), and a field behind it ("of customer success"). It is the
 * visitor's own only when they say so. */
#include "rules.h"

#include "vocabulary.h"
#include "../text/words.h"

enum { FIELD_WORDS_MAX = 5, MODIFIERS_MAX = 4 };

/* Heads that take "of X" as their field. */
static const char *const field_heads[] = {
	"vp",       "svp",   "evp",  "avp", "vice president",   "senior vice president", "head",
	"director", "chief", "dean", "v p", "director general",
};

/* Heads behind which "of X" names the organisation. */
static const char *const top_heads[] = {
	"ceo",
	"cto",
	"cfo",
	"coo",
	"cmo",
	"cpo",
	"cio",
	"ciso",
	"founder",
	"cofounder",
	"co founder",
	"president",
	"owner",
	"partner",
	"managing partner",
	"managing director",
	"chairman",
	"chairwoman",
	"principal",
	"chief executive",
};

static const char *const plain_heads[] = {
	"manager",       "engineer",       "developer",     "designer",     "scientist",
	"analyst",       "consultant",     "architect",     "researcher",   "professor",
	"student",       "teacher",        "journalist",    "reporter",     "editor",
	"producer",      "host",           "recruiter",     "writer",       "author",
	"investor",      "representative", "marketer",      "accountant",   "lawyer",
	"attorney",      "doctor",         "nurse",         "freelancer",   "contractor",
	"administrator", "coordinator",    "specialist",    "officer",      "strategist",
	"entrepreneur",  "blogger",        "podcaster",     "organizer",    "curator",
	"programmer",    "physician",      "technician",    "adviser",      "advisor",
	"executive",     "buyer",          "planner",       "controller",   "chief of staff",
	"postdoc",       "lecturer",       "librarian",     "photographer", "musician",
	"artist",        "lead",           "leader",        "assistant",    "intern",
	"phd student",   "supervisor",     "correspondent",
};

static const char *const modifiers[] = {
	"senior",
	"junior",
	"deputy",
	"associate",
	"assistant",
	"global",
	"regional",
	"interim",
	"executive",
	"principal",
	"staff",
	"software",
	"product",
	"data",
	"marketing",
	"sales",
	"project",
	"program",
	"machine",
	"learning",
	"ml",
	"ai",
	"art",
	"creative",
	"technical",
	"tech",
	"team",
	"operations",
	"engineering",
	"content",
	"account",
	"brand",
	"event",
	"community",
	"customer",
	"success",
	"hr",
	"it",
	"research",
	"business",
	"development",
	"managing",
	"general",
	"hiring",
	"podcast",
	"conference",
	"store",
	"office",
	"freelance",
	"full",
	"stack",
	"frontend",
	"backend",
	"web",
	"mobile",
	"cloud",
	"devops",
	"security",
	"finance",
	"financial",
	"legal",
	"medical",
	"clinical",
	"growth",
	"digital",
	"innovation",
	"strategy",
	"ux",
	"ui",
	"graphic",
	"game",
	"phd",
	"graduate",
	"independent",
	"angel",
	"solutions",
	"systems",
	"quality",
	"supply",
	"chain",
	"partnerships",
	"partnership",
	"communications",
	"pr",
	"procurement",
	"platform",
	"group",
	"national",
	"former",
	"acting",
	"chief",
	"news",
	"film",
	"show",
	"series",
	"talent",
	"technology",
	"information",
	"commercial",
	"revenue",
	"people",
	"medical",
	"electrical",
	"mechanical",
};

static size_t head_at(const struct utterance *u, size_t i, bool *takes_field)
{
	size_t n = TOKENS_ANY_AT(u, i, field_heads), top = TOKENS_ANY_AT(u, i, top_heads);

	*takes_field = n > top;
	if (n || top)
		return n > top ? n : top;
	return TOKENS_ANY_AT(u, i, plain_heads);
}

static bool is_inner(const struct utterance *u, size_t i)
{
	return i < u->n && u->words[i].gap == GAP_SPACE;
}

/* What a title is for may be any words, up to one that leads on. */
static bool is_field_word(const struct utterance *u, size_t i)
{
	static const char *const ends[] = {"at", "here", "in", "with", "from", "based", "calling"};

	return is_inner(u, i) && !u->words[i].is_contact && !TOKENS_IS_ANY(u, i, ends) &&
	       (!words_is_stop(u->words[i].text) || tokens_is(u, i, "people"));
}

/* "of engineering and product": one past it; i when none stands there. */
static size_t field_to(const struct utterance *u, size_t i)
{
	size_t to = i;

	if (!is_inner(u, i) || !(tokens_is(u, i, "of") || tokens_is(u, i, "for")))
		return i;
	to = i + 1 + tokens_is(u, i + 1, "the");
	if (!is_field_word(u, to))
		return i;
	while (to - i <= FIELD_WORDS_MAX) {
		if (is_field_word(u, to))
			to++;
		else if (is_inner(u, to) && tokens_is(u, to, "and") && is_field_word(u, to + 1) &&
		         !TOKENS_ANY_AT(u, to + 1, modifiers))
			to += 2;
		else if (is_inner(u, to) && tokens_is(u, to, "and") &&
		         TOKENS_ANY_AT(u, to + 1, modifiers) && !TOKENS_ANY_AT(u, to + 2, plain_heads))
			to += 2;
		else
			break;
	}
	return to;
}

/* "VP Marketing": a field without "of" has to be a known one. */
static size_t bare_field_to(const struct utterance *u, size_t i)
{
	size_t to = i;

	while (to - i < 2 && is_inner(u, to) && TOKENS_IS_ANY(u, to, modifiers))
		to++;
	return to;
}

static size_t one_role_to(const struct utterance *u, size_t i)
{
	size_t at = i, n;
	bool   takes_field;

	for (;
	     at - i < MODIFIERS_MAX && !head_at(u, at, &takes_field) && TOKENS_IS_ANY(u, at, modifiers);
	     at++)
		if (!is_inner(u, at + 1))
			return i;
	n = head_at(u, at, &takes_field);
	if (n == 0)
		return i;
	at += n;
	if (takes_field && field_to(u, at) > at)
		return field_to(u, at);
	if (takes_field) {
		size_t bare = bare_field_to(u, at);

		at = bare;
		at += is_inner(u, at) && tokens_is(u, at, "officer");
	}
	return at;
}

size_t rules_role_to(const struct rules *r, size_t i)
{
	const struct utterance *u = r->u;
	size_t                  to = i < u->n ? one_role_to(u, i) : i, next;

	if (to == i)
		return i;
	if (is_inner(u, to) && tokens_is(u, to, "and")) {
		next = one_role_to(u, to + 1);
		to = next > to + 1 ? next : to;
	} else if (to < u->n && u->words[to].gap == GAP_SPACE && to > i) {
		static const char *const tops[] = {"founder", "ceo", "cto", "coo"};

		to += TOKENS_IS_ANY(u, to, tops);
	}
	return to;
}

static bool is_own_role(const struct utterance *u, size_t i)
{
	static const char *const intros[] = {
		"i'm",
		"i am",
		"im",
		"i work as",
		"i serve as",
		"my role is",
		"my title is",
		"my job is",
		"i'm currently",
		"i'm now",
		"as",
		"job title is",
		"i was promoted to",
		"i'm working as",
		"my position is",
		"i'm actually",
		"i act as",
		"i'm also",
		"and",
	};
	static const char *const articles[] = {"a",    "an",  "the", "their", "our",
	                                       "your", "its", "one", "of"};
	size_t                   from = i, back;

	while (from > 0 && i - from < 3 && TOKENS_IS_ANY(u, from - 1, articles) &&
	       u->words[from].gap == GAP_SPACE)
		from--;
	for (back = 1; back <= 3 && back <= from; back++)
		if (TOKENS_ANY_AT(u, from - back, intros) == back)
			return !tokens_is(u, from - back, "and") && !tokens_is(u, from - back, "as");
	return false;
}

/* "as the VP of Engineering I ..." is one's own; "as a developer would" as well, so to say. */
static bool is_role_as(const struct utterance *u, size_t i, size_t to)
{
	size_t from = i;

	while (from > 0 && (tokens_is(u, from - 1, "the") || tokens_is(u, from - 1, "a") ||
	                    tokens_is(u, from - 1, "an")))
		from--;
	if (from == 0 || !tokens_is(u, from - 1, "as"))
		return false;
	return tokens_is(u, to, "i") || tokens_is(u, to, "i'm") || tokens_is(u, to, "at") ||
	       (from > 1 && (tokens_is(u, from - 2, "work") || tokens_is(u, from - 2, "working")));
}

/* "Dana Reyes, VP of Engineering at Northwind": the title stands behind the name. */
static bool is_apposition(const struct rules *r, size_t i)
{
	size_t      from = i;
	struct span rest, word, last = {NULL, 0};

	if (!r->x->entities.person_name)
		return false;
	if (from > 0 && (tokens_is(r->u, from - 1, "the") || tokens_is(r->u, from - 1, "a")))
		from--;
	rest = span_of(r->x->entities.person_name);
	while (words_next(&rest, &word))
		last = word;
	return from > 0 && last.ptr && words_equal(last, r->u->words[from - 1].low) &&
	       r->u->words[from].gap != GAP_STOP;
}

/* "VP of Engineering at Northwind." as a whole answer. */
static bool is_whole_answer(const struct utterance *u, size_t i, size_t to)
{
	bool takes_field;

	return i <= 1 && (i == 0 || tokens_is(u, 0, "the")) &&
	       (to == u->n ||
	        ((tokens_is(u, to, "at") || u->words[to].gap == GAP_STOP) && u->n <= 12)) &&
	       (to == u->n || head_at(u, i, &takes_field) || to - i > 1);
}

/* "Actually it's director of sales" after another role was told. */
static bool is_corrected_role(const struct rules *r, size_t i)
{
	static const char *const words[] = {"actually", "sorry", "mean", "meant", "rather"};
	size_t                   start = tokens_sentence_from(r->u, i), from = i > 4 ? i - 4 : 0;

	return r->x->entities.role && TOKENS_ANY_IN(r->u, from < start ? start : from, i, words) &&
	       i > 0 &&
	       (tokens_is(r->u, i - 1, "it's") || tokens_is(r->u, i - 1, "is") ||
	        tokens_is(r->u, i - 1, "the") || tokens_is(r->u, i - 1, "meant") ||
	        tokens_is(r->u, i - 1, "mean") || tokens_is(r->u, i - 1, "actually"));
}

static void keep_owned(struct rules *r, size_t to)
{
	size_t from = to + 1 + tokens_is(r->u, to + 1, "the"), org = rules_org_to(r, from);

	if (tokens_is(r->u, to, "of") && org > from && !vocabulary_place_at(r->u, from))
		rules_keep(r, ENTITY_org_name, from, org, true);
}

void rules_find_role(struct rules *r)
{
	for (size_t i = 0; i < r->u->n;) {
		size_t to = rules_role_to(r, i);

		if (to == i || r->u->words[i].is_contact) {
			i++;
			continue;
		}
		if (is_own_role(r->u, i) || is_role_as(r->u, i, to) || is_apposition(r, i) ||
		    is_whole_answer(r->u, i, to) || is_corrected_role(r, i)) {
			rules_keep(r, ENTITY_role, i, to, false);
			keep_owned(r, to);
		}
		i = to;
	}
}
