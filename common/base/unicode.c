/* unicode.c -- the Unicode character database, through utf8proc. */
#include "unicode.h"

#include "utf8.h"

#include <utf8proc.h>

/* ---- claims ---- */

static utf8proc_category_t category(uint32_t c)
{
	return utf8proc_category((utf8proc_int32_t)c);
}

bool unicode_is_word(uint32_t c)
{
	utf8proc_category_t of = category(c);

	return of >= UTF8PROC_CATEGORY_LU && of <= UTF8PROC_CATEGORY_NL;
}

bool unicode_is_upper(uint32_t c)
{
	utf8proc_category_t of = category(c);

	return of == UTF8PROC_CATEGORY_LU || of == UTF8PROC_CATEGORY_LT;
}

bool unicode_is_mark(uint32_t c)
{
	utf8proc_category_t of = category(c);

	return of >= UTF8PROC_CATEGORY_MN && of <= UTF8PROC_CATEGORY_ME;
}

bool unicode_is_accent(uint32_t c)
{
	return category(c) == UTF8PROC_CATEGORY_MN;
}

bool unicode_is_invisible(uint32_t c)
{
	return utf8proc_get_property((utf8proc_int32_t)c)->ignorable ||
	       category(c) == UTF8PROC_CATEGORY_CF;
}

bool unicode_is_control(uint32_t c)
{
	utf8proc_category_t of = category(c);

	return of == UTF8PROC_CATEGORY_CC || of == UTF8PROC_CATEGORY_CF || of == UTF8PROC_CATEGORY_CO ||
	       of == UTF8PROC_CATEGORY_CS;
}

bool unicode_is_space(uint32_t c)
{
	utf8proc_category_t of = category(c);

	return (of >= UTF8PROC_CATEGORY_ZS && of <= UTF8PROC_CATEGORY_ZP) || (c >= '\t' && c <= '\r');
}

bool unicode_is_dash(uint32_t c)
{
	return category(c) == UTF8PROC_CATEGORY_PD;
}

bool unicode_is_punctuation(uint32_t c)
{
	utf8proc_category_t of = category(c);

	return of >= UTF8PROC_CATEGORY_PC && of <= UTF8PROC_CATEGORY_PO;
}

/* ---- scripts ---- */

/* Whole blocks, which do not change any more; the database that utf8proc holds has no scripts. */
static const struct {
	uint32_t            first, last;
	enum unicode_script script;
} blocks[] = {
	{0x0e00, 0x0eff, UNICODE_UNSPACED}, /* Thai, Lao */
	{0x1000, 0x109f, UNICODE_UNSPACED}, /* Burmese */
	{0x1100, 0x11ff, UNICODE_HANGUL},   /* what syllables come apart into */
	{0x1780, 0x17ff, UNICODE_UNSPACED}, /* Khmer */
	{0x3005, 0x3007, UNICODE_HAN},      /* "as before", zero */
	{0x3041, 0x309f, UNICODE_HIRAGANA}, {0x30a0, 0x30ff, UNICODE_KATAKANA},
	{0x3130, 0x318f, UNICODE_HANGUL},   {0x31f0, 0x31ff, UNICODE_KATAKANA},
	{0x3400, 0x4dbf, UNICODE_HAN},      {0x4e00, 0x9fff, UNICODE_HAN},
	{0xa960, 0xa97f, UNICODE_HANGUL},   {0xac00, 0xd7ff, UNICODE_HANGUL},
	{0xf900, 0xfaff, UNICODE_HAN},      {0xff66, 0xff9f, UNICODE_KATAKANA},
	{0xffa0, 0xffdc, UNICODE_HANGUL},   {0x20000, 0x3ffff, UNICODE_HAN},
};

enum unicode_script unicode_script(uint32_t c)
{
	utf8proc_category_t of = category(c);

	if (of >= UTF8PROC_CATEGORY_MN && of <= UTF8PROC_CATEGORY_NO && c != 0x3007)
		return UNICODE_NEUTRAL;
	for (size_t i = 0; i < COUNT(blocks) && blocks[i].first <= c; i++)
		if (c <= blocks[i].last)
			return blocks[i].script;
	return UNICODE_SPACED;
}

/* ---- folding ---- */

static uint32_t ascii_lower(uint32_t c)
{
	return c - 'A' < 26 ? c | 0x20 : c;
}

/* Letters with a stroke or of two in one do not come apart in Unicode; who has no such key writes
 * these. */
