/* summary_extractive.c -- a summary without a model: the visitor's own statements.
 *
 * Each sentence of the visitor is worth something for what it tells: who they are,
 * names, numbers, wishes, trouble. The best are quoted in the order in which they
 * were said; one that repeats another in nearly the same words is left out. The
 * statements of the summary before take part, so that a long session is carried
 * along without being read again. */
#include "summary.h"

#include "../../base/utf8.h"
#include "../who/contact.h"
#include "../lead/extract.h"
#include "../text/tokens.h"
#include "../text/sentence.h"
#include "../text/phrases.h"
#include "../text/words.h"
#include "common/domain/memory/memory.words.h"

#define STATEMENTS_MAX   400
#define STATEMENT_WORDS  3    /* fewer tell nothing */
#define THEME_WORDS_MAX  5000 /* of what was said, for the themes */
#define THEMES_TRIED_MAX 400
#define THEMES_WANTED    3 /* then words said once are no themes any more */
#define QUESTIONS_MAX    2 /* quoted */

struct statement {
	struct span text;
	int         worth;
	bool        is_question, is_chosen;
};

struct statements {
	struct statement *at;
	size_t            n;
};

/* ---- what a sentence is worth ---- */

static bool has_digit(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.ptr[i] >= '0' && word.ptr[i] <= '9')
			return true;
	return false;
}

struct tally {
	size_t words, content, names, numbers;
};

static struct tally tally_words(struct span sentence)
{
	struct tally t = {.words = 0};
	struct span  rest = sentence, word;

	while (words_next(&rest, &word)) {
		bool is_name = t.words > 0 && words_is_capitalised(word) && !words_is_stop(word) &&
		               !(word.ptr[0] == 'I' && (word.len == 1 || word.ptr[1] == '\''));

		t.words++;
		t.content += !words_is_stop(word);
		t.names += is_name;
		t.numbers += has_digit(word);
	}
	return t;
}

static int at_most(size_t n, int max)
{
	return n > (size_t)max ? max : (int)n;
}

/* 0: not worth quoting. */
static int worth_of(struct span sentence)
{
	struct tally t = tally_words(sentence);
	int          worth = 1;

	if (t.words < STATEMENT_WORDS || t.content == 0)
		return 0;
	worth += 2 * at_most(t.names, 3) + 3 * at_most(t.numbers, 2);
	worth += phrases_said(MEMORY_LIST(SUMMARY_EXTRACTIVE_WISHES), sentence) ? 3 : 0;
	worth += phrases_said(MEMORY_LIST(SUMMARY_EXTRACTIVE_TROUBLES), sentence) ? 3 : 0;
	worth += phrases_said(MEMORY_LIST(SUMMARY_EXTRACTIVE_INTRODUCTIONS), sentence) ? 2 : 0;
	worth += at_most(t.content / 3, 3);
	return worth;
}

/* ---- gathering ---- */

static void gather_one(struct statements *all, struct span sentence)
{
	int worth = worth_of(sentence);

	if (worth == 0 || all->n == STATEMENTS_MAX)
		return;
	all->at[all->n++] = (struct statement){
		.text = sentence,
		.worth = worth,
		.is_question = sentence.ptr[sentence.len - 1] == '?',
	};
}

static void gather(struct ctx *cx, const struct summary_in *in, struct statements *all)
{
	all->at = NEW_ARRAY(cx->arena, struct statement, STATEMENTS_MAX);
	for (size_t i = 0; in->earlier && i < in->earlier->quotes_n; i++)
		gather_one(all, span_of(in->earlier->quotes[i]));
	for (size_t i = 0; i < in->said_n; i++) {
		struct span rest, sentence;

		if (in->said[i].speaker != SPEAKER_VISITOR)
			continue;
		rest = text_without_orders(cx, contact_mask(cx, span_of(in->said[i].text)));
		while (sentence_next(&rest, &sentence, true))
			gather_one(all, sentence);
	}
}

/* ---- choosing ---- */

static bool has_word(struct span text, struct span word, const char *as_text)
{
	struct span rest = text, other;

	while (words_next(&rest, &other))
		if (span_equal_nocase(other, word) || words_equal(other, as_text))
			return true;
	return false;
}

