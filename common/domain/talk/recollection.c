/* recollection.c -- finding the sentence that answers, and saying it from the other side. */
#include "recollection.h"

#include "act.h"
#include "talk_words.h"
#include "../who/contact.h"
#include "../text/tokens.h"
#include "../text/sentence.h"
#include "../text/words.h"

#include <ctype.h>

enum { TOPICS_MAX = 16, LABEL_BYTES_MAX = 40, NEAR = 3, SENTENCES_MAX = 20 };

/* Part of a question's grammar rather than of what it is about, besides stop words. */

/* ---- Words ---- */

static struct span without_ending(struct span word, const char *ending, size_t least)
{
	size_t n = strlen(ending);

	if (word.len >= n + least &&
	    span_equal_nocase((struct span){word.ptr + word.len - n, n}, (struct span){ending, n}))
		word.len -= n;
	return word;
}

/* "oven" of "ovens" and "oven's". */
static struct span stem(struct span word)
{
	word = without_ending(word, "'s", 2);
	word = without_ending(word, "’s", 2);
	return without_ending(word, "s", 3);
}

static bool is_topical(struct span word)
{
	return word.len >= 3 && !words_is_stop(word) && !SAYS(word, NO_TOPICS);
}

/* "My job" is told by what one does. */
static bool tells_of_work(struct span sentence)
{
	return SAYS(sentence, TELLS_OF_WORK);
}

static bool has_word(struct span text, struct span stemmed)
{
	struct span word;

	if (SAYS(stemmed, JOBS) && tells_of_work(text))
		return true;

	while (words_next(&text, &word))
		if (span_equal_nocase(stem(word), stemmed))
			return true;
	return false;
}

/* ---- The question ---- */

struct question {
	struct span topics[TOPICS_MAX];
	bool        is_owned[TOPICS_MAX], is_definite[TOPICS_MAX]; /* "my oven", "the oven" */
	size_t      n;
	bool        is_personal; /* of the one who asks */
	bool        wants_number, wants_work;
};

static void read_question(struct span text, bool is_recall, struct question *out)
{
	struct span rest = text, word;
	size_t      owned = 0, named = 0; /* how many words it still reaches */

	*out = (struct question){.is_personal = is_recall,
	                         .wants_number = SAYS(text, HOW_MANY),
	                         .wants_work = SAYS(text, WHAT_WORK)};
	if (phrases_start(ACTS_LIST(ABOUT_STARTS), text))
		out->is_personal = true;
	while (out->n < TOPICS_MAX && words_next(&rest, &word)) {
		out->is_personal = out->is_personal || SAYS(word, PERSONS) || SAYS(word, OWNERS);
		if (SAYS(word, OWNERS))
			owned = NEAR;
		else if (SAYS(word, DEFINITE))
			named = NEAR;
		else if (is_topical(word)) {
			out->is_owned[out->n] = owned > 0;
			out->is_definite[out->n] = named > 0;
			out->topics[out->n++] = stem(word);
		}
		owned -= owned > 0 && !SAYS(word, OWNERS);
		named -= named > 0 && !SAYS(word, DEFINITE);
	}
}

bool recollection_is_of_all(struct ctx *cx, struct span question)
{
	const struct utterance u = tokens_split(cx, question);

	for (size_t i = 0; i < u.n; i++) {
		size_t n = phrases_at(ACTS_LIST(ASKS_FOR_ALL_LAST), &u, i);

		if (n && i + n == u.n)
			return true;
	}
	return SAYS(question, ASKS_FOR_ALL) || SAYS(question, RECAP);
}

/* How well a sentence answers, 0..1; 0 when not well enough. "My oven" is answered by half of
 * the words, "do I need a visa for France" only by most of them, "the oven" likewise, and what
 * an oven is by nothing that was told. */
static double answers(const struct question *q, struct span sentence)
{
	size_t found = 0;
	bool   is_owned = false, is_definite = false;

	for (size_t i = 0; i < q->n; i++) {
		if (!has_word(sentence, q->topics[i]))
			continue;
		found++;
		is_owned = is_owned || q->is_owned[i];
		is_definite = is_definite || q->is_definite[i];
	}
	if (!found || !(is_owned || is_definite || q->is_personal))
		return 0;
	if (found * 3 < q->n * 2 && !(is_owned && found * 2 >= q->n))
		return 0;
	return (double)found / (double)q->n;
}

/* ---- The memory ---- */

enum recollection_source recollection_source(struct span memory, const char *name,
                                             struct span *words_out)
{
	const char *colon;
	struct span label;

