/* wordpiece.c -- BERT's uncased tokenizer: clean, fold, split, then the longest known pieces.
 *
 * The vocabulary is one blob of bytes with an open-addressing table over it
 * (FNV-1a, at most half full). A piece inside a word is stored as the model
 * writes it, with "##" in front, so its hash starts from that of "##". */
#include "wordpiece.h"

#include "../base/json_in.h"
#include "../base/str.h"
#include "../base/unicode.h"
#include "../base/utf8.h"

#define IDS_MAX        65535u
#define WORD_CHARS_MAX 100u /* a longer word is unknown; the model's own limit */
#define INSIDE         "##"

struct wordpiece {
	const char *bytes;  /* all pieces, one behind the other */
	uint32_t   *starts; /* of piece i in bytes; n + 1 of them */
	uint16_t   *slots;  /* id + 1; 0: free */
	size_t      mask;   /* slots are a power of two; this is one less */
	size_t      n, longest_bytes;
	uint16_t    unknown, begin, end;
};

/* ---- the vocabulary ---- */

static uint32_t hash_byte(uint32_t hash, char byte)
{
	return (hash ^ (unsigned char)byte) * 16777619u;
}

static uint32_t hash_of(struct span s)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < s.len; i++)
		hash = hash_byte(hash, s.ptr[i]);
	return hash;
}

static struct span piece_at(const struct wordpiece *w, size_t id)
{
	return (struct span){w->bytes + w->starts[id], w->starts[id + 1] - w->starts[id]};
}

static size_t slot_of(const struct wordpiece *w, uint32_t hash)
{
	return (hash ^ hash >> 15) & w->mask;
}

/* Is piece `id` the prefix followed by the rest? */
static bool is_piece(const struct wordpiece *w, size_t id, struct span prefix, struct span rest)
{
	struct span piece = piece_at(w, id);

	return piece.len == prefix.len + rest.len && memcmp(piece.ptr, prefix.ptr, prefix.len) == 0 &&
	       memcmp(piece.ptr + prefix.len, rest.ptr, rest.len) == 0;
}

static bool find(const struct wordpiece *w, uint32_t hash, struct span prefix, struct span rest,
                 uint16_t *id_out)
{
	for (size_t s = slot_of(w, hash); w->slots[s]; s = (s + 1) & w->mask)
		if (is_piece(w, w->slots[s] - 1u, prefix, rest)) {
			*id_out = (uint16_t)(w->slots[s] - 1u);
			return true;
		}
	return false;
}

/* Files list their vocabulary in any order; gives the texts by their ids. */
static struct err *sort_by_id(struct ctx *cx, const struct cJSON *vocab, const char **texts,
                              size_t n)
{
	for (const struct cJSON *v = json_first(vocab); v; v = json_next(v)) {
		double id = json_num_at(v, "", -1);

		if (!(id >= 0 && id < (double)n) || texts[(size_t)id])
			FAIL(cx, ERR_INPUT, "the vocabulary's ids are not 0 to %zu", n - 1);
		texts[(size_t)id] = json_name(v);
	}
	return NULL;
}

static void add_piece(struct wordpiece *w, size_t id)
{
	struct span piece = piece_at(w, id);
	size_t      s = slot_of(w, hash_of(piece));

	while (w->slots[s])
		s = (s + 1) & w->mask;
	w->slots[s] = (uint16_t)(id + 1);
	if (piece.len > w->longest_bytes)
		w->longest_bytes = piece.len;
}

static void keep_pieces(struct wordpiece *w, struct arena *keep, const char *const *texts, size_t n)
{
	size_t bytes = 0;
	char  *at;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(texts[i]);
	w->bytes = at = arena_alloc_raw(keep, bytes + 1);
	w->starts = NEW_ARRAY(keep, uint32_t, n + 1);
	for (w->mask = 1; w->mask < 2 * n; w->mask = w->mask * 2 + 1)
		;
	w->slots = NEW_ARRAY(keep, uint16_t, w->mask + 1);
	w->n = n;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(texts[i]);

		memcpy(at, texts[i], len);
		at += len;
		w->starts[i + 1] = w->starts[i] + (uint32_t)len;
		add_piece(w, i);
	}
}

static struct err *find_special(struct ctx *cx, const struct wordpiece *w, struct span name,
                                uint16_t *id_out)
{
	if (!find(w, hash_of(name), SPAN(""), name, id_out))
		FAIL(cx, ERR_INPUT, "the vocabulary has no %.*s", (int)name.len, name.ptr);
	return NULL;
}

