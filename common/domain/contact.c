/* contact.c -- e-mail addresses and telephone numbers.
 *
 * A written address is found by its '@' and read outwards. A spoken one is
 * found by the word "at" with a dotted domain behind it and read outwards too:
 * letters that were spelled are joined, "dot", "dash" and "underscore" become
 * what they name. Where a recogniser wrote half of it ("dana at northwind.io")
 * both meet in the same words. A number is a run of digits and digit words. */
#include "contact.h"

#include "said.h"
#include "words.h"

#include "../base/utf8.h"

#include <ctype.h>

enum { LABEL_MAX = 63, SPELLED_MAX = 40, PHONE_DIGITS_MAX = 19, PHONE_DIGITS_MIN = 7 };

/* ---- one address ---- */

static bool is_label(struct span label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' ||
	    label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!isalnum((unsigned char)label.ptr[i]) && label.ptr[i] != '-')
			return false;
	return true;
}

static bool is_domain(struct span domain)
{
	struct span label = {domain.ptr, 0};
	size_t      labels = 0;

	for (size_t i = 0; i <= domain.len; i++) {
		if (i < domain.len && domain.ptr[i] != '.')
			continue;
		label.len = (size_t)(domain.ptr + i - label.ptr);
		if (!is_label(label))
			return false;
		labels++;
		if (i < domain.len)
			label.ptr = domain.ptr + i + 1;
	}
	return labels >= 2 && label.len >= 2 && !isdigit((unsigned char)label.ptr[label.len - 1]);
}