/* More than two thirds of the telling words of `a` are in `b`. */
static bool repeats(struct ctx *cx, struct span a, struct span b)
{
	struct span rest = a, word;
	size_t      telling = 0, shared = 0;

	while (words_next(&rest, &word)) {
		if (words_is_stop(word))
			continue;
		telling++;
		shared += has_word(b, word, arena_strndup(cx->arena, word.ptr, word.len));
	}
	return shared * 3 > telling * 2;
}

static bool is_said_already(struct ctx *cx, const struct statements *all, const struct statement *s)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].is_chosen && repeats(cx, s->text, all->at[i].text))
			return true;
	return false;
}

/* The best not yet chosen or dropped; of equals the first. NULL: none. */
static struct statement *best_of(const struct statements *all, bool with_questions)
{
	struct statement *best = NULL;

	for (size_t i = 0; i < all->n; i++) {
		struct statement *s = &all->at[i];

		if (s->worth && !s->is_chosen && (with_questions || !s->is_question) &&
		    (!best || s->worth > best->worth))
			best = s;
	}
	return best;
}

static void choose(struct ctx *cx, struct statements *all)
{
	size_t chosen = 0, questions = 0;

	while (chosen < SUMMARY_QUOTES_MAX) {
		struct statement *s = best_of(all, questions < QUESTIONS_MAX);

		if (!s)
			return;
		if (is_said_already(cx, all, s)) {
			s->worth = 0;
			continue;
		}
		s->is_chosen = true;
		questions += s->is_question;
		chosen++;
	}
}

/* ---- writing ---- */

static const char *quote_of(struct ctx *cx, struct span sentence)
{
	struct span cut = utf8_prefix(sentence, SUMMARY_QUOTE_BYTES);
	const char *clean;

	while (cut.len < sentence.len && cut.len && cut.ptr[cut.len - 1] != ' ')
		cut.len--;
	clean = extract_clean(cx, cut, SUMMARY_QUOTE_BYTES);
	if (!clean)
		return NULL;
	return cut.len < sentence.len ? arena_printf(cx->arena, "%s …", clean) : clean;
}

static void write_quotes(struct ctx *cx, struct buf *b, const struct statements *all,
                         bool questions, const char *intro)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct statement *s = &all->at[i];
		const char             *quote =
            s->is_chosen && s->is_question == questions ? quote_of(cx, s->text) : NULL;

		if (quote)
			buf_printf(b, "%s“%s”", n++ ? " " : intro, quote);
	}
}

/* A model's summary can not be made shorter by us: it stays, and the statements follow. */
static const char *base_of(struct ctx *cx, const struct summary *earlier)
{
	struct span cut;

	if (!earlier || earlier->is_extractive)
		return earlier ? earlier->base : NULL;
	cut = sentence_prefix(span_of(earlier->text), SIZE_MAX, SUMMARY_BASE_BYTES);
	return arena_strndup(cx->arena, cut.ptr, cut.len);
}

static const char *text_of(struct ctx *cx, const struct statements *all, const char *base)
{
	struct buf b = buf_new(cx->arena, 0);

	if (base)
		buf_printf(&b, "%s ", base);
	write_quotes(cx, &b, all, false,
	             base ? "Since then, in the visitor's own words: "
	                  : "In the visitor's own words: ");
	write_quotes(cx, &b, all, true, b.len ? " The visitor asked: " : "The visitor asked: ");
	if (b.len == 0)
		buf_str(&b, "The visitor said nothing of note.");
	return extract_clean(cx, buf_span(&b), SUMMARY_TEXT_MAX);
}

static void keep_quotes(struct ctx *cx, const struct statements *all, struct summary *out)
{
	for (size_t i = 0; i < all->n && out->quotes_n < SUMMARY_QUOTES_MAX; i++) {
		const char *quote = all->at[i].is_chosen ? quote_of(cx, all->at[i].text) : NULL;

		if (quote)
			out->quotes[out->quotes_n++] = quote;
	}
}

