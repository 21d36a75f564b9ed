/* spoken_number.c -- one walk over a number: sign, currency, digits, magnitude, unit, other end. */
#include "spoken_number.h"

#include "../../base/unicode.h"
#include "../../base/utf8.h"

#include <ctype.h>

enum { DIGITS_MAX = 40, GROUPS_MAX = 8, PHONE_DIGITS_MIN = 7 };

#define NO_MONEY SIZE_MAX
#define DOLLARS  0u /* the first of the currencies */

/* Singular and plural. */
static const struct {
	uint32_t    sign;
	const char *one, *many;
} currencies[] = {
	{'$', " dollar", " dollars"},  {0xa3, " pound", " pounds"},   {0xa5, " yen", " yen"},
	{0x20ac, " euro", " euros"},   {0x20b9, " rupee", " rupees"}, {0x20a9, " won", " won"},
	{0x20bd, " ruble", " rubles"},
};

static const char magnitudes[] =
	"k=thousand,thousand=thousand,m=million,mm=million,mn=million,mio=million,million=million,"
	"b=billion,bn=billion,mrd=billion,billion=billion,t=trillion,tn=trillion,trillion=trillion,"
	"lakh=lakh,crore=crore,cr=crore";

static const char units[] =
	"am=a m,pm=p m,km=kilometers,m=meters,cm=centimeters,mm=millimeters,mi=miles,"
	"ft=feet,mph=miles per hour,kg=kilograms,g=grams,mg=milligrams,lb=pounds,"
	"lbs=pounds,oz=ounces,l=liters,ml=milliliters,TB=terabytes,GB=gigabytes,"
	"MB=megabytes,KB=kilobytes,ms=milliseconds,s=seconds,sec=seconds,secs=seconds,"
	"min=minutes,mins=minutes,h=hours,hr=hours,hrs=hours,W=watts,kW=kilowatts,"
	"kWh=kilowatt hours,V=volts,Hz=hertz,kHz=kilohertz,MHz=megahertz,GHz=gigahertz,"
	"Mbps=megabits per second,Gbps=gigabits per second,px=pixels,fps=frames per second,"
	"USD=US dollars,EUR=euros,GBP=British pounds,CHF=Swiss francs,INR=rupees";

static const struct {
	struct span unit, said;
} odd_units[] = {
	{SPAN("a.m"), SPAN("a m")},
	{SPAN("p.m"), SPAN("p m")},
	{SPAN("%"), SPAN("percent")},
	{SPAN("m²"), SPAN("square meters")},
	{SPAN("km²"), SPAN("square kilometers")},
	{SPAN("°C"), SPAN("degrees Celsius")},
	{SPAN("°F"), SPAN("degrees Fahrenheit")},
};

static const char per[] = "h=hour,hr=hour,s=second,sec=second,min=minute,d=day,wk=week,mo=month,"
						  "yr=year,kg=kilogram,g=gram,l=liter,m=meter,km=kilometer,mi=mile";

static const char fractions[] = "2=half,3=third,4=quarter,5=fifth,6=sixth,7=seventh,8=eighth,"
								"9=ninth,10=tenth";

static char at(struct span text, size_t i)
{
	return i < text.len ? text.ptr[i] : '\0';
}

static bool is_digit_at(struct span text, size_t i)
{
	return isdigit((unsigned char)at(text, i));
}

static struct span behind(struct span text, size_t n)
{
	return (struct span){text.ptr + n, text.len - n};
}

static size_t digits_at(struct span text, size_t from)
{
	size_t n = from;

	while (is_digit_at(text, n))
		n++;
	return n - from;
}

static size_t letters_at(struct span text, size_t from)
{
	size_t n = from;

	while (isalpha((unsigned char)at(text, n)))
		n++;
	return n - from;
}

/* The currency at the front with its digits behind it; its bytes, 0 for none. */
static size_t currency_at(struct span text, size_t *index_out)
{
	struct span after = text;
	uint32_t    sign = text.len ? utf8_next(&after) : 0;
	size_t      n = text.len - after.len;

	for (*index_out = 0; *index_out < COUNT(currencies); ++*index_out) {
		if (currencies[*index_out].sign != sign)
			continue;
		n += at(after, 0) == ' ' && sign != '$';
		return is_digit_at(text, n) ? n : 0;
	}
	return 0;
}

/* "5 €", "5€" */
static bool is_currency_next(struct span text)
{
	size_t space = at(text, 0) == ' ';

	for (size_t i = 0; i < COUNT(currencies); i++) {
		struct span after = behind(text, space);

		if (after.len && utf8_next(&after) == currencies[i].sign)
			return true;
	}
	return false;
}

