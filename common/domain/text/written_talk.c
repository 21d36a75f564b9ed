/* written_talk.c -- telling who said what by the names before it. */
#include "written_talk.h"

static const struct {
	struct span  name;
	enum speaker speaker;
} names[] = {
	{{"user:", 5}, SPEAKER_VISITOR},     {{"visitor:", 8}, SPEAKER_VISITOR},
	{{"human:", 6}, SPEAKER_VISITOR},    {{"agent:", 6}, SPEAKER_AGENT},
	{{"assistant:", 10}, SPEAKER_AGENT}, {{"ai:", 3}, SPEAKER_AGENT},
};

/* Takes a name off the line's front. False: there is none. */
static bool take_name(struct span *line, enum speaker *out)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		struct span name = names[i].name;

		if (!span_starts_nocase(*line, name))
			continue;
		*line = (struct span){line->ptr + name.len, line->len - name.len};
		*out = names[i].speaker;
		return true;
	}
	return false;
}

static struct span next_line(struct span *rest)
{
	const char *end = memchr(rest->ptr, '\n', rest->len);
	struct span line = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
	size_t      taken = line.len + (end ? 1 : 0);

	*rest = (struct span){rest->ptr + taken, rest->len - taken};
	return span_trim(line);
}

struct saying {
	enum speaker speaker;
	struct buf   words;
};

static void keep(struct ctx *cx, struct saying *s, struct utterance_text *out, size_t max,
                 size_t *n)
{
	struct span words = span_trim(buf_span(&s->words));

	if (!words.len)
		return;
	if (*n == max)
		memmove(out, out + 1, --*n * sizeof(*out));
	out[(*n)++] = (struct utterance_text){
		.speaker = s->speaker,
		.text = arena_strndup(cx->arena, words.ptr, words.len),
	};
}

size_t written_talk_read(struct ctx *cx, struct span text, struct utterance_text *out, size_t max)
{
	struct saying s = {SPEAKER_VISITOR, buf_new(cx->arena, 0)};
	size_t        n = 0;

	while (text.len) {
		struct span  line = next_line(&text);
		enum speaker speaker;

		if (take_name(&line, &speaker)) {
			keep(cx, &s, out, max, &n);
			s = (struct saying){speaker, buf_new(cx->arena, 0)};
		}
		buf_printf(&s.words, "%.*s\n", (int)line.len, line.ptr);
	}
	keep(cx, &s, out, max, &n);
	return n;
}
