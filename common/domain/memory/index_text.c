/* index_text.c -- texts for and from the search of memories. */
#include "index_text.h"

#include "../../base/json_in.h"
#include "../../base/str.h"
#include "../../base/utf8.h"
#include "../text/when.h"
#include "../text/words.h"
#include "../who/mask.h"

#define NODES_MAX      2000 /* values of a content looked at */
#define NAME_WORDS_MAX 3    /* "Dr Dana Reyes:" */
#define CUT_BYTES      256  /* so near to its limit a piece ends with a word */
#define LOOK_BYTES     128u /* on each side of a border for what it would halve */
/* What the next piece says again: no name, number or address is in two halves, and where masks
 * are longer than what they stand for nothing is between two pieces. */
#define AGAIN_BYTES 512

/* ---- memories ---- */

static void add_text(struct buf *out, const char *text)
{
	if (out->len)
		buf_char(out, ' ');
	buf_str(out, text);
}

static bool is_speaker(const struct cJSON *node)
{
	return json_name(node) && str_equal(json_name(node), "speaker");
}

static void add_scalar(struct ctx *cx, struct buf *out, const struct cJSON *node)
{
	enum json_type type = json_type(node);

	if (type == JSON_STRING && !is_speaker(node))
		add_text(out, json_text_at(node, ""));
	else if (type == JSON_NUMBER)
		add_text(out, arena_strndup(cx->arena, json_print(cx, node).ptr, json_print(cx, node).len));
}

/* The texts and numbers, in their order, level by level: content may be deep, the stack is not. */
static const char *flatten(struct ctx *cx, const struct cJSON *content)
{
	const struct cJSON **level = NEW_ARRAY(cx->arena, const struct cJSON *, NODES_MAX);
	struct buf           out = buf_new(cx->arena, (size_t)1 << 18);
	size_t               n = 0;

	level[n++] = content;
	for (size_t i = 0; i < n; i++) {
		add_scalar(cx, &out, level[i]);
		for (const struct cJSON *c = json_first(level[i]); c && n < NODES_MAX; c = json_next(c))
			level[n++] = c;
	}
	return buf_text(&out);
}

/* "Dana Reyes: I ..." has a speaker: up to three capitalised words and a colon. */
static struct span name_before_colon(struct span text)
{
	struct span rest = text, word;
	size_t      n = 0;

	while (n < NAME_WORDS_MAX && words_next(&rest, &word) && words_is_capitalised(word)) {
		size_t end = (size_t)(word.ptr - text.ptr) + word.len;

		n++;
		if (end > INDEX_SPEAKER_MAX || end + 1 >= text.len)
			break;
		if (text.ptr[end] == ':' && text.ptr[end + 1] == ' ')
			return (struct span){text.ptr, end};
		if (text.ptr[end] != ' ')
			break;
	}
	return (struct span){NULL, 0};
}

/* The days that relative words mean are added, so that a question with the date finds them. */
static void add_days(struct buf *out, const char *said, int64_t occurred_ms)
{
	struct when_span spans[WHEN_MAX];
	size_t           n = when_find(span_of(said), occurred_ms, spans);

	for (size_t i = 0; i < n; i++) {
		buf_str(out, i ? ", " : " (");
		when_say(out, spans[i]);
	}
	if (n)
		buf_char(out, ')');
}

static const char *words_of(struct ctx *cx, const char *speaker, const char *said,
                            int64_t occurred_ms)
{
	struct buf words = buf_new(cx->arena, 0);

	if (speaker)
		buf_printf(&words, "%s: ", speaker);
	buf_str(&words, said);
	add_days(&words, said, occurred_ms);
	return buf_text(&words);
}

/* ---- pieces ---- */

static struct span masked(struct ctx *cx, struct span text, size_t from, size_t to)
{
	return mask_text(cx, (struct span){text.ptr + from, to - from}, NULL);
}

/* Whether both sides are masked by themselves as they are together. */
static bool halves_nothing(struct ctx *cx, struct span text, size_t at)
{
	size_t      from = at > LOOK_BYTES ? at - LOOK_BYTES : 0, to = at + LOOK_BYTES;
	struct span left, right, both;

	if (to > text.len)
		to = text.len;
	left = masked(cx, text, from, at);
	right = masked(cx, text, at, to);
	both = masked(cx, text, from, to);
	return both.len == left.len + right.len && memcmp(both.ptr, left.ptr, left.len) == 0;
}

/* The first end of a word at or before `at` that halves nothing, else the first of all, but no
 * further back than CUT_BYTES. */
static size_t word_end(struct ctx *cx, struct span text, size_t at)
{
	size_t first = 0;

	for (size_t n = at; n > 0 && n + CUT_BYTES > at; n--) {
		if (!strchr(" \t\n", text.ptr[n - 1]))
			continue;
		if (halves_nothing(cx, text, n))
			return n;
		first = first ? first : n;
	}
	return first ? first : utf8_prefix(text, at).len;
}

