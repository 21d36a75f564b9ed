/* rule_who.c -- who is talking: name, organisation, place. */
#include "rules.h"

#include "vocabulary.h"
#include "../text/words.h"

#include <ctype.h>

enum { NAME_WORDS_MAX = 4, ORG_WORDS_MAX = 6, LOWER_ORG_WORDS_MAX = 3, PLACE_WORDS_MAX = 4 };

/* Words without capitals get them, others stay as they were written. */
static const char *titled(struct ctx *cx, struct span text)
{
	char *copy = arena_strndup(cx->arena, text.ptr, text.len);

	for (char *p = copy; *p; p++)
		if (isupper((unsigned char)*p))
			return copy;
	for (char *p = copy; *p; p++)
		if (p == copy || p[-1] == ' ' || p[-1] == '-')
			*p = (char)toupper((unsigned char)*p);
	return copy;
}

static struct span without_possessive(struct span text)
{
	if (text.len > 2 && strncmp(text.ptr + text.len - 2, "'s", 2) == 0)
		text.len -= 2;
	else if (text.len > 4 && strncmp(text.ptr + text.len - 4, "\u2019s", 4) == 0)
		text.len -= 4;
	return text;
}

void rules_keep(struct rules *r, enum entity entity, size_t from, size_t to, bool as_title)
{
	struct span text = tokens_text(r->u, from, to);

	if (as_title) {
		text = without_possessive(text);
		text = span_of(titled(r->cx, text));
	}
	r->x->entities.text[entity] = extract_clean(r->cx, text, entity == ENTITY_use_case ? 500 : 200);
}

static bool is_capital(const struct rules *r, size_t i)
{
	unsigned char c = i < r->u->n ? (unsigned char)r->u->words[i].text.ptr[0] : 'a';

	return isupper(c) || c >= 0xc3;
}

static bool is_lettered(const char *low)
{
	size_t n = 0;

	for (; *low; low++, n++)
		if (!isalpha((unsigned char)*low) && *low != '\'' && (unsigned char)*low < 0x80)
			return false;
	return n > 0;
}

static bool is_verbish(const char *low)
{
	size_t n = strlen(low);

	return n > 4 && (strcmp(low + n - 3, "ing") == 0 || strcmp(low + n - 2, "ly") == 0);
}

static bool has_contraction(const char *low)
{
	const char *p = strchr(low, '\'');

	return p && (strcmp(p, "'m") == 0 || strcmp(p, "'re") == 0 || strcmp(p, "'ll") == 0 ||
	             strcmp(p, "'ve") == 0 || strcmp(p, "'d") == 0 || strcmp(p, "'t") == 0);
}

/* ---- names ---- */

static bool can_be_name(const struct rules *r, size_t i)
{
	const struct token *w = &r->u->words[i];

	if (w->is_contact || !is_lettered(w->low) || strlen(w->low) > 30 || has_contraction(w->low))
		return false;
	if (vocabulary_has(VOCABULARY_GIVEN_NAMES, w->low) && !words_is_stop(w->text))
		return true;
	if (words_is_stop(w->text) || vocabulary_has(VOCABULARY_NOT_NAMES, w->low))
		return false;
	return is_capital(r, i) || (!is_verbish(w->low) && w->low[1]);
}

static bool is_particle(const struct rules *r, size_t i)
{
	static const char *const particles[] = {"de", "van", "von", "der", "den", "la", "del", "bin",
	                                        "al", "da",  "di",  "du",  "le",  "st", "el",  "dos"};

	while (TOKENS_IS_ANY(r->u, i, particles) && i + 1 < r->u->n &&
	       r->u->words[i + 1].gap == GAP_SPACE) {
		i++;
		if (!r->has_capitals || is_capital(r, i))
			return true;
	}
	return false;
}

