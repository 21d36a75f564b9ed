/* phrases.c -- searching lists of phrases, and matching patterns. */
#include "phrases.h"

#include "../../base/unicode.h"
#include "words.h"

enum { WORD_BYTES = 96, REPEATS_MAX = 4, FIRST_LIST = 128 };

const char *phrases_nth(const struct phrases *list, size_t k)
{
	return list->text + list->at[k];
}

/* Words mostly differ within some letters: sooner than strcmp() has begun. */
static int order_of(const char *a, const char *b)
{
	for (; *a && *a == *b; a++)
		b++;
	return (unsigned char)*a - (unsigned char)*b;
}

/* The phrases that begin as `low` does. */
static void bounds_of(const struct phrases *list, unsigned char c, size_t *from, size_t *to)
{
	size_t letter = (size_t)(c - 'a');

	*from = c < 'a' ? 0 : list->letters[c > 'z' ? PHRASES_LETTERS - 1 : letter];
	*to = c < 'a' ? list->letters[0] : c > 'z' ? list->n : list->letters[letter + 1];
}

/* The first phrase that is not before `low` by the bytes, which ends before *end. */
static size_t place_of(const struct phrases *list, const char *low, size_t *end)
{
	size_t from, to;

	bounds_of(list, (unsigned char)low[0], &from, &to);
	*end = to;
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (order_of(phrases_nth(list, middle), low) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool phrases_has(const struct phrases *list, const char *low)
{
	size_t end, k = place_of(list, low, &end);

	return k < end && order_of(phrases_nth(list, k), low) == 0;
}

bool phrases_is(const struct phrases *list, struct span word)
{
	char low[WORD_BYTES + 1];

	return word.len <= WORD_BYTES / UNICODE_GROWTH && unicode_fold_text(word, low, sizeof(low)) &&
	       phrases_has(list, low);
}

size_t phrases_at(const struct phrases *list, const struct utterance *u, size_t i)
{
	size_t longest = 0, len, n, k, end;

	if (i >= u->n)
		return 0;
	k = place_of(list, u->words[i].low, &end);
	if (k == end)
		return 0;
	len = strlen(u->words[i].low);
	for (; k < end && strncmp(phrases_nth(list, k), u->words[i].low, len) == 0 &&
	       phrases_nth(list, k)[len] <= ' ';
	     k++) {
		n = tokens_at(u, i, phrases_nth(list, k));
		longest = n > longest ? n : longest;
	}
	return longest;
}

bool phrases_said(const struct phrases *list, struct span text)
{
	struct words_initials initials = words_initials_of(text);

	for (size_t k = 0; k < list->n; k++)
		if (words_may_contain(&initials, phrases_nth(list, k)) &&
		    words_contain(text, phrases_nth(list, k)))
			return true;
	return false;
}

bool phrases_start(const struct phrases *list, struct span text)
{
	for (size_t k = 0; k < list->n; k++)
		if (words_start_with(text, phrases_nth(list, k), NULL))
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

static struct span first_element(const char *p)
{
	const char *end = p;

	while (*end && *end != ' ')
		end++;
	return (struct span){p, (size_t)(end - p)};
}

/* The rest of the pattern at word i. Bounded: a pattern is short, and repeats are few. */
static bool fits(struct matcher *m, const char *p, size_t i) /* NOLINT(misc-no-recursion) */
{
	struct span e = first_element(p);
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

static uint32_t first_bit(char c)
{
	return c >= 'a' && c <= 'z' ? 1u << (c - 'a') : 1u << ('z' - 'a' + 1);
}

/* By one character, since most patterns begin with a word that does not stand there. */
static bool can_begin(const struct phrases *patterns, size_t k, uint32_t here, bool is_start)
{
	uint32_t begins = patterns->begins[k];

	return (begins & here) && (is_start || !(begins & PHRASES_STARTS));
}

bool pattern_at(const struct grammar *g, const struct phrases *patterns, const struct utterance *u,
                size_t i, struct pattern_match *out)
{
	struct matcher m = {g, u, out};
	bool           is_start = is_stop(u, i);
	uint32_t       here = i < u->n ? first_bit(u->words[i].low[0]) : UINT32_MAX;

	for (size_t k = 0; k < patterns->n; k++) {
		const char *p = phrases_nth(patterns, k);

		if (!can_begin(patterns, k, here, is_start))
			continue;
		*out = (struct pattern_match){.from = i, .is_refusal = p[0] == '-'};
		p += out->is_refusal ? 2 : 0;
		if (fits(&m, p, i))
			return true;
	}
	return false;
}
