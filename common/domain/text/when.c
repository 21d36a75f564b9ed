/* when.c -- dates in what people say.
 *
 * The text is read as words; at each word the rules are tried, longest first. A
 * rule looks at a fixed number of words, so the whole is linear. */
#include "when.h"

#include "phrases.h"
#include "words.h"
#include "common/domain/text/text.words.h"

#include <ctype.h>

#define DAY_MS     INT64_C(86400000)
#define WORDS_MAX  2000 /* of a text looked at */
#define YEAR_FIRST 1900
#define YEAR_LAST  2200

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
static const char *const numbers[] = {"a",     "one",   "two",  "three", "four",   "five",  "six",
                                      "seven", "eight", "nine", "ten",   "eleven", "twelve"};

/* What is so at present. */

/* What asks since when it is so asks about the past. */

/* A question may also begin with "now". */
bool when_is_now(struct span question)
{
	struct span rest = question;

	words_start_with(question, "now", &rest);
	return phrases_said(TEXT_LIST(WHEN_PRESENT), rest) &&
	       !phrases_said(TEXT_LIST(WHEN_SINCE_WHEN), question);
}

/* ---- the calendar ---- */

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that a leap day is
 * the last of its year. */
static int64_t day_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

struct date {
	int64_t year, month, day;
};

static struct date date_of(int64_t day)
{
	int64_t z = day + 719468, era = z / 146097, doe = z % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	return (struct date){yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1};
}

