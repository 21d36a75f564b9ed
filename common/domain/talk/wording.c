/* wording.c -- which line, and what stands in it. */
#include "wording.h"

#include "../../base/str.h"
#include "../text/words.h"
#include "talk_words.h"

#include <ctype.h>

enum { NAME_BYTES = 40, QUOTE_BYTES = 200 };

/* "Mr Ashdown" of who told no other name; NULL: the name was told without that. */
static const char *with_title(const struct talk *t, const char *name)
{
	struct span rest = span_of(t->titled ? t->titled : ""), word, before = {"", 0};

	for (; words_next(&rest, &word); before = word)
		if (words_equal(word, name) && SAYS(before, TITLES))
			return arena_printf(t->cx->arena, "%c%.*s %s", toupper((unsigned char)before.ptr[0]),
			                    (int)before.len - 1, before.ptr + 1, name);
	return NULL;
}

const char *wording_first_name(const struct talk *t)
{
	const char *name = t->known->person_name;
	struct span rest = name ? span_of(name) : SPAN(""), word;

	if (!words_next(&rest, &word) || word.len > NAME_BYTES)
		return NULL;
	if (!words_count(rest)) {
		const char *titled = with_title(t, name);

		if (titled)
			return titled;
	}
	return arena_strndup(t->cx->arena, word.ptr, word.len);
}

const char *wording_quotable(const char *value)
{
	return value && strlen(value) <= QUOTE_BYTES && !strpbrk(value, "{}<>*#`\\\"|_\n()[];=") ? value
	                                                                                         : NULL;
}

/* The value of the placeholder at *p, which moves behind it; NULL: not known. */
static const char *value_of(const struct talk *t, const char **p)
{
	const struct {
		struct span name;
		const char *value;
	} values[] = {
		{SPAN("{name}"), wording_first_name(t)},
		{SPAN("{org}"), t->known->org_name},
		{SPAN("{role}"), t->known->role},
		{SPAN("{amount}"), t->now->budget_range},
		{SPAN("{when}"), t->now->timeline},
		{SPAN("{told}"), t->told.words},
		{SPAN("{day}"), t->told.day},
	};

	for (size_t i = 0; i < COUNT(values); i++)
		if (strncmp(*p, values[i].name.ptr, values[i].name.len) == 0) {
			*p += values[i].name.len;
			return wording_quotable(values[i].value);
		}
	return NULL;
}

/* The line with its placeholders filled; NULL when one of them is unknown. */
static const char *fill(const struct talk *t, const char *line)
{
	struct buf b = buf_new(t->cx->arena, 0);

	for (const char *p = line; *p;) {
		const char *value;

		if (*p != '{') {
			buf_char(&b, *p++);
			continue;
		}
		value = value_of(t, &p);
		if (!value)
			return NULL;
		buf_str(&b, value);
	}
	return buf_text(&b);
}

/* How many replies ago the sentence was said; REPLIES_KEPT: not within these. */
size_t wording_said_ago(const struct talk *t, const char *sentence)
{
	for (size_t i = 0; i < t->replies_n; i++)
		if (strcasestr(t->replies[i], sentence))
			return i;
	return REPLIES_KEPT;
}

/* The line that was not said for longest; "" when none can be filled. */
const char *wording_pick(const struct talk *t, const char *const *lines, size_t n)
{
	const char *best = "";
	size_t      longest = 0;

	for (size_t i = 0; i < n; i++) {
		const char *line = fill(t, lines[i]);
		size_t      ago = line ? wording_said_ago(t, line) : 0;

		if (line && (ago > longest || !*best)) {
			best = line;
			longest = ago;
		}
	}
	return best;
}

const char *wording_say(const struct talk *t, int occasion)
{
	const char *lines[LINES_MAX + 1];
	size_t      n = lines_for(occasion, t->mode, lines);

	return wording_pick(t, lines, n);
}