static bool is_local_char(unsigned char c)
{
	return isalnum(c) || c >= 0x80 || (c && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

static bool is_local(struct span local)
{
	if (local.len == 0 || local.len > CONTACT_LOCAL_MAX || local.ptr[0] == '.' ||
	    local.ptr[local.len - 1] == '.' || !utf8_is_valid(local))
		return false;
	for (size_t i = 0; i < local.len; i++)
		if (!is_local_char((unsigned char)local.ptr[i]) ||
		    (local.ptr[i] == '.' && local.ptr[i + 1] == '.'))
			return false;
	return true;
}

/* Controls of Latin-1 and invisible characters are no part of a name. */
static bool has_invisible(struct span text)
{
	while (text.len) {
		uint32_t c = utf8_next(&text);

		if ((c >= 0x80 && c <= 0xa0) || (c >= 0x2000 && c <= 0x206f) || c == 0xfeff || c == 0xad ||
		    c == 0x3000)
			return true;
	}
	return false;
}

const char *contact_email_normalise(struct ctx *cx, struct span text)
{
	struct span local, domain;
	const char *at;
	char       *out;

	text = span_trim(text);
	at = text.len ? memchr(text.ptr, '@', text.len) : NULL;
	if (!at || text.len > CONTACT_EMAIL_MAX)
		return NULL;
	local = (struct span){text.ptr, (size_t)(at - text.ptr)};
	domain = (struct span){at + 1, text.len - local.len - 1};
	if (!is_local(local) || !is_domain(domain) || has_invisible(local))
		return NULL;
	out = arena_strndup(cx->arena, text.ptr, text.len);
	for (char *p = out + local.len + 1; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return out;
}

/* ---- the finds ---- */

struct finds {
	struct ctx      *cx;
	struct utterance u;
	struct contact  *list;
	size_t           n, cap;
	const char      *done; /* end of the newest find: nothing before it is looked at again */
};

static void add_find(struct finds *f, enum contact_kind kind, struct span text, const char *value)
{
	if (f->n == f->cap) {
		size_t          cap = f->cap ? 2 * f->cap : 4;
		struct contact *grown = NEW_ARRAY(f->cx->arena, struct contact, cap);

		if (f->n)
			memcpy(grown, f->list, f->n * sizeof(*grown));
		f->list = grown;
		f->cap = cap;
	}
	f->list[f->n++] = (struct contact){kind, text, value};
	f->done = text.ptr + text.len;
}

/* The character before p, if an address may have it: letters of any script, and
 * the marks of RFC 5321, but no quotation marks or spaces of any script. */
static const char *local_char_before(const char *p, const char *from)
{
	const char *at = p - 1;
	struct span one;
	uint32_t    c;

	while (at > from && ((unsigned char)*at & 0xc0) == 0x80)
		at--;
	one = (struct span){at, (size_t)(p - at)};
	c = utf8_next(&one);
	if (c < 0x80)
		return is_local_char((unsigned char)c) ? at : NULL;
	if (c < 0xc0 || (c >= 0x2000 && c <= 0x2bff) || (c >= 0x3000 && c <= 0x303f) || c >= 0xe000)
		return NULL;
	return at;
}

/* Written: outwards from the '@' at p. */
static bool find_written(struct finds *f, const char *p, const char *end)
{
	const char *from = p, *to = p + 1, *value, *before = p;

	while (before && before > f->done && p - before <= CONTACT_LOCAL_MAX) {
		from = before;
		before = local_char_before(before, f->done);
	}
	from = before ? before : from;
	while (from < p && strchr("'`{}.*~#?!/&=|", *from))
		from++; /* marks around an address, not of it */
	while (to < end && to - p <= CONTACT_EMAIL_MAX &&
	       (isalnum((unsigned char)*to) || *to == '-' || *to == '.'))
		to++;
	while (to > p + 1 && (to[-1] == '.' || to[-1] == '-'))
		to--;
	value = contact_email_normalise(f->cx, (struct span){from, (size_t)(to - from)});
	if (value)
		add_find(f, CONTACT_EMAIL, (struct span){from, (size_t)(to - from)}, value);
	return value != NULL;
}

/* ---- spoken addresses ---- */

static const char *const top_domains[] = {
	"com",     "org",   "net",    "io",      "ai",        "co",     "dev",    "app",     "edu",
	"gov",     "info",  "biz",    "me",      "us",        "uk",     "de",     "fr",      "eu",
	"ca",      "ch",    "nl",     "es",      "it",        "se",     "no",     "in",      "jp",
	"au",      "at",    "be",     "dk",      "fi",        "pl",     "pt",     "ie",      "br",
	"mx",      "nz",    "za",     "tech",    "xyz",       "cloud",  "studio", "design",  "agency",
	"media",   "tv",    "health", "shop",    "store",     "online", "site",   "example", "test",
	"invalid", "world", "group",  "digital", "solutions",
};

static char joiner_of(const struct utterance *u, size_t i)
{
	static const struct {
		const char *word;
		char        mark;
	} joiners[] = {{"dot", '.'},  {"point", '.'},  {"period", '.'}, {"underscore", '_'},
	               {"dash", '-'}, {"hyphen", '-'}, {"minus", '-'},  {"plus", '+'}};

	for (size_t k = 0; k < COUNT(joiners); k++)
		if (said_is(u, i, joiners[k].word))
			return joiners[k].mark;
	return '\0';
}

/* Between words i - 1 and i stands exactly one '.', '-' or '_' and nothing else. */
static char mark_between(const struct utterance *u, size_t i)
{
	const char *gap = u->words[i - 1].text.ptr + u->words[i - 1].text.len;

	return u->words[i].text.ptr - gap == 1 && strchr(".-_+", *gap) ? *gap : '\0';
}

static bool is_single(const struct utterance *u, size_t i)
{
	return i < u->n && u->words[i].low[0] && !u->words[i].low[1] &&
	       isalnum((unsigned char)u->words[i].low[0]);
}

static bool is_plain(const struct utterance *u, size_t i)
{
	for (const char *p = u->words[i].low; *p; p++)
		if (!isalnum((unsigned char)*p))
			return false;
	return true;
}

/* The word before an address began: what one says about it or oneself. */
static const char *const never_local[] = {
	"work",        "works",     "working",  "look",  "looking",   "am",      "i'm",
	"im",          "me",        "us",       "it",    "is",        "was",     "are",
	"be",          "him",       "her",      "them",  "here",      "based",   "engineer",
	"engineering", "product",   "director", "ceo",   "cto",       "founder", "manager",
	"developer",   "lead",      "head",     "sales", "marketing", "people",  "company",
	"website",     "site",      "page",     "one",   "role",      "job",     "team",
	"employed",    "currently", "up",       "out",   "there",     "that",    "this",
	"you",         "reached",   "reach",    "email", "mail",
};

/* First word of the local part that ends before the word "at" at i; i when there is none. */
static size_t local_from(const struct utterance *u, size_t at)
{
	size_t i = at;

	while (i > 0 && at - i < SPELLED_MAX && !u->words[i - 1].is_contact) {
		size_t before = i - 1;
		bool   is_joined = i < at && (mark_between(u, i) || joiner_of(u, before));

		if (i < at && u->words[i].gap == GAP_STOP && !mark_between(u, i))
			break;
		if (joiner_of(u, before) && i < at && before > 0 && is_plain(u, before - 1))
			i = before - 1;
		else if (i == at && is_plain(u, before) && !joiner_of(u, before))
			i = before;
		else if (is_joined || (is_single(u, before) && is_single(u, i)))
			i = before;
		else
			break;
	}
	return i;
}

/* One past the last word of the domain that begins at i; i when there is none.
 * A name of two words may stand before its first dot ("north wind dot io"). */
static size_t domain_to(const struct utterance *u, size_t i)
{
	size_t from = i, best = i, loose = 0;

	while (i < u->n && i - from < SPELLED_MAX && is_plain(u, i)) {
		bool is_dotted = i > from && (mark_between(u, i) == '.' || joiner_of(u, i - 1) == '.');

		if (i > from && u->words[i].gap == GAP_STOP && !mark_between(u, i))
			break;
		if (joiner_of(u, i) && i > from) {
			i++;
			continue;
		}
		if (is_dotted && SAID_IS_ANY(u, i, top_domains))
			best = i + 1;
		else if (i > from && !is_dotted && !mark_between(u, i) && !joiner_of(u, i - 1) &&
		         !(is_single(u, i) && is_single(u, i - 1)) && (best > from || ++loose > 1))
			break;
		i++;
	}
	return best;
}

static const char *join_words(struct finds *f, size_t from, size_t to)
{
	struct buf joined = buf_new(f->cx->arena, CONTACT_EMAIL_MAX + 1);

	for (size_t i = from; i < to; i++) {
		char mark = joiner_of(&f->u, i), written = i > from ? mark_between(&f->u, i) : '\0';

		if (mark && i > from && i + 1 < to) {
			buf_char(&joined, mark);
			continue;
		}
		if (written)
			buf_char(&joined, written);
		buf_str(&joined, f->u.words[i].low);
	}
	return buf_text(&joined);
}

static bool speaks_of_mail(const struct utterance *u, size_t i)
{
	static const char *const cues[] = {"email", "e mail", "mail", "address", "reach me", "contact",
	                                   "write", "gmail",  "send", "invite",  "emails",   "reached"};

	return SAID_ANY_IN(u, said_sentence_from(u, i), said_sentence_to(u, i), cues);
}

/* "I'm Dana at northwind dot io" tells where one works. */
static bool speaks_of_self(const struct utterance *u, size_t from)
{
	static const char *const intros[] = {"i'm",     "im",      "i am", "my name is",
	                                     "name is", "this is", "work", "i was"};
	size_t                   back = from > 4 ? from - 4 : 0;

	return SAID_ANY_IN(u, back, from, intros);
}

/* Spoken: outwards from the word "at" (or a lone '@' that stands for it). */
static size_t find_spoken(struct finds *f, size_t at)
{
	const struct utterance *u = &f->u;
	size_t                  to = domain_to(u, at + 1), from = local_from(u, at);
	const char             *value;
	struct span             text;
	bool                    has_cue = speaks_of_mail(u, at);

	if (to == at + 1 || from == at || u->words[from].text.ptr < f->done)
		return at + 1;
	if (SAID_IS_ANY(u, at - 1, never_local) && at - from == 1)
		return at + 1;
	if (!has_cue && (speaks_of_self(u, from) || words_is_stop(u->words[at - 1].text)))
		return at + 1;
	text = said_text(u, from, to);
	value = arena_printf(f->cx->arena, "%s@%s", join_words(f, from, at), join_words(f, at + 1, to));
	value = contact_email_normalise(f->cx, span_of(value));
	if (!value)
		return at + 1;
	add_find(f, CONTACT_EMAIL, text, value);
	return to;
}

/* ---- numbers ---- */

static int digit_word(const struct utterance *u, size_t i)
{
	static const char *const names[] = {"zero", "one", "two",   "three", "four",
	                                    "five", "six", "seven", "eight", "nine"};

	for (int d = 0; d < 10; d++)
		if (said_is(u, i, names[d]))
			return d;
	return said_is(u, i, "oh") || said_is(u, i, "o") ? 0 : -1;
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

/* What stands between two groups of one number. */
static bool joins_groups(const struct utterance *u, size_t i, struct number *num)
{
	const char *gap = u->words[i - 1].text.ptr + u->words[i - 1].text.len;
	size_t      n = (size_t)(u->words[i].text.ptr - gap);

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
	size_t times = said_is(u, i, "double") ? 2 : said_is(u, i, "triple") ? 3 : 1;
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
	static const char *const cues[] = {"call me",   "phone",   "number",   "cell",
	                                   "mobile",    "text me", "reach me", "whatsapp",
	                                   "telephone", "dial",    "ring me"};

	return SAID_ANY_IN(u, said_sentence_from(u, i), said_sentence_to(u, i), cues);
}

/* By its length and looks; what looks like nothing known needs talk of a phone. */
static bool is_phone(const struct number *num, bool has_cue)
{
	const char *d = num->digits;

	if (num->n < PHONE_DIGITS_MIN)
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

static size_t find_number(struct finds *f, size_t i)
{
	const struct utterance *u = &f->u;
	struct number           num;
	size_t                  to = read_number(u, i, &num);
	struct span             text;
	const char             *p = u->words[i].text.ptr;

	if (to == i)
		return i + 1;
	text = said_text(u, i, to);
	if (p > f->done && p[-1] == '(')
		text = (struct span){--p, text.len + 1};
	if (p > f->done && p[-1] == '+')
		text = (struct span){--p, text.len + 1};
	num.has_plus = *p == '+' || (i > 0 && said_is(u, i - 1, "plus"));
	if (text.ptr >= f->done && !is_amount(u, i) && is_phone(&num, speaks_of_phone(u, i)))
		add_find(f, CONTACT_PHONE, text,
		         arena_printf(f->cx->arena, "%s%s", num.has_plus ? "+" : "", num.digits));
	return to;
}

/* A written '@' between this word and the one before: with text on both sides
 * it is an address; with spaces around it stands for the word "at". */
static const char *at_sign_before(const struct utterance *u, size_t i)
{
	const char *gap = i ? u->words[i - 1].text.ptr + u->words[i - 1].text.len : u->text.ptr;

	return memchr(gap, '@', (size_t)(u->words[i].text.ptr - gap));
}

size_t contact_find(struct ctx *cx, struct span text, const struct contact **out)
{
	struct finds f = {.cx = cx, .u = said_split(cx, text), .done = text.ptr};
	const char  *end = text.ptr + text.len;

	for (size_t i = 0; i < f.u.n;) {
		const char *sign = at_sign_before(&f.u, i);

		if (sign && sign >= f.done)
			find_written(&f, sign, end);
		if (f.u.words[i].text.ptr < f.done)
			i++;
		else if (said_is(&f.u, i, "at") && i > 0)
			i = find_spoken(&f, i);
		else
			i = find_number(&f, i);
	}
	*out = f.list;
	return f.n;
}

struct span contact_mask(struct ctx *cx, struct span text)
{
	const struct contact *list;
	size_t                n = contact_find(cx, text, &list);
	struct buf            masked = buf_new(cx->arena, 2 * text.len + 16);
	const char           *done = text.ptr;

	for (size_t i = 0; i < n; i++) {
		buf_add(&masked, done, (size_t)(list[i].text.ptr - done));
		buf_str(&masked, list[i].kind == CONTACT_EMAIL ? "[email]" : "[phone]");
		done = list[i].text.ptr + list[i].text.len;
	}
	buf_add(&masked, done, (size_t)(text.ptr + text.len - done));
	return buf_span(&masked);
}