static bool begins_amount(struct span text)
{
	size_t ignored;

	return is_digit_at(text, 0) || currency_at(text, &ignored);
}

static size_t dash_at(struct span text)
{
	struct span after = text;
	uint32_t    c = text.len ? utf8_next(&after) : 0;

	return unicode_is_dash(c) || c == 0x2212 ? text.len - after.len : 0;
}

/* ---- groups of digits: telephone numbers, dates, grouped and broken numbers ---- */

struct groups {
	struct span at[GROUPS_MAX];
	char        mark[GROUPS_MAX]; /* before each; '_' for a space that holds together */
	size_t      n, digits, len;
	bool        is_money, is_bare; /* is_bare: a number and no more */
};

/* A mark with a digit behind it: its bytes. */
static size_t mark_at(struct span text, const char *marks, char *mark_out)
{
	struct span after = text;
	uint32_t    c = text.len ? utf8_next(&after) : 0;

	*mark_out = c < 0x80 ? (char)c : unicode_is_space(c) ? '_' : c == 0x2019 ? '\'' : '\0';
	if (!*mark_out || !strchr(marks, *mark_out) || !is_digit_at(after, 0))
		return 0;
	if ((*mark_out == '\'' || *mark_out == '_') && digits_at(after, 0) != 3)
		return 0;
	return text.len - after.len;
}

static struct groups groups_of(struct span text, const char *marks)
{
	struct groups g = {.n = 0};
	size_t        mark_len = 0;
	char          mark = '\0';

	while (g.n < GROUPS_MAX && is_digit_at(text, g.len + mark_len)) {
		size_t n = digits_at(text, g.len + mark_len);

		g.mark[g.n] = mark;
		g.at[g.n++] = (struct span){text.ptr + g.len + mark_len, n};
		g.digits += n;
		g.len += mark_len + n;
		mark_len = mark_at(behind(text, g.len), marks, &mark);
		if (!mark_len)
			break;
	}
	return g;
}

static int number_of(struct span digits)
{
	int n = 0;

	for (size_t i = 0; i < digits.len && i < 4; i++)
		n = n * 10 + (digits.ptr[i] - '0');
	return n;
}

static bool say_date(struct buf *out, const struct groups *g)
{
	static const char *const months[] = {
		"January", "February", "March",     "April",   "May",      "June",
		"July",    "August",   "September", "October", "November", "December",
	};
	int month, day;

	if (g->n != 3 || g->at[0].len != 4 || g->at[1].len != 2 || g->at[2].len != 2)
		return false;
	month = number_of(g->at[1]);
	day = number_of(g->at[2]);
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	buf_printf(out, "%s %d, %d", months[month - 1], day, number_of(g->at[0]));
	return true;
}

static bool is_phone(const struct groups *g, bool has_plus)
{
	if (has_plus)
		return g->digits >= PHONE_DIGITS_MIN;
	if (g->n == 2)
		return (g->at[0].len == 3 && g->at[1].len == 4) ||
		       (*g->at[0].ptr == '0' && g->digits >= PHONE_DIGITS_MIN);
	return g->n > 2 && g->digits >= PHONE_DIGITS_MIN;
}

static void spell(struct buf *out, struct span digits)
{
	for (size_t i = 0; i < digits.len && i < DIGITS_MAX; i++)
		buf_printf(out, "%c ", digits.ptr[i]);
}

/* 2026-11-27, 555-123-4567, (555) 123-4567, +49 30 123456. */
static bool say_groups(struct buf *out, struct span *rest)
{
	bool          has_area = at(*rest, 0) == '(' && digits_at(*rest, 1) == 3 && at(*rest, 4) == ')';
	bool          has_plus = at(*rest, 0) == '+';
	size_t        from = has_area ? 5 + (at(*rest, 5) == ' ') : has_plus;
	struct groups g = groups_of(behind(*rest, from), has_plus ? "- " : "-");

	if (has_area || !say_date(out, &g)) {
		if (!is_phone(&g, has_plus))
			return false;
		buf_str(out, has_plus ? "plus " : "");
		if (has_area)
			spell(out, (struct span){rest->ptr + 1, 3});
		for (size_t i = 0; i < g.n; i++) {
			buf_str(out, i || has_area ? ", " : "");
			spell(out, g.at[i]);
		}
	}
	*rest = behind(*rest, from + g.len);
	return true;
}

/* ---- digits ---- */

/* The group that is the decimals; 0: none. "1.5", "1,5", "1.234,50", "0.125"; not "1,500", and not
 * "1.500 €". */
