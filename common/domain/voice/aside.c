/* aside.c -- tells a stage direction from an emphasis or a remark by how it is made. */
#include "aside.h"

#include "../text/words.h"

#include "../../base/unicode.h"
#include "../../base/utf8.h"

#include <ctype.h>

enum { WORDS_MAX = 6 };

/* What a voice or a face does, as the words for it begin. */
static const char acts[] = "laugh,chuckl,giggl,smil,smirk,grin,sigh,nod,wink,shrug,whisper,gasp,"
						   "cough,lean,clear,paus,beam,frown";
/* What a direction is about. */
static const char manners[] = "breath,voice,tone,smil,laugh,sigh,paus,beat,moment";

static bool begins_with_one(const char *list, struct span word)
{
	struct span rest = span_of(list), item;

	while (str_next_item(&rest, &item))
		if (span_starts_nocase(word, item))
			return true;
	return false;
}

static bool ends_with(struct span word, const char *end)
{
	size_t n = strlen(end);

	return word.len > n + 1 &&
	       span_equal_nocase((struct span){word.ptr + word.len - n, n}, (struct span){end, n});
}

bool aside_at(struct span text, struct aside *out)
{
	static const char opens[] = "([{<*_", closes[] = ")]}>*_";
	const char       *kind = text.len > 2 && *text.ptr ? strchr(opens, *text.ptr) : NULL;
	size_t            marks, n;
	char              close;

	if (!kind)
		return false;
	close = closes[kind - opens];
	marks = text.ptr[1] == *text.ptr ? 2 : 1;
	for (n = marks; n < text.len && text.ptr[n] != close; n++)
		if (n == ASIDE_MAX || text.ptr[n] == '\n')
			return false;
	*out = (struct aside){.inside = {text.ptr + marks, n - marks},
	                      .len = n + marks,
	                      .open = *text.ptr,
	                      .is_strong = marks == 2};
	if (n + marks > text.len || text.ptr[n + marks - 1] != close ||
	    (n + marks < text.len && text.ptr[n + marks] == close))
		return false;
	return !isspace((unsigned char)text.ptr[marks]) && words_count(out->inside) > 0;
}

/* ---- silences ---- */

/* "2", "1.5s", "500 ms" at the first digit; no number at all is no silence. */
static unsigned milliseconds(struct span text)
{
	double ms = 0, unit = 1000, place = 0;
	size_t i = 0;

	while (i < text.len && !isdigit((unsigned char)text.ptr[i]))
		i++;
	if (i && i < text.len && text.ptr[i - 1] == '.')
		place = 1;
	for (; i < text.len && (isdigit((unsigned char)text.ptr[i]) || text.ptr[i] == '.'); i++) {
		if (text.ptr[i] == '.')
			place = 1;
		else if (place == 0)
			ms = ms * 10 + (text.ptr[i] - '0');
		else
			ms += (text.ptr[i] - '0') * (place /= 10);
	}
	text = span_trim((struct span){text.ptr + i, text.len - i});
	if (span_starts_nocase(text, SPAN("ms")) || span_starts_nocase(text, SPAN("milli")))
		unit = 1;
	ms *= unit;
	return ms < 1e6 ? (unsigned)ms : 1000000u;
}

bool aside_is_pause(const struct aside *a, bool is_apart, unsigned *ms_out)
{
	struct span rest = a->inside, word;
	size_t      n = 0, place = 0;
	bool        has_number = false, is_mark = a->open == '[' || a->open == '{';

	while (words_next(&rest, &word)) {
		n++;
		if (!place && (span_starts_nocase(word, SPAN("paus")) ||
		               (a->open == '<' && span_equal_nocase(word, SPAN("break"))) ||
		               (is_mark && span_equal_nocase(word, SPAN("beat"))) ||
		               (is_mark && span_equal_nocase(word, SPAN("silence")))))
			place = n;
	}
	for (size_t i = 0; i < a->inside.len; i++)
		has_number |= isdigit((unsigned char)a->inside.ptr[i]) || a->inside.ptr[i] == ':';
	*ms_out = has_number ? milliseconds(a->inside) : PAUSE_DEFAULT_MS;
	if (!place || n > WORDS_MAX)
		return false;
	if (a->open == '<')
		return place == 1;
	return is_mark || is_apart || (n <= 2 && place == n);
}

/* ---- directions ---- */

/* Letters and what joins them: no digits, no stops but at the end. */
static bool is_plain(struct span inside)
{
	while (inside.len && strchr(".!", inside.ptr[inside.len - 1]))
		inside.len--;
	while (inside.len) {
		uint32_t c = utf8_next(&inside);

		bool is_joint = c == ' ' || c == ',' || c == '\'' || c == '-' || c == 0x2019;

		if (!is_joint && (!unicode_is_word(c) || (c >= '0' && c <= '9')))
			return false;
	}
	return true;
}

/* "(laughs softly)", "[sigh]", "*clears throat*". */
static bool is_act(struct span first, size_t n)
{
	return begins_with_one(acts, first) &&
	       (n == 1 || ends_with(first, "s") || ends_with(first, "ing") || ends_with(first, "ter"));
}

bool aside_is_direction(const struct aside *a, bool is_apart, bool follows_comma)
{
	struct span rest = a->inside, word, first = {"", 0};
	size_t      n = 0;
	bool        has_manner = false, has_form = false, is_low;

	while (words_next(&rest, &word)) {
		first = n++ ? first : word;
		has_manner |= begins_with_one(manners, word);
		has_form |= word.len > 3 &&
		            (ends_with(word, "ly") || ends_with(word, "ing") || ends_with(word, "s"));
	}
	if (a->open == '<' || a->open == '{' || !n || n > WORDS_MAX || !is_plain(a->inside))
		return false;
	if (is_act(first, n) || (is_apart && has_manner))
		return true;
	is_low = !words_is_capitalised(first);
	if (follows_comma && a->open == '*' && is_low)
		return n > 1 && first.len > 3 && ends_with(first, "s") && !words_is_stop(first);
	if (!is_apart || !is_low)
		return false;
	return a->open == '(' || a->is_strong ? has_form : has_form || !words_is_stop(first);
}
