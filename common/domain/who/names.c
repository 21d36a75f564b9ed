/* names.c -- a set of names, and where they stand in a text. */
#include "names.h"

#include "../../base/str.h"
#include "../../base/utf8.h"
#include "../text/words.h"
#include "name_parts.h"

enum { SPELLED_MIN = 3, GAP_CHARS = 3 };

/* ---- a set of them ---- */

const char *names_fold(struct ctx *cx, const char *name)
{
	size_t max = UNICODE_GROWTH * strlen(name) + 1;
	char  *folded = arena_alloc_raw(cx->arena, max);

	unicode_fold_text(span_of(name), folded, max);
	return folded;
}

/* As its first letter is; without one it is. */
static bool is_spaced(struct span word)
{
	enum unicode_script script = UNICODE_NEUTRAL;

	while (word.len && script == UNICODE_NEUTRAL)
		script = unicode_script(utf8_next(&word));
	return script == UNICODE_SPACED || script == UNICODE_NEUTRAL;
}

/* Two letters in one word; the characters of "李 明" are enough apart. */
static bool is_name(const char *name)
{
	struct span rest = span_of(name), word;
	size_t      letters = 0;

	if (strlen(name) > NAME_BYTES_MAX)
		return false;
	while (words_next(&rest, &word)) {
		if (utf8_length(word) > 1)
			return true;
		letters += !is_spaced(word);
	}
	return letters > 1;
}

bool names_add(struct ctx *cx, struct names *names, const char *name)
{
	const char *folded;
	size_t      at = 0;

	if (names->n == NAMES_MAX || !name || !is_name(name))
		return false;
	folded = names_fold(cx, name);
	for (; at < names->n; at++) {
		int order = strcmp(folded, names_fold(cx, names->at[at]));

		if (order == 0)
			return false;
		if (order < 0)
			break;
	}
	memmove(&names->at[at + 1], &names->at[at], (names->n - at) * sizeof(names->at[0]));
	names->at[at] = name;
	names->n++;
	return true;
}

/* ---- finding ---- */

/* A part of a name as it stands in the text; ptr NULL: none. */
struct hit {
	struct span    text;
	enum name_kind kind;
	const char    *low;
};

static const struct hit no_hit = {.kind = NAME_WEAK};

struct finder {
	const struct name_parts *parts;
	struct span              text, before[2]; /* the words before, the nearest first */
	struct span              inside;          /* what is left of a word without spaces */
	bool                     has_small;       /* not all of the text is in capitals */
};

static uint32_t char_before(const struct finder *f, const char *at)
{
	struct span one = {at, 0};

	if (at == f->text.ptr)
		return 0;
	do {
		one.ptr--;
		one.len++;
	} while (one.ptr > f->text.ptr && ((unsigned char)*one.ptr & 0xc0) == 0x80);
	return utf8_next(&one);
}

static struct span text_from(const struct finder *f, const char *at)
{
	return (struct span){at, (size_t)(f->text.ptr + f->text.len - at)};
}

static uint32_t char_at(const struct finder *f, const char *at)
{
	struct span rest = text_from(f, at);

	return utf8_next(&rest);
}

static const struct name_part *part_equal(const struct finder *f, struct span word)
{
	const struct name_parts *parts = f->parts;
	unsigned char            first = word.len ? (unsigned char)word.ptr[0] : 0;
	char                     low[NAME_PART_BYTES];
	size_t                   len;

	if (first < 0x80 && !parts->begins[first >= 'A' && first <= 'Z' ? first | 0x20 : first])
		return NULL;
	len = name_fold(word, low);
	for (size_t i = 0; len && i < parts->n; i++)
		if (parts->at[i].len == len && memcmp(parts->at[i].low, low, len) == 0)
			return &parts->at[i];
	return NULL;
}

/* Between two parts of one name. */
static bool joins(const char *from, const char *to)
{
	struct span gap = {from, (size_t)(to - from)};

	for (size_t n = 0; gap.len; n++) {
		uint32_t c = utf8_next(&gap);

		if (n == GAP_CHARS || c == '\n')
			return false;
		if (c != '.' && c != '_' && c != '\'' && c != 0xb7 && c != 0x30fb && c != 0xff65 &&
		    !unicode_is_space(c) && !unicode_is_dash(c))
			return false;
	}
	return true;
}

