/* minilm_model.c -- finds the tensors in the file; then BERT's six layers, a mean, a norm.
 *
 * A safetensors file is a length, a JSON header that says where each tensor
 * lies, and the tensors, which may start at any byte. Biases and norms are
 * small and used in every row: they are widened once, when the file is opened. */
#include "minilm_model.h"

#include "../base/json_in.h"
#include "../base/str.h"
#include "minilm_math.h"

#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAYERS     6
#define HEADS      12
#define HEAD_DIMS  (MINILM_DIMS / HEADS)
#define INNER_DIMS 1536
#define POSITIONS  512
#define HEADER_MAX ((size_t)1 << 20)
#define MASKED     (-1e30f) /* a score that gets no share */
#define LINE_BYTES 64u      /* of a cache: a vector across two of them is read twice */

struct layer {
	struct math_dense query, key, value, joined, inner, outer;
	struct math_norm  joined_norm, outer_norm;
};

struct minilm {
	struct arena    *arena;
	void            *map;
	size_t           map_bytes;
	const char      *words, *positions, *segments; /* halves */
	size_t           words_n;
	struct math_norm norm;
	struct layer     layers[LAYERS];
};

struct minilm_work {
	float *x, *query, *key, *value, *joined, *inner, *panel;
	float *keys_of_head; /* transposed: HEAD_DIMS rows of tokens */
	float *scores;
};

/* ---- the file ---- */

struct file {
	const struct cJSON *header;
	struct span         tensors;
	struct arena       *arena;
};

static const struct cJSON *tensor_called(const struct file *f, const char *name)
{
	for (const struct cJSON *t = json_first(f->header); t; t = json_next(t))
		if (str_equal(json_name(t), name))
			return t;
	return NULL;
}

/* The halves of a tensor of rows x columns; of columns alone when rows is 0. */
static struct err *find_tensor(struct ctx *cx, const struct file *f, const char *name, size_t rows,
                               size_t columns, const char **out)
{
	const struct cJSON *t = tensor_called(f, name);
	double              first = t ? json_num_at(t, "data_offsets[0]", -1) : -1;
	double              end = t ? json_num_at(t, "data_offsets[1]", -1) : -1;
	size_t              bytes = (rows ? rows : 1) * columns * 2;

	if (!t || !str_equal(json_text_at(t, "dtype"), "F16"))
		FAIL(cx, ERR_INTERNAL, "no half precision tensor %s", name);
	if (json_num_at(t, rows ? "shape[1]" : "shape[0]", 0) != (double)columns ||
	    (rows && json_num_at(t, "shape[0]", 0) != (double)rows))
		FAIL(cx, ERR_INTERNAL, "%s is not of this model's shape", name);
	if (first < 0 || end > (double)f->tensors.len || end - first != (double)bytes)
		FAIL(cx, ERR_INTERNAL, "%s does not lie in the file", name);
	*out = f->tensors.ptr + (size_t)first;
	return NULL;
}

static struct err *find_floats(struct ctx *cx, const struct file *f, const char *name, size_t n,
                               const float **out)
{
	float      *floats = arena_alloc_raw(f->arena, n * sizeof(*floats));
	const char *halves;

	TRY(find_tensor(cx, f, name, 0, n, &halves));
	math_widen(halves, n, floats);
	*out = floats;
	return NULL;
}

static struct err *find_dense(struct ctx *cx, const struct file *f, const char *name, size_t inputs,
                              size_t outputs, struct math_dense *out)
{
	*out = (struct math_dense){.inputs = inputs, .outputs = outputs};
	TRY(find_tensor(cx, f, arena_printf(cx->arena, "%s.weight", name), outputs, inputs,
	                &out->weights));
	return find_floats(cx, f, arena_printf(cx->arena, "%s.bias", name), outputs, &out->bias);
}

static struct err *find_norm(struct ctx *cx, const struct file *f, const char *name,
                             struct math_norm *out)
{
	*out = (struct math_norm){.n = MINILM_DIMS};
	TRY(find_floats(cx, f, arena_printf(cx->arena, "%s.LayerNorm.weight", name), MINILM_DIMS,
	                &out->scale));
	return find_floats(cx, f, arena_printf(cx->arena, "%s.LayerNorm.bias", name), MINILM_DIMS,
	                   &out->shift);
}

static struct err *find_layer(struct ctx *cx, const struct file *f, int number, struct layer *l)
{
	const struct {
		const char        *name;
		size_t             inputs, outputs;
		struct math_dense *to;
	} dense[] = {
		{"attention.self.query", MINILM_DIMS, MINILM_DIMS, &l->query},
		{"attention.self.key", MINILM_DIMS, MINILM_DIMS, &l->key},
		{"attention.self.value", MINILM_DIMS, MINILM_DIMS, &l->value},
		{"attention.output.dense", MINILM_DIMS, MINILM_DIMS, &l->joined},
		{"intermediate.dense", MINILM_DIMS, INNER_DIMS, &l->inner},
		{"output.dense", INNER_DIMS, MINILM_DIMS, &l->outer},
	};
	const char *layer = arena_printf(cx->arena, "encoder.layer.%d", number);

