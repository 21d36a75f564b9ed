/* quantity.c -- the pieces of running text, and the numbers they make. */
#include "quantity.h"

#include "../../base/utf8.h"
#include "words.h"

#include <ctype.h>

/* Enough for any amount and any phrase, and a bound for every loop below. */
enum { NUMBER_PIECES_MAX = 24, GROUPS_MAX = 6 };

static bool is_letter(uint32_t c)
{
	if (c < 0x80)
		return isalpha((int)c);
	return c >= 0xc0 && c != 0xd7 && c != 0xf7 && (c < 0x2000 || c > 0x2bff) &&
	       (c < 0x3000 || c > 0x303f) && (c < 0xe000 || c > 0xffff) && c < 0x1f000;
}

static bool is_space(uint32_t c)
{
	return (c < 0x80 && c != '\n' && isspace((int)c)) || c == 0xa0 || c == 0x2009 || c == 0x202f;
}

static enum piece_kind kind_of(uint32_t c)
{
	if (c == '$' || c == 0xa3 || c == 0xa5 || (c >= 0x20a0 && c <= 0x20cf))
		return PIECE_CURRENCY;
	if (c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212)
		return PIECE_DASH;
	if (c == ',' || c == ';' || c == ':')
		return PIECE_COMMA;
	if (c == '.' || c == '!' || c == '?' || c == '\n')
		return PIECE_STOP;
	return PIECE_OTHER;
}

static size_t digits_at(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && isdigit((unsigned char)*p))
		p++;
	return (size_t)(p - from);
}

/* A group or decimal mark at p: its length, 0 when there is none. */
static size_t mark_at(const char *p, const char *end, uint32_t *mark)
{
	struct span rest = {p, (size_t)(end - p)};

	*mark = utf8_next(&rest);
	if (*mark == 0xa0 || *mark == 0x2009 || *mark == 0x202f)
		*mark = ' ';
	if (*mark == 0x2019)
		*mark = '\'';
	if (*mark != ',' && *mark != '.' && *mark != ' ' && *mark != '\'')
		return 0;
	return (size_t)(rest.ptr - p);
}

static double add_digits(double value, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		value = value < 1e18 ? value * 10 + (p[i] - '0') : value;
	return value;
}

static double fraction_of(const char *p, size_t n)
{
	double unit = 0.1, value = 0;

	for (size_t i = 0; i < n && i < 12; i++) {
		value += (p[i] - '0') * unit;
		unit /= 10;
	}
	return value;
}

/* Digits at p, read as people group them: marks before exactly three digits
 * group ("75.000", "1 500 000", "1'000"), one before another number of digits,
 * or another mark than the groups', is the decimal mark ("1,5", "75.000,50"). */
static const char *read_number(const char *p, const char *end, double *value)
{
	size_t   first = digits_at(p, end), n;
	uint32_t mark, group_mark = 0;
	bool     may_group = first <= 3 && *p != '0';

	*value = add_digits(0, p, first);
	p += first;
	for (int i = 0; i < GROUPS_MAX && p < end; i++) {
		size_t mark_len = mark_at(p, end, &mark);

		n = mark_len ? digits_at(p + mark_len, end) : 0;
		if (n == 3 && may_group && (!group_mark || mark == group_mark)) {
			*value = add_digits(*value, p + mark_len, n);
			group_mark = mark;
			p += mark_len + n;
			continue;
		}
		if (n && (mark == '.' || mark == ',') && mark != group_mark) {
			*value += fraction_of(p + mark_len, n);
			p += mark_len + n;
		}
		break;
	}
	return p;
}

static const char *skip_letters(const char *p, const char *end)
{
	struct span rest = {p, (size_t)(end - p)}, ahead;

	while (rest.len) {
		uint32_t c;

		ahead = rest;
		c = utf8_next(&ahead);
		if (c == '\'' || c == 0x2019)
			c = ahead.len ? utf8_next(&ahead) : 0;
		if (!is_letter(c))
			break;
		rest = ahead;
	}
	return rest.ptr;
}

