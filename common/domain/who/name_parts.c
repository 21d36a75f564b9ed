/* name_parts.c -- which words of a name are looked for, and how sure one alone is. */
#include "name_parts.h"

#include "../../base/str.h"
#include "../../base/utf8.h"
#include "../text/phrases.h"
#include "../text/words.h"

#define WHO_WORDS_TABLES
#include "common/domain/who/who.words.h"

enum { PARTS_OF_WORD = 6, LONG_ENOUGH_FOR_UMLAUT = 5, HALVED_MAX = 5 };

static bool is_ordinary(const char *low)
{
	return phrases_has(WHO_LIST(ORDINARY), low) || words_is_stop(span_of(low));
}

static enum name_kind kind_of(const struct name_part *part)
{
	if (part->letters < 2)
		return NAME_WEAK;
	if (phrases_has(WHO_LIST(PARTICLES), part->low))
		return NAME_WEAK;
	if (part->script == UNICODE_HIRAGANA && part->letters < 3)
		return NAME_WORD;
	return is_ordinary(part->low) ? NAME_WORD : NAME_SURE;
}

/* ---- letters ---- */

size_t name_fold(struct span word, char out[NAME_PART_BYTES])
{
	size_t n = unicode_fold_text(word, out, NAME_PART_BYTES), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (out[i] != '\'')
			out[kept++] = out[i];
	out[kept] = '\0';
	return kept;
}

static bool is_letter(uint32_t c)
{
	return unicode_is_word(c) && !unicode_is_mark(c) && !unicode_is_invisible(c);
}

static size_t letters_of(struct span word)
{
	size_t n = 0;

	while (word.len)
		n += is_letter(utf8_next(&word));
	return n;
}

/* From one letter to another, with the marks behind that. */
static struct span letters_from(struct span word, size_t from, size_t to)
{
	struct span rest = word, out = {NULL, 0};
	size_t      n = 0;

	while (rest.len) {
		const char *at = rest.ptr;

		n += is_letter(utf8_next(&rest));
		if (n == from + 1 && !out.ptr)
			out.ptr = at;
		if (n == to + 1)
			return (struct span){out.ptr, (size_t)(at - out.ptr)};
	}
	return (struct span){out.ptr, (size_t)(word.ptr + word.len - out.ptr)};
}

static enum unicode_script script_of(struct span word)
{
	return unicode_script(utf8_next(&word));
}

/* ---- parts ---- */

static struct name_part *add_low(struct ctx *cx, struct name_parts *parts, struct span low,
                                 enum unicode_script script, size_t letters)
{
	struct name_part *part = &parts->at[parts->n];

	if (!low.len || low.len >= NAME_PART_BYTES || parts->n == parts->cap)
		return NULL;
	*part = (struct name_part){.low = arena_strndup(cx->arena, low.ptr, low.len),
	                           .len = low.len,
	                           .script = script,
	                           .letters = letters};
	part->kind = kind_of(part);
	parts->begins[(unsigned char)part->low[0]] = true;
	parts->n++;
	return part;
}

static struct name_part *add_word(struct ctx *cx, struct name_parts *parts, struct span word)
{
	char   low[NAME_PART_BYTES];
	size_t len = name_fold(word, low);

	return add_low(cx, parts, (struct span){low, len}, script_of(word), letters_of(word));
}

/* "Müller" is "Mueller" where the letter is missing, "Søren" "Soeren". */
static void add_spelled_out(struct ctx *cx, struct name_parts *parts, struct span word)
{
	struct buf  out = buf_new(cx->arena, NAME_PART_BYTES);
	struct span rest = word;
	bool        is_other = false;
	uint32_t    before = 0;

	while (rest.len) {
		uint32_t    c = utf8_next(&rest);
		char        low[4 * UNICODE_FOLD_MAX + 1], bytes[4];
		struct span one = {bytes, utf8_encode(c, bytes)};
		bool        is_ring = c == 0xc5 || c == 0xe5;
		bool        is_umlaut = c == 0xc4 || c == 0xd6 || c == 0xdc || c == 0xd8 || c == 0xe4 ||
		                 c == 0xf6 || c == 0xfc || c == 0xf8 ||
		                 (c == 0x308 && before < 0x80 && strchr("aouAOU", (int)before));

		buf_add(&out, low, unicode_fold_text(one, low, sizeof(low)));
		if (is_ring || is_umlaut)
			buf_char(&out, is_ring ? 'a' : 'e');
		is_other = is_other || is_ring || is_umlaut;
		before = c;
	}
	if (is_other)
		add_low(cx, parts, buf_span(&out), UNICODE_SPACED, letters_of(word));
}