static int64_t weekday_of(int64_t day)
{
	return ((day + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Monday is 0 */
}

static struct when_span days(int64_t from, int64_t n)
{
	return (struct when_span){from * DAY_MS, (from + n) * DAY_MS};
}

/* Any month number: 0 is the December before, 13 the January after. */
static struct when_span month_span(int64_t year, int64_t month)
{
	int64_t months_n = year * 12 + month - 1;
	int64_t from = day_of(months_n / 12, months_n % 12 + 1, 1);

	months_n++;
	return days(from, day_of(months_n / 12, months_n % 12 + 1, 1) - from);
}

static struct when_span year_span(int64_t year)
{
	return days(day_of(year, 1, 1), day_of(year + 1, 1, 1) - day_of(year, 1, 1));
}

static bool is_date(int64_t year, int64_t month, int64_t day)
{
	struct date back;

	if (year < YEAR_FIRST || year > YEAR_LAST || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	back = date_of(day_of(year, month, day));
	return back.month == month;
}

/* ---- words ---- */

struct reading {
	struct span word[5]; /* the word looked at and those behind it */
	struct span before;  /* the one in front */
	int64_t     today;
	struct date now;
};

/* Index in a list of names (of at least three letters: "Sept", "tues"), or -1. */
static int name_index(struct span word, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (word.len >= 3 && word.len <= strlen(names[i]) &&
		    (word.len <= 4 || word.len == strlen(names[i])) &&
		    span_starts_nocase(span_of(names[i]), word))
			return i;
	return -1;
}

static int month_index(struct span word)
{
	return name_index(word, months, COUNT(months));
}

/* "sun", "sat" and "wed" are more often something else. */
static int weekday_index(struct span word)
{
	return word.len < 6 && word.len != 4 ? -1 : name_index(word, weekdays, COUNT(weekdays));
}

/* A number in digits, with an ordinal's ending or without; -1 when it is none. */
static int64_t number_of(struct span word)
{
	static const char *const endings[] = {"st", "nd", "rd", "th"};
	int64_t                  value = 0;
	size_t                   i = 0;

	for (; i < word.len && i < 4 && isdigit((unsigned char)word.ptr[i]); i++)
		value = value * 10 + (word.ptr[i] - '0');
	if (i == 0)
		return -1;
	for (size_t k = 0; k < COUNT(endings) && i < word.len; k++)
		if (span_equal_nocase((struct span){word.ptr + i, word.len - i}, span_of(endings[k])))
			return value;
	return i == word.len ? value : -1;
}

static int64_t count_of(struct span word)
{
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (words_equal(word, numbers[i]))
			return i == 0 ? 1 : (int64_t)i;
	return word.len <= 3 ? number_of(word) : -1;
}

static int64_t year_of(struct span word)
{
	int64_t year = word.len == 4 ? number_of(word) : -1;

	return year >= YEAR_FIRST && year <= YEAR_LAST ? year : -1;
}

static bool is_one_of(struct span word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (words_equal(word, list[i]))
			return true;
	return false;
}
#define IS_ONE_OF(word, ...) \
	is_one_of((word), (const char *const[]){__VA_ARGS__}, \
	          COUNT(((const char *const[]){__VA_ARGS__})))

/* -1 for "last", 0 for "this", 1 for "next"; 2 for anything else. */
static int direction(struct span word)
{
	if (IS_ONE_OF(word, "last", "previous", "past"))
		return -1;
	if (IS_ONE_OF(word, "this", "current"))
		return 0;
	return IS_ONE_OF(word, "next", "coming") ? 1 : 2;
}

/* ---- rules: words used, 0 when the rule does not fit ---- */

/* "2023-05-07" */
static int iso_date(const struct reading *r, struct when_span *out)
{
	int64_t year = year_of(r->word[0]), month = number_of(r->word[1]), day = number_of(r->word[2]);

	if (year < 0 || !r->word[2].ptr || r->word[1].ptr != r->word[0].ptr + 5 ||
	    r->word[1].ptr[-1] != '-' || !is_date(year, month, day))
		return 0;
	*out = days(day_of(year, month, day), 1);
	return 3;
}

/* Without a year: the last time it was so. */
static void one_day(const struct reading *r, int64_t year, int month, int64_t day,
                    struct when_span *out)
{
	if (year < 0)
		year = day_of(r->now.year, month + 1, day) > r->today ? r->now.year - 1 : r->now.year;
	*out = days(day_of(year, month + 1, day), 1);
}

/* "7 May 2023", "7th of May", "the 7th of May" */
static int day_month(const struct reading *r, struct when_span *out)
{
	int     skip = IS_ONE_OF(r->word[1], "of") ? 1 : 0;
	int     month = month_index(r->word[1 + skip]);
	int64_t day = number_of(r->word[0]), year = year_of(r->word[2 + skip]);

	if (month < 0 || !is_date(year < 0 ? 2024 : year, month + 1, day))
		return 0;
	one_day(r, year, month, day, out);
	return 2 + skip + (year >= 0);
}

/* "May 7, 2023", "May 7th" */
static int month_day(const struct reading *r, struct when_span *out)
{
	int     month = month_index(r->word[0]);
	int64_t day = number_of(r->word[1]), year = year_of(r->word[2]);

	if (month < 0 || r->word[1].len > 4 || year_of(r->word[1]) >= 0 ||
	    !is_date(year < 0 ? 2024 : year, month + 1, day))
		return 0;
	one_day(r, year, month, day, out);
	return 2 + (year >= 0);
}

/* "May 2023", "last May", "in May" */
static int whole_month(const struct reading *r, struct when_span *out)
{
	int     month = month_index(r->word[0]), way = direction(r->before);
	int64_t year = year_of(r->word[1]);

	if (month < 0)
		return 0;
	if (year >= 0) {
		*out = month_span(year, month + 1);
		return 2;
	}
	if (way == 2 &&
	    !IS_ONE_OF(r->before, "in", "since", "until", "during", "of", "by", "late", "early"))
		return 0;
	year = r->now.year;
	if (way == 1)
		year += month + 1 <= r->now.month;
	else if (way != 0)
		year -= month + 1 > r->now.month || (way == -1 && month + 1 == r->now.month);
	*out = month_span(year, month + 1);
	return 1;
}

/* "in 2022", "2022" */
static int whole_year(const struct reading *r, struct when_span *out)
{
	int64_t year = year_of(r->word[0]);

	if (year < 1950 || year > r->now.year + 20)
		return 0;
	*out = year_span(year);
	return 1;
}

static int named_day(const struct reading *r, struct when_span *out)
{
	if (IS_ONE_OF(r->word[0], "today", "tonight"))
		*out = days(r->today, 1);
	else if (IS_ONE_OF(r->word[0], "yesterday"))
		*out = days(r->today - 1, 1);
	else if (IS_ONE_OF(r->word[0], "tomorrow"))
		*out = days(r->today + 1, 1);
	else
		return 0;
	return 1;
}

/* "last Friday", "on Friday", "next Friday" */
static int weekday(const struct reading *r, struct when_span *out)
{
	int     wanted = weekday_index(r->word[0]), way = direction(r->before);
	int64_t back;

	if (wanted < 0 || (way == 2 && !IS_ONE_OF(r->before, "on", "since", "until", "by")))
		return 0;
	back = (weekday_of(r->today) - wanted + 7) % 7;
	if (back == 0 && way == -1)
		back = 7;
	*out = way == 1 ? days(r->today - back + 7, 1) : days(r->today - back, 1);
	return 1;
}

/* "last week", "this month", "next year", "last weekend" */
static int period(const struct reading *r, struct when_span *out)
{
	int     way = direction(r->word[0]);
	int64_t monday = r->today - weekday_of(r->today);

	if (way == 2)
		return 0;
	if (IS_ONE_OF(r->word[1], "night"))
		*out = days(r->today + way, 1);
	else if (IS_ONE_OF(r->word[1], "week"))
		*out = days(monday + INT64_C(7) * way, 7);
	else if (IS_ONE_OF(r->word[1], "weekend"))
		*out = days(monday + 5 + INT64_C(7) * way, 2);
	else if (IS_ONE_OF(r->word[1], "month"))
		*out = month_span(r->now.year, r->now.month + way);
	else if (IS_ONE_OF(r->word[1], "year"))
		*out = year_span(r->now.year + way);
	else
		return 0;
	return 2;
}

/* "two weeks ago", "3 days ago" */
static int ago(const struct reading *r, struct when_span *out)
{
	int64_t     n = count_of(r->word[0]);
	struct span unit = r->word[1];

	if (n < 0 || !IS_ONE_OF(r->word[2], "ago"))
		return 0;
	if (IS_ONE_OF(unit, "day", "days"))
		*out = days(r->today - n, 1);
	else if (IS_ONE_OF(unit, "week", "weeks"))
		*out = days(r->today - 7 * n - weekday_of(r->today), 7);
	else if (IS_ONE_OF(unit, "month", "months"))
		*out = month_span(r->now.year, r->now.month - n);
	else if (IS_ONE_OF(unit, "year", "years"))
		*out = year_span(r->now.year - n);
	else
		return 0;
	return 3;
}

typedef int        rule(const struct reading *r, struct when_span *out);
static rule *const rules[] = {iso_date, day_month, month_day, whole_month, named_day,
                              weekday,  period,    ago,       whole_year};

/* Slides one word on. */
static void advance(struct reading *r, struct span *rest)
{
	r->before = r->word[0];
	for (size_t i = 0; i + 1 < COUNT(r->word); i++)
		r->word[i] = r->word[i + 1];
	if (!words_next(rest, &r->word[COUNT(r->word) - 1]))
		r->word[COUNT(r->word) - 1] = (struct span){NULL, 0};
}

static int apply_rules(const struct reading *r, struct when_span *out)
{
	for (size_t i = 0; i < COUNT(rules); i++) {
		int used = rules[i](r, out);

		if (used)
			return used;
	}
	return 0;
}

size_t when_find(struct span text, int64_t now_ms, struct when_span out[WHEN_MAX])
{
	struct reading r = {.today = now_ms / DAY_MS - (now_ms % DAY_MS < 0)};
	size_t         n = 0;

	r.now = date_of(r.today);
	for (size_t i = 0; i < COUNT(r.word); i++)
		advance(&r, &text);
	for (int i = 0; i < WORDS_MAX && r.word[0].ptr && n < WHEN_MAX; i++) {
		int used = apply_rules(&r, &out[n]);

		n += used > 0;
		for (int k = 0; k < (used ? used : 1); k++)
			advance(&r, &text);
	}
	return n;
}

void when_say(struct buf *out, struct when_span span)
{
	struct date from = date_of(span.from_ms / DAY_MS);
	int64_t     days_n = (span.until_ms - span.from_ms) / DAY_MS;

	if (days_n <= 7)
		buf_printf(out, "%d %s %d %s", (int)from.day, months[from.month - 1], (int)from.year,
		           weekdays[weekday_of(span.from_ms / DAY_MS)]);
	else if (days_n <= 31)
		buf_printf(out, "%s %d", months[from.month - 1], (int)from.year);
	else
		buf_printf(out, "%d", (int)from.year);
}

/* ---- ISO 8601 ---- */

/* Reads exactly n digits. */
static bool take_digits(const char **at, int n, int64_t *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		*out = *out * 10 + (**at - '0');
	}
	return true;
}

static bool take_char(const char **at, const char *any)
{
	if (**at == '\0' || !strchr(any, **at))
		return false;
	(*at)++;
	return true;
}

/* ":56", optional seconds and fraction. */
static bool take_time(const char **at, int64_t *ms_out)
{
	int64_t hour, minute, second = 0, fraction = 0, scale = 100;

	if (!take_digits(at, 2, &hour) || !take_char(at, ":") || !take_digits(at, 2, &minute))
		return false;
	if (take_char(at, ":") && !take_digits(at, 2, &second))
		return false;
	if (take_char(at, ".,"))
		for (; isdigit((unsigned char)**at); (*at)++, scale /= 10)
			fraction += (**at - '0') * scale;
	*ms_out = ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
	return hour < 24 && minute < 60 && second <= 60;
}

/* "Z", "+02:00", "-0500" or nothing. */
static bool take_offset(const char **at, int64_t *ms_out)
{
	int64_t hour, minute = 0;
	bool    is_west = **at == '-';

	*ms_out = 0;
	if (take_char(at, "Zz") || **at == '\0')
		return true;
	if (!take_char(at, "+-") || !take_digits(at, 2, &hour))
		return false;
	take_char(at, ":");
	if (**at != '\0' && !take_digits(at, 2, &minute))
		return false;
	*ms_out = (hour * 60 + minute) * 60000 * (is_west ? -1 : 1);
	return hour <= 14 && minute < 60;
}

bool when_parse_iso(const char *text, int64_t *unix_ms_out)
{
	int64_t year, month, day, time_ms = 0, offset_ms = 0;

	if (!take_digits(&text, 4, &year) || !take_char(&text, "-") || !take_digits(&text, 2, &month) ||
	    !take_char(&text, "-") || !take_digits(&text, 2, &day) || !is_date(year, month, day))
		return false;
	if (take_char(&text, "Tt ") && (!take_time(&text, &time_ms) || !take_offset(&text, &offset_ms)))
		return false;
	*unix_ms_out = day_of(year, month, day) * DAY_MS + time_ms - offset_ms;
	return *text == '\0';
}
