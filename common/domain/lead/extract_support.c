/* extract_support.c -- nothing is recorded that the visitor did not say.
 *
 * Each entity of a model's extract is held against the visitor's own words.
 * Names must occur as they are, though a recogniser may have split them ("north
 * wind") or the visitor spelled them. Titles, dates and amounts may be written
 * another way. A use case may be put in other words, but most of them, and each
 * that scores, must have been said. */
#include "extract.h"

#include "lexicon.h"

#include "../who/contact.h"
#include "money.h"
#include "../text/tokens.h"
#include "../text/words.h"

#include <ctype.h>

enum { AMOUNTS_MAX = 64, STEM_CHARS = 5 };

struct evidence {
	struct ctx       *cx;
	struct utterance *list;
	size_t            n;
};

static struct evidence read_evidence(struct ctx *cx, const struct exchange *talk, size_t n)
{
	struct evidence ev = {.cx = cx, .list = NEW_ARRAY(cx->arena, struct utterance, n)};

	for (size_t i = 0; i < n; i++)
		ev.list[ev.n++] = tokens_split(cx, text_without_orders(cx, talk[i].said));
	return ev;
}

/* ---- names ---- */

/* Letters and digits only, in lower case: what is left of "Acme-Corp". */
static const char *squeezed(struct ctx *cx, struct utterance u)
{
	struct buf b = buf_new(cx->arena, 2048);

	for (size_t i = 0; i < u.n; i++)
		for (const char *p = u.words[i].low; *p; p++)
			if (*p != '\'')
				buf_char(&b, *p);
	return buf_text(&b);
}

/* The words from i on, run together, are the whole of `name`. */
static bool runs_together(const struct utterance *u, size_t i, const char *name)
{
	while (*name && i < u->n) {
		const char *low = u->words[i].low;

		for (; *low && *name; low++) {
			if (*low == '\'' && *name != '\'')
				continue;
			if (*low != *name)
				return false;
			name++;
		}
		if (*low && strcmp(low, "'s") != 0)
			return false;
		i++;
	}
	return !*name;
}

static bool is_said(const struct evidence *ev, struct span text)
{
	struct utterance u = tokens_split(ev->cx, text);
	const char      *name = squeezed(ev->cx, u);

	for (size_t k = 0; k < ev->n && *name; k++)
		for (size_t i = 0; i < ev->list[k].n; i++)
			if (runs_together(&ev->list[k], i, name))
				return true;
	return false;
}

/* Each word was said somewhere: "I'm Dana." ... "Reyes, with a y." */
static bool are_words_said(const struct evidence *ev, const char *text)
{
	struct span rest = span_of(text), word;
	size_t      n = 0;

	while (words_next(&rest, &word)) {
		if (!is_said(ev, word))
			return false;
		n++;
	}
	return n > 0;
}

/* "Northwind Inc." may have been "northwind". */
static bool is_org_said(const struct evidence *ev, const char *text)
{
	static const char *const forms[] = {"inc", "llc", "ltd", "gmbh",    "corp",   "corporation",
	                                    "ag",  "plc", "co",  "company", "limited"};
	struct utterance         u = tokens_split(ev->cx, span_of(text));
	size_t                   from = tokens_is(&u, 0, "the"), to = u.n;

	while (to > from + 1 && TOKENS_IS_ANY(&u, to - 1, forms))
		to--;
	return is_said(ev, span_of(text)) || is_said(ev, tokens_text(&u, from, to));
}

/* ---- titles and dates, which have more than one form ---- */

static const struct {
	const char *said, *means;
} same[] = {
#define X(meaning, words) {words, #meaning},
#include "common/domain/lead/same_words.tsv.h"
#undef X
};

/* " vp engineering ": every word in its one form, those without meaning left out. */
static const char *canonical(struct ctx *cx, const struct utterance *u)
{
	static const char *const empty[] = {"of",    "the", "a",  "an",     "in", "within", "by", "for",
	                                    "about", "and", "to", "around", "on", "at",     "is", "or"};
	struct buf               b = buf_new(cx->arena, 2 * u->text.len + 64);

	buf_char(&b, ' ');
	for (size_t i = 0, n; i < u->n; i += n) {
		const char *means = u->words[i].low;

		n = 1;
		for (size_t k = 0; k < COUNT(same); k++) {
			size_t len = same[k].said[0] == u->words[i].low[0] ? tokens_at(u, i, same[k].said) : 0;

			if (len > n || (len == 1 && n == 1)) {
				n = len;
				means = same[k].means;
			}
		}
		if (n > 1 || !TOKENS_IS_ANY(u, i, empty))
			buf_printf(&b, "%s ", means);
	}
	return buf_text(&b);
}

/* All words of the field, in one form or another, stand in one utterance. */
static bool is_meant(const struct evidence *ev, const char *field)
{
	struct utterance u = tokens_split(ev->cx, span_of(field));
	const char      *wanted = canonical(ev->cx, &u);

	for (size_t k = 0; k < ev->n; k++) {
		const char *said = canonical(ev->cx, &ev->list[k]);
		struct span rest = span_of(wanted), word;
		bool        has_all = wanted[1] != '\0';

		while (has_all && words_next(&rest, &word)) {
			char *spaced = arena_printf(ev->cx->arena, " %.*s ", (int)word.len, word.ptr);

			has_all = strstr(said, spaced) != NULL;
		}
		if (has_all)
			return true;
	}
	return false;
}

