/* acts.c -- a file of the vectors of all examples, what was learnt from them (act_model.h), and
 * their forms; its name tells of which. */
#include "acts.h"

#include "../base/crypto.h"
#include "../base/log.h"
#include "../domain/talk/act_model.h"
#include "../domain/text/tokens.h"
#include "embedding.h"
#include "engines.h"
#include "minilm_model.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIMS        ((size_t)MINILM_DIMS)
#define BATCH       64u
#define BATCH_MS    20000u
#define PATH_BYTES  4096u
#define DIGEST_SIZE 8u

/* Measured on sentences that are not among the examples (acts.tsv, distress.tsv, distress_more.tsv
 * and calm.tsv in tests/data). */
static const struct act_scale minilm_scale = {.likely = 0.15,
                                              .sure = 0.3,
                                              .danger_floor = 0.38,
                                              .danger = -0.01,
                                              .danger_idiom = 0.15,
                                              .danger_unsaid = 0.08,
                                              .danger_likely = 0.1};

static struct {
	struct act_vectors vectors; /* rows NULL: there are none */
	size_t             bytes;
} table;

static size_t examples_n(void)
{
	size_t n;

	act_examples(&n);
	return n;
}

/* The vectors, the weights, the forms. */
static size_t rows_bytes(void)
{
	return examples_n() * DIMS * sizeof(float);
}

static size_t floats_bytes(void)
{
	return rows_bytes() + act_model_floats(DIMS) * sizeof(float);
}

static size_t file_bytes(void)
{
	return floats_bytes() + examples_n() * sizeof(struct act_form);
}

static struct act_vectors vectors_at(const char *bytes)
{
	return (struct act_vectors){
		.rows = (const void *)bytes,
		.dims = DIMS,
		.weights = (const void *)(bytes + rows_bytes()),
		.forms = (const void *)(bytes + floats_bytes()),
		.scale = minilm_scale,
	};
}

const char *acts_file_name(struct arena *a, const struct act_example *examples, size_t n)
{
	struct span *parts = NEW_ARRAY(a, struct span, ACTS_N + 2 * n), *end = parts;
	char         digest[2 * DIGEST_SIZE + 1];
	struct hash  hash;

	for (enum act i = 0; i < ACTS_N; i++)
		*end++ = span_of(act_name(i));
	for (size_t i = 0; i < n; i++) {
		*end++ = span_of(act_name(examples[i].act));
		*end++ = span_of(examples[i].text);
	}
	hash = hash_parts("acts 2", NULL, parts, (size_t)(end - parts));
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(digest + 2 * i, 3, "%02x", hash.bytes[i]);
	return arena_printf(a, "acts-%s", digest);
}

static const char *path_of(struct arena *a)
{
	return minilm_file(a, acts_file_name(a, act_examples(&(size_t){0}), examples_n()));
}

/* ---- making it ---- */

static struct err *embed_batch(struct ctx *cx, size_t from, size_t n, float *rows)
{
	const struct act_example *examples = act_examples(&(size_t){0});
	const char               *texts[BATCH];
	struct embeddings        *made = NEW(cx->arena, struct embeddings);

	for (size_t i = 0; i < n; i++)
		texts[i] = examples[from + i].text;
	cx->deadline = deadline_in(BATCH_MS);
	TRY(minilm_embed.embed(cx, &(struct embed_order){texts, n}, made));
	for (size_t i = 0; i < n; i++)
		memcpy(rows + (from + i) * DIMS, made->vectors[i], DIMS * sizeof(float));
	return NULL;
}

static struct err *make_bytes(struct ctx *cx, struct span *out)
{
	const struct act_example *examples = act_examples(&(size_t){0});
	char                     *bytes = arena_alloc(cx->arena, file_bytes());
	struct act_form          *forms = (struct act_form *)(bytes + floats_bytes());
	struct act_vectors        made = vectors_at(bytes);

	for (size_t i = 0; i < examples_n(); i += BATCH)
		TRY(embed_batch(cx, i, examples_n() - i < BATCH ? examples_n() - i : BATCH,
		                (float *)(void *)bytes));
	for (size_t i = 0; i < examples_n(); i++)
		forms[i] = act_form_of(cx, span_of(examples[i].text));
	act_model_learn(cx, &made, (float *)(void *)(bytes + rows_bytes()));
	*out = (struct span){bytes, file_bytes()};
	return NULL;
}