	for (size_t i = 0; i < COUNT(dense); i++)
		TRY(find_dense(cx, f, arena_printf(cx->arena, "%s.%s", layer, dense[i].name),
		               dense[i].inputs, dense[i].outputs, dense[i].to));
	TRY(find_norm(cx, f, arena_printf(cx->arena, "%s.attention.output", layer), &l->joined_norm));
	return find_norm(cx, f, arena_printf(cx->arena, "%s.output", layer), &l->outer_norm);
}

static struct err *find_words(struct ctx *cx, const struct file *f, struct minilm *m)
{
	const char         *name = "embeddings.word_embeddings.weight";
	const struct cJSON *t = tensor_called(f, name);
	double              n = t ? json_num_at(t, "shape[0]", 0) : 0;

	if (n < 1 || n > UINT16_MAX)
		FAIL(cx, ERR_INTERNAL, "a model of %g words", n);
	m->words_n = (size_t)n;
	return find_tensor(cx, f, name, m->words_n, MINILM_DIMS, &m->words);
}

static struct err *find_parts(struct ctx *cx, const struct file *f, struct minilm *m)
{
	TRY(find_words(cx, f, m));
	TRY(find_tensor(cx, f, "embeddings.position_embeddings.weight", POSITIONS, MINILM_DIMS,
	                &m->positions));
	TRY(find_tensor(cx, f, "embeddings.token_type_embeddings.weight", 2, MINILM_DIMS,
	                &m->segments));
	TRY(find_norm(cx, f, "embeddings", &m->norm));
	for (int i = 0; i < LAYERS; i++)
		TRY(find_layer(cx, f, i, &m->layers[i]));
	return NULL;
}

static struct err *map_file(struct ctx *cx, const char *path, struct minilm *m)
{
	int         fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	void       *map = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		FAIL(cx, ERR_INTERNAL, "%s can not be mapped", path);
	m->map = map;
	m->map_bytes = (size_t)st.st_size;
	/* The first text should not wait for the disk. */
	madvise(map, m->map_bytes, MADV_WILLNEED);
	return NULL;
}

static struct err *read_header(struct ctx *cx, const struct minilm *m, struct file *f)
{
	const char *bytes = m->map;
	uint64_t    len = 0;
	struct err *e;

	if (m->map_bytes > 8)
		memcpy(&len, bytes, 8);
	if (len == 0 || len > HEADER_MAX || len > m->map_bytes - 8)
		FAIL(cx, ERR_INTERNAL, "not a safetensors file");
	e = json_parse(cx, (struct span){bytes + 8, len}, &f->header);
	if (e)
		FAIL(cx, ERR_INTERNAL, "the model's header: %s", e->detail);
	f->tensors = (struct span){bytes + 8 + len, m->map_bytes - 8 - len};
	return NULL;
}

static struct err *open_parts(struct ctx *cx, const char *path, struct minilm *m)
{
	struct file f = {.arena = m->arena};

	TRY(map_file(cx, path, m));
	TRY(read_header(cx, m, &f));
	return find_parts(cx, &f, m);
}

struct err *minilm_open(struct ctx *cx, const char *path, struct minilm **out)
{
	struct arena  *arena = arena_new(4096);
	struct minilm *m = NEW(arena, struct minilm);
	struct err    *e;

	m->arena = arena;
	e = open_parts(cx, path, m);
	if (e)
		minilm_close(&m);
	*out = m;
	return e;
}

void minilm_close(struct minilm **m)
{
	struct arena *arena;

	if (!*m)
		return;
	arena = (*m)->arena;
	if ((*m)->map)
		munmap((*m)->map, (*m)->map_bytes);
	arena_free(&arena);
	*m = NULL;
}

size_t minilm_vocabulary(const struct minilm *m)
{
	return m->words_n;
}

/* ---- one text ---- */

static float *floats(struct arena *a, size_t n)
{
	char *at = arena_alloc_raw(a, n * sizeof(float) + LINE_BYTES - 1);

	return (float *)(void *)(at + (LINE_BYTES - (uintptr_t)at % LINE_BYTES) % LINE_BYTES);
}

/* Columns of scores: a token each, and up to a whole block. */
static size_t columns_for(size_t tokens)
{
	return (tokens + MATH_PANEL_ROWS - 1) / MATH_PANEL_ROWS * MATH_PANEL_ROWS;
}

struct minilm_work *minilm_work_new(struct arena *a, size_t tokens)
{
	struct minilm_work *w = NEW(a, struct minilm_work);