/* ---- amounts ---- */

static bool is_amount_said(const struct evidence *ev, uint64_t amount)
{
	for (size_t k = 0; k < ev->n; k++) {
		struct span  rest = ev->list[k].text;
		struct money m;

		while (money_next(&rest, &m))
			if (m.low == amount || m.high == amount)
				return true;
	}
	return false;
}

static bool is_budget_said(const struct evidence *ev, const char *field)
{
	struct span  rest = span_of(field);
	struct money m;
	size_t       n = 0;

	for (; n < AMOUNTS_MAX && money_next(&rest, &m); n++)
		if (!is_amount_said(ev, m.low) || !is_amount_said(ev, m.high))
			return false;
	return n > 0 || is_meant(ev, field);
}

/* ---- a use case in other words ---- */

/* The same word, or two of one stem: "recommender" and "recommendations". */
static bool is_stem_said(const struct evidence *ev, struct span word)
{
	struct utterance one = tokens_split(ev->cx, word);
	const char      *low = one.n ? one.words[0].low : "";
	size_t           len = strlen(low);

	for (size_t k = 0; k < ev->n; k++)
		for (size_t i = 0; i < ev->list[k].n; i++) {
			const char *said = ev->list[k].words[i].low;

			if (strcmp(said, low) == 0 ||
			    (len >= STEM_CHARS && strncmp(said, low, STEM_CHARS) == 0))
				return true;
		}
	return false;
}

/* Words by which a use case scores may not come from the model. */
static bool is_scoring(struct span word)
{
	return phrases_is(LIST(SCORING), word);
}

static bool is_use_case_said(const struct evidence *ev, const char *field)
{
	struct span rest = span_of(field), word;
	size_t      topics = 0, said = 0;

	while (words_next(&rest, &word)) {
		bool is_known;

		if (words_is_stop(word))
			continue;
		is_known = is_stem_said(ev, word);
		if (!is_known && is_scoring(word))
			return false;
		topics++;
		said += is_known;
	}
	return topics > 0 && said * 3 >= topics * 2;
}

/* ---- the rest ---- */

static bool is_email_said(const struct evidence *ev, const char *email)
{
	for (size_t k = 0; k < ev->n; k++) {
		const struct contact *list;
		size_t                n = contact_find(ev->cx, ev->list[k].text, &list);

		for (size_t i = 0; i < n; i++)
			if (list[i].kind == CONTACT_EMAIL && str_equal_nocase(list[i].value, email))
				return true;
	}
	return false;
}

/* "Berlin, Germany" keeps what was said of it. */
static const char *said_places(const struct evidence *ev, const char *geo)
{
	struct buf  kept = buf_new(ev->cx->arena, 512);
	struct span rest = span_of(geo), part;

	while (str_next_item(&rest, &part)) {
		if (!is_said(ev, part))
			continue;
		buf_str(&kept, kept.len ? ", " : "");
		buf_add(&kept, part.ptr, part.len);
	}
	return kept.len ? kept.ptr : NULL;
}

/* A model's "yes" needs talk of it; a "no" is believed. */
static void check_permissions(const struct evidence *ev, struct extract_entities *e)
{
	bool speaks_of_mail = false, speaks_of_quotes = false;

	for (size_t k = 0; k < ev->n; k++) {
		const struct contact    *list;
		struct span              text = ev->list[k].text;
		static const char *const mails[] = {"email",   "e mail", "mail", "newsletter", "sign me up",
		                                    "updated", "posted", "list", "address"};
		static const char *const quotes[] = {"quote", "quoted", "on the record", "quoting"};

		speaks_of_mail =
			speaks_of_mail || WORDS_ANY(text, mails) || contact_find(ev->cx, text, &list) > 0;
		speaks_of_quotes = speaks_of_quotes || WORDS_ANY(text, quotes);
	}
	if (e->email_opt_in == PERMISSION_GIVEN && !speaks_of_mail)
		e->email_opt_in = PERMISSION_UNKNOWN;
	if (e->quote_ok == PERMISSION_GIVEN && !speaks_of_quotes)
		e->quote_ok = PERMISSION_UNKNOWN;
}

static void keep_if(const char **entity, bool is_supported)
{
	if (!is_supported)
		*entity = NULL;
}

void extract_supported(struct ctx *cx, struct extract *x, const struct exchange *talk, size_t n)
{
	struct evidence          ev = read_evidence(cx, talk, n);
	struct extract_entities *e = &x->entities;

	keep_if(&e->person_name, e->person_name && are_words_said(&ev, e->person_name));
	keep_if(&e->org_name, e->org_name && is_org_said(&ev, e->org_name));
	keep_if(&e->role, e->role && is_meant(&ev, e->role));
	keep_if(&e->budget_range, e->budget_range && is_budget_said(&ev, e->budget_range));
	keep_if(&e->timeline, e->timeline && is_meant(&ev, e->timeline));
	keep_if(&e->use_case, e->use_case && is_use_case_said(&ev, e->use_case));
	keep_if(&e->channel, e->channel && is_meant(&ev, e->channel));
	keep_if(&e->contact_email, e->contact_email && is_email_said(&ev, e->contact_email));
	e->geo = e->geo ? said_places(&ev, e->geo) : NULL;
	check_permissions(&ev, e);
}
