/* minilm_embed.c -- all-MiniLM-L6-v2 on this machine: no key, no network, milliseconds. */
#include "../base/log.h"
#include "../base/str.h"
#include "engines.h"
#include "minilm_model.h"
#include "slots.h"
#include "wordpiece.h"

#include <fcntl.h>
#include <unistd.h>

#define START_MS      10000u
#define START_BYTES   ((size_t)1 << 16)
#define TOKENIZER_MAX ((size_t)4 << 20)

static struct settings {
	const char *dir;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(settings, dir, "MINILM_DIR",
                .help = "folder of the local embedding model; "
                        "default: models/minilm-l6-v2 in SCRIBE_CACHE"),
};
static const struct cfg_group minilm_settings = {"Local embedding", &settings, keys, COUNT(keys)};

/* Read-only between start and stop. */
static struct minilm          *model;
static const struct wordpiece *vocabulary;
static struct arena           *vocabulary_arena;

/* Of tokens, a place for each processor: a text takes a few tenths of a second, and those of one
 * address would otherwise share all processors with the one text of another. */
static struct slots places = SLOTS_BEHIND_CROWDS(1);

const char *minilm_file(struct arena *a, const char *file)
{
	const char *cache = getenv("SCRIBE_CACHE"), *home = getenv("HOME");

	if (!str_is_blank(settings.dir))
		return arena_printf(a, "%s/%s", settings.dir, file);
	if (!str_is_blank(cache))
		return arena_printf(a, "%s/models/minilm-l6-v2/%s", cache, file);
	return arena_printf(a, "%s/.cache/scribe/models/minilm-l6-v2/%s", home ? home : "", file);
}

static bool has_file(struct arena *a, const char *file)
{
	return access(minilm_file(a, file), R_OK) == 0;
}

static bool is_configured(void)
{
	struct arena *a = arena_new(1024);
	bool          is = has_file(a, "model.fp16.safetensors") && has_file(a, "tokenizer.json");

	arena_free(&a);
	return is;
}

static struct err *read_file(struct ctx *cx, const char *path, struct span *out)
{
	char  *bytes = arena_alloc_raw(cx->arena, TOKENIZER_MAX);
	FILE  *file = fopen(path, "rbe");
	size_t n = file ? fread(bytes, 1, TOKENIZER_MAX, file) : 0;

	if (file)
		fclose(file);
	if (n == 0 || n == TOKENIZER_MAX)
		FAIL(cx, ERR_INTERNAL, "%s is missing, empty or too long", path);
	*out = (struct span){bytes, n};
	return NULL;
}

static struct err *load(struct ctx *cx)
{
	struct span json;

	TRY(read_file(cx, minilm_file(cx->arena, "tokenizer.json"), &json));
	TRY(wordpiece_read(cx, json, vocabulary_arena, &vocabulary));
	TRY(minilm_open(cx, minilm_file(cx->arena, "model.fp16.safetensors"), &model));
	if (wordpiece_count(vocabulary) > minilm_vocabulary(model))
		FAIL(cx, ERR_INTERNAL, "the tokenizer has more words than the model");
	return NULL;
}

static void stop(void)
{
	minilm_close(&model);
	arena_free(&vocabulary_arena);
}

static bool begin(void)
{
	struct ctx  cx = {.arena = arena_new(START_BYTES), .deadline = deadline_in(START_MS)};
	struct err *e;

	vocabulary_arena = arena_new(START_BYTES);
	slots_fit(&places, SLOTS_MAX);
	e = load(&cx);
	if (e) {
		log_err(LOG_ERROR, NULL, "minilm_failed", e);
		stop();
	}
	arena_free(&cx.arena);
	return !e;
}

/* Between texts: one takes at most a few tenths of a second. */
static struct err *check_time(struct ctx *cx)
{
	if (ctx_cancelled(cx))
		FAIL(cx, ERR_CANCELLED, "cancelled while embedding");
	if (deadline_left_ms(cx->deadline) == 0)
		FAIL(cx, ERR_DEADLINE, "deadline passed while embedding");
	return NULL;
}

struct ids {
	uint16_t at[MINILM_TOKENS_MAX];
	size_t   n;
};

static struct err *embed_text(struct ctx *cx, const struct ids *ids, struct minilm_work *work,
                              float *vector)
{
	struct slot place;

	TRY(check_time(cx));
	TRY(slots_take(cx, &places, (double)ids->n, &place));
	minilm_vector(model, ids->at, ids->n, work, vector);
	slots_give(&places, place, true);
	return NULL;
}

static struct err *minilm_embed_texts(struct ctx *cx, const struct embed_order *order,
                                      struct embeddings *out)
{
	const float       **vectors = NEW_ARRAY(cx->arena, const float *, order->n + 1);
	struct ids         *ids = NEW_ARRAY(cx->arena, struct ids, order->n + 1);
	struct minilm_work *work;
	size_t              longest = 0;

	for (size_t i = 0; i < order->n; i++) {
		ids[i].n =
			wordpiece_ids(vocabulary, span_of(order->texts[i]), ids[i].at, MINILM_TOKENS_MAX);
		longest = ids[i].n > longest ? ids[i].n : longest;
	}
	work = minilm_work_new(cx->arena, longest);
	for (size_t i = 0; i < order->n; i++) {
		float *vector = arena_alloc_raw(cx->arena, MINILM_DIMS * sizeof(*vector));

		TRY(embed_text(cx, &ids[i], work, vector));
		vectors[i] = vector;
	}
	out->vectors = vectors;
	out->n = order->n;
	return NULL;
}

struct embed_engine minilm_embed = {
	.p = {.name = "local",
          .settings = &minilm_settings,
          .is_local = true,
          .is_configured = is_configured,
          .start = begin,
          .stop = stop},
	.model = "all-MiniLM-L6-v2",
	.dims = MINILM_DIMS,
	.embed = minilm_embed_texts,
};
