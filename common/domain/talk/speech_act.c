/* speech_act.c -- names, companies, roles, amounts and times in one message. */
#include "speech_act.h"

#include "../who/contact.h"
#include "../text/words.h"

#include "../../base/str.h"
#include "../../base/utf8.h"

#include <ctype.h>

enum {
	NAME_BYTES_MAX = 24,
	COMPANY_WORDS_MAX = 4,
	ROLE_REACH = 7,
	TRADE_WORDS_MAX = 3,
	WHEN_REACH = 5
};

/* ---- Word lists ---- */

static const char *const sure_name_phrases[] = {"my name is", "my name's", "the name is",
                                                "call me"};
static const char *const likely_name_phrases[] = {"i'm", "i am", "this is"};

static const char *const no_names[] = {
	"French",   "German",    "English",     "American", "British", "Spanish",   "Italian",
	"Dutch",    "Indian",    "Chinese",     "Canadian", "Swiss",   "Austrian",  "Head",
	"Director", "Founder",   "Chief",       "Sorry",    "Vice",    "President", "Senior",
	"Product",  "Marketing", "Engineering", "Ignore",   "System",
};

static const char *const places[] = {
	"Berlin",    "London", "Paris",      "Munich",      "Hamburg",    "Zurich",  "Vienna",
	"Amsterdam", "Madrid", "Barcelona",  "Rome",        "Milan",      "Dublin",  "Lisbon",
	"Stockholm", "Oslo",   "Copenhagen", "Helsinki",    "New",        "York",    "San",
	"Los",       "Boston", "Chicago",    "Seattle",     "Austin",     "Toronto", "Sydney",
	"Melbourne", "Tokyo",  "Singapore",  "Mumbai",      "Delhi",      "Germany", "France",
	"England",   "Spain",  "Italy",      "Switzerland", "Austria",    "Canada",  "India",
	"China",     "Japan",  "Australia",  "Europe",      "America",    "Africa",  "Asia",
	"US",        "USA",    "UK",         "Texas",       "California",
};

static const char *const months[] = {
	"January",   "February",  "March",   "April",    "May",      "June",      "July",
	"August",    "September", "October", "November", "December", "Monday",    "Tuesday",
	"Wednesday", "Thursday",  "Friday",  "Saturday", "Sunday",   "Christmas", "Easter",
	"Q1",        "Q2",        "Q3",      "Q4",
};

static const char *const time_units[] = {
	"day",  "days",  "week",   "weeks",  "month", "months", "quarter", "quarters",
	"year", "years", "summer", "autumn", "fall",  "winter", "spring",
};

static const char *const time_alone[] = {"asap", "immediately", "tomorrow", "urgently"};

static const char *const time_leads[] = {
	"next", "this",  "by",   "in",  "within", "until",  "before",
	"end",  "early", "late", "mid", "about",  "around", "coming",
};

static const char *const time_inner[] = {
	"the",  "of",   "a",   "few",   "couple", "one", "two",    "three",
	"four", "five", "six", "eight", "nine",   "ten", "twelve", "half",
};

static const char *const not_ahead[] = {"last",  "past", "every", "per", "each",
                                        "since", "for",  "ago",   "old"};

static const char *const titles[] = {
	"co-founder",
	"cofounder",
	"founder",
	"ceo",
	"cto",
	"cfo",
	"cmo",
	"coo",
	"chief product officer",
	"vice president",
	"vp",
	"svp",
	"head",
	"director",
	"product manager",
	"project manager",
	"marketing manager",
	"manager",
	"team lead",
	"tech lead",
	"lead engineer",
	"software engineer",
	"data scientist",
	"engineer",
	"developer",
	"designer",
	"analyst",
	"consultant",
	"researcher",
	"professor",
	"teacher",
	"student",
	"journalist",
	"editor",
	"podcaster",
	"writer",
	"owner",
	"freelancer",
	"recruiter",
	"investor",
};

