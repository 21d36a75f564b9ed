/* names.c -- words of names. */
#include "names.h"

#include "../../base/utf8.h"
#include "../text/words.h"

#include <ctype.h>

enum { PART_BYTES = 64, PARTS_MAX = 8 * NAMES_MAX, SPELLED_MIN = 3, GAP_BYTES = 3 };

/* ---- letters ---- */

/* U+00C0 to U+017F without accents; '.' stays as it is. */
static const char plain_letters[] =
	"aaaaaaaceeeeiiiidnooooo.ouuuuy..aaaaaaaceeeeiiiidnooooo.ouuuuy.y"
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.llllllllllnnnnnn...oooooooorrrrrr"
	"ssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static uint32_t lower(uint32_t c)
{
	if (c < 0x80)
		return (uint32_t)tolower((int)c);
	if (c == 0x2019)
		return '\'';
	if (c >= 0xc0 && c < 0x180 && plain_letters[c - 0xc0] != '.')
		return (unsigned char)plain_letters[c - 0xc0];
	if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	return c >= 0x400 && c <= 0x40f ? c + 0x50 : c;
}

/* Folds into `out`, NUL-terminated; 0 when it does not fit. */
static size_t fold(struct span text, char *out, size_t max)
{
	size_t n = 0;

	while (text.len) {
		if (n + 5 > max)
			return 0;
		n += utf8_encode(lower(utf8_next(&text)), out + n);
	}
	out[n] = '\0';
	return n;
}

const char *names_fold(struct ctx *cx, const char *name)
{
	size_t max = 4 * strlen(name) + 5;
	char  *folded = arena_alloc_raw(cx->arena, max);

	fold(span_of(name), folded, max);
	return folded;
}

/* ---- parts of names ---- */

enum part_kind {
	PART_SURE,
	PART_WORD, /* an ordinary word too */
	PART_WEAK  /* particles, titles, initials */
};

struct part {
	char           low[PART_BYTES];
	size_t         len;
	enum part_kind kind;
};

struct parts {
	struct part at[PARTS_MAX];
	size_t      n;
	bool        begins[256]; /* a part begins with this byte */
};

static enum part_kind kind_of(const char *low)
{
	static const char *const weak[] = {"de", "van", "von", "der", "den", "la", "del", "bin",
	                                   "al", "da",  "di",  "du",  "le",  "st", "el",  "dos",
	                                   "dr", "mr",  "mrs", "ms",  "jr",  "sr", "prof"};

	if (utf8_length(span_of(low)) < 2)
		return PART_WEAK;
	for (size_t i = 0; i < COUNT(weak); i++)
		if (str_equal(low, weak[i]))
			return PART_WEAK;
	return words_is_stop(span_of(low)) ? PART_WORD : PART_SURE;
}

static void add_part(struct parts *parts, struct span word)
{
	struct part *part = &parts->at[parts->n];

	if (parts->n == PARTS_MAX)
		return;
	part->len = fold(word, part->low, PART_BYTES);
	if (!part->len)
		return;
	part->kind = kind_of(part->low);
	parts->begins[(unsigned char)part->low[0]] = true;
	parts->n++;
}

/* In "Le Van" nothing is sure, and yet it is somebody's name. */
static void add_parts(struct parts *parts, const char *name)
{
	struct span rest = span_of(name), word;
	size_t      from = parts->n;
	bool        is_weak = true;

	while (words_next(&rest, &word))
		add_part(parts, word);
	for (size_t i = from; i < parts->n; i++)
		is_weak = is_weak && parts->at[i].kind == PART_WEAK;
	for (size_t i = from; is_weak && i < parts->n; i++)
		if (utf8_length(span_of(parts->at[i].low)) > 1)
			parts->at[i].kind = PART_WORD;
}

static bool is_name(const char *name)
{
	struct span rest = span_of(name), word;

	if (strlen(name) > NAME_BYTES_MAX)
		return false;
	while (words_next(&rest, &word))
		if (utf8_length(word) > 1)
			return true;
	return false;
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
	enum part_kind kind;
};