/* What comes behind a name when somebody introduces themselves. */
static bool closes_name(const struct rules *r, size_t i)
{
	static const char *const closers[] = {"from", "at",  "with", "here",     "calling", "and",
	                                      "i",    "i'm", "of",   "speaking", "over",    "the"};

	return i >= r->u->n || r->u->words[i].gap != GAP_SPACE || TOKENS_IS_ANY(r->u, i, closers) ||
	       rules_role_to(r, i) > i;
}

static bool joins_name(const struct rules *r, size_t from, size_t i)
{
	if (i >= r->u->n || r->u->words[i].gap != GAP_SPACE || i - from >= NAME_WORDS_MAX)
		return false;
	if (is_particle(r, i))
		return true;
	return can_be_name(r, i) && (is_capital(r, i) || !r->has_capitals) && rules_role_to(r, i) == i;
}

size_t rules_name_to(const struct rules *r, size_t i, bool is_sure)
{
	size_t to = i;
	bool   is_known;

	if (i >= r->u->n ||
	    (!can_be_name(r, i) && !(is_sure && is_capital(r, i) && r->has_capitals &&
	                             is_lettered(r->u->words[i].low) && r->u->words[i].low[1])))
		return i;
	is_known = vocabulary_has(VOCABULARY_GIVEN_NAMES, r->u->words[i].low);
	if (!is_sure && r->has_capitals && !is_capital(r, i))
		return i;
	if (!is_sure && vocabulary_place_at(r->u, i))
		return i;
	for (to = i + 1; joins_name(r, i, to);)
		to++;
	if (is_sure || is_known || (r->has_capitals && is_capital(r, i)))
		return to;
	/* Without capitals and with a name nobody knows, only the whole form convinces. */
	return to - i == 2 && to < r->u->n && closes_name(r, to) && r->u->words[to].gap == GAP_SPACE &&
	               !tokens_is(r->u, to, "and") && !tokens_is(r->u, to, "the")
	           ? to
	           : i;
}

/* "Dana" after "Dana Reyes" adds nothing; "Dana Reyes" after "Dana" does. */
static bool adds_nothing(const struct rules *r, size_t from, size_t to)
{
	const char *known = r->x->entities.person_name;
	struct span rest = known ? span_of(known) : SPAN(""), first;

	return to - from == 1 && words_next(&rest, &first) && words_count(rest) &&
	       words_equal(first, r->u->words[from].low);
}

static void keep_name(struct rules *r, size_t from, size_t to)
{
	if (to > from && !adds_nothing(r, from, to))
		rules_keep(r, ENTITY_person_name, from, to, true);
}

static bool is_negated(const struct rules *r, size_t i)
{
	static const char *const nots[] = {"not", "never", "no"};

	return TOKENS_IS_ANY(r->u, i, nots);
}

/* Whose name: "my boss's name is", "her name is" are somebody else. */
static bool is_of_another(const struct rules *r, size_t i)
{
	static const char *const others[] = {"his",     "her",       "their",        "your",
	                                     "company", "company's", "its",          "boss",
	                                     "product", "project",   "app",          "domain",
	                                     "brand",   "startup",   "organization", "business",
	                                     "firm",    "team",      "dog",          "agency",
	                                     "shop",    "app's",     "product's",    "startup's",
	                                     "boss's"};

	return (i > 0 && TOKENS_IS_ANY(r->u, i - 1, others)) ||
	       (i > 1 && TOKENS_IS_ANY(r->u, i - 2, others));
}

static size_t skip_titles(const struct rules *r, size_t i)
{
	static const char *const titles[] = {"dr",       "mr",    "mrs",    "ms", "prof", "doctor",
	                                     "actually", "still", "called", "uh", "um"};

	for (int k = 0; k < 3 && TOKENS_IS_ANY(r->u, i, titles); k++)
		i++;
	return i;
}

/* In "sorry, it's Dana" the correction makes a name of any word that can be one;
 * without it only a name we know counts. */