	w->x = floats(a, tokens * MINILM_DIMS);
	w->query = floats(a, tokens * MINILM_DIMS);
	w->key = floats(a, tokens * MINILM_DIMS);
	w->value = floats(a, tokens * MINILM_DIMS);
	w->joined = floats(a, tokens * MINILM_DIMS);
	w->inner = floats(a, tokens * INNER_DIMS);
	w->panel = floats(a, (size_t)MATH_PANEL_ROWS * INNER_DIMS);
	w->keys_of_head = floats(a, HEAD_DIMS * columns_for(tokens));
	w->scores = floats(a, tokens * columns_for(tokens));
	return w;
}

static void add_row(const char *table, size_t row, float *x)
{
	float wide[MINILM_DIMS];

	math_widen(table + row * MINILM_DIMS * 2, MINILM_DIMS, wide);
	for (size_t i = 0; i < MINILM_DIMS; i++)
		x[i] += wide[i];
}

static void start(const struct minilm *m, const uint16_t *ids, size_t n, float *x)
{
	for (size_t i = 0; i < n; i++, x += MINILM_DIMS) {
		math_widen(m->words + (size_t)ids[i] * MINILM_DIMS * 2, MINILM_DIMS, x);
		add_row(m->positions, i, x);
		add_row(m->segments, 0, x);
		math_normalise(&m->norm, x, NULL);
	}
}

/* The keys of one head, a row for each dimension, scaled as scores are. */
static void turn_keys(const float *key, size_t n, size_t columns, float *out)
{
	/* NOLINTNEXTLINE(bugprone-integer-division): heads share the dimensions out evenly */
	const float scale = 1 / sqrtf(HEAD_DIMS);

	memset(out, 0, HEAD_DIMS * columns * sizeof(*out));
	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < HEAD_DIMS; i++)
			out[i * columns + t] = key[t * MINILM_DIMS + i] * scale;
}

/* What each token takes from the others, by one head: from the queries into their place. */
static void attend_head(const struct minilm_work *w, size_t n, size_t head)
{
	size_t           columns = columns_for(n), at = head * HEAD_DIMS;
	struct math_part query = {w->query + at, n, MINILM_DIMS};
	struct math_part keys = {w->keys_of_head, HEAD_DIMS, columns};
	struct math_part scores = {w->scores, n, columns};
	struct math_part value = {w->value + at, n, MINILM_DIMS};

	turn_keys(w->key + at, n, columns, w->keys_of_head);
	math_product(&query, &keys, &scores, columns);
	for (size_t t = 0; t < n; t++) {
		for (size_t i = n; i < columns; i++)
			w->scores[t * columns + i] = MASKED;
		math_softmax(w->scores + t * columns, columns);
	}
	math_product(&scores, &value, &query, HEAD_DIMS);
}

static void normalise_rows(const struct math_norm *norm, float *x, const float *add, size_t n)
{
	for (size_t i = 0; i < n; i++)
		math_normalise(norm, x + i * MINILM_DIMS, add + i * MINILM_DIMS);
}

static void run_layer(const struct layer *l, size_t n, const struct minilm_work *w)
{
	math_dense(&l->query, w->x, n, w->query, w->panel);
	math_dense(&l->key, w->x, n, w->key, w->panel);
	math_dense(&l->value, w->x, n, w->value, w->panel);
	for (size_t head = 0; head < HEADS; head++)
		attend_head(w, n, head);
	math_dense(&l->joined, w->query, n, w->joined, w->panel);
	normalise_rows(&l->joined_norm, w->x, w->joined, n);
	math_dense(&l->inner, w->x, n, w->inner, w->panel);
	math_gelu(w->inner, n * INNER_DIMS);
	math_dense(&l->outer, w->inner, n, w->joined, w->panel);
	normalise_rows(&l->outer_norm, w->x, w->joined, n);
}

/* The mean of the tokens, of length 1: so the mean itself need not be divided. */
static void pool(const float *x, size_t n, float out[MINILM_DIMS])
{
	double square = 0;
	float  factor;

	memset(out, 0, MINILM_DIMS * sizeof(*out));
	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < MINILM_DIMS; i++)
			out[i] += x[t * MINILM_DIMS + i];
	for (size_t i = 0; i < MINILM_DIMS; i++)
		square += (double)out[i] * (double)out[i];
	factor = (float)(1 / sqrt(square));
	for (size_t i = 0; i < MINILM_DIMS; i++)
		out[i] *= factor;
}

void minilm_vector(const struct minilm *m, const uint16_t *ids, size_t n, struct minilm_work *work,
                   float out[MINILM_DIMS])
{
	start(m, ids, n, work->x);
	for (size_t i = 0; i < LAYERS; i++)
		run_layer(&m->layers[i], n, work);
	pool(work->x, n, out);
}