/* ---- where a name stands ---- */

static bool begins_sentence(const struct finder *f, const char *at)
{
	while (at > f->text.ptr && strchr(" \"'(*>-", at[-1]))
		at--;
	return at == f->text.ptr || strchr(".!?:;\n\t", at[-1]);
}

/* The next word where only a space lies between; its ptr is NULL otherwise. */
static struct span word_behind(const struct finder *f, struct span word)
{
	const char *end = word.ptr + word.len;
	struct span rest = text_from(f, end), next;

	if (words_next(&rest, &next) && next.ptr == end + 1 && *end == ' ')
		return next;
	return (struct span){NULL, 0};
}

static bool is_one_of(struct span word, const char *const *list, size_t n)
{
	for (size_t i = 0; word.ptr && i < n; i++)
		if (words_equal(word, list[i]))
			return true;
	return false;
}
#define IS_ONE_OF(word, list) is_one_of((word), (list), COUNT(list))

/* "Will you come?", "Mark my words": what a verb has behind it. */
static bool is_verb_with(struct span next)
{
	static const char *const objects[] = {"i",    "you",  "he",    "she",   "it",   "we",   "they",
	                                      "me",   "him",  "us",    "them",  "my",   "your", "his",
	                                      "her",  "its",  "our",   "their", "the",  "a",    "an",
	                                      "this", "that", "these", "those", "there"};

	return IS_ONE_OF(next, objects);
}

/* "I'm will", "my name is will", "hi will", "mr will": what comes before a name. */
static bool is_introduced(const struct finder *f, struct span word)
{
	static const char *const titles[] = {"mr", "mrs", "ms", "miss", "dr", "prof"};
	static const char *const ways[] = {"i'm",  "im",    "hi",     "hey",    "hello",
	                                   "dear", "named", "called", "thanks", "name's"};
	static const char *const verbs[] = {"am", "is", "me"}, *const firsts[] = {"i", "name", "this",
	                                                                          "call"};
	static const char *const closers[] = {"from", "at",      "with",    "here",
	                                      "and",  "calling", "speaking"};
	struct span              before = f->before[0], next = word_behind(f, word);

	if (!before.ptr || !joins(before.ptr + before.len, word.ptr))
		return false;
	if (IS_ONE_OF(before, titles))
		return true;
	if (next.ptr && !IS_ONE_OF(next, closers))
		return false;
	return IS_ONE_OF(before, ways) || (IS_ONE_OF(before, verbs) && IS_ONE_OF(f->before[1], firsts));
}

static bool is_alone(const struct finder *f, struct span word)
{
	struct span rest = f->text, first, second;

	return words_next(&rest, &first) && first.ptr == word.ptr && !words_next(&rest, &second);
}

/* Of a word that is an ordinary one as well. */
static bool stands_as_name(const struct finder *f, struct span word)
{
	if (f->has_small && words_is_capitalised(word))
		return !begins_sentence(f, word.ptr) || !is_verb_with(word_behind(f, word));
	return is_alone(f, word) || is_introduced(f, word);
}

static struct hit hit_word(const struct finder *f, struct span word)
{
	struct span             whose = words_without_possessive(word);
	const struct name_part *part = part_equal(f, word);

	if (!part && whose.len < word.len) {
		part = part_equal(f, whose);
		word = whose;
	}
	if (!part)
		return no_hit;
	if (part->kind == NAME_WORD && stands_as_name(f, word))
		return (struct hit){word, NAME_SURE, part->low};
	return (struct hit){word, part->kind, part->low};
}

/* ---- spelled ---- */

/* A letter by itself, with its accent: folded into low, its bytes; 0: it is none. */
static size_t single_letter(struct span word, char low[NAME_PART_BYTES])
{
	struct unicode_folding behind = {.rest = word};

	utf8_next(&behind.rest);
	return unicode_fold_next(&behind) ? 0 : name_fold(word, low);
}

/* "R-E-Y-E-S" from its first letter on; `rest` begins behind that. */
static struct span spelled_part(const struct name_part *part, struct span first, struct span rest)
{
	struct span word = first;
	size_t      i = 0;
	char        low[NAME_PART_BYTES];