/* ---- themes: words and pairs of words that came again ---- */

struct theme {
	struct span text;
	size_t      count;
	bool        is_pair, is_taken;
};

struct themes {
	struct theme at[THEMES_TRIED_MAX];
	size_t       n;
};

static void count_theme(struct themes *themes, struct span text, bool is_pair, size_t by)
{
	for (size_t i = 0; i < themes->n; i++) {
		if (span_equal_nocase(themes->at[i].text, text)) {
			themes->at[i].count += by;
			return;
		}
	}
	if (themes->n < THEMES_TRIED_MAX)
		themes->at[themes->n++] = (struct theme){text, by, is_pair, false};
}

static bool is_topical(struct span word)
{
	return word.len >= 4 && !words_is_stop(word) && !has_digit(word) &&
	       !words_equal(word, "email") && !words_equal(word, "phone");
}

/* `before` is the topical word just before, {NULL, 0} when there is none. */
static void count_themes_of(struct themes *themes, struct span sentence, size_t *words)
{
	struct span rest = sentence, word, before = {NULL, 0};

	while (*words < THEME_WORDS_MAX && words_next(&rest, &word)) {
		bool counts = is_topical(word);

		(*words)++;
		if (counts)
			count_theme(themes, word, false, 1);
		if (counts && before.ptr && word.ptr == before.ptr + before.len + 1)
			count_theme(themes, (struct span){before.ptr, before.len + 1 + word.len}, true, 1);
		before = counts ? word : (struct span){NULL, 0};
	}
}

static bool is_within_taken(const struct themes *themes, const struct theme *t)
{
	for (size_t i = 0; i < themes->n; i++) {
		const struct theme *other = &themes->at[i];
		struct span         rest = other->text, word;

		if (!other->is_taken)
			continue;
		while (words_next(&rest, &word))
			if (span_equal_nocase(word, t->text) ||
			    (t->is_pair && span_starts_nocase(t->text, word)))
				return true;
	}
	return false;
}

static size_t weight_of(const struct theme *t)
{
	return t->count * (t->is_pair ? 3 : 1);
}

static struct theme *heaviest(struct themes *themes, bool once_counts)
{
	struct theme *best = NULL;

	for (size_t i = 0; i < themes->n; i++) {
		struct theme *t = &themes->at[i];

		if (t->count && (t->count > 1 || (once_counts && t->is_pair)) && !t->is_taken &&
		    (!best || weight_of(t) > weight_of(best)))
			best = t;
	}
	return best;
}

static void find_themes(struct ctx *cx, const struct summary_in *in, const struct statements *all,
                        struct summary *out)
{
	struct themes *themes = NEW(cx->arena, struct themes);
	size_t         words = 0;

	for (size_t i = 0; in->earlier && i < in->earlier->themes_n; i++) {
		struct span theme = span_of(in->earlier->themes[i]);

		count_theme(themes, theme, words_count(theme) > 1, 2);
	}
	for (size_t i = 0; i < all->n; i++)
		count_themes_of(themes, all->at[i].text, &words);
	while (out->themes_n < SUMMARY_THEMES_MAX) {
		struct theme *t = heaviest(themes, out->themes_n < THEMES_WANTED);
		const char   *text;

		if (!t)
			return;
		text = is_within_taken(themes, t) ? NULL : extract_clean(cx, t->text, SUMMARY_THEME_MAX);
		t->is_taken = text != NULL;
		t->count = text ? t->count : 0;
		if (text)
			out->themes[out->themes_n++] = text;
	}
}

void summary_extractive(struct ctx *cx, const struct summary_in *in, struct summary *out)
{
	struct statements all = {.n = 0};

	*out = (struct summary){.is_extractive = true, .base = base_of(cx, in->earlier)};
	if (in->earlier)
		out->actions = in->earlier->actions;
	for (size_t i = 0; i < in->said_n; i++)
		action_items_hear(cx, &out->actions, in->said[i]);
	gather(cx, in, &all);
	find_themes(cx, in, &all, out);
	choose(cx, &all);
	out->text = text_of(cx, &all, out->base);
	keep_quotes(cx, &all, out);
}
