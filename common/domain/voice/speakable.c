/* speakable.c -- what a model or a person writes is not what a small voice reads.
 *
 * The voice knows English words, plain numbers and ".,;:?!". Addresses, abbreviations and numbers
 * are read out here; everything else is folded (é), put into words (%, @) or left out (emoji,
 * quotes, other scripts), so that its tokeniser only ever sees the alphabet it was made for. */
#include "speakable.h"

#include "../text/abbreviation.h"
#include "../text/sentence.h"
#include "spoken_number.h"

#include "../../base/unicode.h"
#include "../../base/utf8.h"

#include <ctype.h>

/* The most one code point becomes: " one quarter ". */
#define GROWTH_MAX 16u
/* Letters without a space: beyond any word; German compounds stay below. */
#define RUN_MAX  40u
#define BLOB_MIN 64u

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
#define X(code, text) {0x##code, text},
#include "common/domain/voice/signs.tsv.h"
#undef X
};

static bool is_fraction(uint32_t c)
{
	return (c >= 0xbc && c <= 0xbe) || c == 0x2153 || c == 0x2154;
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
	if (!out->len || out->ptr[out->len - 1] == ' ')
		return rest.len > 1 && is_letter((unsigned char)rest.ptr[0]); /* .NET */
	return out->len >= 2 && is_letter((unsigned char)out->ptr[out->len - 1]) &&
	       is_letter((unsigned char)out->ptr[out->len - 2]) && rest.len >= 2 &&
	       is_letter((unsigned char)rest.ptr[0]) && is_letter((unsigned char)rest.ptr[1]);
}

static void say_mark(struct buf *out, char mark, struct span rest)
{
	bool is_inside = out->len && out->ptr[out->len - 1] != ' ' && peek(rest) > ' ';

	if (mark == '.' && !is_inside && is_digit(peek(rest)))
		buf_str(out, "0.");
	else if (mark == '.' && is_spoken_dot(out, rest))
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
	else if (c == 0x2013 && out->len && isalpha((unsigned char)out->ptr[out->len - 1]) &&
	         peek(rest) < 0x80 && isupper((int)peek(rest)))
		buf_str(out, " to "); /* Mon–Fri */
	else if (said) {
		if (is_fraction(c) && out->len && is_digit((unsigned char)out->ptr[out->len - 1]))
			buf_str(out, " and");
		buf_printf(out, isalpha((unsigned char)said[0]) ? " %s " : "%s", said);
		buf_str(out, strchr(",.!?", said[0]) ? " " : "");
	} else if (c >= LATIN_FIRST && c < LATIN_FIRST + COUNT(latin))
		buf_str(out, latin[c - LATIN_FIRST]);
	else if (c == 0x200b || c == 0x200c || c == 0x200d || c == 0x2060 || c == 0xfeff || c == 0xad ||
	         (c >= 0x300 && c <= 0x36f))
		return; /* zero width, soft hyphen, combining accents: inside words */
	else
		buf_char(out, ' ');
}

/* ---- addresses ---- */

/* What a link or a mail address is up to: white space, brackets, quotes, its sentence's marks. */
static struct span address_at(struct span text)
{
	size_t n = 0;

	while (n < text.len && (unsigned char)text.ptr[n] > ' ' && !strchr("<>\"()[]{}", text.ptr[n]))
		n++;
	while (n && strchr(".,;:!?'", text.ptr[n - 1]))
		n--;
	return (struct span){text.ptr, n};
}

static bool is_link(struct span address)
{
	return span_starts_nocase(address, SPAN("www.")) ||
	       span_starts_nocase(address, SPAN("http://")) ||
	       span_starts_nocase(address, SPAN("https://"));
}

static bool is_mail(struct span address)
{
	const char *sign = memchr(address.ptr, '@', address.len);

	return sign && sign > address.ptr && is_letter((unsigned char)address.ptr[address.len - 1]) &&
	       memchr(sign, '.', address.len - (size_t)(sign - address.ptr));
}

/* The host, and of the path what can be remembered. */
static struct span without_rest(struct span link)
{
	static const struct span fronts[] = {SPAN("https://"), SPAN("http://"), SPAN("www.")};
	const char              *slash;

	for (size_t i = 0; i < COUNT(fronts); i++)
		if (span_starts_nocase(link, fronts[i]))
			link = (struct span){link.ptr + fronts[i].len, link.len - fronts[i].len};
	for (size_t i = 0; i < link.len; i++)
		if (strchr("?#", link.ptr[i]))
			link.len = i;
	slash = memchr(link.ptr, '/', link.len);
	if (slash && (link.len > RUN_MAX || slash + 1 == link.ptr + link.len))
		link.len = (size_t)(slash - link.ptr);
	return link;
}

static bool say_address(struct buf *out, struct span *rest)
{
	static const char names[] = ".= dot ,@= at ,/= slash ,-= dash ,_= underscore ,+= plus ";
	struct span       address = address_at(*rest), said;

	if (!is_link(address) && !is_mail(address))
		return false;
	*rest = (struct span){rest->ptr + address.len, rest->len - address.len};
	address = is_link(address) ? without_rest(address) : address;
	while (address.len) {
		uint32_t c;

		said = (struct span){address.ptr, 1};
		c = utf8_next(&address);
		if (c < 0x80 && str_find_item(names, said, &said))
			buf_printf(out, " %.*s ", (int)said.len, said.ptr);
		else
			say(out, c, address);
	}
	return true;
}

/* ---- words ---- */