static bool is_correction(const struct rules *r, size_t i)
{
	static const char *const words[] = {"actually", "sorry", "no", "mean", "meant", "correction"};
	size_t                   from = i > 3 ? i - 3 : 0;

	for (; from < i; from++)
		if (TOKENS_IS_ANY(r->u, from, words))
			return r->x->entities.person_name != NULL;
	return false;
}

static bool is_known_name(const struct rules *r, size_t i)
{
	return i < r->u->n && vocabulary_has(VOCABULARY_GIVEN_NAMES, r->u->words[i].low);
}

/* "Name: Albert Sanders", "first name Maria": what a form would ask for. */
static bool is_label(const struct rules *r, size_t i)
{
	static const char *const kinds[] = {"first", "last", "full", "given", "family"};

	if (!tokens_is(r->u, i, "name") || i + 1 >= r->u->n || r->u->words[i + 1].gap == GAP_STOP)
		return false;
	return (i > 0 && TOKENS_IS_ANY(r->u, i - 1, kinds) && is_capital(r, i + 1)) ||
	       (r->u->words[i].gap == GAP_STOP && r->u->words[i + 1].gap == GAP_COMMA);
}

/* "Last name Gonzalez" goes behind the first one. False: that is not what is said. */
static bool keep_family_name(struct rules *r, size_t i, size_t from, size_t to)
{
	static const char *const family[] = {"last name", "family name", "surname"};
	const char              *known = r->x->entities.person_name;
	size_t                   back = i > 2 ? i - 2 : 0;

	if (!TOKENS_ANY_IN(r->u, back, from, family) || !known || strchr(known, ' ') || to == from)
		return false;
	r->x->entities.person_name =
		arena_printf(r->cx->arena, "%s %s", known, titled(r->cx, tokens_text(r->u, from, to)));
	return true;
}

static void find_named(struct rules *r, size_t i)
{
	static const char *const sure[] = {"my name is",   "my name's",     "name is",
	                                   "name's",       "call me",       "i am called",
	                                   "i'm called",   "they call me",  "i go by",
	                                   "full name is", "people call me"};
	static const char *const likely[] = {
		"i'm",
		"i am",
		"im",
		"this is",
		"my name",
		"myself",
		"you're speaking with",
		"you're speaking to",
		"you are speaking with",
		"you are speaking to",
		"you're talking to",
		"you are talking to",
		"that would be",
	};
	static const char *const its[] = {"it's", "it is", "its"};
	static const char *const spelled[] = {"spelled", "spelt"};
	size_t                   n = TOKENS_ANY_AT(r->u, i, sure), at;

	if (!n && is_label(r, i))
		n = 1;
	if (n) {
		at = skip_titles(r, i + n);
		if ((n > 1 && is_of_another(r, i + n - 2)) || is_of_another(r, i) || is_negated(r, at) ||
		    TOKENS_IS_ANY(r->u, at, spelled))
			return;
		if (tokens_is(r->u, i + n - 2, "call") && r->x->entities.person_name)
			return; /* a short form of what is known */
		/* "call me at", "call me back" ask for a call. */
		n = rules_name_to(r, at, !tokens_is(r->u, i, "call") || is_capital(r, at));
		if (!keep_family_name(r, i, at, n))
			keep_name(r, at, n);
		return;
	}
	n = TOKENS_ANY_AT(r->u, i, likely);
	if (!n) {
		n = TOKENS_ANY_AT(r->u, i, its);
		if (n && !is_known_name(r, skip_titles(r, i + n)) && !is_correction(r, i))
			return;
	}
	if (!n)
		return;
	at = skip_titles(r, i + n);
	if (at < r->u->n && r->u->words[at].gap != GAP_STOP && rules_role_to(r, at) == at)
		keep_name(r, at, rules_name_to(r, at, false));
}

