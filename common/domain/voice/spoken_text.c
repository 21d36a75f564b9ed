/* spoken_text.c -- from a model's text to what is for the ear.
 *
 * One walk over code points. At each place the matchers are asked in turn
 * whether something that is not speech begins there (a tool call, an aside, a
 * link, markup); what none of them claims is emitted. Each
 * matcher looks ahead a bounded way or consumes what it looked at, so the walk
 * is linear. White space is never emitted at once but remembered as a gap, which
 * makes collapsing and trimming fall out by themselves. */
#include "spoken_text.h"

#include "../text/sentence.h"
#include "aside.h"
#include "markup.h"
#include "model_text.h"
#include "tool_text.h"
#include "../text/words.h"

#include "../../base/utf8.h"

#include <ctype.h>

/* "_{}" is a command; one has never fewer bytes than this. */
enum { COMMAND_BYTES_MIN = 2 };
enum { LINK_LABEL_MAX = 200, LINK_URL_MAX = 500 };

struct walk {
	struct arena        *arena;
	struct span          text;
	size_t               at;
	struct tool_scan     scan;
	struct buf           all, piece;
	struct speech_piece *pieces;
	size_t               pieces_n;
	const char         **commands;
	size_t               commands_n;
	size_t               link_close, link_end; /* skip from one to the other; 0: no link open */
	unsigned             item;                 /* of a list with numbers, the last */
	uint32_t             last;                 /* last code point emitted */
	bool                 has_gap;              /* white space stands before what comes next */
	bool                 has_cut;              /* something was taken out there */
	bool                 at_line_start;
};

/* ---- Characters ---- */