/* Parts of companies, not companies; they may stand in a role. */
static const char *const fields[] = {
	"Product", "Sales",      "Marketing",  "Engineering", "Search",   "Growth",
	"Data",    "Technology", "Operations", "Design",      "Research", "Finance",
	"People",  "Content",    "Strategy",   "AI",
};

/* "I am a ..." */
static const char *const being_phrases[] = {"i'm a",   "i'm an",      "i am a",      "i am an",
                                            "i was a", "i work as a", "i work as an"};

static const char *const title_leads[] = {"i'm", "i", "as", "am", "my"};

static const char *const problem_phrases[] = {
	"problem",     "problems",    "issue",     "issues",    "struggle",     "struggling",
	"slow",        "slower",      "broken",    "challenge", "challenges",   "difficult",
	"losing",      "lose",        "can't",     "cannot",    "doesn't work", "not working",
	"too many",    "too much",    "hard to",   "pain",      "stuck",        "fails",
	"failing",     "poor",        "bad",       "worse",     "irrelevant",   "frustrated",
	"frustrating", "waste",       "wasting",   "leave",     "leaving",      "churn",
	"complain",    "complaining", "expensive", "outdated",  "chaos",        "nobody",
	"trouble",     "bounce",      "need to",   "want to",   "trying to",    "would like to",
};

static const char *const sad_phrases[] = {
	"lost my job", "laid off",    "got fired", "died",       "passed away",
	"funeral",     "cancer",      "divorce",   "depressed",  "burned down",
	"bankrupt",    "in hospital", "very sick", "went under", "heartbroken",
};

static const char *const work_phrases[] = {
	"i run",           "we run",         "i own",        "we own",        "my shop", "my company",
	"our company",     "our startup",    "i started",    "we sell",       "i sell",  "we do",
	"we help",         "we make",        "i make",       "i write",       "i build", "we build",
	"we are building", "we're building", "i'm building", "i am building", "i lead",
};

static const char *const unsure_phrases[] = {
	"not sure where", "don't know where", "don't know what", "don't know how",
	"i need help",    "it's complicated", "no idea where",   "not sure what",
	"not sure how",   "i'm lost",         "overwhelmed",
};

static const char *const money_words[] = {
	"dollar", "dollars", "euro", "euros", "pound", "pounds", "francs",
	"usd",    "eur",     "gbp",  "chf",   "grand", "bucks",
};
static const char *const money_scales[] = {"thousand", "million", "hundred", "k", "grand"};
static const char *const budget_words[] = {"budget", "spend",   "invest",
                                           "afford", "funding", "set aside"};
static const char *const number_words[] = {
	"a",       "one",    "two",    "three",   "four",     "five",    "six",   "seven", "eight",
	"nine",    "ten",    "twelve", "fifteen", "twenty",   "thirty",  "forty", "fifty", "sixty",
	"seventy", "eighty", "ninety", "hundred", "thousand", "million", "half",
};

/* ---- Splitting ---- */

/* A copy in which addresses, links and anything like code are blanks. */
static struct span plain_copy(struct arena *a, const char *message)
{
	struct span all = utf8_prefix(span_of(message), SPEECH_ACT_BYTES_MAX);
	char       *copy = arena_printf(a, " %.*s", (int)all.len, all.ptr);

	all.len++;
	for (size_t i = 0; i < all.len;) {
		size_t end = i;
		bool   is_code = false;

		for (; end < all.len && !isspace((unsigned char)copy[end]); end++)
			is_code |= strchr("@{}<>_/\\|=*`#[]^~", copy[end]) != NULL;
		if (is_code)
			memset(copy + i, ' ', end - i);
		i = end + 1;
	}
	return (struct span){copy, all.len};
}

/* Which kind of break the bytes between two words are. */
static void judge_gap(struct span gap, struct speech_act_word *word)
{
	for (size_t i = 0; i < gap.len; i++) {
		char c = gap.ptr[i];

		word->has_and |= c == '&';
		word->is_first |= c == '.' || c == '!' || c == '?' || c == '\n';
		word->is_cut_off |= !isspace((unsigned char)c) && c != '-' && c != '&' && c != '$';
	}
}

