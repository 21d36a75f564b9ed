/* contact_number.c -- runs of digits and digit words, and which of them somebody can be called
 * at: by length, punctuation and what is said around them. */
#include "contact_number.h"

#include "../text/phrases.h"
#include "common/domain/who/who.words.h"

#include "../text/spelling.h"

enum { PHONE_DIGITS_MAX = 19, PHONE_DIGITS_MIN = 7, LONGEST_PHONE = 17 };

static int digit_word(const struct utterance *u, size_t i)
{
	static const char *const names[] = {"zero", "one", "two",   "three", "four",
	                                    "five", "six", "seven", "eight", "nine"};

	for (int d = 0; d < 10; d++)
		if (tokens_is(u, i, names[d]))
			return d;
	return tokens_is(u, i, "oh") || tokens_is(u, i, "o") ? 0 : -1;
}

static bool is_digits(const char *low)
{
	return *low && strspn(low, "0123456789") == strlen(low);
}

struct number {
	char   digits[PHONE_DIGITS_MAX + 1];
	size_t n, words;
	bool   has_plus, has_dash, is_spoken, is_too_long;
};

static void add_digits(struct number *num, const char *digits, size_t times)
{
	for (; *digits; digits++)
		for (size_t k = 0; k < times; k++) {
			if (num->n == PHONE_DIGITS_MAX)
				num->is_too_long = true;
			else
				num->digits[num->n++] = *digits;
		}
}

/* Is all that stands there a filler that was taken out? */
static bool is_filled(struct span gap)
{
	while (gap.len && strchr(" ,.-", *gap.ptr)) {
		gap.ptr++;
		gap.len--;
	}
	while (gap.len && strchr(" ,.-", gap.ptr[gap.len - 1]))
		gap.len--;
	return gap.len && spelling_is_filler(gap);
}

/* What stands between two groups of one number. */
static bool joins_groups(const struct utterance *u, size_t i, struct number *num)
{
	const char *gap = u->words[i - 1].text.ptr + u->words[i - 1].text.len;
	size_t      n = (size_t)(u->words[i].text.ptr - gap);

	if (is_filled((struct span){gap, n}))
		return true;
	if (n > 3 || (n == 1 && *gap == ','))
		return false;
	for (size_t k = 0; k < n; k++) {
		if (!strchr(" -.()/,\t", gap[k]))
			return false;
		num->has_dash = num->has_dash || gap[k] == '-';
	}
	return true;
}

static size_t read_digits(const struct utterance *u, size_t i, struct number *num)
{
	size_t times = tokens_is(u, i, "double") ? 2 : tokens_is(u, i, "triple") ? 3 : 1;
	size_t at = i + (times > 1);
	int    d;

	if (at >= u->n)
		return i;
	if (is_digits(u->words[at].low)) {
		add_digits(num, u->words[at].low, times);
		return at + 1;
	}
	d = digit_word(u, at);
	if (d < 0)
		return i;
	num->is_spoken = true;
	add_digits(num, (const char[]){(char)('0' + d), '\0'}, times);
	return at + 1;
}

static size_t read_number(const struct utterance *u, size_t from, struct number *num)
{
	size_t i = from;

	*num = (struct number){.n = 0};
	for (;;) {
		size_t next;

		if (i >= u->n || (i > from && !joins_groups(u, i, num)))
			break;
		next = read_digits(u, i, num);
		if (next == i)
			break;
		num->words += next - i;
		i = next;
	}
	return i;
}

static bool speaks_of_phone(const struct utterance *u, size_t i)
{
	return phrases_in(WHO_LIST(CONTACT_NUMBER_CUES), u, tokens_sentence_from(u, i),
	                  tokens_sentence_to(u, i));
}

/* A number of E.164 has at most 15 digits, of which two may be the "00" in front. What is written
 * as one longer word is an identifier; said in groups it may be two numbers, or one of a card. */
