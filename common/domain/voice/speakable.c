/* speakable.c -- what a model or a person writes is not what a small voice reads.
 *
 * The voice knows English words, numbers, "$5" and ".,;:?!". Everything else
 * is folded (é), put into words (%, @, €) or left out (emoji, quotes, other
 * scripts), so that its tokeniser only ever sees the alphabet it was made for. */
#include "speakable.h"

#include "../../base/str.h"
#include "../../base/utf8.h"

/* The most one code point becomes: " one quarter ". */
#define GROWTH_MAX 16u
/* Letters without a space: beyond any word; German compounds stay below. */
#define RUN_MAX 40u

/* U+00C0 to U+017F, one entry each; " " where there is no letter to fold to. */
static const char *const latin[] = {
	"A", "A", "A",  "A",  "A", "A", "AE", "C",  "E", "E",       "E",  "E", "I", "I",
	"I", "I", "D",  "N",  "O", "O", "O",  "O",  "O", " times ", "O",  "U", "U", "U",
	"U", "Y", "Th", "ss", "a", "a", "a",  "a",  "a", "a",       "ae", "c", "e", "e",
	"e", "e", "i",  "i",  "i", "i", "d",  "n",  "o", "o",       "o",  "o", "o", " divided by ",
	"o", "u", "u",  "u",  "u", "y", "th", "y",  "A", "a",       "A",  "a", "A", "a",
	"C", "c", "C",  "c",  "C", "c", "C",  "c",  "D", "d",       "D",  "d", "E", "e",
	"E", "e", "E",  "e",  "E", "e", "E",  "e",  "G", "g",       "G",  "g", "G", "g",
	"G", "g", "H",  "h",  "H", "h", "I",  "i",  "I", "i",       "I",  "i", "I", "i",
	"I", "i", "IJ", "ij", "J", "j", "K",  "k",  "k", "L",       "l",  "L", "l", "L",
	"l", "L", "l",  "L",  "l", "N", "n",  "N",  "n", "N",       "n",  "n", "N", "n",
	"O", "o", "O",  "o",  "O", "o", "OE", "oe", "R", "r",       "R",  "r", "R", "r",
	"S", "s", "S",  "s",  "S", "s", "S",  "s",  "T", "t",       "T",  "t", "T", "t",
	"U", "u", "U",  "u",  "U", "u", "U",  "u",  "U", "u",       "U",  "u", "W", "w",
	"Y", "y", "Y",  "Z",  "z", "Z", "z",  "Z",  "z", "s",
};
#define LATIN_FIRST 0xc0u

static const struct {
	uint32_t    code_point;
	const char *said;
} symbols[] = {
	{'%', " percent "},
	{'&', " and "},
	{'@', " at "},
	{'+', " plus "},
	{'=', " equals "},
	{'#', " number "},
	{0xa2, " cents "},
	{0xb0, " degrees "},
	{0xb1, " plus or minus "},
	{0xb2, " squared "},
	{0xb3, " cubed "},
	{0xbc, " one quarter "},
	{0xbd, " one half "},
	{0xbe, " three quarters "},
	{0x2013, ", "},
	{0x2014, ", "},
	{0x2018, "'"},
	{0x2019, "'"},
	{0x2022, ", "},
	{0x2026, "... "},
	{0x2032, "'"},
	{0x2122, " "},
	{0x2212, " minus "},
	{0x3001, ", "},
	{0x3002, ". "},
	{0xff0c, ", "},
	{0xff01, "! "},
	{0xff1f, "? "},
	{0xa3, " pounds "},
	{0xa5, " yen "},
	{0x20ac, " euros "},
	{0x20b9, " rupees "},
};

/* Signs written in front of the amount and said behind it. */
static bool is_currency(uint32_t c)
{
	return c == 0xa3 || c == 0xa5 || c == 0x20ac || c == 0x20b9;
}

static bool is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *symbol_said(uint32_t c)
{
	for (size_t i = 0; i < COUNT(symbols); i++)
		if (symbols[i].code_point == c)
			return symbols[i].said;
	return NULL;
}

static uint32_t peek(struct span rest)
{
	return rest.len ? utf8_next(&rest) : 0;
}