void speech_act_split(struct arena *a, const char *message, struct speech_act_words *out)
{
	struct span rest = plain_copy(a, message), word;
	const char *before = rest.ptr;

	out->n = 0;
	out->copy = rest;
	while (out->n < SPEECH_ACT_WORDS_MAX && words_next(&rest, &word)) {
		struct speech_act_word *w = &out->at[out->n];

		*w = (struct speech_act_word){.text = word, .is_first = out->n == 0};
		w->is_stop = words_is_stop(word);
		w->is_capital = words_is_capitalised(word);
		judge_gap((struct span){before, (size_t)(word.ptr - before)}, w);
		before = word.ptr + word.len;
		out->n++;
	}
}

size_t speech_act_phrase_at(const struct speech_act_words *w, size_t i, const char *phrase)
{
	const struct span *last;
	struct span        text;

	if (i >= w->n)
		return 0;
	last = &w->at[w->n - 1].text;
	text = (struct span){w->at[i].text.ptr, (size_t)(last->ptr + last->len - w->at[i].text.ptr)};
	return words_start_with(text, phrase, NULL) ? words_count(span_of(phrase)) : 0;
}

bool speech_act_is_one_of(struct span word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (words_equal(word, list[i]))
			return true;
	return false;
}

static void add_gap(struct buf *b, char before, bool has_and)
{
	if (has_and)
		buf_str(b, " & ");
	else
		buf_char(b, before == '-' ? '-' : ' ');
}

const char *speech_act_quote(struct arena *a, const struct speech_act_words *w, size_t from,
                             size_t to)
{
	struct buf b = buf_new(a, 0);

	for (size_t i = from; i < to; i++) {
		const char *before = w->at[i].text.ptr - 1;

		if (i > from)
			add_gap(&b, *before, w->at[i].has_and);
		buf_add(&b, w->at[i].text.ptr, w->at[i].text.len);
	}
	return buf_text(&b);
}

/* ---- Names ---- */

static const char *as_name(struct arena *a, struct span word)
{
	char *name = arena_strndup(a, word.ptr, word.len < NAME_BYTES_MAX ? word.len : NAME_BYTES_MAX);

	name[0] = (char)toupper((unsigned char)name[0]);
	return name;
}

static bool can_be_name(const struct speech_act_word *w, bool is_sure)
{
	bool is_acronym = w->text.len > 1 && isupper((unsigned char)w->text.ptr[1]);

	if (w->is_stop || w->is_cut_off || isdigit((unsigned char)w->text.ptr[0]) ||
	    w->text.len > NAME_BYTES_MAX)
		return false;
	if (SPEECH_ACT_IS(w->text, no_names) || SPEECH_ACT_IS(w->text, titles))
		return false;
	return is_sure || (w->is_capital && !is_acronym && w->text.len > 1);
}

/* "Hi, Sara here." */
static bool is_name_here(const struct speech_act_words *w, size_t i)
{
	struct speech_act_word word = w->at[i];

	word.is_cut_off = false;
	return i + 1 < w->n && words_equal(w->at[i + 1].text, "here") && !w->at[i + 1].is_cut_off &&
	       (i + 2 == w->n || w->at[i + 2].is_cut_off) && can_be_name(&word, false);
}

static const char *find_name(struct arena *a, const struct speech_act_words *w)
{
	for (size_t i = 0; i < w->n; i++) {
		size_t n = 0;
		bool   is_sure = false;

		for (size_t p = 0; !n && p < COUNT(sure_name_phrases); p++)
			is_sure = (n = speech_act_phrase_at(w, i, sure_name_phrases[p])) > 0;
		for (size_t p = 0; !n && p < COUNT(likely_name_phrases); p++)
			n = speech_act_phrase_at(w, i, likely_name_phrases[p]);
		if (n && i + n < w->n && can_be_name(&w->at[i + n], is_sure))
			return as_name(a, w->at[i + n].text);
		if (is_name_here(w, i))
			return as_name(a, w->at[i].text);
	}
	return NULL;
}

