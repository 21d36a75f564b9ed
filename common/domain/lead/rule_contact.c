/* rule_contact.c -- addresses and numbers, and whose they are. */
#include "rules.h"

#include "../text/words.h"
#include "../who/contact.h"

enum { OWNER_WORDS = 8, PHONE_CHARS = 200 };

/* The first word from i on that does not begin before p. */
static size_t word_from(const struct utterance *u, size_t i, const char *p)
{
	while (i < u->n && u->words[i].text.ptr < p)
		i++;
	return i;
}

/* "Ben's", "my colleague's", but not "it's". */
static bool is_of_somebody(const struct rules *r, size_t i)
{
	struct span word = span_of(r->u->words[i].low), name = words_without_possessive(word);
	const char *low = arena_strndup(r->cx->arena, name.ptr, name.len);

	return name.len < word.len &&
	       (phrases_has(LIST(KIN), low) || phrases_has(LIST(GIVEN_NAMES), low));
}

/* "My boss at", "email Ben at": words [from, to) right before an address name whom it reaches. Who
 * has told no name may be the one. */
static bool names_another(const struct rules *r, size_t from, size_t to)
{
	const char *name = r->x->entities.person_name;
	bool        is_visitor = !name && !phrases_in(LIST(KIN), r->u, from, to);

	for (; name && from < to; from++)
		is_visitor |= words_contain(span_of(name), r->u->words[from].low);
	return !is_visitor;
}

/* What is said of it before word i, the nearest last: "his email is", "write to my boss at". */
static bool is_anothers_before(const struct rules *r, size_t i)
{
	size_t               from = tokens_sentence_from(r->u, i);
	struct pattern_match m = {.n = 0};
	bool                 is_anothers = false;

	for (from = i - from > OWNER_WORDS ? i - OWNER_WORDS : from; from < i; from++) {
		if (is_of_somebody(r, from) ||
		    pattern_at(&r->grammar, LIST(SAY_OTHERS_REACH), r->u, from, &m))
			is_anothers = true;
		else if (pattern_at(&r->grammar, LIST(SAY_PERSON_REACH), r->u, from, &m) && m.to == i)
			is_anothers = names_another(r, from, i);
		else if (pattern_at(&r->grammar, LIST(SAY_OWN_REACH), r->u, from, &m))
			is_anothers = false;
	}
	return is_anothers;
}

/* "ben@acme.com is his address", "that's my boss's" */
static bool is_anothers_behind(const struct rules *r, size_t i)
{
	static const char *const being[] = {"is", "that's"};
	struct pattern_match     m = {.n = 0};

	return pattern_at(&r->grammar, LIST(SAY_IS_OTHERS_REACH), r->u, i, &m) ||
	       (TOKENS_IS_ANY(r->u, i, being) && i + 2 < r->u->n && is_of_somebody(r, i + 2));
}

void rules_mark_contacts(struct rules *r, struct utterance *u)
{
	size_t to = 0;

	r->contacts_n = contact_find(r->cx, u->text, &r->contacts);
	for (size_t i = 0; i < r->contacts_n; i++) {
		size_t from = word_from(u, to, r->contacts[i].text.ptr);

		to = word_from(u, from, r->contacts[i].text.ptr + r->contacts[i].text.len);
		for (size_t k = from; k < to; k++)
			u->words[k].is_contact = true;
	}
}

/* Of one whose words are not before *word, which moves behind them. */
static enum reach reach_of(const struct rules *r, const struct contact *c, size_t *word)
{
	size_t from = word_from(r->u, *word, c->text.ptr);

	*word = word_from(r->u, from, c->text.ptr + c->text.len);
	if (c->kind == CONTACT_NUMBER)
		return REACH_NONE;
	if (is_anothers_before(r, from) || is_anothers_behind(r, *word))
		return REACH_OTHERS;
	return c->kind == CONTACT_EMAIL ? REACH_EMAIL : REACH_NUMBER;
}

void rules_find_contacts(struct rules *r)
{
	size_t word = 0;

	r->reach = REACH_NONE;
	for (size_t i = 0; i < r->contacts_n; i++) {
		enum reach reach = reach_of(r, &r->contacts[i], &word);

		if (reach == REACH_EMAIL)
			r->x->entities.contact_email = r->contacts[i].value;
		if (reach == REACH_NUMBER)
			r->phone = extract_clean(r->cx, r->contacts[i].text, PHONE_CHARS);
		r->reach = reach > r->reach ? reach : r->reach;
	}
}