struct err *wordpiece_read(struct ctx *cx, struct span json, struct arena *keep,
                           const struct wordpiece **out)
{
	struct wordpiece   *w = NEW(keep, struct wordpiece);
	const struct cJSON *root, *vocab;
	const char        **texts;
	size_t              n;

	TRY(json_parse(cx, json, &root));
	vocab = json_at(root, "model.vocab");
	n = vocab && json_type(vocab) == JSON_OBJECT ? json_count(vocab) : 0;
	if (n == 0 || n > IDS_MAX)
		FAIL(cx, ERR_INPUT, "a vocabulary of %zu pieces", n);
	texts = NEW_ARRAY(cx->arena, const char *, n);
	TRY(sort_by_id(cx, vocab, texts, n));
	keep_pieces(w, keep, texts, n);
	TRY(find_special(cx, w, SPAN("[UNK]"), &w->unknown));
	TRY(find_special(cx, w, SPAN("[CLS]"), &w->begin));
	TRY(find_special(cx, w, SPAN("[SEP]"), &w->end));
	*out = w;
	return NULL;
}

size_t wordpiece_count(const struct wordpiece *w)
{
	return w->n;
}

/* ---- text ---- */

/* A word being gathered, folded, and the ids so far. */
struct reading {
	const struct wordpiece *w;
	uint16_t               *ids;
	size_t                  n, max; /* of ids; max leaves room for the end */
	char                    word[WORD_CHARS_MAX * 4];
	size_t                  len, chars;
};

/* The longest piece the rest of a word begins with. Its bytes; 0 when there is none. */
static size_t longest_piece(const struct wordpiece *w, struct span rest, bool is_inside,
                            uint16_t *id_out)
{
	struct span prefix = is_inside ? SPAN(INSIDE) : SPAN("");
	uint32_t    hash = hash_of(prefix);
	size_t      found = 0, max = w->longest_bytes - prefix.len;

	for (size_t i = 0; i < rest.len && i < max; i++) {
		hash = hash_byte(hash, rest.ptr[i]);
		if (find(w, hash, prefix, (struct span){rest.ptr, i + 1}, id_out))
			found = i + 1;
	}
	return found;
}

/* A word with a part nobody knows is unknown as a whole. */
static size_t ids_of_word(const struct reading *r, uint16_t *ids)
{
	size_t at = 0, n = 0;

	if (r->chars > WORD_CHARS_MAX) {
		ids[0] = r->w->unknown;
		return 1;
	}
	while (at < r->len) {
		size_t len = longest_piece(r->w, (struct span){r->word + at, r->len - at}, at > 0, &ids[n]);

		if (len == 0) {
			ids[0] = r->w->unknown;
			return 1;
		}
		at += len;
		n++;
	}
	return n;
}

static void end_word(struct reading *r)
{
	uint16_t ids[WORD_CHARS_MAX * 4];
	size_t   n = r->chars ? ids_of_word(r, ids) : 0;

	for (size_t i = 0; i < n && r->n < r->max; i++)
		r->ids[r->n++] = ids[i];
	r->len = r->chars = 0;
}

static void add_char(struct reading *r, uint32_t c)
{
	if (r->chars++ < WORD_CHARS_MAX)
		r->len += utf8_encode(c, r->word + r->len);
}

static void add_alone(struct reading *r, uint32_t c)
{
	end_word(r);
	add_char(r, c);
	end_word(r);
}

/* A letter or mark of ASCII in lower case; all its marks are punctuation to BERT. */
static void add_ascii(struct reading *r, uint32_t c)
{
	if (c - 'a' < 26 || c - '0' < 10)
		add_char(r, c);
	else
		add_alone(r, c);
}

/* Nearly all that is read: worth a way of its own. */
static void take_ascii(struct reading *r, uint32_t c)
{
	if (c > ' ' && c < 0x7f)
		add_ascii(r, c - 'A' < 26 ? c | 0x20 : c);
	else if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		end_word(r);
}

/* BERT's idea of Chinese, which has no spaces: each is a word of its own. */
static bool is_ideograph(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} blocks[] = {{0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},   {0x20000, 0x2a6df},
	              {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f}};

	for (size_t i = 0; i < COUNT(blocks) && blocks[i].first <= c; i++)
		if (c <= blocks[i].last)
			return true;
	return false;
}

/* Split after folding, as the model does: a folded character may be punctuation. */
static void take_char(struct reading *r, uint32_t c)
{
	uint32_t base[UNICODE_FOLD_MAX];
	size_t   n;

	if (unicode_is_space(c) && !unicode_is_control(c)) {
		end_word(r);
		return;
	}
	if (unicode_is_control(c) || c == 0xfffd)
		return;
	n = unicode_take_apart(c, base);
	for (size_t i = 0; i < n; i++) {
		if (base[i] < 0x80)
			add_ascii(r, base[i]);
		else if (is_ideograph(c) || unicode_is_punctuation(base[i]))
			add_alone(r, base[i]);
		else if (!unicode_is_accent(base[i]))
			add_char(r, base[i]);
	}
}

size_t wordpiece_ids(const struct wordpiece *w, struct span text, uint16_t *ids, size_t max)
{
	struct reading r = {.w = w, .ids = ids, .max = max - 1};

	r.ids[r.n++] = w->begin;
	while (text.len && r.n < r.max) {
		uint32_t c = utf8_next(&text);

		if (c < 0x80)
			take_ascii(&r, c);
		else
			take_char(&r, c);
	}
	end_word(&r);
	r.ids[r.n++] = w->end;
	return r.n;
}