const char *speech_act_bare_name(struct arena *a, const char *message)
{
	static const char *const leads[] = {"it's", "sure", "yes", "hi", "hello", "i'm", "oh", "well"};
	struct speech_act_words *w = NEW(a, struct speech_act_words);
	size_t                   i = 0;

	speech_act_split(a, message, w);
	while (i < w->n && SPEECH_ACT_IS(w->at[i].text, leads))
		i++;
	if (i == w->n || w->n - i > 2)
		return NULL;
	w->at[i].is_cut_off = false;
	return can_be_name(&w->at[i], true) ? as_name(a, w->at[i].text) : NULL;
}

/* ---- Companies ---- */

static bool can_be_company(const struct speech_act_word *w)
{
	return w->is_capital && !w->is_cut_off && !w->is_stop && !SPEECH_ACT_IS(w->text, places) &&
	       !SPEECH_ACT_IS(w->text, months) && !SPEECH_ACT_IS(w->text, titles) &&
	       !SPEECH_ACT_IS(w->text, fields);
}

/* Does what stands at i lead up to a company's name? Returns how many words; 0: no. */
static size_t company_lead(const struct speech_act_words *w, size_t i)
{
	static const char *const leads[] = {
		"at",          "from",        "company is", "company called", "called",  "startup called",
		"work for",    "working for", "i run",      "we're",          "founded", "i started",
		"representing"};
	size_t n = 0;

	for (size_t p = 0; p < COUNT(leads) && !n; p++)
		n = speech_act_phrase_at(w, i, leads[p]);
	if (!n && i && words_equal(w->at[i].text, "of") && SPEECH_ACT_IS(w->at[i - 1].text, titles))
		n = 1;
	return n;
}

static const char *find_company(struct arena *a, const struct speech_act_words *w)
{
	for (size_t i = 0; i < w->n; i++) {
		size_t n = company_lead(w, i), from = i + n, to = from;
		bool   works_there =
			i && words_equal(w->at[i].text, "at") &&
			(words_equal(w->at[i - 1].text, "work") || words_equal(w->at[i - 1].text, "working"));

		while (n && to < w->n && to - from < COMPANY_WORDS_MAX && can_be_company(&w->at[to]))
			to++;
		if (to > from)
			return speech_act_quote(a, w, from, to);
		if (works_there && from < w->n && !w->at[from].is_stop && !w->at[from].is_cut_off)
			return as_name(a, w->at[from].text);
	}
	return NULL;
}

/* ---- Roles ---- */

/* "head of search": the title and up to two words of its field. */
static const char *quote_role(struct arena *a, const struct speech_act_words *w, size_t from,
                              size_t n)
{
	size_t to = from + n;

	if (to + 1 < w->n && words_equal(w->at[to].text, "of") && !w->at[to].is_cut_off &&
	    !w->at[to + 1].is_stop &&
	    (!w->at[to + 1].is_capital || SPEECH_ACT_IS(w->at[to + 1].text, fields))) {
		to += 2;
		if (to < w->n && !w->at[to].is_stop && !w->at[to].is_cut_off && !w->at[to].is_capital)
			to++;
	}
	return speech_act_quote(a, w, from, to);
}

/* "a nurse": whatever follows "I am a". */
static const char *find_trade(struct arena *a, const struct speech_act_words *w)
{
	for (size_t i = 0; i < w->n; i++) {
		size_t n = 0, to;

		for (size_t p = 0; !n && p < COUNT(being_phrases); p++)
			n = speech_act_phrase_at(w, i, being_phrases[p]);
		for (to = i + n; n && to < w->n && to - i - n < TRADE_WORDS_MAX; to++)
			if (w->at[to].is_stop || w->at[to].is_cut_off)
				break;
		if (n && to > i + n)
			return speech_act_quote(a, w, i + n - 1, to);
	}
	return NULL;
}