bool piece_next(struct span *rest, struct piece *out)
{
	const char *end = rest->ptr + rest->len, *from;
	uint32_t    c = 0;
	struct span after = *rest;

	*out = (struct piece){.is_glued = true};
	for (from = after.ptr; after.len; from = after.ptr) {
		c = utf8_next(&after);
		if (!is_space(c))
			break;
		out->is_glued = false;
		*rest = after;
	}
	if (from == end)
		return false;
	if (c < 0x80 && isdigit((int)c)) {
		out->kind = PIECE_NUMBER;
		after.ptr = read_number(from, end, &out->value);
	} else if (is_letter(c)) {
		out->kind = PIECE_WORD;
		after.ptr = skip_letters(from, end);
	} else {
		out->kind = kind_of(c);
	}
	out->text = (struct span){from, (size_t)(after.ptr - from)};
	*rest = (struct span){after.ptr, (size_t)(end - after.ptr)};
	return true;
}

bool piece_is(const struct piece *p, const char *word)
{
	return p->kind == PIECE_WORD && (p->text.ptr[0] | ' ') == word[0] && words_equal(p->text, word);
}

bool piece_is_any(const struct piece *p, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (piece_is(p, words[i]))
			return true;
	return false;
}

struct word_value {
	const char *word;
	double      value;
};

