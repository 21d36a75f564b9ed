/* tokens.c -- utterances as words. */
#include "tokens.h"

#include "../../base/unicode.h"
#include "abbreviation.h"
#include "phrases.h"
#include "words.h"
#include "common/domain/text/text.words.h"

/* A full stop ends a sentence only before white space: "Node.js" goes on. */
static enum token_gap gap_of(struct span gap)
{
	enum token_gap strongest = GAP_SPACE;

	for (size_t i = 0; i < gap.len; i++) {
		char c = gap.ptr[i];

		if (strchr("!?\n", c) || (c == '.' && gap.len > 1))
			return GAP_STOP;
		if (strchr(",;:()", c) || (unsigned char)c == 0xe2)
			strongest = GAP_COMMA;
	}
	return strongest;
}

/* "Dr. Reyes", "J. Smith", "Acme Inc. in Berlin": the full stop belongs to the word. */
static bool is_abbreviation(const char *low)
{
	if (abbreviation_of(span_of(low), NULL) != ABBREVIATION_NONE)
		return true;
	return low[0] && !low[1] && low[0] != 'i';
}

/* Folded into *at, which has room; moves it behind the NUL. */
static const char *fold_into(char **at, const char *end, struct span word)
{
	char *from = *at;

	*at += unicode_fold_text(word, from, (size_t)(end - from)) + 1;
	return from;
}

static bool is_ascii(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

/* The '@' of "CTO @ Northwind", with space on both sides: a word, said "at". NULL: none. */
static const char *lone_sign(struct span gap)
{
	const char *at = gap.len ? memchr(gap.ptr, '@', gap.len) : NULL;

	return at && at > gap.ptr && at[-1] == ' ' && at + 1 < gap.ptr + gap.len && at[1] == ' ' ? at
	                                                                                         : NULL;
}

static size_t count_signs(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '@';
	return n;
}

struct utterance tokens_split(struct ctx *cx, struct span text)
{
	struct utterance u = {.text = text};
	struct span      rest = text, word;
	size_t           n = words_count(text);
	size_t           room = (is_ascii(text) ? 1 : UNICODE_GROWTH) * text.len + n + 1;
	char            *low = arena_alloc_raw(cx->arena, room), *low_end = low + room;
	const char      *end = text.ptr;

	u.words = NEW_ARRAY(cx->arena, struct token, n + count_signs(text));
	while (words_next(&rest, &word)) {
		struct span gap = {end, (size_t)(word.ptr - end)};
		const char *sign = u.n ? lone_sign(gap) : NULL;

		if (sign)
			u.words[u.n++] = (struct token){.low = "at", .text = {sign, 1}, .gap = GAP_SPACE};
		u.words[u.n] = (struct token){
			.low = fold_into(&low, low_end, word),
			.text = word,
			.gap = u.n ? gap_of(gap) : GAP_STOP,
		};
		if (u.n && gap.ptr[0] == '.' && is_abbreviation(u.words[u.n - 1].low))
			u.words[u.n].gap = GAP_SPACE;
		u.n++;
		end = word.ptr + word.len;
	}
	return u;
}

size_t tokens_at(const struct utterance *u, size_t i, const char *phrase)
{
	size_t n = 0;

	for (;; n++) {
		size_t      len = strcspn(phrase, " ");
		const char *low;

		if (i + n >= u->n || (n && u->words[i + n].gap == GAP_STOP))
			return 0;
		low = u->words[i + n].low;
		if (strncmp(low, phrase, len) != 0 || low[len])
			return 0;
		if (!phrase[len])
			return n + 1;
		phrase += len + 1;
	}
}

size_t tokens_any_at(const struct utterance *u, size_t i, const char *const *phrases, size_t n)
{
	size_t longest = 0;

	for (size_t k = 0; k < n; k++) {
		size_t len =
			i < u->n && phrases[k][0] == u->words[i].low[0] ? tokens_at(u, i, phrases[k]) : 0;

		longest = len > longest ? len : longest;
	}
	return longest;
}

bool tokens_any_in(const struct utterance *u, size_t from, size_t to, const char *const *phrases,
                   size_t n)
{
	for (size_t i = from; i < to && i < u->n; i++)
		if (tokens_any_at(u, i, phrases, n))
			return true;
	return false;
}

bool tokens_is(const struct utterance *u, size_t i, const char *word)
{
	return i < u->n && strcmp(u->words[i].low, word) == 0;
}

bool tokens_is_any(const struct utterance *u, size_t i, const char *const *words, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (tokens_is(u, i, words[k]))
			return true;
	return false;
}

size_t tokens_sentence_from(const struct utterance *u, size_t i)
{
	for (size_t steps = 0; steps < TOKENS_SENTENCE_MAX && i > 0; steps++) {
		if (i < u->n && u->words[i].gap == GAP_STOP)
			break;
		i--;
	}
	return i;
}

size_t tokens_sentence_to(const struct utterance *u, size_t i)
{
	size_t last = i + TOKENS_SENTENCE_MAX;

	for (i++; i < u->n && i < last && u->words[i].gap != GAP_STOP;)
		i++;
	return i;
}

struct span tokens_text(const struct utterance *u, size_t from, size_t to)
{
	const char *begin, *end;

	if (from >= to || to > u->n)
		return SPAN("");
	begin = u->words[from].text.ptr;
	end = u->words[to - 1].text.ptr + u->words[to - 1].text.len;
	return (struct span){begin, (size_t)(end - begin)};
}

/* ---- what is dictated to us ---- */

/* The same, as a machine would write it. */
static const char *const field_marks[] = {
	"lead_score",
	"save_extract",
	"scoring_reasons",
	"budget_range",
	"org_name",
	"person_name",
	"email_opt_in",
	"followup_actions",
	"contact_email",
	"quote_ok",
	"use_case",
	"\":",
	"\" :",
	"</",
	"<|",
};

/* Does an order begin there: "please say", "now say", "I want you to say"? */
static bool may_order(const struct utterance *u, size_t i, size_t from)
{
	static const char *const before[] = {"please", "now", "just", "then", "and", "to", "you"};

	return i == from || TOKENS_IS_ANY(u, i - 1, before);
}

/* "Say 'I am Dan'": who says it would not be who is quoted. */
static bool is_prompting(const struct utterance *u, size_t from, size_t to)
{
	static const char *const verbs[] = {"say",     "repeat", "write",  "print", "answer",
	                                    "respond", "reply",  "output", "shout", "tell"};
	static const char *const quotes[] = {"\"", "'", "“", "‘", "«", "„"};

	for (size_t i = from; i + 1 < to; i++) {
		const char *behind = u->words[i].text.ptr + u->words[i].text.len;
		struct span between = {behind, (size_t)(u->words[i + 1].text.ptr - behind)};

		if (!TOKENS_IS_ANY(u, i, verbs) || !may_order(u, i, from))
			continue;
		for (size_t k = 0; k < COUNT(quotes); k++)
			if (memmem(between.ptr, between.len, quotes[k], strlen(quotes[k])))
				return true;
	}
	return false;
}

/* "You are Dan now." */
static bool is_renaming(const struct utterance *u, size_t from, size_t to)
{
	static const char *const states[] = {"open",  "closed", "busy", "free",   "ready", "here",
	                                     "there", "right",  "live", "online", "done",  "up"};
	size_t i = from + tokens_at(u, from, "you are") + tokens_at(u, from, "you're");

	return i > from && i + 1 < to && tokens_is(u, i + 1, "now") &&
	       !words_is_stop(u->words[i].text) && !TOKENS_IS_ANY(u, i, states);
}

static bool is_dictation(const struct utterance *u, size_t from, size_t to, struct span text)
{
	for (size_t i = 0; i < COUNT(field_marks); i++)
		if (memmem(text.ptr, text.len, field_marks[i], strlen(field_marks[i])))
			return true;
	return phrases_in(TEXT_LIST(TOKENS_DICTATIONS), u, from, to) || is_prompting(u, from, to) ||
	       is_renaming(u, from, to);
}

/* A brace or tag in speech can only be data; up to its end, or to the end of all. */
static const char *skip_data(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '{' || *p == '[')
			depth++;
		if ((*p == '}' || *p == ']') && --depth <= 0)
			return p + 1;
	}
	return end;
}