static bool looks_capital(struct span word)
{
	return isupper((unsigned char)word.ptr[0]) || (unsigned char)word.ptr[0] >= 0xc3;
}

static const struct part *part_equal(const struct parts *parts, const char *low, size_t len)
{
	if (len && parts->begins[(unsigned char)low[0]])
		for (size_t i = 0; i < parts->n; i++)
			if (parts->at[i].len == len && memcmp(parts->at[i].low, low, len) == 0)
				return &parts->at[i];
	return NULL;
}

static struct hit hit_word(const struct parts *parts, struct span word)
{
	char               low[PART_BYTES];
	size_t             len = fold(word, low, sizeof(low));
	const struct part *part = part_equal(parts, low, len);

	if (!part && len > 2 && low[len - 2] == '\'' && low[len - 1] == 's') {
		part = part_equal(parts, low, len - 2);
		word.len -= word.ptr[word.len - 2] == '\'' ? 2 : 4;
	}
	if (!part)
		return (struct hit){.kind = PART_WEAK};
	if (part->kind == PART_WORD && looks_capital(word))
		return (struct hit){word, PART_SURE};
	return (struct hit){word, part->kind};
}

/* Between two parts of one name. */
static bool joins(const char *from, const char *to)
{
	if (to - from > GAP_BYTES)
		return false;
	for (; from < to; from++)
		if (!strchr(" -._'", *from))
			return false;
	return true;
}

/* "R-E-Y-E-S" from its first letter on; `rest` begins behind that. */
static struct span spelled_part(const struct part *part, struct span first, struct span rest)
{
	struct span word = first;
	size_t      i = 0;

	while (word.len == 1 && (char)tolower((unsigned char)word.ptr[0]) == part->low[i]) {
		const char *end = word.ptr + 1;

		if (++i == part->len)
			return (struct span){first.ptr, (size_t)(end - first.ptr)};
		if (!words_next(&rest, &word) || !joins(end, word.ptr))
			break;
	}
	return (struct span){NULL, 0};
}

static struct hit hit_spelled(const struct parts *parts, struct span word, struct span *rest)
{
	struct span found = {NULL, 0};

	for (size_t i = 0; i < parts->n && !found.ptr; i++)
		if (parts->at[i].len >= SPELLED_MIN)
			found = spelled_part(&parts->at[i], word, *rest);
	if (found.ptr) {
		const char *end = rest->ptr + rest->len;

		*rest = (struct span){found.ptr + found.len, (size_t)(end - found.ptr) - found.len};
	}
	return (struct hit){found, PART_SURE};
}

static struct hit next_hit(const struct parts *parts, struct span word, struct span *rest)
{
	struct hit hit = {.kind = PART_WEAK};

	if (word.len == 1)
		hit = hit_spelled(parts, word, rest);
	return hit.text.ptr ? hit : hit_word(parts, word);
}

/* ---- runs of them ---- */

/* Neighbouring parts; what counts ends with the last that is no particle. */
struct run {
	const char *from, *end, *to;
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
	if (hit->kind != PART_WEAK)
		run->end = run->to;
	run->is_sure = run->is_sure || hit->kind == PART_SURE;
}

size_t names_find(struct ctx *cx, struct span text, const struct names *names,
                  const struct span **out)
{
	struct finds  f = {.cx = cx};
	struct run    run = {.from = NULL};
	struct span   rest = text, word;
	struct parts *parts;

	if (!names || !names->n)
		return 0;
	parts = NEW(cx->arena, struct parts);
	for (size_t i = 0; i < names->n; i++)
		add_parts(parts, names->at[i]);
	while (words_next(&rest, &word)) {
		struct hit hit = next_hit(parts, word, &rest);

		if (run.from && !(hit.text.ptr && joins(run.to, hit.text.ptr)))
			end_run(&f, &run);
		if (hit.text.ptr)
			add_hit(&run, &hit);
	}
	if (run.from)
		end_run(&f, &run);
	*out = f.at;
	return f.n;
}