static bool is_identifier(const struct number *num)
{
	return num->words == 1 && !num->has_plus && !num->is_spoken && num->n > LONGEST_PHONE;
}

static bool is_mixed(const char *low)
{
	size_t digits = strcspn(low, "0123456789");

	return low[digits] && !is_digits(low);
}

static bool is_dashed(const struct utterance *u, size_t i)
{
	const char *gap = u->words[i - 1].text.ptr + u->words[i - 1].text.len;

	return u->words[i].text.ptr == gap + 1 && *gap == '-';
}

/* A UUID may have groups of digits alone; the others give it away. */
static bool is_of_uuid(const struct utterance *u, size_t from, size_t to)
{
	return (from > 0 && is_dashed(u, from) && is_mixed(u->words[from - 1].low)) ||
	       (to < u->n && is_dashed(u, to) && is_mixed(u->words[to].low));
}

/* By its length and looks; what looks like nothing known needs talk of a phone. */
static bool is_phone(const struct number *num, bool has_cue)
{
	const char *d = num->digits;

	if (num->n < PHONE_DIGITS_MIN || is_identifier(num))
		return false;
	if (num->has_plus || num->is_too_long || num->n > 11)
		return num->n >= 8;
	if (num->n == 11 && d[0] == '1')
		return true;
	if (num->n == 10 && d[0] >= '2')
		return num->words > 1 || d[3] >= '2' || has_cue;
	if (d[0] == '0' && num->n >= 9)
		return true;
	if (num->n == 7 && num->has_dash && num->words == 2)
		return d[0] != '0';
	return has_cue || num->is_spoken;
}

static bool is_amount(const struct utterance *u, size_t i)
{
	const char *p = u->words[i].text.ptr;

	while (p > u->text.ptr && p[-1] == ' ')
		p--;
	return p > u->text.ptr &&
	       (p[-1] == '$' || (unsigned char)p[-1] == 0xa3 || (unsigned char)p[-1] == 0xac);
}

/* "2026-11-02" */
static bool is_date(struct span text)
{
	const char *p = text.ptr;

	return text.len == 10 && p[4] == '-' && p[7] == '-' &&
	       (strncmp(p, "19", 2) == 0 || strncmp(p, "20", 2) == 0);
}

/* "Order number 4455667788": nobody can be called there, yet it names somebody. */
static enum contact_kind kind_of(const struct utterance *u, size_t i)
{
	static const char *const phones[] = {"phone", "cell",     "mobile",    "call",    "dial",
	                                     "ring",  "whatsapp", "telephone", "reached", "reach"};
	size_t                   from = i > 4 ? i - 4 : 0, start = tokens_sentence_from(u, i);

	from = from < start ? start : from;
	return phrases_in(WHO_LIST(CONTACT_NUMBER_OTHERS), u, from, i) &&
	               !TOKENS_ANY_IN(u, from, i, phones)
	           ? CONTACT_NUMBER
	           : CONTACT_PHONE;
}

size_t contact_number_at(struct ctx *cx, const struct utterance *u, size_t i, const char *done,
                         struct contact *out)
{
	struct number num;
	size_t        to = read_number(u, i, &num);
	struct span   text;
	const char   *p = u->words[i].text.ptr;

	*out = (struct contact){.value = NULL};
	if (to == i)
		return i;
	text = tokens_text(u, i, to);
	if (p > done && p[-1] == '(')
		text = (struct span){--p, text.len + 1};
	if (p > done && p[-1] == '+')
		text = (struct span){--p, text.len + 1};
	num.has_plus = *p == '+' || (i > 0 && tokens_is(u, i - 1, "plus"));
	if (text.ptr >= done && !is_amount(u, i) && !is_date(text) && !is_of_uuid(u, i, to) &&
	    is_phone(&num, speaks_of_phone(u, i)))
		*out = (struct contact){
			.kind = kind_of(u, i),
			.text = text,
			.value = arena_printf(cx->arena, "%s%s", num.has_plus ? "+" : "", num.digits),
		};
	return to;
}
