/* reply_text.c -- reads what is settled of the text anew each time, from its beginning: a reply is
 * short, and what came of it before must come of it again. */
#include "reply_text.h"

#include "settled.h"
#include "spoken_text.h"

#define RAW_MAX       ((size_t)64 << 10) /* models are asked for far less */
#define SCRATCH_BYTES 16384u

struct reply_text {
	struct arena *arena, *scratch;
	struct buf    raw, given; /* as it came; the sentences given */
	size_t        settled;    /* bytes of the raw text that were read */
	struct span clean; /* what came of them, behind a label; in scratch, or the whole at the end */
	size_t      sure;  /* bytes of that which may be given; behind them a word begins */
	size_t      sentences_max, sentences_n, first_bytes;
	bool        is_complete;
};

static void free_scratch(void *data)
{
	struct reply_text *r = data;

	arena_free(&r->scratch);
}

struct reply_text *reply_text_new(struct arena *a, size_t sentences_max, size_t first_bytes)
{
	struct reply_text *r = NEW(a, struct reply_text);

	r->arena = a;
	r->scratch = arena_new(SCRATCH_BYTES);
	arena_defer(a, free_scratch, r);
	r->raw = buf_new(a, RAW_MAX);
	r->given = buf_new(a, RAW_MAX);
	r->clean = SPAN("");
	r->sentences_max = sentences_max;
	r->first_bytes = first_bytes;
	return r;
}

void reply_text_add(struct reply_text *r, struct span piece)
{
	buf_add(&r->raw, piece.ptr, piece.len);
}

/* Behind the beginning nothing changes any more. Where it does all the same nothing more is given
 * before the end, which knows what to do. */
void reply_text_read(struct reply_text *r)
{
	size_t        word, settled = settled_bytes(buf_span(&r->raw), &word);
	struct spoken spoken;
	struct span   text;

	if (r->is_complete || settled + word == r->settled)
		return;
	r->settled = settled + word;
	r->clean = SPAN("");
	r->sure = 0;
	arena_reset(r->scratch);
	spoken_text_clean(r->scratch, (struct span){buf_text(&r->raw), r->settled}, &spoken);
	if (!spoken_reply_begins(span_of(spoken.text), &text) || text.len < word)
		return;
	if (!span_starts((struct span){text.ptr, text.len - word}, buf_span(&r->given)))
		return;
	r->clean = text;
	r->sure = span_trim((struct span){text.ptr, text.len - word}).len;
}

static struct span not_given(const struct reply_text *r)
{
	return (struct span){r->clean.ptr + r->given.len, r->clean.len - r->given.len};
}

/* Takes what is next off the front of *rest. */
static bool cut(const struct reply_text *r, struct span *rest, struct span *out,
                bool *is_sentence_out)
{
	struct span whole_rest = *rest, whole = {NULL, 0};
	bool        is_whole = sentence_next(&whole_rest, &whole, r->is_complete);

	*is_sentence_out = true;
	if (r->given.len || !r->first_bytes || (is_whole && whole.len <= r->first_bytes)) {
		*rest = whole_rest;
		*out = whole;
		return is_whole;
	}
	if (!sentence_clause(rest, r->first_bytes, out, r->is_complete))
		return false;
	*is_sentence_out = is_whole && out->len == whole.len;
	return true;
}

bool reply_text_next(struct reply_text *r, struct span *out)
{
	struct span rest, from, piece;
	bool        is_sentence;

	if (r->sure <= r->given.len || (reply_text_is_full(r) && !r->is_complete))
		return false;
	rest = from = not_given(r);
	if (!cut(r, &rest, &piece, &is_sentence))
		return false;
	from.len = (size_t)(piece.ptr + piece.len - from.ptr);
	if (r->given.len + from.len > r->sure)
		return false;
	buf_add(&r->given, from.ptr, from.len);
	r->sentences_n += is_sentence;
	*out = (struct span){arena_strndup(r->arena, from.ptr, from.len), from.len};
	return true;
}

bool reply_text_is_full(const struct reply_text *r)
{
	return r->sentences_n == r->sentences_max;
}

struct span reply_text_begun(const struct reply_text *r)
{
	if (r->sure <= r->given.len || reply_text_is_full(r) || r->is_complete)
		return SPAN("");
	return (struct span){r->clean.ptr + r->given.len, r->sure - r->given.len};
}

/* Of reasoning that was taken for the answer, as its end shows too late, the answer is another
 * text. Of the same text read otherwise as many sentences are over as were given. */
static struct span what_is_left(const struct reply_text *r, struct span whole)
{
	struct span given = buf_span(&r->given), first = given, rest = whole, one;

	if (span_starts(whole, given))
		return (struct span){whole.ptr + given.len, whole.len - given.len};
	if (!sentence_next(&given, &first, true) || !span_starts(whole, first))
		return whole;
	for (size_t i = 0; i < r->sentences_n; i++)
		if (!sentence_next(&rest, &one, true))
			return SPAN("");
	return rest;
}

void reply_text_end(struct reply_text *r, const char *whole)
{
	struct span left = what_is_left(r, span_of(whole));
	struct buf  all = buf_new(r->arena, RAW_MAX);

	r->is_complete = true;
	buf_add(&all, buf_text(&r->given), r->given.len);
	if (left.len && all.len && left.ptr == whole)
		buf_char(&all, ' ');
	buf_add(&all, left.ptr, left.len);
	r->clean = buf_span(&all);
	r->sure = all.len;
}