static const char *find_role(struct arena *a, const struct speech_act_words *w, const char *name)
{
	size_t lead = w->n; /* where the visitor began to speak of themselves */

	for (size_t i = 0; i < w->n; i++) {
		if (SPEECH_ACT_IS(w->at[i].text, title_leads) || (name && words_equal(w->at[i].text, name)))
			lead = i;
		if (lead == w->n || i - lead > ROLE_REACH)
			continue;
		for (size_t p = 0; p < COUNT(titles); p++) {
			size_t n = speech_act_phrase_at(w, i, titles[p]);

			if (n && !(i && words_equal(w->at[i - 1].text, "our")))
				return quote_role(a, w, i, n);
		}
	}
	return NULL;
}

/* ---- Amounts ---- */

/* Bytes of the currency sign right before the word; 0: none. */
static size_t currency_before(const struct speech_act_words *w, struct span word)
{
	static const struct span signs[] = {SPAN("$"), SPAN("€"), SPAN("£")};
	size_t                   room = (size_t)(word.ptr - w->copy.ptr);

	for (size_t i = 0; i < COUNT(signs); i++)
		if (room >= signs[i].len &&
		    memcmp(word.ptr - signs[i].len, signs[i].ptr, signs[i].len) == 0)
			return signs[i].len;
	return 0;
}

/* Digits with their separators and unit: "80,000", "1.5", "80k". */
static size_t amount_end(const struct speech_act_words *w, size_t from)
{
	size_t to = from + 1;

	while (to < w->n && isdigit((unsigned char)w->at[to].text.ptr[0]) &&
	       (w->at[to].text.ptr[-1] == ',' || w->at[to].text.ptr[-1] == '.'))
		to++;
	if (to + 1 < w->n && words_equal(w->at[to].text, "to") &&
	    (isdigit((unsigned char)w->at[to + 1].text.ptr[0]) ||
	     SPEECH_ACT_IS(w->at[to + 1].text, number_words)))
		to += 2;
	while (to < w->n && !w->at[to].is_cut_off &&
	       (SPEECH_ACT_IS(w->at[to].text, money_scales) ||
	        SPEECH_ACT_IS(w->at[to].text, money_words) ||
	        SPEECH_ACT_IS(w->at[to].text, number_words)))
		to++;
	return to;
}

static bool has_unit(const struct speech_act_words *w, size_t from, size_t to)
{
	struct span first = w->at[from].text;
	char        last = first.ptr[first.len - 1];

	for (size_t i = from; i < to; i++)
		if (SPEECH_ACT_IS(w->at[i].text, money_words))
			return true;
	return isdigit((unsigned char)first.ptr[0]) && (last == 'k' || last == 'K') && to == from + 1;
}

static void find_amount(struct arena *a, const struct speech_act_words *w, struct span text,
                        struct speech_act *out)
{
	bool speaks_of_budget = WORDS_ANY(text, budget_words) != NULL;

	for (size_t i = 0; i < w->n && !out->amount; i++) {
		bool        is_digit = isdigit((unsigned char)w->at[i].text.ptr[0]);
		size_t      sign = is_digit ? currency_before(w, w->at[i].text) : 0, to;
		const char *from = w->at[i].text.ptr - sign, *end;

		if (!is_digit && !SPEECH_ACT_IS(w->at[i].text, number_words))
			continue;
		to = amount_end(w, i);
		if (!sign && !has_unit(w, i, to) && !(speaks_of_budget && (is_digit || to > i + 1)))
			continue;
		end = w->at[to - 1].text.ptr + w->at[to - 1].text.len;
		out->amount = arena_strndup(a, from, (size_t)(end - from));
		out->has_budget = true;
	}
	out->has_budget |= speaks_of_budget;
}

/* ---- Times ---- */

