/* dynamics.c -- the rules behind the hints: named lists of phrases and a few numbers. */
#include "dynamics.h"

#include "../text/words.h"
#include "talk_words.h"

#include <ctype.h>

#define CALLBACK_APART         5u
#define PERSPECTIVE_AFTER      6u
#define PERSPECTIVE_APART      8u
#define PERSPECTIVE_PERCENT    30u
#define PERCENT_ALWAYS_STRIKES 100.0 /* "300%" needs no "growth" beside it */
#define PERCENT_STRIKES        50.0  /* with a word of change in the message */
#define TIMES_STRIKE           5.0   /* "10x", "ten times" in digits */

static const struct {
	const char *name, *text;
} hints[] = {
#define X(hint, name_, text_) [hint] = {.name = (name_), .text = (text_)},
	DYNAMICS_HINTS(X)
#undef X
};
_Static_assert(COUNT(hints) == DYNAMICS_HINTS_N, "one slot per hint");

static bool has_digit(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isdigit((unsigned char)text.ptr[i]))
			return true;
	return false;
}

/* The number a word begins with; *after_out is what follows its digits. */
static double leading_number(struct span word, struct span *after_out)
{
	double value = 0;
	size_t i = 0;

	for (; i < word.len && isdigit((unsigned char)word.ptr[i]); i++)
		value = value * 10 + (word.ptr[i] - '0');
	*after_out = (struct span){word.ptr + i, word.len - i};
	return value;
}

/* "300%", "10x", "5 times", "2 million users", "2M users": `word` begins with a digit. */
static bool is_striking_number(struct span word, struct span rest, bool has_change)
{
	struct span unit, next = {NULL, 0}, then = {NULL, 0};
	double      value = leading_number(word, &unit);
	bool        is_scaled;

	words_next(&rest, &next);
	words_next(&rest, &then);
	if ((word.ptr[word.len] == '%' && !unit.len) || words_equal(next, "percent"))
		return value >= PERCENT_ALWAYS_STRIKES || (value >= PERCENT_STRIKES && has_change);
	if (words_equal(unit, "x") ||
	    (!unit.len && (words_equal(next, "x") || words_equal(next, "times"))))
		return value >= TIMES_STRIKE;
	is_scaled = unit.len ? SAYS(unit, SCALE) : SAYS(next, SCALE);
	return is_scaled && SAYS(unit.len ? next : then, CROWD);
}

static bool is_striking(struct span message)
{
	bool        has_change = SAYS(message, CHANGE);
	struct span rest = message, word;

	if (SAYS(message, STRIKING))
		return true;
	while (words_next(&rest, &word))
		if (isdigit((unsigned char)word.ptr[0]) && rest.len &&
		    is_striking_number(word, rest, has_change))
			return true;
	return SAYS(message, SCALE) && SAYS(message, CROWD);
}

static bool lacks_number(struct span message)
{
	return !has_digit(message) && !SAYS(message, NUMBER_WORDS) && SAYS(message, QUALITY);
}

/* The word without the endings that make "searches" of "search". */
static struct span stem(struct span word)
{
	static const char *const endings[] = {"'s", "ing", "es", "ed", "s"};

	for (size_t i = 0; i < COUNT(endings); i++) {
		struct span ending = span_of(endings[i]);

		if (word.len >= ending.len + 4 &&
		    span_equal_nocase((struct span){word.ptr + word.len - ending.len, ending.len}, ending))
			return (struct span){word.ptr, word.len - ending.len};
	}
	return word;
}

/* Words that carry a topic: no stop words, nothing under four letters but acronyms. */
static bool is_topic(struct span word)
{
	bool is_acronym =
		word.len >= 2 && isupper((unsigned char)word.ptr[0]) && isupper((unsigned char)word.ptr[1]);

	return !words_is_stop(word) && (word.len >= 4 || is_acronym) &&
	       !isdigit((unsigned char)word.ptr[0]);
}

bool dynamics_shares_topic(struct span a, struct span b)
{
	enum { TOPICS_MAX = 32 }; /* of the first text: bounds the comparison */
	struct span topics[TOPICS_MAX], word;
	size_t      n = 0;

	while (n < TOPICS_MAX && words_next(&a, &word))
		if (is_topic(word))
			topics[n++] = stem(word);
	while (n && words_next(&b, &word)) {
		if (!is_topic(word))
			continue;
		for (size_t i = 0; i < n; i++)
			if (span_equal_nocase(stem(word), topics[i]))
				return true;
	}
	return false;
}

static bool has_memory_on_topic(const struct dynamics_in *in)
{
	for (size_t i = 0; i < in->memories_n; i++)
		if (dynamics_shares_topic(in->message, span_of(in->memories[i])))
			return true;
	return false;
}

/* Has it been `apart` messages since `last` (0: never)? */
static bool is_due(unsigned index, unsigned last, unsigned apart)
{
	return last == 0 || (index > last && index - last >= apart);
}

static bool needs_perspective(const struct dynamics_in *in)
{
	return in->message_index > PERSPECTIVE_AFTER &&
	       is_due(in->message_index, in->marks.perspective_at, PERSPECTIVE_APART) &&
	       in->random_percent < PERSPECTIVE_PERCENT;
}

void dynamics_judge(const struct dynamics_in *in, struct dynamics *out)
{
	*out = (struct dynamics){.marks = in->marks};
	if (SAYS(in->message, VAGUE))
		out->hints[out->n++] = HINT_VAGUE;
	if (is_striking(in->message))
		out->hints[out->n++] = HINT_STRIKING;
	if (lacks_number(in->message))
		out->hints[out->n++] = HINT_NO_NUMBER;
	if (is_due(in->message_index, in->marks.callback_at, CALLBACK_APART) &&
	    has_memory_on_topic(in)) {
		out->hints[out->n++] = HINT_CALLBACK;
		out->marks.callback_at = in->message_index;
		out->should_keep = true;
	}
	if (needs_perspective(in)) {
		out->hints[out->n++] = HINT_PERSPECTIVE;
		out->marks.perspective_at = in->message_index;
		out->should_keep = true;
	}
}

const char *dynamics_name(enum dynamics_hint hint)
{
	return hints[hint].name;
}

const char *dynamics_text(enum dynamics_hint hint)
{
	return hints[hint].text;
}