/* And who writes "Mueller" may be written "Müller". */
static void add_drawn_together(struct ctx *cx, struct name_parts *parts, struct span word)
{
	char   low[NAME_PART_BYTES];
	size_t len = name_fold(word, low), n = 0;

	if (len < LONG_ENOUGH_FOR_UMLAUT)
		return;
	for (size_t i = 0; i < len; i++)
		if (!(n && low[i] == 'e' && strchr("aou", low[n - 1])))
			low[n++] = low[i];
	if (n < len)
		add_low(cx, parts, (struct span){low, n}, UNICODE_SPACED, n);
}

static void add_guess(struct ctx *cx, struct name_parts *parts, struct span word,
                      enum name_kind kind)
{
	struct name_part *part = add_word(cx, parts, word);

	if (part && part->kind == NAME_SURE)
		part->kind = kind;
}

/* Family and given name in one: 山田太郎, 王小明, 김민수. Of three Chinese characters either may
 * have two. */
static void add_halves(struct ctx *cx, struct name_parts *parts, struct span word)
{
	enum unicode_script script = script_of(word);
	size_t              n = letters_of(word), family;

	if (n < 3 || n > HALVED_MAX || (script != UNICODE_HAN && script != UNICODE_HANGUL))
		return;
	family = n == 3 ? 1 : n - 2;
	add_guess(cx, parts, letters_from(word, family, n), NAME_SURE);
	if (script == UNICODE_HAN)
		add_guess(cx, parts, letters_from(word, 0, n == 3 ? 2 : family),
		          n == 3 ? NAME_WORD : NAME_SURE);
}

/* "高橋あや" has a change of script between its parts. */
static void add_runs(struct ctx *cx, struct name_parts *parts, struct span word)
{
	struct span         rest = word, run = {word.ptr, 0};
	enum unicode_script script = script_of(word);

	while (rest.len) {
		const char         *at = rest.ptr;
		enum unicode_script next = unicode_script(utf8_next(&rest));

		if (next == script || next == UNICODE_NEUTRAL)
			continue;
		run.len = (size_t)(at - run.ptr);
		add_word(cx, parts, run);
		run.ptr = at;
		script = next;
	}
	run.len = (size_t)(word.ptr + word.len - run.ptr);
	if (run.len < word.len)
		add_word(cx, parts, run);
}

/* A name of which nothing is sure is somebody's all the same: "Le Van", "李 明". */
static void mend_weak(struct ctx *cx, struct name_parts *parts, size_t from, size_t to)
{
	struct buf together = buf_new(cx->arena, NAME_PART_BYTES);
	size_t     letters = 0;

	for (size_t i = from; i < to; i++)
		if (parts->at[i].kind != NAME_WEAK)
			return;
	for (size_t i = from; i < to; i++) {
		if (parts->at[i].letters > 1)
			parts->at[i].kind = NAME_WORD;
		if (parts->at[i].script == UNICODE_SPACED)
			continue;
		buf_add(&together, parts->at[i].low, parts->at[i].len);
		letters += parts->at[i].letters;
	}
	if (letters > 1)
		add_low(cx, parts, buf_span(&together), parts->at[from].script, letters);
}

static bool is_ascii(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if ((unsigned char)word.ptr[i] >= 0x80)
			return false;
	return true;
}

static void add_name(struct ctx *cx, struct name_parts *parts, const char *name)
{
	struct span rest = span_of(name), word;
	size_t      from = parts->n, to;

	while (words_next(&rest, &word))
		add_word(cx, parts, word);
	to = parts->n;
	mend_weak(cx, parts, from, to);
	rest = span_of(name);
	while (words_next(&rest, &word)) {
		if (script_of(word) == UNICODE_SPACED) {
			if (!is_ascii(word))
				add_spelled_out(cx, parts, word);
			add_drawn_together(cx, parts, word);
			continue;
		}
		add_halves(cx, parts, word);
		add_runs(cx, parts, word);
	}
}

struct name_parts *name_parts_of(struct ctx *cx, const struct names *names)
{
	struct name_parts *parts = NEW(cx->arena, struct name_parts);

	for (size_t i = 0; i < names->n; i++)
		parts->cap += PARTS_OF_WORD * words_count(span_of(names->at[i])) + 1;
	parts->at = NEW_ARRAY(cx->arena, struct name_part, parts->cap);
	for (size_t i = 0; i < names->n; i++)
		add_name(cx, parts, names->at[i]);
	return parts;
}
