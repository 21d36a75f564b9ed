/* heard_part.c -- time is shared out among the bytes of a piece. */
#include "heard_part.h"

#include "../../base/str.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t';
}

static struct span without_end(struct span text)
{
	while (text.len && is_space(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

/* Back to where a word ends, not before `from`. */
static size_t whole_words(struct span text, size_t from, size_t to)
{
	if (to >= text.len || is_space(text.ptr[to]))
		return to;
	while (to > from && !is_space(text.ptr[to - 1]))
		to--;
	return to;
}

struct span heard_part(struct span text, const struct spoken_piece *pieces, size_t n,
                       unsigned heard_ms)
{
	struct spoken_piece before = {0, 0};
	size_t              i = 0, end, len, ms;

	for (; i < n && pieces[i].ms <= heard_ms; i++)
		before = pieces[i];
	end = before.bytes;
	if (i < n && pieces[i].ms > before.ms && pieces[i].bytes > before.bytes) {
		len = pieces[i].bytes - before.bytes;
		ms = pieces[i].ms - before.ms;
		end = whole_words(text, before.bytes, before.bytes + len * (heard_ms - before.ms) / ms);
	}
	return without_end((struct span){text.ptr, end < text.len ? end : text.len});
}