/* "Dana Reyes here", "Dana speaking" at the beginning of what is said. */
static void find_leading(struct rules *r)
{
	static const char *const greetings[] = {"hi",   "hello",   "hey",       "yes",     "yeah",
	                                        "good", "morning", "afternoon", "evening", "sure",
	                                        "okay", "ok",      "there"};
	size_t                   i = 0, to;

	while (i < 4 && TOKENS_IS_ANY(r->u, i, greetings))
		i++;
	to = rules_name_to(r, i, false);
	if (to == i || to >= r->u->n)
		return;
	if ((tokens_is(r->u, to, "here") || tokens_is(r->u, to, "speaking")) &&
	    r->u->words[to].gap == GAP_SPACE &&
	    (is_known_name(r, i) || (r->has_capitals && to - i == 2 && is_capital(r, i + 1))))
		keep_name(r, i, to);
}

/* "spelled R-E-Y-E-S": the letters take the place of the part of the name with the same first
 * letter; they are the name where none is known. */
static void use_spelling(struct rules *r, size_t from, size_t to)
{
	struct buf  spelled = buf_new(r->cx->arena, 64), name = buf_new(r->cx->arena, 256);
	struct span rest, word;
	bool        is_used = false;

	for (size_t i = from; i < to; i++)
		buf_char(&spelled, (char)(i == from ? toupper((unsigned char)r->u->words[i].low[0])
		                                    : r->u->words[i].low[0]));
	if (!r->x->entities.person_name) {
		r->x->entities.person_name = buf_text(&spelled);
		return;
	}
	rest = span_of(r->x->entities.person_name);
	while (words_next(&rest, &word)) {
		bool is_it = !is_used && (word.ptr[0] | ' ') == (spelled.ptr[0] | ' ') &&
		             word.len + 3 > spelled.len && spelled.len + 3 > word.len;

		is_used = is_used || is_it;
		buf_str(&name, name.len ? " " : "");
		if (is_it)
			buf_add(&name, spelled.ptr, spelled.len);
		else
			buf_add(&name, word.ptr, word.len);
	}
	if (is_used)
		r->x->entities.person_name = buf_text(&name);
}

static void find_spelled(struct rules *r)
{
	static const char *const cues[] = {"spelled", "spelt",    "spell",
	                                   "that's",  "spelling", "letters"};
	static const char *const own_name[] = {"my name is", "my name's", "name is", "my name"};

	for (size_t i = 0; i < r->u->n; i++) {
		size_t from = i + 1, to;

		if (!TOKENS_IS_ANY(r->u, i, cues))
			continue;
		while (from < r->u->n && from < i + 4 && r->u->words[from].low[1])
			from++;
		for (to = from; to < r->u->n && to < from + 20 &&
		                isalpha((unsigned char)r->u->words[to].low[0]) && !r->u->words[to].low[1] &&
		                !r->u->words[to].is_contact;)
			to++;
		if (to - from >= 3 &&
		    (r->x->entities.person_name || TOKENS_ANY_IN(r->u, i > 3 ? i - 3 : 0, i, own_name)))
			use_spelling(r, from, to);
	}
}

void rules_find_person(struct rules *r)
{
	find_leading(r);
	for (size_t i = 0; i < r->u->n; i++)
		find_named(r, i);
	find_spelled(r);
}

/* ---- organisations ---- */

static bool can_be_org(const struct rules *r, size_t i)
{
	const struct token *w = &r->u->words[i];

	return !w->is_contact && !words_is_stop(w->text) && !has_contraction(w->low) &&
	       !vocabulary_has(VOCABULARY_NOT_ORGS, w->low) && strlen(w->low) <= 40;
}

static bool is_org_glue(const struct rules *r, size_t i)
{
	return (tokens_is(r->u, i, "of") || tokens_is(r->u, i, "and") || tokens_is(r->u, i, "for")) &&
	       i + 1 < r->u->n && r->u->words[i + 1].gap == GAP_SPACE && is_capital(r, i + 1) &&
	       can_be_org(r, i + 1);
}