static size_t decimals_of(const struct groups *g)
{
	size_t last = g->n - 1;
	char   mark = g->mark[last];

	if (!last || (mark != '.' && mark != ','))
		return 0;
	if (last > 1)
		return mark != g->mark[1] ? last : 0;
	return (mark == '.' && !g->is_money) || g->at[1].len != 3 || *g->at[0].ptr == '0' ? 1 : 0;
}

static bool is_grouped(const struct groups *g, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (g->at[i].len != 3 || g->at[0].len > 3)
			return false;
	return true;
}

/* "1.2.3" is a version, "3.5.2026" a day, "1,2,3" a list. */
static void say_broken(struct buf *out, const struct groups *g)
{
	bool is_day = g->n == 3 && g->at[2].len == 4;

	for (size_t i = 0; i < g->n; i++)
		buf_printf(out, "%s%.*s",
		           !i                  ? ""
		           : g->mark[i] != '.' ? ", "
		           : is_day            ? " "
		                               : " point ",
		           (int)g->at[i].len, g->at[i].ptr);
}

static void say_digits(struct buf *out, const struct groups *g)
{
	size_t      decimals = decimals_of(g), whole = decimals ? decimals : g->n;
	struct span first = g->at[0];
	bool        is_round = whole == 1 && first.len > 4 && *first.ptr != '0' && first.len < 13 &&
	                memcmp(first.ptr + first.len - 2, "00", 2) == 0;

	if (!is_grouped(g, whole))
		return say_broken(out, g);
	for (size_t i = 0; i < whole; i++)
		for (size_t k = 0; k < g->at[i].len && k < DIGITS_MAX; k++) {
			if (k ? is_round && (first.len - k) % 3 == 0 : i > 0)
				buf_char(out, ',');
			buf_char(out, g->at[i].ptr[k]);
		}
	if (decimals)
		buf_printf(out, ".%.*s",
		           g->at[decimals].len < DIGITS_MAX ? (int)g->at[decimals].len : DIGITS_MAX,
		           g->at[decimals].ptr);
}

/* ---- what stands behind the digits ---- */

/* "k", "bn", " million": its word; the bytes it takes, 0 for none. */
static size_t magnitude_at(struct span text, bool is_money, struct span *said)
{
	size_t      space = at(text, 0) == ' ', n = letters_at(text, space);
	struct span word = {text.ptr + space, n};

	if (!n || isdigit((unsigned char)at(text, space + n)) || (space && (n < 4 || !is_money)) ||
	    !str_find_item(magnitudes, word, said))
		return 0;
	/* "5m", "5mm" and "Room 5B" are no money; "5M" and "5k" are numbers all the same. */
	if (!is_money && n < 3 &&
	    (span_equal(word, SPAN("m")) || strchr("bBtT", *word.ptr) ||
	     span_equal(word, SPAN("mm"))) &&
	    !span_equal(word, SPAN("bn")))
		return 0;
	return space + n;
}

static size_t unit_at(struct span text, const struct groups *number, struct span *said)
{
	size_t      space = at(text, 0) == ' ', n = letters_at(text, space);
	struct span word = {text.ptr + space, n};
	bool        is_decade = number->digits > 1 && number->at[0].ptr[number->at[0].len - 1] == '0';

	for (size_t i = 0; i < COUNT(odd_units); i++) {
		if (!span_starts_nocase(behind(text, space), odd_units[i].unit))
			continue;
		*said = odd_units[i].said;
		space += odd_units[i].unit.len;
		return space + (at(text, space) == '.' && at(text, space + 1));
	}
	if (!n || isdigit((unsigned char)at(text, space + n)) || (space && n < 2))
		return 0;
	if (n == 1 &&
	    (*word.ptr == 's' ? is_decade
	                      : isupper((unsigned char)*word.ptr) && !strchr("WVL", *word.ptr)))
		return 0;
	if (!str_find_item(units, word, said))
		return 0;
	n += space;
	return n + (at(text, n) == '.' && at(text, n + 1) == ' ' &&
	            islower((unsigned char)at(text, n + 2)));
}

/* "/month", "/h" */
static void say_per(struct buf *out, struct span *rest)
{
	while (at(*rest, 0) == '/' && isalpha((unsigned char)at(*rest, 1))) {
		size_t      n = letters_at(*rest, 1);
		struct span word = {rest->ptr + 1, n};

		str_find_item(per, word, &word);
		buf_printf(out, " per %.*s", (int)word.len, word.ptr);
		*rest = behind(*rest, n + 1);
	}
}

