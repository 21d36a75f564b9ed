/* contact.c -- e-mail addresses and telephone numbers.
 *
 * A written address is found by its '@' and read outwards. A spoken one is
 * found by the word "at" with a dotted domain behind it and read outwards too:
 * letters that were spelled are joined, "dot", "dash" and "underscore" become
 * what they name. Where a recogniser wrote half of it ("dana at northwind.io")
 * both meet in the same words. A number is a run of digits and digit words. */
#include "contact.h"

#include "contact_number.h"
#include "idn.h"
#include "../text/tokens.h"
#include "../text/spelling.h"
#include "../text/phrases.h"
#include "../text/words.h"
#include "common/domain/who/who.words.h"

#include "../../base/unicode.h"
#include "../../base/utf8.h"

#include <ctype.h>

enum { LABEL_MAX = 63, SPELLED_MAX = 40, UNPASTED_MAX = 2 * CONTACT_EMAIL_MAX };

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

/* Beyond ASCII a local part has letters of any script, and no signs or pictures. */
static bool has_strange(struct span local)
{
	while (local.len) {
		uint32_t c = utf8_next(&local);

		if (c >= 0x80 && !unicode_is_word(c) && !unicode_is_mark(c))
			return true;
	}
	return false;
}

/* As it came out of a page, a mail or a keyboard of another script: its letters composed and of
 * common width, without "mailto:", spaces of any kind around it, and what is invisible. */
static struct span unpasted(struct ctx *cx, struct span text)
{
	static const char scheme[] = "mailto:";
	uint32_t          points[UNPASTED_MAX];
	size_t            n = unicode_compose(text, false, points, COUNT(points));
	struct buf        out = buf_new(cx->arena, 4 * n + 1);
	char              utf8[4];

	for (size_t i = 0; i < n; i++)
		buf_add(&out, utf8, utf8_encode(unicode_is_space(points[i]) ? ' ' : points[i], utf8));
	text = span_trim(buf_span(&out));
	if (span_starts_nocase(text, SPAN(scheme)))
		text = (struct span){text.ptr + strlen(scheme), text.len - strlen(scheme)};
	return text;
}

const char *contact_email_normalise(struct ctx *cx, struct span text)
{
	struct span local;
	const char *at, *domain;

	if (text.len > UNPASTED_MAX || !utf8_is_valid(text))
		return NULL;
	text = unpasted(cx, text);
	at = text.len ? memchr(text.ptr, '@', text.len) : NULL;
	if (!at)
		return NULL;
	local = (struct span){text.ptr, (size_t)(at - text.ptr)};
	domain = idn_to_ascii(cx, (struct span){at + 1, text.len - local.len - 1});
	if (!domain || !is_local(local) || !is_domain(span_of(domain)) || has_strange(local) ||
	    local.len + 1 + strlen(domain) > CONTACT_EMAIL_MAX)
		return NULL;
	return arena_printf(cx->arena, "%.*s@%s", (int)local.len, local.ptr, domain);
}

/* Whose users may write their addresses with dots wherever they like, and what one such mailbox is
 * called. */
static const struct {
	const char *domain, *same_as;
} dotless[] = {
	{"gmail.com", "gmail.com"},      {"googlemail.com", "gmail.com"}, {"proton.me", "proton.me"},
	{"protonmail.com", "proton.me"}, {"protonmail.ch", "proton.me"},  {"pm.me", "proton.me"},
};