	*words_out = memory = span_trim(memory);
	colon = memchr(memory.ptr, ':', memory.len < LABEL_BYTES_MAX ? memory.len : LABEL_BYTES_MAX);
	if (!colon)
		return RECOLLECTION_BY_NOBODY;
	label = (struct span){memory.ptr, (size_t)(colon - memory.ptr)};
	*words_out = span_trim((struct span){colon + 1, memory.len - label.len - 1});
	if (words_equal(label, "visitor") || words_equal(label, "user") ||
	    (name && span_equal_nocase(label, span_of(name))))
		return RECOLLECTION_BY_VISITOR;
	return words_equal(label, "agent") || words_equal(label, "assistant") ? RECOLLECTION_BY_AGENT
	                                                                      : RECOLLECTION_BY_OTHER;
}

/* ---- A sentence from the other side ---- */

/* "Well, and" says nothing; what follows begins the statement. */
static struct span without_opening(struct span sentence)
{
	struct span rest = sentence, word;

	while (words_next(&rest, &word) && SAYS(word, OPENINGS)) {
		sentence = rest;
		while (sentence.len && strchr(" ,;:-!.", sentence.ptr[0])) {
			sentence.ptr++;
			sentence.len--;
		}
		rest = sentence;
	}
	return sentence;
}

/* A statement begins with its subject or a time; what begins with a verb is an order. A name
 * is told from one by the verb behind it. */
static bool begins_like_statement(struct span sentence, bool *is_name_out)
{
	struct span first, second;

	*is_name_out = false;
	if (!words_next(&sentence, &first))
		return false;
	if (SAYS(first, SUBJECTS))
		return true;
	*is_name_out =
		words_is_capitalised(first) && words_next(&sentence, &second) && SAYS(second, BEING_VERBS);
	return *is_name_out;
}

/* Nothing that steers, reaches somebody, or is not for the ear. */
static bool may_be_quoted(struct ctx *cx, struct span sentence)
{
	char                 *copy = arena_strndup(cx->arena, sentence.ptr, sentence.len);
	const struct contact *contacts;
	struct act_words      words;

	if (!sentence.len || sentence.len > RECOLLECTION_BYTES_MAX ||
	    strpbrk(copy, "{}<>*#`@\"\\?\n|_") || strstr(copy, "://") || strstr(copy, "“"))
		return false;
	words = act_words_of(cx, sentence);
	return !SAYS(sentence, ADDRESSED) && act_of(cx, &words, NULL, NULL) == ACT_statement &&
	       contact_find(cx, sentence, &contacts) == 0;
}

static const char *other_side(struct span word, struct span before)
{
	static const char *const sides[][2] = {
		{"i", "you"},        {"i'm", "you're"},      {"im", "you're"},
		{"i've", "you've"},  {"ive", "you've"},      {"i'd", "you'd"},
		{"i'll", "you'll"},  {"we", "you"},          {"we're", "you're"},
		{"we've", "you've"}, {"we'd", "you'd"},      {"we'll", "you'll"},
		{"my", "your"},      {"our", "your"},        {"me", "you"},
		{"us", "you"},       {"mine", "yours"},      {"ours", "yours"},
		{"am", "are"},       {"myself", "yourself"}, {"ourselves", "yourselves"},
	};

	if (span_equal(word, SPAN("US")))
		return NULL;
	if (words_equal(before, "i") && words_equal(word, "was"))
		return "were";
	if (words_equal(before, "i") && words_equal(word, "wasn't"))
		return "weren't";
	for (size_t i = 0; i < COUNT(sides); i++)
		if (words_equal(word, sides[i][0]))
			return sides[i][1];
	return NULL;
}

static const char *turned(struct arena *a, struct span sentence, bool is_name_first)
{
	struct buf  b = buf_new(a, 0);
	struct span rest = sentence, word, before = {"", 0};
	const char *at = sentence.ptr;

	while (words_next(&rest, &word)) {
		const char *other = other_side(word, before);

		buf_add(&b, at, (size_t)(word.ptr - at));
		if (other)
			buf_str(&b, other);
		else
			buf_add(&b, word.ptr, word.len);
		at = word.ptr + word.len;
		before = word;
	}
	buf_add(&b, at, (size_t)(sentence.ptr + sentence.len - at));
	while (b.len && strchr(" .!,;:-", b.ptr[b.len - 1]))
		b.ptr[--b.len] = '\0';
	if (b.len && !is_name_first)
		b.ptr[0] = (char)tolower((unsigned char)b.ptr[0]);
	return buf_text(&b);
}

/* "2 May 2026" of "2026-05-02T10:00:00Z". */
static const char *day_of(struct arena *a, const char *date)
{
	static const char *const months[] = {"January",   "February", "March",    "April",
	                                     "May",       "June",     "July",     "August",
	                                     "September", "October",  "November", "December"};
	int                      year, month, day;

	/* NOLINTNEXTLINE(cert-err34-c): four digits are in range */
	if (!date || sscanf(date, "%4d-%2d-%2d", &year, &month, &day) != 3)
		return NULL;
	if (year < 1900 || month < 1 || month > 12 || day < 1 || day > 31)
		return NULL;
	return arena_printf(a, "%d %s %d", day, months[month - 1], year);
}

