/* markup.c -- HTML, SSML and Markdown by form. */
#include "markup.h"

#include "../../base/utf8.h"

#include <ctype.h>

enum { TAG_MAX = 300, ENTITY_MAX = 10, CITATION_MAX = 40, RULE_MAX = 400, LIST_LOOK_MAX = 2000 };

/* The byte at i, 0 past the end. */
static char at(struct span text, size_t i)
{
	return i < text.len ? text.ptr[i] : '\0';
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* ---- tags ---- */

static const char inlines[] = "a,abbr,b,code,del,em,emphasis,font,i,mark,prosody,s,say-as,small,"
							  "span,strong,sub,sup,u,w";

static size_t comment(struct span text)
{
	const char *end;

	if (!span_starts(text, SPAN("<!--")))
		return 0;
	end = memmem(text.ptr, text.len < TAG_MAX ? text.len : TAG_MAX, "-->", 3);
	return end ? (size_t)(end - text.ptr) + 3 : 0;
}

size_t markup_tag(struct span text, bool *divides_out)
{
	size_t from = at(text, 1) == '/' ? 2 : 1, n = from;
	bool   has_value = false;

	*divides_out = true;
	if (at(text, 0) != '<' || !isalpha((unsigned char)at(text, from)))
		return comment(text);
	while (isalnum((unsigned char)at(text, n)) || is_one_of(at(text, n), "-_:."))
		n++;
	*divides_out = !str_find_item(inlines, (struct span){text.ptr + from, n - from}, NULL);
	if (!is_one_of(at(text, n), "/> "))
		return 0; /* <https://...>, "a<b=c" */
	for (bool is_bare = at(text, n) != ' '; n < TAG_MAX; n++) {
		char c = at(text, n);

		if (c == '>')
			return is_bare || has_value || text.ptr[n - 1] == '/' ? n + 1 : 0;
		if (!c || is_one_of(c, "<\n"))
			return 0;
		has_value |= c == '=';
	}
	return 0;
}

/* ---- characters ---- */

/* U+00A0 to U+00FF, in order. */
static const char latin[] =
	"nbsp,iexcl,cent,pound,curren,yen,brvbar,sect,uml,copy,ordf,laquo,not,shy,reg,macr,deg,plusmn,"
	"sup2,sup3,acute,micro,para,middot,cedil,sup1,ordm,raquo,frac14,frac12,frac34,iquest,Agrave,"
	"Aacute,Acirc,Atilde,Auml,Aring,AElig,Ccedil,Egrave,Eacute,Ecirc,Euml,Igrave,Iacute,Icirc,Iuml,"
	"ETH,Ntilde,Ograve,Oacute,Ocirc,Otilde,Ouml,times,Oslash,Ugrave,Uacute,Ucirc,Uuml,Yacute,THORN,"
	"szlig,agrave,aacute,acirc,atilde,auml,aring,aelig,ccedil,egrave,eacute,ecirc,euml,igrave,"
	"iacute,icirc,iuml,eth,ntilde,ograve,oacute,ocirc,otilde,ouml,divide,oslash,ugrave,uacute,"
	"ucirc,uuml,yacute,thorn,yuml";
static const char others[] =
	"amp,lt,gt,quot,apos,ndash,mdash,lsquo,rsquo,sbquo,ldquo,rdquo,bdquo,hellip,bull,euro,trade,"
	"minus,ne,le,ge,rarr,larr,OElig,oelig,Scaron,scaron,ensp,emsp,thinsp,zwnj,zwj,prime,lsaquo,"
	"rsaquo";
static const uint32_t other_characters[] = {
	'&',    '<',    '>',    '"',    '\'',   0x2013, 0x2014, 0x2018, 0x2019, 0x201a, 0x201c, 0x201d,
	0x201e, 0x2026, 0x2022, 0x20ac, 0x2122, 0x2212, 0x2260, 0x2264, 0x2265, 0x2192, 0x2190, 0x152,
	0x153,  0x160,  0x161,  0x2002, 0x2003, 0x2009, 0x200c, 0x200d, 0x2032, 0x2039, 0x203a,
};

static bool find_name(const char *list, struct span name, uint32_t *place)
{
	struct span rest = span_of(list), item;

	for (*place = 0; str_next_item(&rest, &item); ++*place)
		if (span_equal(item, name))
			return true;
	return false;
}

static bool read_number(struct span digits, uint32_t *out)
{
	bool     is_hex = at(digits, 0) == 'x' || at(digits, 0) == 'X';
	uint32_t base = is_hex ? 16 : 10;

	*out = 0;
	for (size_t i = is_hex; i < digits.len; i++) {
		unsigned char c = (unsigned char)digits.ptr[i];

		if (!(is_hex ? isxdigit(c) : isdigit(c)))
			return false;
		*out = *out * base + (uint32_t)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return *out && *out < 0x110000 && (*out < 0xd800 || *out > 0xdfff);
}

size_t markup_character(struct span text, uint32_t *out)
{
	const char *end;
	struct span name;

	if (at(text, 0) == '\\' && ispunct((unsigned char)at(text, 1))) {
		*out = (uint32_t)text.ptr[1];
		return 2;
	}
	if (at(text, 0) != '&')
		return 0;
	end = memchr(text.ptr, ';', text.len < ENTITY_MAX ? text.len : ENTITY_MAX);
	if (!end)
		return 0;
	name = (struct span){text.ptr + 1, (size_t)(end - text.ptr) - 1};
	if (at(name, 0) == '#')
		return read_number((struct span){name.ptr + 1, name.len - 1}, out) ? name.len + 2 : 0;
	if (find_name(latin, name, out))
		*out += 0xa0;
	else if (find_name(others, name, out))
		*out = other_characters[*out];
	else
		return 0;
	return name.len + 2;
}

/* ---- citations ---- */

size_t markup_citation(struct span text)
{
	static const struct span open = SPAN("【"), close = SPAN("】");
	const char              *end;
	bool                     has_digit = false;

	if (span_starts(text, open)) {
		end = memmem(text.ptr, text.len < CITATION_MAX ? text.len : CITATION_MAX, close.ptr,
		             close.len);
		return end && isdigit((unsigned char)text.ptr[open.len])
		           ? (size_t)(end - text.ptr) + close.len
		           : 0;
	}
	for (size_t i = 1; at(text, 0) == '[' && i < CITATION_MAX; i++) {
		char c = at(text, i);

		if (c == ']')
			return has_digit && at(text, i + 1) != '(' ? i + 1 : 0;
		if (!isdigit((unsigned char)c) && !is_one_of(c, "^,- "))
			return 0;
		has_digit |= isdigit((unsigned char)c) != 0;
	}
	return 0;
}

/* ---- lines ---- */

/* "|:---|", "-----", "* * *": its length without the line's end. */
static size_t rule(struct span text)
{
	size_t n = 0, strokes = 0;

	for (; n < RULE_MAX && is_one_of(at(text, n), "|:-+=_*~ \t"); n++)
		strokes += is_one_of(text.ptr[n], "-=_*~") ? 1 : 0;
	return strokes >= 3 && (n == text.len || at(text, n) == '\n') ? n : 0;
}

/* "2." behind "1.", or "1." when "\n2" follows: "3. Mai" is no item. */
static size_t ordinal(struct span text, unsigned *item)
{
	size_t      n = 0, look = text.len < LIST_LOOK_MAX ? text.len : LIST_LOOK_MAX;
	unsigned    number = 0;
	const char *second;

	for (; n < 2 && isdigit((unsigned char)at(text, n)); n++)
		number = number * 10 + (unsigned)(text.ptr[n] - '0');
	if (!n || !is_one_of(at(text, n), ".)") || at(text, n + 1) != ' ')
		return 0;
	second = number == 1 ? memmem(text.ptr, look, "\n2", 2) : NULL;
	if (!second && (!*item || number != *item + 1))
		return 0;
	*item = number;
	return n + 1;
}

static size_t bullet(struct span text)
{
	static const struct span wide[] = {SPAN("•"), SPAN("‣"), SPAN("◦"), SPAN("▪"),
	                                   SPAN("·"), SPAN("–"), SPAN("—")};
	size_t                   n = is_one_of(at(text, 0), "-*+") ? 1 : 0;

	for (size_t i = 0; i < COUNT(wide); i++)
		if (span_starts(text, wide[i]))
			n = wide[i].len;
	if (!n || at(text, n) != ' ')
		return 0;
	if (at(text, n + 1) == '[' && is_one_of(at(text, n + 2), " xX") && at(text, n + 3) == ']')
		n += 4;
	return n;
}

size_t markup_line(struct span text, unsigned *item)
{
	size_t n = rule(text);

	if (n)
		return n;
	while (at(text, n) == '#')
		n++;
	if (n)
		return n <= 6 && at(text, n) == ' ' ? n : 0;
	while (at(text, n) == '>')
		n++;
	if (n)
		return at(text, n) == ' ' ? n : 0;
	n = bullet(text);
	return n ? n : ordinal(text, item);
}