const char *contact_mailbox(struct ctx *cx, const char *email)
{
	const char *at = strrchr(email, '@'), *domain = at + 1;
	struct buf  out = buf_new(cx->arena, CONTACT_EMAIL_MAX + 1);
	bool        has_dots = true;

	for (size_t i = 0; i < COUNT(dotless); i++)
		if (str_equal(domain, dotless[i].domain)) {
			domain = dotless[i].same_as;
			has_dots = false;
			break;
		}
	for (const char *p = email; p < at && !(*p == '+' && p > email); p++)
		if (has_dots || *p != '.')
			buf_char(&out, (char)tolower((unsigned char)*p));
	buf_char(&out, '@');
	buf_str(&out, domain);
	return buf_text(&out);
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

/* One past the letters, digits, points and hyphens of any script that begin at p. */
static const char *domain_end(const char *p, const char *end)
{
	struct span rest = {p, (size_t)(end - p)}, ahead;

	while (rest.len && rest.ptr - p <= CONTACT_EMAIL_MAX) {
		uint32_t c;

		ahead = rest;
		c = utf8_next(&ahead);
		if (!unicode_is_word(c) && c != '-' && c != '.')
			break;
		rest = ahead;
	}
	return rest.ptr;
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
	to = domain_end(to, end);
	while (to > p + 1 && (to[-1] == '.' || to[-1] == '-'))
		to--;
	value = contact_email_normalise(f->cx, (struct span){from, (size_t)(to - from)});
	if (value)
		add_find(f, CONTACT_EMAIL, (struct span){from, (size_t)(to - from)}, value);
	return value != NULL;
}

/* ---- spoken addresses ---- */

static bool is_top_domain(const struct utterance *u, size_t i)
{
	const char *low = u->words[i].low;

	return phrases_at(WHO_LIST(TOP_DOMAINS), u, i) ||
	       (strlen(low) == 2 && isalpha((unsigned char)low[0]) && isalpha((unsigned char)low[1]));
}

static char joiner_of(const struct utterance *u, size_t i)
{
	static const struct {
		const char *word;
		char        mark;
	} joiners[] = {{"dot", '.'},  {"point", '.'},  {"period", '.'}, {"underscore", '_'},
	               {"dash", '-'}, {"hyphen", '-'}, {"minus", '-'},  {"plus", '+'}};

	for (size_t k = 0; k < COUNT(joiners); k++)
		if (tokens_is(u, i, joiners[k].word))
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

/* "wu ninety two", "sam 42": a number belongs to the name before it. */
static bool ends_in_number(const struct utterance *u, size_t i)
{
	char digits[SPELLING_DIGITS_MAX + 1];

	return spelling_number(u, i, digits) || strspn(u->words[i].low, "0123456789") > 0;
}

/* The one letter before a name is its initial: "j reyes at"; "a" and "i" are words. */
static bool is_initial(const struct utterance *u, size_t i)
{
	return is_single(u, i) && isalpha((unsigned char)u->words[i].low[0]) &&
	       !strchr("ai", u->words[i].low[0]);
}

/* "Jonah w at": the letter of the family name; "spelled j o at" has more of them. */
static bool ends_in_initial(const struct utterance *u, size_t before, size_t i)
{
	return is_initial(u, i) && !is_single(u, i + 1) && strlen(u->words[before].low) > 2 &&
	       !words_is_stop(u->words[before].text);
}

static bool joins_local(const struct utterance *u, size_t before, size_t i)
{
	if (!is_plain(u, before) || phrases_at(WHO_LIST(CONTACT_NEVER_LOCAL), u, before))
		return false;
	return (is_single(u, before) && is_single(u, i)) || is_initial(u, before) ||
	       ends_in_initial(u, before, i) ||
	       (ends_in_number(u, i) &&
	        (!words_is_stop(u->words[before].text) || ends_in_number(u, before)));
}

/* A written '@' between this word and the one before: with text on both sides
 * it is an address; with spaces around it, or before a spoken domain, it stands for "at". */
static const char *at_sign_before(const struct utterance *u, size_t i)
{
	const char *gap = i ? u->words[i - 1].text.ptr + u->words[i - 1].text.len : u->text.ptr;

	return memchr(gap, '@', (size_t)(u->words[i].text.ptr - gap));
}

/* First word of the local part that ends before the word "at" at i; i when there is none. */
static size_t local_from(const struct utterance *u, size_t at)
{
	size_t i = at;

	while (i > 0 && at - i < SPELLED_MAX && !u->words[i - 1].is_contact) {
		size_t before = i - 1;
		bool   is_joined = i < at && (mark_between(u, i) || joiner_of(u, before));

		if (i < at &&
		    ((u->words[i].gap == GAP_STOP && !mark_between(u, i)) || at_sign_before(u, i)))
			break;
		if (joiner_of(u, before) && i < at && before > 0 && is_plain(u, before - 1))
			i = before - 1;
		else if (i == at && is_plain(u, before) && !joiner_of(u, before))
			i = before;
		else if (is_joined || joins_local(u, before, i))
			i = before;
		else
			break;
	}
	return i;
}

/* "c o m": one past its last letter; i when it is none. */
static size_t spelled_top_to(const struct utterance *u, size_t i)
{
	char   top[SPELLED_MAX];
	size_t n = 0;

	while (n + 1 < sizeof(top) && is_single(u, i + n) &&
	       (n == 0 || u->words[i + n].gap == GAP_SPACE)) {
		top[n] = u->words[i + n].low[0];
		n++;
	}
	top[n] = '\0';
	if (n > 1 && phrases_has(WHO_LIST(TOP_DOMAINS), top))
		return i + n;
	return n == 2 ? i + n : i;
}

/* One past the last word of the domain that begins at i; i when there is none.
 * A name of two words may stand before its first dot ("north wind dot io"), also with "and". */
static size_t domain_to(const struct utterance *u, size_t i)
{
	size_t from = i, best = i, loose = 0;

	while (i < u->n && i - from < SPELLED_MAX && is_plain(u, i)) {
		bool is_dotted = i > from && (mark_between(u, i) == '.' || joiner_of(u, i - 1) == '.');

		if (i > from && u->words[i].gap == GAP_STOP && !mark_between(u, i))
			break;
		if (i > from && at_sign_before(u, i))
			return from; /* what stands there is the local part of another */
		if (joiner_of(u, i) && i > from) {
			i++;
			continue;
		}
		if (is_dotted && spelled_top_to(u, i) > i) {
			best = i = spelled_top_to(u, i);
			continue;
		}
		if (is_dotted && is_top_domain(u, i))
			best = i + 1;
		else if (i > from && !is_dotted && !mark_between(u, i) && !joiner_of(u, i - 1) &&
		         !(is_single(u, i) && is_single(u, i - 1)) &&
		         !(i == from + 1 && tokens_is(u, i, "and")) && (best > from || ++loose > 1))
			break;
		i++;
	}
	return best;
}

/* "M-I-K-E" is spelled, not hyphenated. */
static bool is_spelled_dash(const struct utterance *u, size_t i)
{
	return mark_between(u, i) == '-' && is_single(u, i) && is_single(u, i - 1);
}

static const char *join_words(struct finds *f, size_t from, size_t to, bool has_numbers)
{
	struct buf joined = buf_new(f->cx->arena, CONTACT_EMAIL_MAX + 1);
	char       digits[SPELLING_DIGITS_MAX + 1];

	for (size_t i = from; i < to; i++) {
		char   mark = joiner_of(&f->u, i), written = i > from ? mark_between(&f->u, i) : '\0';
		size_t number = has_numbers && i > from ? spelling_number(&f->u, i, digits) : 0;

		if (number) {
			buf_str(&joined, digits);
			i += number - 1;
			continue;
		}

		if (mark && i > from && i + 1 < to) {
			buf_char(&joined, mark);
			continue;
		}
		if (written && !is_spelled_dash(&f->u, i) && !joiner_of(&f->u, i - 1))
			buf_char(&joined, written);
		buf_str(&joined, f->u.words[i].low);
	}
	return buf_text(&joined);
}

static bool speaks_of_mail(const struct utterance *u, size_t i)
{
	static const char *const cues[] = {"email",   "e mail",  "mail",      "address",   "reach me",
	                                   "contact", "write",   "gmail",     "send",      "invite",
	                                   "emails",  "reached", "get me on", "get me at", "find me"};

	return TOKENS_ANY_IN(u, tokens_sentence_from(u, i), tokens_sentence_to(u, i), cues);
}

/* "I'm Dana at northwind dot io" tells where one works. */
static bool speaks_of_self(const struct utterance *u, size_t from)
{
	static const char *const intros[] = {"i'm",     "im",      "i am", "my name is",
	                                     "name is", "this is", "work", "i was"};
	size_t                   back = from > 4 ? from - 4 : 0;

	return TOKENS_ANY_IN(u, back, from, intros);
}

/* One word with nothing said of mail is an address only where one would stand: at the beginning,
 * behind "it's". In "we met at northwind dot com" nobody is called "met". */
static bool stands_alone(const struct utterance *u, size_t from)
{
	static const char *const leads[] = {"it's", "is", "its", "that's", "sure", "yes", "yeah",
	                                    "okay", "ok", "to",  "or",     "and",  "use", "try"};

	return from == 0 || u->words[from].gap != GAP_SPACE || TOKENS_IS_ANY(u, from - 1, leads);
}

/* "Will at honest dot co": nothing else is said, so "will" is no verb. */
static bool is_all(const struct utterance *u, size_t from, size_t to)
{
	return from == tokens_sentence_from(u, from) && to == tokens_sentence_to(u, from);
}

/* "At the northwind dot com office" */
static bool is_loose_domain(const struct utterance *u, size_t i)
{
	static const char *const words[] = {"the", "our", "your", "a", "my", "this", "their", "about"};

	return TOKENS_IS_ANY(u, i, words) && i + 1 < u->n && joiner_of(u, i + 1) != '.' &&
	       mark_between(u, i + 1) != '.';
}

/* Spoken: outwards from the word "at", which the local part ends before and the domain begins
 * behind; or from a '@' that stands for it. Returns where to go on. */
static size_t find_spoken(struct finds *f, size_t local_end, size_t domain)
{
	const struct utterance *u = &f->u;
	size_t                  to = domain_to(u, domain), from = local_from(u, local_end);
	bool        is_written = domain == local_end || u->words[local_end].text.ptr[0] == '@';
	bool        is_one = local_end - from == 1;
	const char *value;
	struct span text;

	if (to == domain || from == local_end || u->words[from].text.ptr < f->done ||
	    is_loose_domain(u, domain))
		return domain;
	if (!is_written && is_one && phrases_at(WHO_LIST(CONTACT_NEVER_LOCAL), u, from))
		return domain;
	if (!is_written && !speaks_of_mail(u, local_end) && !is_all(u, from, to) &&
	    (speaks_of_self(u, from) ||
	     (is_one && (words_is_stop(u->words[from].text) || !stands_alone(u, from)))))
		return domain;
	text = tokens_text(u, from, to);
	value = arena_printf(f->cx->arena, "%s@%s", join_words(f, from, local_end, true),
	                     join_words(f, domain, to, false));
	value = contact_email_normalise(f->cx, span_of(value));
	if (!value)
		return domain;
	add_find(f, CONTACT_EMAIL, text, value);
	return to;
}

static size_t find_number(struct finds *f, size_t i)
{
	struct contact found;
	size_t         to = contact_number_at(f->cx, &f->u, i, f->done, &found);

	if (found.value)
		add_find(f, found.kind, found.text, found.value);
	return to > i ? to : i + 1;
}

size_t contact_find(struct ctx *cx, struct span text, const struct contact **out)
{
	struct finds f = {.cx = cx, .u = tokens_split(cx, text), .done = text.ptr};
	const char  *end = text.ptr + text.len;

	spelling_tidy(&f.u);
	for (size_t i = 0; i < f.u.n;) {
		const char *sign = at_sign_before(&f.u, i);

		if (sign && sign >= f.done && !find_written(&f, sign, end) && i > 0)
			find_spoken(&f, i, i);
		if (f.u.words[i].text.ptr < f.done)
			i++;
		else if (tokens_is(&f.u, i, "at") && i > 0)
			i = find_spoken(&f, i, i + 1);
		else
			i = find_number(&f, i);
	}
	*out = f.list;
	return f.n;
}

struct span contact_mask(struct ctx *cx, struct span text)
{
	const struct contact    *list;
	size_t                   n = contact_find(cx, text, &list);
	static const char *const marks[] = {
		[CONTACT_EMAIL] = "[email]", [CONTACT_PHONE] = "[phone]", [CONTACT_NUMBER] = "[number]"};
	struct buf  masked = buf_new(cx->arena, 2 * text.len + 16);
	const char *done = text.ptr;

	for (size_t i = 0; i < n; i++) {
		buf_add(&masked, done, (size_t)(list[i].text.ptr - done));
		buf_str(&masked, marks[list[i].kind]);
		done = list[i].text.ptr + list[i].text.len;
	}
	buf_add(&masked, done, (size_t)(text.ptr + text.len - done));
	return buf_span(&masked);
}