static bool is_blank(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

/* Zero-width, control and formatting characters: nothing to see or to hear. */
static bool is_invisible(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x34f || c == 0x61c ||
	       c == 0x180e || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0x20e3 || (c >= 0xfe00 && c <= 0xfe0f) ||
	       c == 0xfeff || (c >= 0xe0000 && c <= 0xe0fff);
}

static bool is_picture(uint32_t c)
{
	return (c >= 0x1f000 && c <= 0x1faff) || (c >= 0x2600 && c <= 0x27bf) ||
	       (c >= 0x2190 && c <= 0x21ff) || (c >= 0x2b00 && c <= 0x2bff);
}

static bool is_stop_mark(uint32_t c)
{
	return c == '.' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?';
}

static struct span rest_of(const struct walk *w)
{
	return (struct span){w->text.ptr + w->at, w->text.len - w->at};
}

/* The byte `n` behind the place, 0 past the end. */
static char peek(const struct walk *w, size_t n)
{
	return n < w->text.len - w->at ? w->text.ptr[w->at + n] : '\0';
}

/* ---- Output ---- */

static void cut(struct walk *w, size_t len)
{
	w->at += len;
	w->has_cut = true;
}

static void emit(struct walk *w, uint32_t c)
{
	char   bytes[4];
	size_t n = utf8_encode(c, bytes);

	/* "Thanks save_extract{}." and "[pause:1]." must not leave a lonely stop. */
	if (w->has_cut && is_stop_mark(c) && (!w->piece.len || is_stop_mark(w->last)))
		return;
	if (w->has_gap && !(w->has_cut && is_stop_mark(c))) {
		if (w->all.len)
			buf_char(&w->all, ' ');
		if (w->piece.len)
			buf_char(&w->piece, ' ');
	}
	buf_add(&w->all, bytes, n);
	buf_add(&w->piece, bytes, n);
	w->last = c;
	w->has_gap = w->has_cut = w->at_line_start = false;
}

static void end_piece(struct walk *w, unsigned pause_ms)
{
	w->pieces[w->pieces_n++] = (struct speech_piece){buf_text(&w->piece), pause_ms};
	w->piece = buf_new(w->arena, 0);
}

/* ---- Matchers: each returns whether it consumed something ---- */

static bool take_tool(struct walk *w)
{
	struct span command;
	size_t      len;

	if (!tool_text_at(&w->scan, w->text, w->at, &len))
		return false;
	command = span_trim((struct span){w->text.ptr + w->at, len});
	w->commands[w->commands_n++] = arena_strndup(w->arena, command.ptr, command.len);
	cut(w, len);
	w->has_gap = true;
	return true;
}

/* A sentence ends before this place, and one begins `len` bytes behind it. */
static bool is_apart(const struct walk *w, size_t len)
{
	struct span after = {w->text.ptr + w->at + len, w->text.len - w->at - len};
	bool        is_before = !w->piece.len || w->at_line_start || w->last == '.' || w->last == '!' ||
	                 w->last == '?' || w->last == 0x2026;
	uint32_t next;

	while (after.len && *after.ptr == ' ')
		utf8_next(&after);
	next = after.len ? utf8_next(&after) : '\n';
	return is_before && !is_stop_mark(next) && !(next < 0x80 && islower((int)next));
}

static bool take_aside(struct walk *w)
{
	struct aside aside;
	unsigned     pause_ms;
	bool         apart;

	if (!aside_at(rest_of(w), &aside))
		return false;
	apart = is_apart(w, aside.len);
	if (!aside_is_pause(&aside, apart, &pause_ms)) {
		if (!aside_is_direction(&aside, apart, w->last == ','))
			return false;
		pause_ms = 0;
	}
	cut(w, aside.len);
	w->has_gap = true;
	if (pause_ms && w->pieces_n + 1 < SPEECH_PIECES_MAX)
		end_piece(w, pause_ms < SPEECH_PAUSE_MAX_MS ? pause_ms : SPEECH_PAUSE_MAX_MS);
	return true;
}

/* A number in brackets counts only where a reference would stand: [5] may be a key to press. */
static bool take_citation(struct walk *w)
{
	size_t len = markup_citation(rest_of(w));
	char   next = peek(w, len);
	bool   is_glued = !w->has_gap && w->all.len;

	if (!len || !(is_glued || is_stop_mark(w->last) || peek(w, 0) != '[' || peek(w, 1) == '^' ||
	              next == '[' || is_stop_mark((unsigned char)next)))
		return false;
	cut(w, len);
	return true;
}

static bool take_tag(struct walk *w)
{
	bool   divides;
	size_t len = markup_tag(rest_of(w), &divides);

	if (!len)
		return false;
	cut(w, len);
	w->has_gap |= divides;
	return true;
}

/* [label](url) and ![label](url): the label is spoken. */
static bool take_link(struct walk *w)
{
	size_t      open = peek(w, 0) == '!' ? 1 : 0;
	struct span rest = rest_of(w);
	const char *label, *close, *end;
	size_t      left;

	if (w->link_close && w->at == w->link_close) {
		w->at = w->link_end;
		w->link_close = 0;
		return true;
	}
	if (peek(w, open) != '[' || w->link_close)
		return false;
	label = rest.ptr + open + 1;
	left = rest.len - open - 1;
	close = memchr(label, ']', left < LINK_LABEL_MAX ? left : LINK_LABEL_MAX);
	if (!close || close + 1 >= rest.ptr + rest.len || close[1] != '(')
		return false;
	left = (size_t)(rest.ptr + rest.len - close);
	end = memchr(close, ')', left < LINK_URL_MAX ? left : LINK_URL_MAX);
	if (!end)
		return false;
	w->link_close = (size_t)(close - w->text.ptr);
	w->link_end = (size_t)(end - w->text.ptr) + 1;
	w->at += open + 1;
	return true;
}

static bool take_line_markup(struct walk *w)
{
	size_t len = w->at_line_start ? markup_line(rest_of(w), &w->item) : 0;

	w->at += len;
	w->has_gap |= len > 0;
	return len > 0;
}

/* Emphasis, code marks and table bars inside a line. */
static bool take_markup(struct walk *w)
{
	char c = peek(w, 0), next = peek(w, 1);
	bool is_left_open = w->has_gap || !w->all.len,
		 is_right_open = !next || isspace((unsigned char)next);

	if (c == '`' || c == '|') {
		w->has_gap |= c == '|';
	} else if (c == '*') {
		if (is_left_open && is_right_open && next != '*')
			return false; /* "5 * 3" */
	} else if (c == '_') {
		bool is_right_word = isalnum((unsigned char)next) || (next & 0x80);

		if (next != '_' && !is_left_open && is_right_word && w->last < 0x80 &&
		    isalnum((int)w->last))
			return false; /* snake_case */
	} else if (c != '~' || next != '~') {
		return false;
	}
	w->at += (c == '~' || c == '_') && next == c ? 2 : 1;
	return true;
}

/* ---- The walk ---- */

/* A tool's name is only looked for where a word begins. */
static bool is_word_inside(const struct walk *w)
{
	unsigned char before = w->at ? (unsigned char)w->text.ptr[w->at - 1] : ' ';

	return (isalnum((unsigned char)peek(w, 0)) || peek(w, 0) == '_') &&
	       (isalnum(before) || before == '_');
}

/* Most of a text: of letters and digits behind others nothing begins. */
static bool take_letters(struct walk *w)
{
	size_t n = 1;

	if (w->at_line_start || !is_word_inside(w) || !isalnum((unsigned char)peek(w, 0)))
		return false;
	while (isalnum((unsigned char)peek(w, n)))
		n++;
	emit(w, (unsigned char)peek(w, 0));
	buf_add(&w->all, w->text.ptr + w->at + 1, n - 1);
	buf_add(&w->piece, w->text.ptr + w->at + 1, n - 1);
	w->last = (unsigned char)peek(w, n - 1);
	w->at += n;
	return true;
}

static void step(struct walk *w)
{
	struct span rest;
	uint32_t    c;
	size_t      len;

	if (take_letters(w))
		return;
	if (!is_word_inside(w) && take_tool(w))
		return;
	if (take_line_markup(w) || take_link(w) || take_aside(w) || take_citation(w) || take_tag(w) ||
	    take_markup(w))
		return;
	rest = rest_of(w);
	len = markup_character(rest, &c);
	if (!len)
		c = utf8_next(&rest);
	w->at = len ? w->at + len : w->text.len - rest.len;
	if (is_blank(c)) {
		w->has_gap = true;
		w->at_line_start |= c == '\n';
	} else if (is_picture(c)) {
		w->has_cut = w->has_gap = true;
	} else if (!is_invisible(c)) {
		emit(w, c);
	}
}

void spoken_text_clean(struct arena *a, struct span text, struct spoken *out)
{
	struct walk w = {.arena = a, .text = model_text_of(a, text), .at_line_start = true};

	w.all = buf_new(a, 0);
	w.piece = buf_new(a, 0);
	w.pieces = NEW_ARRAY(a, struct speech_piece, SPEECH_PIECES_MAX);
	/* The shortest command that does not end the text has four bytes: {""}. */
	w.commands = NEW_ARRAY(a, const char *, text.len / COMMAND_BYTES_MIN + 1);
	while (w.at < w.text.len)
		step(&w);
	if (w.piece.len)
		end_piece(&w, 0);
	*out = (struct spoken){
		.text = buf_text(&w.all),
		.debug_commands = w.commands,
		.debug_commands_n = w.commands_n,
		.pieces = w.pieces,
		.pieces_n = w.pieces_n,
		.is_speakable = words_count(buf_span(&w.all)) > 0,
	};
	if (!out->is_speakable) {
		out->text = "";
		out->pieces_n = 0;
	}
}

static const char *const labels[] = {"assistant", "agent",    "ai",   "bot",
                                     "william",   "response", "reply"};

/* "Assistant: Hello" is Hello. */
static struct span without_label(struct span text)
{
	for (size_t i = 0; i < COUNT(labels); i++) {
		size_t n = strlen(labels[i]);

		if (text.len > n && span_starts_nocase(text, span_of(labels[i])) && text.ptr[n] == ':')
			return span_trim((struct span){text.ptr + n + 1, text.len - n - 1});
	}
	return text;
}

static const struct {
	struct span open, close;
} quotes[] = {{SPAN("\""), SPAN("\"")}, {SPAN("“"), SPAN("”")}};

/* The text inside quotes that stand around all of it. */
static struct span without_quotes(struct span text)
{
	for (size_t i = 0; i < COUNT(quotes); i++) {
		size_t      n = quotes[i].open.len, m = quotes[i].close.len;
		struct span inner;

		if (text.len <= n + m || !span_starts(text, quotes[i].open) ||
		    memcmp(text.ptr + text.len - m, quotes[i].close.ptr, m) != 0)
			continue;
		inner = (struct span){text.ptr + n, text.len - n - m};
		if (!memmem(inner.ptr, inner.len, quotes[i].open.ptr, n))
			return span_trim(inner);
	}
	return text;
}

const char *spoken_reply(struct arena *a, struct span model_text, size_t sentences_max,
                         size_t bytes_max)
{
	struct spoken spoken;
	struct span   text;

	spoken_text_clean(a, model_text, &spoken);
	text = without_quotes(without_label(span_of(spoken.text)));
	text = sentence_prefix(text, sentences_max, bytes_max);
	return words_count(text) ? arena_strndup(a, text.ptr, text.len) : "";
}

static bool may_become_label(struct span text)
{
	for (size_t i = 0; i < COUNT(labels); i++)
		if (text.len <= strlen(labels[i]) && span_starts_nocase(span_of(labels[i]), text))
			return true;
	return false;
}

/* Behind a quotation that ends goes on what is no quotation as a whole. */
static bool may_be_quoted(struct span text)
{
	for (size_t i = 0; i < COUNT(quotes); i++) {
		size_t      n = quotes[i].open.len, m = quotes[i].close.len;
		const char *close;

		if (!span_starts(text, quotes[i].open))
			continue;
		close = memmem(text.ptr + n, text.len - n, quotes[i].close.ptr, m);
		return !close || close + m == text.ptr + text.len;
	}
	return false;
}

bool spoken_reply_begins(struct span clean, struct span *out)
{
	struct span text = without_label(clean);

	*out = text;
	return text.len && !may_become_label(clean) && !may_be_quoted(text);
}