static bool is_legal_form(const struct rules *r, size_t i)
{
	static const char *const forms[] = {"inc", "llc", "ltd", "gmbh", "corp",
	                                    "ag",  "plc", "co",  "bv",   "sa"};

	return i < r->u->n && TOKENS_IS_ANY(r->u, i, forms);
}

/* "Stanford University", "Fortune 500": in the midst of a name any capital will do. */
static bool goes_on_in_capitals(const struct rules *r, size_t i)
{
	const struct token *w = &r->u->words[i];

	return !w->is_contact && !has_contraction(w->low) && strlen(w->low) <= 40 &&
	       (isdigit((unsigned char)w->low[0]) || (is_capital(r, i) && w->low[1]));
}

/* In written text capitals bound the name; without them a few words do that
 * are neither stop words nor doings. */
size_t rules_org_to(const struct rules *r, size_t i)
{
	bool   by_capitals;
	size_t to, most;

	if (i >= r->u->n || !can_be_org(r, i) || (i > 0 && r->u->words[i].gap == GAP_STOP))
		return i;
	by_capitals = r->has_capitals;
	if (by_capitals && !is_capital(r, i) && !isdigit((unsigned char)r->u->words[i].low[0]) &&
	    !(i + 1 < r->u->n && is_legal_form(r, i + 1)))
		return i;
	if (!by_capitals && (is_verbish(r->u->words[i].low) ||
	                     (vocabulary_has(VOCABULARY_NOT_NAMES, r->u->words[i].low))))
		return i;
	most = by_capitals ? ORG_WORDS_MAX : LOWER_ORG_WORDS_MAX;
	for (to = i + 1; to < r->u->n && to - i < most; to++) {
		if (is_legal_form(r, to) && r->u->words[to].gap != GAP_STOP)
			continue;
		if (r->u->words[to].gap != GAP_SPACE)
			break;
		if (by_capitals && is_org_glue(r, to))
			continue;
		if (by_capitals && goes_on_in_capitals(r, to))
			continue;
		if (by_capitals || !can_be_org(r, to) || is_verbish(r->u->words[to].low) ||
		    rules_role_to(r, to) > to)
			break;
	}
	return to;
}

static size_t skip_article(const struct rules *r, size_t i)
{
	return tokens_is(r->u, i, "the") || tokens_is(r->u, i, "called") || tokens_is(r->u, i, "named")
	           ? i + 1
	           : i;
}

static void keep_org(struct rules *r, size_t i)
{
	size_t from = skip_article(r, i), to = rules_org_to(r, from),
		   place = vocabulary_place_at(r->u, from);

	if (to > from && !(place && from + place >= to))
		rules_keep(r, ENTITY_org_name, from, to, true);
}

/* "from X" says where from or whose; known places are no organisations. */
static bool follows_a_person(const struct rules *r, size_t i)
{
	static const char *const intros[] = {"i'm",      "i am",    "im",           "we're",   "we are",
	                                     "this is",  "name is", "call me",      "calling", "here",
	                                     "speaking", "name's",  "reaching out", "team"};

	return TOKENS_ANY_IN(r->u, i > 5 ? i - 5 : 0, i, intros) && !tokens_is(r->u, i - 1, "away") &&
	       !tokens_is(r->u, i - 1, "different");
}

static bool follows_a_role(const struct rules *r, size_t i)
{
	for (size_t back = 1; back <= 6 && back <= i; back++)
		if (rules_role_to(r, i - back) == i)
			return true;
	return false;
}