	for (;;) {
		const char *end = word.ptr + word.len;
		size_t      len = single_letter(word, low);

		if (!len || len > part->len - i || memcmp(low, part->low + i, len) != 0)
			break;
		i += len;
		if (i == part->len)
			return (struct span){first.ptr, (size_t)(end - first.ptr)};
		if (!words_next(&rest, &word) || !joins(end, word.ptr))
			break;
	}
	return (struct span){NULL, 0};
}

static struct hit hit_spelled(const struct finder *f, struct span word, struct span *rest)
{
	struct span found = {NULL, 0};

	for (size_t i = 0; i < f->parts->n && !found.ptr; i++)
		if (f->parts->at[i].letters >= SPELLED_MIN && f->parts->at[i].script == UNICODE_SPACED)
			found = spelled_part(&f->parts->at[i], word, *rest);
	if (!found.ptr)
		return no_hit;
	*rest = text_from(f, found.ptr + found.len);
	return (struct hit){found, NAME_SURE, ""};
}

/* ---- scripts without spaces ---- */

/* What is said behind somebody's name. */
static bool is_addressed(const struct finder *f, const char *end)
{
	static const char *const suffixes[] = {"さん", "様", "氏",   "君",   "くん",  "ちゃん",
	                                       "先生", "殿", "小姐", "女士", "同学",  "老师",
	                                       "씨",   "님", "군",   "양",   "선생님"};
	struct span              rest = text_from(f, end);

	if (span_starts(rest, SPAN(" ")))
		rest = text_from(f, end + 1);
	for (size_t i = 0; i < COUNT(suffixes); i++)
		if (span_starts(rest, span_of(suffixes[i])))
			return true;
	return false;
}

static bool is_of(enum unicode_script script, uint32_t c)
{
	return c && unicode_is_word(c) && unicode_script(c) == script;
}

/* The part from `at` to `end` as a word of its script would stand; *kind_out: how sure that is. */
static bool stands(const struct finder *f, const struct name_part *part, const char *at,
                   const char *end, enum name_kind *kind_out)
{
	uint32_t next = char_at(f, end);
	bool     goes_before = is_of(part->script, char_before(f, at));
	bool     goes_on = is_of(part->script, next);
	bool     is_cut_off;

	if (unicode_is_mark(next) || (next >= 0x1160 && next < 0x1200))
		return false; /* within a syllable */
	if ((part->script == UNICODE_HANGUL && goes_before) ||
	    (part->script == UNICODE_KATAKANA && (goes_before || goes_on)) ||
	    (part->script == UNICODE_UNSPACED && part->letters < 3 && (goes_before || goes_on)))
		return false;
	is_cut_off =
		part->script == UNICODE_HIRAGANA ? !goes_before && !goes_on : !goes_before || !goes_on;
	*kind_out = part->kind;
	if (is_addressed(f, end) || (part->kind == NAME_WORD && is_cut_off))
		*kind_out = NAME_SURE;
	return true;
}

/* The text from `at` on folded, and where in the text each folded length ends. */
struct ahead {
	char        low[NAME_PART_BYTES];
	size_t      n;
	const char *ends[NAME_PART_BYTES]; /* NULL: within a character */
};

static void look_ahead(struct span rest, struct ahead *out)
{
	memset(out->ends, 0, sizeof(out->ends));
	out->n = 0;
	while (rest.len) {
		const char *at = rest.ptr;
		char        low[4 * UNICODE_FOLD_MAX + 1];
		size_t      len;

		utf8_next(&rest);
		len = unicode_fold_text((struct span){at, (size_t)(rest.ptr - at)}, low, sizeof(low));
		if (out->n + len >= NAME_PART_BYTES)
			return;
		memcpy(out->low + out->n, low, len);
		out->n += len;
		out->ends[out->n] = rest.ptr;
	}
}

/* The longest part that stands at `at`. */
static struct hit hit_at(const struct finder *f, struct span rest)
{
	struct ahead ahead;
	struct hit   best = no_hit;

	look_ahead(rest, &ahead);
	for (size_t i = 0; i < f->parts->n; i++) {
		const struct name_part *part = &f->parts->at[i];
		enum name_kind          kind;

		if (part->script == UNICODE_SPACED || part->len > ahead.n || !ahead.ends[part->len] ||
		    memcmp(part->low, ahead.low, part->len) != 0 ||
		    (size_t)(ahead.ends[part->len] - rest.ptr) <= best.text.len ||
		    !stands(f, part, rest.ptr, ahead.ends[part->len], &kind))
			continue;
		best =
			(struct hit){{rest.ptr, (size_t)(ahead.ends[part->len] - rest.ptr)}, kind, part->low};
	}
	return best;
}

