/* phrases.c -- searching lists of phrases, and matching patterns. */
#include "phrases.h"

#include "words.h"

enum { REPEATS_MAX = 4, FIRST_LIST = 128 };

static const char *phrase_of(const struct phrases *list, size_t k)
{
	return list->text + list->at[k];
}

/* The first phrase that is not before `low` by the bytes. */
static size_t place_of(const struct phrases *list, const char *low)
{
	size_t from = 0, to = list->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(phrase_of(list, middle), low) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool phrases_has(const struct phrases *list, const char *low)
{
	size_t k = place_of(list, low);

	return k < list->n && strcmp(phrase_of(list, k), low) == 0;
}

static bool may_begin(const struct phrases *list, char c)
{
	uint32_t bit = c >= 'a' && c <= 'z' ? 1u << (c - 'a') : 1u << ('z' - 'a' + 1);

	return list->firsts == 0 || list->firsts & bit;
}

size_t phrases_at(const struct phrases *list, const struct utterance *u, size_t i)
{
	size_t longest = 0, len, n;

	if (i >= u->n || !may_begin(list, u->words[i].low[0]))
		return 0;
	len = strlen(u->words[i].low);
	for (size_t k = place_of(list, u->words[i].low);
	     k < list->n && strncmp(phrase_of(list, k), u->words[i].low, len) == 0 &&
	     phrase_of(list, k)[len] <= ' ';
	     k++) {
		n = tokens_at(u, i, phrase_of(list, k));
		longest = n > longest ? n : longest;
	}
	return longest;
}

bool phrases_said(const struct phrases *list, struct span text)
{
	for (size_t k = 0; k < list->n; k++)
		if (words_contain(text, phrase_of(list, k)))
			return true;
	return false;
}

bool phrases_start(const struct phrases *list, struct span text)
{
	for (size_t k = 0; k < list->n; k++)
		if (words_start_with(text, phrase_of(list, k), NULL))
			return true;
	return false;
}

bool phrases_in(const struct phrases *list, const struct utterance *u, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < u->n; i++)
		if (phrases_at(list, u, i))
			return true;
	return false;
}

/* ---- patterns ---- */

struct matcher {
	const struct grammar   *g;
	const struct utterance *u;
	struct pattern_match   *out;
};

static bool is_stop(const struct utterance *u, size_t i)
{
	return i >= u->n || u->words[i].gap == GAP_STOP;
}

/* One of "a|b|c". */
static bool is_one_of(const char *low, struct span words)
{
	size_t n = strlen(low);

	while (words.len) {
		const char *bar = memchr(words.ptr, '|', words.len);
		size_t      len = bar ? (size_t)(bar - words.ptr) : words.len;

		if (len == n && memcmp(words.ptr, low, n) == 0)
			return true;
		len += bar != NULL;
		words = (struct span){words.ptr + len, words.len - len};
	}
	return false;
}

/* One element at word i: one past what it takes; SIZE_MAX: it is not there. */
static size_t element_to(const struct matcher *m, struct span e, size_t i)
{
	const struct utterance *u = m->u;
	unsigned char           c = (unsigned char)e.ptr[0];
	size_t                  n;

	if (c == '^' || c == '$')
		return is_stop(u, i) ? i : SIZE_MAX;
	if (c == ';')
		return i >= u->n || u->words[i].gap != GAP_SPACE ? i : SIZE_MAX;
	if (i >= u->n || (i > m->out->from && is_stop(u, i)))
		return SIZE_MAX;
	if (c == '_' || (c >= 'A' && c <= 'Z')) {
		n = c == '_' ? i + 1 : m->g->slot_to(m->g->data, (char)c, i);
		return n > i ? n : SIZE_MAX;
	}
	if (c >= FIRST_LIST) {
		n = phrases_at(&m->g->lists[c - FIRST_LIST], u, i);
		return n ? i + n : SIZE_MAX;
	}
	return is_one_of(u->words[i].low, e) ? i + 1 : SIZE_MAX;
}

static bool take(struct matcher *m, char kind, size_t from, size_t to)
{
	if (kind < 'A' || kind > 'Z')
		return true;
	if (m->out->n == PATTERN_SLOTS_MAX)
		return false;
	m->out->slots[m->out->n++] = (struct pattern_slot){kind, from, to};
	return true;
}

/* The rest of the pattern at word i. Bounded: a pattern is short, and repeats are few. */
static bool fits(struct matcher *m, const char *p, size_t i) /* NOLINT(misc-no-recursion) */
{
	struct span e = {p, strcspn(p, " ")};
	const char *rest = p + e.len + (p[e.len] == ' ');
	bool        is_not = *p == '!', is_optional, is_many;
	size_t      to, n = m->out->n;

	if (!*p) {
		m->out->to = i;
		return true;
	}
	e = is_not ? (struct span){p + 1, e.len - 1} : e;
	is_many = e.len > 1 && e.ptr[e.len - 1] == '*';
	is_optional = is_many || (e.len > 1 && e.ptr[e.len - 1] == '?');
	e.len -= is_optional;
	to = element_to(m, e, i);
	if (is_not)
		return to == SIZE_MAX && fits(m, rest, i);
	if (to != SIZE_MAX && take(m, e.ptr[0], i, to)) {
		if (is_many && to > i && to - m->out->from < (size_t)4 * REPEATS_MAX && fits(m, p, to))
			return true;
		m->out->n = n + (m->out->n > n);
		if (fits(m, rest, to))
			return true;
	}
	m->out->n = n;
	return is_optional && fits(m, rest, i);
}

/* By one character, since most patterns begin with a word that does not stand there. */
static bool can_begin(const struct utterance *u, size_t i, const char *p)
{
	size_t n = strcspn(p, " ");
	bool   is_word = *p >= 'a' && *p <= 'z' && p[n - 1] != '?' && p[n - 1] != '*';

	if (!is_word || i >= u->n)
		return *p != '^' || is_stop(u, i);
	for (size_t k = 0; k < n; k++)
		if ((k == 0 || p[k - 1] == '|') && p[k] == u->words[i].low[0])
			return true;
	return false;
}

bool pattern_at(const struct grammar *g, const struct phrases *patterns, const struct utterance *u,
                size_t i, struct pattern_match *out)
{
	struct matcher m = {g, u, out};

	for (size_t k = 0; k < patterns->n; k++) {
		const char *p = phrase_of(patterns, k);

		*out = (struct pattern_match){.from = i, .is_refusal = p[0] == '-'};
		p += out->is_refusal ? 2 : 0;
		if (can_begin(u, i, p) && fits(&m, p, i))
			return true;
	}
	return false;
}