static size_t plain_letter(uint32_t c, uint32_t out[UNICODE_FOLD_MAX])
{
	static const struct {
		uint32_t letter;
		char     plain[3];
	} letters[] = {
		{0xe6, "ae"}, {0xf0, "d"},  {0xf8, "o"},   {0xfe, "th"},  {0x111, "d"},
		{0x127, "h"}, {0x131, "i"}, {0x142, "l"},  {0x153, "oe"}, {0x167, "t"},
		{0x180, "b"}, {0x19a, "l"}, {0x1b6, "z"},  {0x1e5, "g"},  {0x268, "i"},
		{0x289, "u"}, {0x2bc, "'"}, {0x2018, "'"}, {0x2019, "'"},
	};

	for (size_t i = 0; i < COUNT(letters) && letters[i].letter <= c; i++) {
		if (letters[i].letter != c)
			continue;
		out[0] = (unsigned char)letters[i].plain[0];
		out[1] = (unsigned char)letters[i].plain[1];
		return out[1] ? 2 : 1;
	}
	out[0] = c;
	return 1;
}

/* By the classes that put marks in their order: fixed places of Latin, Greek and Cyrillic, the
 * points of Hebrew and Arabic. Those of other scripts are parts of letters. */
static bool is_left_out(uint32_t c)
{
	const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)c);

	return unicode_is_invisible(c) || p->combining_class == 1 ||
	       (p->combining_class >= 10 && p->combining_class <= 36) || p->combining_class >= 200;
}

static size_t decompose(uint32_t c, unsigned how, uint32_t out[UNICODE_FOLD_MAX])
{
	utf8proc_int32_t apart[UNICODE_FOLD_MAX];
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, apart, UNICODE_FOLD_MAX,
	                                             (utf8proc_option_t)how, NULL);

	if (n < 0 || n > UNICODE_FOLD_MAX) {
		out[0] = c;
		return 1;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++)
		out[i] = (uint32_t)apart[i];
	return (size_t)n;
}

size_t unicode_fold(uint32_t c, uint32_t out[UNICODE_FOLD_MAX])
{
	uint32_t apart[UNICODE_FOLD_MAX], plain[UNICODE_FOLD_MAX];
	size_t   n, kept = 0;

	if (c < 0x80) {
		out[0] = ascii_lower(c);
		return 1;
	}
	n = decompose(c, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, apart);
	for (size_t i = 0; i < n; i++) {
		size_t letters = is_left_out(apart[i]) ? 0 : plain_letter(apart[i], plain);

		for (size_t k = 0; k < letters && kept < UNICODE_FOLD_MAX; k++)
			out[kept++] = plain[k];
	}
	return kept;
}

uint32_t unicode_fold_next(struct unicode_folding *f)
{
	while (f->next == f->n) {
		if (!f->rest.len)
			return 0;
		f->n = unicode_fold(utf8_next(&f->rest), f->at);
		f->next = 0;
	}
	return f->at[f->next++];
}

/* One code point folded behind the *n bytes of out; false: no room. */
static bool add_folded(uint32_t c, char *out, size_t *n, size_t max)
{
	uint32_t folded[UNICODE_FOLD_MAX];
	size_t   count = unicode_fold(c, folded);

	for (size_t i = 0; i < count; i++) {
		char   bytes[4];
		size_t len = utf8_encode(folded[i], bytes);

		if (*n + len >= max)
			return false;
		memcpy(out + *n, bytes, len);
		*n += len;
	}
	return true;
}

size_t unicode_fold_text(struct span text, char *out, size_t max)
{
	size_t n = 0;

	while (text.len && n < max) {
		unsigned char c = (unsigned char)text.ptr[0];

		if (c >= 0x80) {
			if (!add_folded(utf8_next(&text), out, &n, max))
				return 0;
			continue;
		}
		out[n++] = (char)ascii_lower(c);
		text.ptr++;
		text.len--;
	}
	if (n >= max)
		return 0;
	out[n] = '\0';
	return n;
}

size_t unicode_take_apart(uint32_t c, uint32_t out[UNICODE_FOLD_MAX])
{
	size_t n = decompose(c, UTF8PROC_DECOMPOSE, out);

	for (size_t i = 0; i < n; i++)
		out[i] = (uint32_t)utf8proc_tolower((utf8proc_int32_t)out[i]);
	return n;
}

/* ---- composing ---- */

size_t unicode_compose(struct span text, bool is_lower, uint32_t *out, size_t max)
{
	utf8proc_int32_t *points = (utf8proc_int32_t *)out;
	utf8proc_ssize_t  n;

	n = utf8proc_decompose((const utf8proc_uint8_t *)text.ptr, (utf8proc_ssize_t)text.len, points,
	                       (utf8proc_ssize_t)max,
	                       UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_STABLE | UTF8PROC_IGNORE);
	if (n <= 0 || (size_t)n > max)
		return 0;
	for (utf8proc_ssize_t i = 0; is_lower && i < n; i++)
		points[i] = utf8proc_tolower(points[i]);
	n = utf8proc_normalize_utf32(points, n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	return n > 0 ? (size_t)n : 0;
}