/* "3/4", the 3 being read. */
static bool say_fraction(struct buf *out, const struct groups *over, struct span *rest)
{
	size_t      n = at(*rest, 0) == '/' ? digits_at(*rest, 1) : 0;
	struct span under = {rest->ptr + 1, n}, said;
	int         count = number_of(over->at[0]);
	bool        is_mixed = out->len > 1 && isdigit((unsigned char)out->ptr[out->len - 2]);

	if (!n || over->digits > 1 || isalnum((unsigned char)at(*rest, n + 1)) ||
	    at(*rest, n + 1) == '/' || count < 1 || count >= number_of(under) ||
	    !str_find_item(fractions, under, &said))
		return false;
	buf_str(out, is_mixed ? "and " : "");
	buf_printf(out, "%d %.*s%s", count, (int)said.len, said.ptr, count == 1 ? "" : "s");
	*rest = behind(*rest, n + 1);
	return true;
}

/* ---- all of it ---- */

/* What stands between the two ends of a range, or a sum: its bytes; 0: no other end follows. */
static size_t joint_at(struct span text, const struct groups *left, const char **said)
{
	size_t        before = at(text, 0) == ' ', dash = dash_at(behind(text, before));
	size_t        n = before + dash, after = at(text, n) == ' ';
	struct groups right = groups_of(behind(text, n + after), "");
	bool          is_less = right.n && number_of(right.at[0]) < number_of(left->at[0]);

	if (!dash || before != after || !begins_amount(behind(text, n + after)))
		return 0;
	*said = before && at(text, before) == '-' && is_less && left->is_bare ? " minus " : " to ";
	return n + after;
}

/* What an amount is of, behind it. */
static void say_thing(struct buf *out, struct span *rest, struct groups *g)
{
	struct span said;
	size_t      n = unit_at(*rest, g, &said);

	if (!n)
		return;
	if (g->digits == 1 && *g->at[0].ptr == '1' && said.ptr[said.len - 1] == 's')
		said.len--;
	buf_printf(out, " %.*s", (int)said.len, said.ptr);
	*rest = behind(*rest, n);
	g->is_bare = false;
}

static void say_clock(struct buf *out, struct span *rest)
{
	while (at(*rest, 0) == ':' && digits_at(*rest, 1) == 2) {
		buf_add(out, rest->ptr, 3);
		*rest = behind(*rest, 3);
	}
}

/* One end of a range, or all. `money` is the index of its currency, NO_MONEY for none; it is said
 * behind the last end that it belongs to, and stays for that in *money. */
static void say_amount(struct buf *out, struct span *rest, size_t *money, struct groups *g)
{
	struct span magnitude;
	size_t      index, n = currency_at(*rest, &index);
	const char *joint;
	bool        is_one, has_more, is_cents;

	*money = n ? index : *money;
	*g = groups_of(behind(*rest, n), ".,'_");
	*rest = behind(*rest, n + g->len);
	is_one = g->digits == 1 && *g->at[0].ptr == '1';
	if (*money == NO_MONEY && say_fraction(out, g, rest))
		return;
	g->is_money = *money != NO_MONEY || is_currency_next(*rest);
	n = magnitude_at(*rest, *money != NO_MONEY, &magnitude);
	g->is_bare = !n && *money == NO_MONEY;
	*rest = behind(*rest, n);
	index = joint_at(*rest, g, &joint);
	has_more = index && is_digit_at(behind(*rest, index), 0);
	/* The voice knows dollars and their cents. */
	is_cents = *money == DOLLARS && !n && !has_more;
	buf_str(out, is_cents ? "$" : "");
	say_digits(out, g);
	say_clock(out, rest);
	if (n)
		buf_printf(out, " %.*s", (int)magnitude.len, magnitude.ptr);
	if (*money == NO_MONEY)
		say_thing(out, rest, g);
	else if (!has_more && !is_cents)
		buf_str(out, is_one && !n ? currencies[*money].one : currencies[*money].many);
	if (!has_more) {
		*money = NO_MONEY;
		say_per(out, rest);
	}
}

bool spoken_number(struct buf *out, struct span *rest)
{
	size_t        money = NO_MONEY, dash = dash_at(*rest), n;
	struct groups g;
	const char   *joint;

	if (say_groups(out, rest))
		return true;
	if (!begins_amount(behind(*rest, dash)))
		return false;
	if (out->len && isalnum((unsigned char)out->ptr[out->len - 1]))
		buf_char(out, ' '); /* US$5m */
	if (dash)
		buf_str(out, "minus ");
	*rest = behind(*rest, dash);
	say_amount(out, rest, &money, &g);
	while ((n = joint_at(*rest, &g, &joint)) > 0) {
		buf_str(out, joint);
		*rest = behind(*rest, n);
		say_amount(out, rest, &money, &g);
	}
	return true;
}