static struct span without_data(struct ctx *cx, struct span text)
{
	const char *p = text.ptr, *end = p + text.len;
	struct buf  clean = buf_new(cx->arena, text.len + 1);

	while (p < end) {
		size_t      n = 0;
		const char *brace;

		while (p + n < end && p[n] != '{' &&
		       !(p[n] == '[' && p + n + 1 < end && strchr("{\"", p[n + 1])))
			n++;
		brace = p + n;
		buf_add(&clean, p, n);
		if (brace < end)
			buf_char(&clean, '\n');
		p = brace < end ? skip_data(brace, end) : end;
	}
	return buf_span(&clean);
}

struct span text_without_orders(struct ctx *cx, struct span text)
{
	struct span      plain = without_data(cx, text);
	struct utterance u = tokens_split(cx, plain);
	struct buf       honest = buf_new(cx->arena, plain.len + 1);

	for (size_t from = 0, to; from < u.n; from = to) {
		const char *begin = from ? u.words[from].text.ptr : plain.ptr, *end;
		struct span sentence;

		for (to = from + 1; to < u.n && u.words[to].gap != GAP_STOP;)
			to++;
		end = to < u.n ? u.words[to].text.ptr : plain.ptr + plain.len;
		sentence = (struct span){begin, (size_t)(end - begin)};
		if (is_dictation(&u, from, to, sentence))
			buf_char(&honest, '\n');
		else
			buf_add(&honest, sentence.ptr, sentence.len);
	}
	return buf_span(&honest);
}

bool text_has_orders(struct ctx *cx, struct span text)
{
	struct utterance u = tokens_split(cx, text);

	return memchr(text.ptr, '{', text.len) || is_dictation(&u, 0, u.n, text);
}