static const struct word_value small_numbers[] = {
	{"zero", 0},     {"one", 1},      {"two", 2},        {"three", 3},     {"four", 4},
	{"five", 5},     {"six", 6},      {"seven", 7},      {"eight", 8},     {"nine", 9},
	{"ten", 10},     {"eleven", 11},  {"twelve", 12},    {"thirteen", 13}, {"fourteen", 14},
	{"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18}, {"nineteen", 19},
	{"twenty", 20},  {"thirty", 30},  {"forty", 40},     {"fifty", 50},    {"sixty", 60},
	{"seventy", 70}, {"eighty", 80},  {"ninety", 90},    {"fourty", 40},   {"couple", 2},
	{"few", 3},      {"half", 0.5},   {"quarter", 0.25},
};

static const struct word_value scales[] = {
	{"hundred", 1e2}, {"thousand", 1e3}, {"thousands", 1e3}, {"k", 1e3},        {"grand", 1e3},
	{"lakh", 1e5},    {"lakhs", 1e5},    {"million", 1e6},   {"millions", 1e6}, {"m", 1e6},
	{"mm", 1e6},      {"mn", 1e6},       {"mil", 1e6},       {"mill", 1e6},     {"mio", 1e6},
	{"crore", 1e7},   {"crores", 1e7},   {"billion", 1e9},   {"billions", 1e9}, {"bn", 1e9},
	{"b", 1e9},
};

static bool value_in(const struct piece *p, const struct word_value *list, size_t n, double *value)
{
	for (size_t i = 0; i < n; i++) {
		if (!piece_is(p, list[i].word))
			continue;
		*value = list[i].value;
		return true;
	}
	return false;
}

/* "m" and "b" alone are metres and names as often as millions: only close
 * behind digits, or as capitals. */
static bool scale_of(const struct piece *p, double *scale)
{
	if (!value_in(p, scales, COUNT(scales), scale))
		return false;
	return p->is_glued || words_is_capitalised(p->text) || (!piece_is(p, "m") && !piece_is(p, "b"));
}

/* A number while it is read: `done` holds the groups that got their magnitude
 * ("two million"), `open` the one that may still get one ("one hundred"). */
struct reading {
	double done, open, scale, decimal; /* decimal: the place after "point", else 0 */
	bool   has_open, is_slang, is_article;
};

static double below_hundred(double v)
{
	return v < 1e15 ? v - 100 * (double)(int64_t)(v / 100) : 0;
}

static bool take_small(struct reading *r, double v)
{
	double tail = below_hundred(r->open);

	if (r->decimal > 0 && v < 10) {
		r->open += v * r->decimal;
		r->decimal /= 10;
		return true;
	}
	if (r->has_open && !(r->open >= 100 && tail < 1) &&
	    !(v >= 1 && v < 10 && tail >= 20 && tail - 10 * (double)(int64_t)(tail / 10) < 1))
		return false;
	r->open += v;
	r->has_open = true;
	return true;
}

static bool take_scale(struct reading *r, double scale)
{
	if (!r->has_open && !r->is_article && scale > 1e2)
		return false; /* "thousands of" is no number; "hundred grand" is how people speak */
	if (!r->has_open)
		r->open = 1;
	r->is_article = false;
	r->decimal = 0;
	r->has_open = true;
	if (scale < 1e3 && r->open < 100) {
		r->open *= scale;
		return true;
	}
	if (scale < 1e3 || (r->scale > 1 && scale >= r->scale))
		return false;
	r->done += r->open * scale;
	r->open = 0;
	r->has_open = false;
	r->scale = scale;
	return true;
}

/* One piece into the number; false when the number ended before it. */
static bool take_piece(struct reading *r, const struct piece *p)
{
	double v;

	if (p->kind == PIECE_NUMBER) {
		if (r->has_open || r->done > 0)
			return false;
		r->open = p->value;
		r->has_open = true;
		return true;
	}
	if (scale_of(p, &v)) {
		r->is_slang = r->is_slang || piece_is(p, "grand");
		return take_scale(r, v);
	}
	if (value_in(p, small_numbers, COUNT(small_numbers), &v)) {
		r->is_article = false;
		return take_small(r, v);
	}
	return false;
}

/* Words that only join a number and mean nothing at its end. */
static bool is_joiner(struct reading *r, const struct piece *p)
{
	if (piece_is(p, "point") && r->has_open && r->decimal <= 0) {
		r->decimal = 0.1;
		return true;
	}
	if (piece_is(p, "a") || piece_is(p, "an")) {
		r->is_article = !r->has_open;
		return true;
	}
	if (piece_is(p, "of"))
		return r->has_open && r->open < 4;
	if (p->kind == PIECE_DASH)
		return r->has_open && below_hundred(r->open) >= 20;
	return piece_is(p, "and") && (r->has_open || r->done > 0);
}

/* "one and a half million": the half is added to what is open. */
static bool take_half(struct reading *r, const struct piece *p)
{
	if (!piece_is(p, "half") || !r->has_open || r->open < 1 || r->open >= 100)
		return false;
	r->open += 0.5;
	return true;
}

/* After a dash only the ones of "twenty-five" go on; "20-5" are two numbers. */
static bool dash_ends_it(const struct piece *before, const struct piece *p)
{
	double v;

	return before->kind == PIECE_DASH &&
	       !(value_in(p, small_numbers, COUNT(small_numbers), &v) && v >= 1 && v < 10);
}

/* "One hundred and one hundred fifty": what begins another hundred is another number. */
static bool begins_another(const struct reading *r, const struct piece *p, struct span after)
{
	struct piece next;
	double       v;

	return r->has_open && r->open >= 100 && value_in(p, small_numbers, COUNT(small_numbers), &v) &&
	       piece_next(&after, &next) && piece_is(&next, "hundred");
}

bool quantity_read(struct span *rest, struct quantity *out)
{
	struct reading r = {.scale = 1};
	struct span    at = *rest, taken = *rest;
	struct piece   p, before = {.kind = PIECE_NONE};
	const char    *from = NULL, *end = NULL;
	bool           is_digits = false;

	for (int i = 0; i < NUMBER_PIECES_MAX && piece_next(&at, &p); i++) {
		bool is_taken = !dash_ends_it(&before, &p) && !begins_another(&r, &p, at) &&
		                !(is_digits && before.kind == PIECE_DASH) &&
		                (take_piece(&r, &p) || (piece_is(&before, "a") && take_half(&r, &p)));

		if (!is_taken && !is_joiner(&r, &p))
			break;
		from = from ? from : p.text.ptr;
		is_digits = is_digits || p.kind == PIECE_NUMBER;
		before = p;
		if (!is_taken)
			continue;
		end = p.text.ptr + p.text.len;
		taken = at;
	}
	if (!end)
		return false;
	*out = (struct quantity){.value = r.done + (r.has_open ? r.open : 0),
	                         .scale = r.scale,
	                         .text = {from, (size_t)(end - from)},
	                         .is_slang = r.is_slang};
	*rest = taken;
	return true;
}

size_t quantity_words(const struct utterance *u, size_t i)
{
	const char     *end = u->text.ptr + u->text.len;
	struct span     rest;
	struct quantity q;
	size_t          n = 0;

	if (i >= u->n)
		return 0;
	rest = (struct span){u->words[i].text.ptr, (size_t)(end - u->words[i].text.ptr)};
	if (!quantity_read(&rest, &q))
		return 0;
	while (i + n < u->n && u->words[i + n].text.ptr < rest.ptr)
		n++;
	return n;
}