/* "acme.com": a dot between two words of at least two letters is said. */
static bool is_spoken_dot(const struct buf *out, struct span rest)
{
	return out->len >= 2 && is_letter((unsigned char)out->ptr[out->len - 1]) &&
	       is_letter((unsigned char)out->ptr[out->len - 2]) && rest.len >= 2 &&
	       is_letter((unsigned char)rest.ptr[0]) && is_letter((unsigned char)rest.ptr[1]);
}

static void say_mark(struct buf *out, char mark, struct span rest)
{
	bool is_inside = out->len && out->ptr[out->len - 1] != ' ' && peek(rest) > ' ';

	if (mark == '.' && is_spoken_dot(out, rest))
		buf_str(out, " dot ");
	else if (mark == '$' && !is_digit(peek(rest)))
		buf_str(out, " dollars ");
	else if (mark == '-' && !is_inside)
		buf_str(out, ", ");
	else
		buf_char(out, mark);
}

static void say(struct buf *out, uint32_t c, struct span rest)
{
	const char *said = symbol_said(c);

	if (is_letter(c) || is_digit(c))
		buf_char(out, (char)c);
	else if (c < 0x80 && strchr(".,;:?!'-$", (int)c) && c)
		say_mark(out, (char)c, rest);
	else if (said)
		buf_str(out, said);
	else if (c >= LATIN_FIRST && c < LATIN_FIRST + COUNT(latin))
		buf_str(out, latin[c - LATIN_FIRST]);
	else if (c == 0x200b || c == 0x200c || c == 0x200d || c == 0x2060 || c == 0xfeff || c == 0xad ||
	         (c >= 0x300 && c <= 0x36f))
		return; /* zero width, soft hyphen, combining accents: inside words */
	else
		buf_char(out, ' ');
}

/* "€50" is said "50 euros": copies the amount, then names what it is of. */
static void say_amount(struct buf *out, uint32_t currency, struct span *rest)
{
	while (rest->len && (is_digit((unsigned char)*rest->ptr) ||
	                     ((*rest->ptr == '.' || *rest->ptr == ',') && rest->len > 1 &&
	                      is_digit((unsigned char)rest->ptr[1]))))
		buf_char(out, (char)utf8_next(rest));
	buf_str(out, symbol_said(currency));
}

/* One space between words, none around; a space into what never ends. */
static const char *tidy(struct arena *a, const struct buf *from)
{
	struct buf out = buf_new(a, from->len * 2 + 1);
	size_t     run = 0;

	for (size_t i = 0; i < from->len; i++) {
		char c = from->ptr[i];
		bool ends_word = out.len == 0 || out.ptr[out.len - 1] == ' ';

		if (c == ' ' && ends_word)
			continue;
		run = c == ' ' ? 0 : run + 1;
		if (run > RUN_MAX) {
			buf_char(&out, ' ');
			run = 1;
		}
		buf_char(&out, c);
	}
	if (out.len && out.ptr[out.len - 1] == ' ')
		out.ptr[--out.len] = '\0';
	return buf_text(&out);
}

static bool has_word(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is_letter((unsigned char)s.ptr[i]) || is_digit((unsigned char)s.ptr[i]))
			return true;
	return false;
}

const char *speakable_text(struct arena *a, struct span text)
{
	struct buf out = buf_new(a, text.len * GROWTH_MAX + 1);

	while (text.len) {
		uint32_t c = utf8_next(&text);

		if (is_currency(c) && is_digit(peek(text)))
			say_amount(&out, c, &text);
		else
			say(&out, c, text);
	}
	return has_word(buf_span(&out)) ? tidy(a, &out) : "";
}

/* Where the next sentence ends: behind its mark, at the last space that fits, or at the limit. */
static size_t sentence_end(struct span s)
{
	size_t limit = s.len < SENTENCE_MAX ? s.len : SENTENCE_MAX;
	size_t space = 0;

	for (size_t i = 0; i < limit; i++) {
		if (s.ptr[i] != ' ')
			continue;
		if (i && strchr(".?!;:", s.ptr[i - 1]))
			return i;
		space = i;
	}
	return s.len <= SENTENCE_MAX || !space ? limit : space;
}

bool speakable_next(struct span *rest, struct span *sentence_out)
{
	while (rest->len) {
		size_t end = sentence_end(*rest);

		*sentence_out = span_trim((struct span){rest->ptr, end});
		*rest = (struct span){rest->ptr + end, rest->len - end};
		if (has_word(*sentence_out))
			return true;
	}
	return false;
}