/* ---- Finding ---- */

/* The best sentence of a memory that beats `best`, which is raised; NULL: none does. */
static const char *best_sentence(struct ctx *cx, const struct question *q, struct span words,
                                 double *best)
{
	const char *found = NULL;
	struct span sentence;
	size_t      n = 0;

	while (n++ < SENTENCES_MAX && sentence_next(&words, &sentence, true)) {
		double how_well = answers(q, sentence);
		bool   is_name;

		sentence = without_opening(sentence);
		if (how_well <= *best || !begins_like_statement(sentence, &is_name) ||
		    !may_be_quoted(cx, sentence))
			continue;
		found = turned(cx->arena, sentence, is_name);
		*best = how_well;
	}
	return found;
}

/* ---- What comes closest ---- */

/* "Limit" and "limited", "lorry" and "lorries". */
static bool is_akin(struct span a, struct span b)
{
	enum { SHARED_MIN = 4, ENDING_MAX = 3 };
	size_t shared = 0, longer = a.len > b.len ? a.len : b.len;

	while (shared < a.len && shared < b.len &&
	       tolower((unsigned char)a.ptr[shared]) == tolower((unsigned char)b.ptr[shared]))
		shared++;
	return shared == longer || (shared >= SHARED_MIN && shared + ENDING_MAX >= longer);
}

static bool has_akin(struct span text, struct span topic)
{
	struct span word;

	while (words_next(&text, &word))
		if (is_akin(stem(word), topic))
			return true;
	return false;
}

static bool has_number(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isdigit((unsigned char)text.ptr[i]))
			return true;
	return SAYS(text, NUMBER_WORDS);
}

/* How many of the words that a question names it has; one more for a number that is asked for, or
 * for telling of the work that is. */
static size_t closeness(const struct question *q, struct span sentence)
{
	size_t n = 0;

	for (size_t i = 0; i < q->n; i++)
		n += has_akin(sentence, q->topics[i]);
	return n + (q->wants_number && has_number(sentence)) +
	       (q->wants_work && tells_of_work(sentence));
}

static void find_closest(struct ctx *cx, const struct question *q, struct span words, size_t *most,
                         struct recollection *out)
{
	struct span sentence;
	size_t      n = 0;

	while (n++ < SENTENCES_MAX && sentence_next(&words, &sentence, true)) {
		size_t close = closeness(q, sentence);
		bool   is_name;

		sentence = span_trim(sentence);
		if (close <= *most || !may_be_quoted(cx, sentence) ||
		    !(SAYS(sentence, OF_SELF) ||
		      begins_like_statement(without_opening(sentence), &is_name)))
			continue;
		*most = close;
		while (sentence.len && strchr(".!,; ", sentence.ptr[sentence.len - 1]))
			sentence.len--;
		*out = (struct recollection){.words = arena_strndup(cx->arena, sentence.ptr, sentence.len),
		                             .is_verbatim = true};
	}
}

/* A visitor's own words that steer nothing. */
static bool is_theirs(struct ctx *cx, const char *memory, const char *name, struct span *words,
                      enum recollection_source *by)
{
	*by = recollection_source(span_of(memory), name, words);
	return (*by == RECOLLECTION_BY_VISITOR || *by == RECOLLECTION_BY_NOBODY) &&
	       !text_has_orders(cx, *words); /* nothing of it, not even what stands before the order */
}

void recollection_find(struct ctx *cx, struct span question, bool is_recall, const char *name,
                       const struct prompt_memory *memories, size_t n, struct recollection *out)
{
	struct question q;
	double          best = 0;
	size_t          most = 0;

	*out = (struct recollection){.words = NULL};
	read_question(question, is_recall, &q);
	for (size_t i = 0; i < n && q.n; i++) {
		enum recollection_source by;
		struct span              words;
		const char              *found = is_theirs(cx, memories[i].text, name, &words, &by)
		                                     ? best_sentence(cx, &q, words, &best)
		                                     : NULL;

		if (found)
			*out = (struct recollection){.words = found,
			                             .day = day_of(cx->arena, memories[i].date),
			                             .is_note = by == RECOLLECTION_BY_NOBODY};
	}
	for (size_t i = 0; i < n && is_recall && best <= 0; i++) {
		enum recollection_source by;
		struct span              words;

		if (is_theirs(cx, memories[i].text, name, &words, &by) && by == RECOLLECTION_BY_VISITOR)
			find_closest(cx, &q, words, &most, out);
	}
}