/* Whole or not at all: a reader never sees a part, nor does one after the power was lost. */
static bool write_whole(struct arena *a, const char *path, struct span bytes)
{
	const char *new = arena_printf(a, "%s.new", path);
	FILE *file = fopen(new, "wbe");
	bool  ok = file && fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len;

	ok = ok && fflush(file) == 0 && fsync(fileno(file)) == 0;
	ok = file && fclose(file) == 0 && ok;
	return ok && rename(new, path) == 0;
}

/* Of the right size, which what a full disk or a copy cut short is not. */
static bool is_there(const char *path)
{
	struct stat st;

	return access(path, R_OK) == 0 && stat(path, &st) == 0 && (size_t)st.st_size == file_bytes();
}

static struct err *make_locked(struct ctx *cx, const char *path)
{
	struct span bytes;

	if (is_there(path))
		return NULL;
	TRY(make_bytes(cx, &bytes));
	if (!write_whole(cx->arena, path, bytes))
		FAIL(cx, ERR_INTERNAL, "%s can not be written: %s", path, strerror(errno));
	return NULL;
}

struct err *acts_make(struct ctx *cx)
{
	const char *path = path_of(cx->arena);
	int         lock;
	struct err *e;

	if (is_there(path))
		return NULL;
	lock = open(arena_printf(cx->arena, "%s.lock", path), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		FAIL(cx, ERR_INTERNAL, "%s.lock: %s", path, strerror(errno));
	e = make_locked(cx, path);
	close(lock);
	return e;
}

/* ---- reading it ---- */

static const char *map(int fd)
{
	struct stat st;
	void       *at;

	if (fstat(fd, &st) < 0 || (size_t)st.st_size != file_bytes())
		return "not of the right size";
	at = mmap(NULL, file_bytes(), PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return strerror(errno);
	table.bytes = file_bytes();
	table.vectors = vectors_at(at);
	return NULL;
}

int acts_start(void)
{
	struct arena *a = arena_new(PATH_BYTES);
	const char   *path = path_of(a);
	int           fd = open(path, O_RDONLY | O_CLOEXEC);
	const char   *problem = fd < 0 ? strerror(errno) : map(fd);

	if (problem)
		LOG(LOG_WARN, NULL, "acts_by_words", F_STR("path", path), F_STR("detail", problem));
	if (fd >= 0)
		close(fd);
	arena_free(&a);
	return 0;
}

void acts_stop(void)
{
	if (table.vectors.rows)
		munmap((void *)(uintptr_t)table.vectors.rows, table.bytes);
	table.vectors = (struct act_vectors){.rows = NULL};
}

/* ---- a message ---- */

static bool is_here(const struct embed_engine *engine)
{
	for (size_t i = 0; i < embedding.order_n; i++)
		if (embedding.order[i] == &engine->p)
			return true;
	return false;
}

/* NULL, and logged, when it can not be had in time. */
static const float *embed_here(struct ctx *cx, struct span message)
{
	const char       *text = arena_strndup(cx->arena, message.ptr, message.len);
	struct deadline   whole = cx->deadline;
	struct embeddings made;
	struct err       *e;

	cx->deadline = deadline_sooner(whole, deadline_in(ACTS_EMBED_MS));
	e = minilm_embed.embed(cx, &(struct embed_order){&text, 1}, &made);
	cx->deadline = whole;
	if (e)
		log_err(LOG_WARN, cx, "act_not_embedded", e);
	return e ? NULL : made.vectors[0];
}

enum act acts_read(struct ctx *cx, const struct act_words *said, const float *vector,
                   const char *model, bool may_embed)
{
	bool is_ours = vector && str_equal(model, minilm_embed.model);

	if (!table.vectors.rows)
		return act_of(cx, said, NULL, NULL);
	if (!is_ours)
		vector = NULL;
	if (!is_ours && may_embed && is_here(&minilm_embed))
		vector = embed_here(cx, said->u->text);
	return act_of(cx, said, &table.vectors, vector);
}