static bool is_time_lead(const struct speech_act_word *w)
{
	return SPEECH_ACT_IS(w->text, time_leads);
}

/* Where the words begin that make "next", "in six" or "by the end of" of a unit;
 * `at` itself: they do not. */
static size_t time_from(const struct speech_act_words *w, size_t at)
{
	size_t from = at;

	for (size_t i = at; i-- > 0 && at - i <= WHEN_REACH && !w->at[i + 1].is_cut_off;) {
		if (SPEECH_ACT_IS(w->at[i].text, not_ahead))
			return at;
		if (is_time_lead(&w->at[i]))
			from = i;
		else if (!SPEECH_ACT_IS(w->at[i].text, time_inner) &&
		         !isdigit((unsigned char)w->at[i].text.ptr[0]))
			break;
	}
	return from;
}

/* "By June" is quoted inside a sentence. */
static const char *lowered(char *text)
{
	text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

static const char *find_when(struct arena *a, const struct speech_act_words *w)
{
	for (size_t i = 0; i < w->n; i++) {
		bool   is_month = w->at[i].is_capital && SPEECH_ACT_IS(w->at[i].text, months);
		size_t from;

		if (SPEECH_ACT_IS(w->at[i].text, time_alone))
			return words_equal(w->at[i].text, "asap") ? "as soon as possible"
			                                          : speech_act_quote(a, w, i, i + 1);
		if (!is_month && !SPEECH_ACT_IS(w->at[i].text, time_units))
			continue;
		if (i + 1 < w->n && SPEECH_ACT_IS(w->at[i + 1].text, not_ahead))
			continue;
		from = time_from(w, i);
		if (from < i)
			return lowered(arena_strdup(a, speech_act_quote(a, w, from, i + 1)));
	}
	return NULL;
}

/* ---- All together ---- */

/* The message without addresses and numbers, written or spoken: their parts are no topics. */
static const char *without_contacts(struct arena *a, struct span text, bool *has_email_out)
{
	struct ctx            cx = {.arena = a};
	const struct contact *found;
	size_t                n = contact_find(&cx, text, &found);
	struct buf            rest = buf_new(a, text.len + 1);
	const char           *done = text.ptr;

	*has_email_out = false;
	for (size_t i = 0; i < n; i++) {
		buf_add(&rest, done, (size_t)(found[i].text.ptr - done));
		done = found[i].text.ptr + found[i].text.len;
		*has_email_out |= found[i].kind == CONTACT_EMAIL;
	}
	buf_add(&rest, done, (size_t)(text.ptr + text.len - done));
	return buf_text(&rest);
}

void speech_act_read(struct arena *a, const char *message, struct speech_act *out)
{
	struct speech_act_words *w = NEW(a, struct speech_act_words);
	struct span              text = utf8_prefix(span_of(message), SPEECH_ACT_BYTES_MAX);

	*out = (struct speech_act){.has_email = false};
	message = without_contacts(a, text, &out->has_email);
	text = span_of(message);
	speech_act_split(a, message, w);
	out->kind = out->has_email ? SPEECH_ACT_STATEMENT : speech_act_kind_of(text, w);
	if (out->kind == SPEECH_ACT_ORDERS || out->kind == SPEECH_ACT_FOREIGN ||
	    out->kind == SPEECH_ACT_NOTHING || !w->n)
		return;
	out->name = find_name(a, w);
	out->company = find_company(a, w);
	out->role = find_trade(a, w);
	if (!out->role)
		out->role = find_role(a, w, out->name);
	out->when = find_when(a, w);
	out->has_work = WORDS_ANY(text, work_phrases) != NULL;
	out->is_sad = WORDS_ANY(text, sad_phrases) != NULL;
	out->is_unsure = WORDS_ANY(text, unsure_phrases) != NULL;
	out->has_problem = WORDS_ANY(text, problem_phrases) != NULL;
	find_amount(a, w, text, out);
	out->topic = speech_act_topic(a, w, out);
}