void rules_find_org(struct rules *r)
{
	static const char *const sure[] = {
		"i work at",
		"i work for",
		"i'm working at",
		"i'm working for",
		"we work at",
		"my company is",
		"our company is",
		"company is called",
		"company is actually called",
		"company is actually",
		"company called",
		"company named",
		"my startup is",
		"our startup is",
		"startup called",
		"i'm calling from",
		"calling from",
		"on behalf of",
		"i represent",
		"here at",
		"over at",
		"we at",
		"i founded",
		"i run",
		"company name is",
		"business is called",
		"agency called",
		"the company is",
		"my company's called",
		"company's called",
		"firm called",
		"i own",
		"nonprofit called",
		"studio called",
		"i'm employed at",
		"employed by",
		"business called",
		"works at",
	};
	static const char *const near[] = {"at", "with"};
	static const char *const talks[] = {"speaking", "talking", "chatting"};

	for (size_t i = 0; i < r->u->n; i++) {
		size_t n = TOKENS_ANY_AT(r->u, i, sure);

		if (n)
			keep_org(r, i + n);
		else if (i > 0 && TOKENS_IS_ANY(r->u, i - 1, talks))
			continue; /* to a person */
		else if (i > 0 && r->u->words[i].gap == GAP_SPACE && TOKENS_IS_ANY(r->u, i, near) &&
		         (follows_a_role(r, i) ||
		          (follows_a_person(r, i) && (i < 3 || !is_verbish(r->u->words[i - 1].low)) &&
		           !words_is_stop(r->u->words[i - 1].text))))
			keep_org(r, i + 1);
		else if (i > 0 && TOKENS_IS_ANY(r->u, i, near) && TOKENS_ANY_AT(r->u, i - 1, near) == 0 &&
		         (tokens_is(r->u, i - 1, "i'm") || tokens_is(r->u, i - 1, "am") ||
		          tokens_is(r->u, i - 1, "we're")))
			keep_org(r, i + 1);
		else if (i > 0 && tokens_is(r->u, i, "from") && follows_a_person(r, i))
			keep_org(r, i + 1);
	}
}

/* ---- places ---- */

/* A place that need not be known: what stands after "based in". */
static size_t named_place_to(const struct rules *r, size_t i)
{
	size_t known = vocabulary_place_at(r->u, i), to = i;

	if (known)
		return i + known;
	while (to < r->u->n && to - i < PLACE_WORDS_MAX &&
	       (to == i || r->u->words[to].gap == GAP_SPACE) && can_be_org(r, to) && r->has_capitals &&
	       is_capital(r, to))
		to++;
	return to;
}

static void keep_place(struct rules *r, size_t i, bool must_be_known)
{
	size_t to = must_be_known ? i + vocabulary_place_at(r->u, i) : named_place_to(r, i);
	size_t more;

	if (to == i)
		return;
	more = vocabulary_place_at(r->u, to); /* "Austin, Texas" */
	if (more && r->u->words[to].gap != GAP_STOP)
		to += more;
	rules_keep(r, ENTITY_geo, i, to, true);
}

void rules_find_place(struct rules *r)
{
	static const char *const sure[] = {"based in",  "based out of",     "located in",   "live in",
	                                   "living in", "headquartered in", "i'm based in", "moved to",
	                                   "office in", "offices in",       "based near"};
	static const char *const near[] = {"from", "in", "out of", "here in", "over in"};

	for (size_t i = 0; i < r->u->n; i++) {
		size_t n = TOKENS_ANY_AT(r->u, i, sure);
		size_t back = i > 6 ? i - 6 : 0;

		static const char *const selves[] = {"i'm",     "i am",    "we're",   "we are",  "im",
		                                     "calling", "here",    "startup", "company", "team",
		                                     "at",      "this is", "name is", "from",    "of",
		                                     "firm",    "work",    "agency",  "shop"};

		if (n)
			keep_place(r, i + n, false);
		else if ((n = TOKENS_ANY_AT(r->u, i, near)) > 0 && i > 0 &&
		         TOKENS_ANY_IN(r->u, back, i, selves))
			keep_place(r, i + n, true);
	}
}