/* "Dr.", "e.g.", "z.B.": without the stop that would end a sentence there, unless it does. */
static bool say_abbreviation(struct buf *out, struct span *rest)
{
	struct span       word = {rest->ptr, 0}, said, after;
	enum abbreviation kind;

	while (word.len < rest->len && (is_letter((unsigned char)rest->ptr[word.len]) ||
	                                (unsigned char)rest->ptr[word.len] >= 0xc0 ||
	                                ((unsigned char)rest->ptr[word.len] & 0xc0) == 0x80 ||
	                                (rest->ptr[word.len] == '.' && word.len + 1 < rest->len &&
	                                 isalpha((unsigned char)rest->ptr[word.len + 1]))))
		word.len++;
	if (!word.len || word.len == rest->len || rest->ptr[word.len] != '.')
		return false;
	said = word;
	kind = abbreviation_of(word, &said);
	after = span_trim((struct span){word.ptr + word.len + 1, rest->len - word.len - 1});
	if (kind == ABBREVIATION_NONE ||
	    (kind == ABBREVIATION_COUNTED && !(after.len && is_digit((unsigned char)*after.ptr))))
		return false;
	while (said.len) {
		uint32_t c = utf8_next(&said);

		say(out, c == '.' ? ' ' : c, said);
	}
	*rest = (struct span){rest->ptr + word.len + (after.len > 0),
	                      rest->len - word.len - (after.len > 0)};
	return true;
}

/* "C#", "F#", "C++" */
static bool say_letter(struct buf *out, struct span *rest)
{
	bool is_sharp = rest->len > 1 && rest->ptr[1] == '#',
		 is_plus = rest->len > 2 && rest->ptr[1] == '+' && rest->ptr[2] == '+';

	if (!rest->len || !is_letter((unsigned char)*rest->ptr) || (!is_sharp && !is_plus))
		return false;
	buf_printf(out, "%c %s", *rest->ptr, is_sharp ? "sharp " : "plus plus ");
	*rest = (struct span){rest->ptr + (is_sharp ? 2 : 3), rest->len - (is_sharp ? 2 : 3)};
	return true;
}

/* Keys, hashes, base64: nobody wants to hear more of them than that they are there. */
static bool say_blob(struct buf *out, struct span *rest)
{
	size_t n = 0;

	while (n < rest->len && (isalnum((unsigned char)rest->ptr[n]) || strchr("+/=_-", rest->ptr[n])))
		n++;
	if (n <= BLOB_MIN)
		return false;
	buf_add(out, rest->ptr, RUN_MAX);
	*rest = (struct span){rest->ptr + n, rest->len - n};
	return true;
}

static bool say_form(struct buf *out, struct span *rest)
{
	return say_address(out, rest) || say_blob(out, rest) || spoken_number(out, rest) ||
	       say_abbreviation(out, rest) || say_letter(out, rest);
}

/* One space between words, none around; what never ends is cut. */
static void tidy(struct buf *out, const struct buf *from)
{
	size_t run = 0, begin = out->len;

	for (size_t i = 0; i < from->len; i++) {
		char c = from->ptr[i];

		run = c == ' ' ? 0 : run + 1;
		if (c && strchr(",.;:!?", c) && out->len > begin && out->ptr[out->len - 1] == ' ' &&
		    (i + 1 == from->len || from->ptr[i + 1] == ' '))
			out->ptr[--out->len] = '\0';
		if (run <= RUN_MAX && !(c == ' ' && (out->len == begin || out->ptr[out->len - 1] == ' ')))
			buf_char(out, c);
	}
	while (out->len > begin && out->ptr[out->len - 1] == ' ')
		out->ptr[--out->len] = '\0';
}

static bool has_word(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is_letter((unsigned char)s.ptr[i]) || is_digit((unsigned char)s.ptr[i]))
			return true;
	return false;
}

static void say_sentence(struct buf *out, struct span text)
{
	struct buf said = buf_new(out->arena, text.len * GROWTH_MAX + 64);

	while (text.len) {
		bool is_inside = said.len && isalnum((unsigned char)said.ptr[said.len - 1]);

		if ((!is_inside || *text.ptr == '$') && say_form(&said, &text))
			continue;
		if (text.len)
			say(&said, utf8_next(&text), text);
	}
	if (!has_word(buf_span(&said)))
		return;
	if (out->len)
		buf_char(out, '\n');
	tidy(out, &said);
}

const char *speakable_text(struct arena *a, struct span text)
{
	struct buf  out = buf_new(a, text.len * GROWTH_MAX + 64);
	struct span sentence;

	while (sentence_next(&text, &sentence, true)) {
		say_sentence(&out, sentence);
		/* Cut where there was no end: the rest of what has none. */
		while (sentence.len > SENTENCE_BYTES_MAX - 4 && text.len &&
		       !isspace((unsigned char)*text.ptr))
			utf8_next(&text);
	}
	return buf_text(&out);
}

/* Where the part ends: with the sentence, else behind the last mark or space that fits. */
static size_t part_end(struct span s)
{
	const char *line = memchr(s.ptr, '\n', s.len);
	size_t      n = line ? (size_t)(line - s.ptr) : s.len, space = 0;

	if (n <= SENTENCE_MAX)
		return n;
	for (n = SENTENCE_MAX; n > SENTENCE_MAX / 2; n--) {
		if (s.ptr[n] == ' ' && strchr(",;:", s.ptr[n - 1]))
			return n;
		if (s.ptr[n] == ' ' && !space)
			space = n;
	}
	return space ? space : SENTENCE_MAX;
}

bool speakable_next(struct span *rest, struct span *sentence_out)
{
	while (rest->len) {
		size_t end = part_end(*rest);

		*sentence_out = span_trim((struct span){rest->ptr, end});
		*rest = span_trim((struct span){rest->ptr + end, rest->len - end});
		if (has_word(*sentence_out))
			return true;
	}
	return false;
}