/* The first part inside a word without spaces; what is behind it is looked at next. */
static struct hit hit_inside(struct finder *f, struct span word)
{
	while (word.len) {
		struct hit  hit = no_hit;
		uint32_t    folded[UNICODE_FOLD_MAX];
		char        first[4];
		struct span next = word;
		uint32_t    c = utf8_next(&next);

		if (!unicode_is_mark(c) && unicode_fold(c, folded) && utf8_encode(folded[0], first) &&
		    f->parts->begins[(unsigned char)first[0]])
			hit = hit_at(f, word);
		if (hit.text.ptr) {
			const char *end = word.ptr + word.len;

			f->inside.ptr = hit.text.ptr + hit.text.len;
			f->inside.len = end > f->inside.ptr ? (size_t)(end - f->inside.ptr) : 0;
			return hit;
		}
		word = next;
	}
	f->inside.len = 0;
	return no_hit;
}

static struct hit next_hit(struct finder *f, struct span word, struct span *rest)
{
	struct hit    hit = no_hit;
	unsigned char first = (unsigned char)word.ptr[0];
	bool          is_single = word.len == 1 || first >= 0x80 || (unsigned char)word.ptr[1] >= 0x80;

	if (f->inside.len || ((first >= 0x80 || first <= '9') && !is_spaced(word)))
		return hit_inside(f, word);
	if (is_single)
		hit = hit_spelled(f, word, rest);
	return hit.text.ptr ? hit : hit_word(f, word);
}

static bool next_word(const struct finder *f, struct span *rest, struct span *word_out)
{
	if (!f->inside.len)
		return words_next(rest, word_out);
	*word_out = f->inside;
	return true;
}

/* ---- runs of them ---- */

/* Neighbouring parts; what counts ends with the last that is no particle. */
struct run {
	const char *from, *end, *to, *ordinary; /* the last ordinary word of it */
	bool        is_sure;
};

struct finds {
	struct ctx  *cx;
	struct span *at;
	size_t       n, cap;
};

static void end_run(struct finds *f, struct run *run)
{
	if (run->is_sure && f->n == f->cap) {
		size_t       cap = f->cap ? 2 * f->cap : 8;
		struct span *grown = NEW_ARRAY(f->cx->arena, struct span, cap);

		if (f->n)
			memcpy(grown, f->at, f->n * sizeof(*grown));
		f->at = grown;
		f->cap = cap;
	}
	if (run->is_sure)
		f->at[f->n++] = (struct span){run->from, (size_t)(run->end - run->from)};
	*run = (struct run){.from = NULL};
}

static void add_hit(struct run *run, const struct hit *hit)
{
	if (!run->from)
		run->from = hit->text.ptr;
	run->to = hit->text.ptr + hit->text.len;
	if (hit->kind != NAME_WEAK)
		run->end = run->to;
	run->is_sure = run->is_sure || hit->kind == NAME_SURE;
	if (hit->kind != NAME_WORD)
		return;
	run->is_sure = run->is_sure || (run->ordinary && !str_equal(run->ordinary, hit->low));
	run->ordinary = hit->low;
}

static bool has_small_letters(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= 'a' && text.ptr[i] <= 'z')
			return true;
	return false;
}

size_t names_find(struct ctx *cx, struct span text, const struct names *names,
                  const struct span **out)
{
	struct finds  found = {.cx = cx};
	struct finder f = {.text = text};
	struct run    run = {.from = NULL};
	struct span   rest = text, word;

	if (!names || !names->n)
		return 0;
	f.parts = name_parts_of(cx, names);
	f.has_small = has_small_letters(text);
	while (next_word(&f, &rest, &word)) {
		struct hit hit = next_hit(&f, word, &rest);

		if (run.from && !(hit.text.ptr && joins(run.to, hit.text.ptr)))
			end_run(&found, &run);
		if (hit.text.ptr)
			add_hit(&run, &hit);
		f.before[1] = f.before[0];
		f.before[0] = word;
	}
	if (run.from)
		end_run(&found, &run);
	*out = found.at;
	return found.n;
}