/* Takes the next piece of *rest, which keeps what is behind it. */
static const char *next_piece(struct ctx *cx, struct span *rest)
{
	size_t      end = rest->len, again;
	struct span piece;

	if (end > INDEX_TEXT_MAX)
		end = word_end(cx, *rest, INDEX_TEXT_MAX);
	piece = span_trim((struct span){rest->ptr, end});
	again = end < rest->len ? word_end(cx, *rest, end - AGAIN_BYTES) : end;
	*rest = (struct span){rest->ptr + again, rest->len - again};
	return arena_strndup(cx->arena, piece.ptr, piece.len);
}

void index_text_said(struct ctx *cx, const char *speaker, const char *text, int64_t occurred_ms,
                     struct index_text *out)
{
	struct span  rest = span_trim(span_of(text));
	const char **more;

	*out = (struct index_text){.speaker = str_is_blank(speaker) ? NULL : speaker};
	out->said = next_piece(cx, &rest);
	out->words = words_of(cx, out->speaker, out->said, occurred_ms);
	if (!rest.len)
		return;
	more = NEW_ARRAY(cx->arena, const char *, INDEX_MORE_MAX);
	out->more = more;
	while (rest.len && out->more_n < INDEX_MORE_MAX)
		more[out->more_n++] = words_of(cx, out->speaker, next_piece(cx, &rest), occurred_ms);
}

/* ---- contents ---- */

/* A member "speaker" of a sensible length, else a name in front of a text. */
static const char *find_speaker(struct ctx *cx, const struct cJSON *content, const char **text)
{
	const char *member = json_text_at(content, "speaker");
	struct span name;

	if (!str_is_blank(member))
		return utf8_length(span_of(member)) <= INDEX_SPEAKER_MAX ? member : NULL;
	if (json_type(content) != JSON_STRING)
		return NULL;
	name = name_before_colon(span_of(*text));
	if (!name.ptr)
		return NULL;
	*text = name.ptr + name.len + 1;
	return arena_strndup(cx->arena, name.ptr, name.len);
}

static const char *flat_with(struct ctx *cx, const struct cJSON *content, const char *summary)
{
	const char *text = flatten(cx, content);

	return str_is_blank(summary) ? text : arena_printf(cx->arena, "%s %s", text, summary);
}

/* As it is, or where that can not be told from the text alone, without contact data. */
static const char *text_of(struct ctx *cx, const struct cJSON *content, const char *summary)
{
	const char         *text = flat_with(cx, content, summary);
	const struct cJSON *plain;

	if (strlen(text) <= INDEX_TEXT_MAX || json_type(content) == JSON_STRING ||
	    json_parse(cx, mask_json(cx, json_print(cx, content), NULL), &plain))
		return text;
	return flat_with(cx, plain, summary);
}

void index_text_of(struct ctx *cx, const struct cJSON *content, const char *summary,
                   int64_t occurred_ms, struct index_text *out)
{
	const char *text = text_of(cx, content, summary);
	const char *speaker = find_speaker(cx, content, &text);

	index_text_said(cx, speaker, text, occurred_ms, out);
}

/* ---- questions ---- */

/* The words of a text without one phrase; the text itself when nothing else would be left. */
static const char *without(struct ctx *cx, const char *text, const char *phrase)
{
	struct buf  out = buf_new(cx->arena, 0);
	struct span rest = span_of(text), at;

	for (;;) {
		at = words_find(rest, phrase);
		if (!at.ptr)
			break;
		buf_add(&out, rest.ptr, (size_t)(at.ptr - rest.ptr));
		rest = (struct span){at.ptr + at.len, (size_t)(rest.ptr + rest.len - at.ptr) - at.len};
		if (span_starts_nocase(rest, SPAN("'s")))
			rest = (struct span){rest.ptr + 2, rest.len - 2};
		if (span_starts(rest, SPAN(" ")))
			rest = (struct span){rest.ptr + 1, rest.len - 1};
	}
	buf_add(&out, rest.ptr, rest.len);
	return words_count(buf_span(&out)) ? buf_text(&out) : text;
}

/* A time asked about: all spans of the question together. */
static void find_time(const char *query, int64_t now_ms, struct buf *words, struct index_query *out)
{
	struct when_span spans[WHEN_MAX];
	size_t           n = when_find(span_of(query), now_ms, spans);

	for (size_t i = 0; i < n; i++) {
		buf_char(words, ' ');
		when_say(words, spans[i]);
		if (i == 0 || spans[i].from_ms < out->from_ms)
			out->from_ms = spans[i].from_ms;
		if (i == 0 || spans[i].until_ms > out->until_ms)
			out->until_ms = spans[i].until_ms;
	}
}

void index_query_of(struct ctx *cx, const char *query, const char *const *speakers,
                    size_t speakers_n, int64_t now_ms, struct index_query *out)
{
	const char **named = NEW_ARRAY(cx->arena, const char *, speakers_n);
	struct buf   words = buf_new(cx->arena, 0);

	*out = (struct index_query){.topic = query, .named = named};
	for (size_t i = 0; i < speakers_n; i++) {
		if (!words_contain(span_of(query), speakers[i]))
			continue;
		named[out->named_n++] = speakers[i];
		out->topic = without(cx, out->topic, speakers[i]);
	}
	buf_str(&words, query);
	find_time(query, now_ms, &words, out);
	out->asks_now = out->until_ms == 0 && when_is_now(span_of(query));
	out->words = buf_text(&words);
}
