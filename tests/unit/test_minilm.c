/* test_minilm.c -- the local embedding model gives the vectors of its reference.
 *
 * The numbers are those of the same weights run by Hugging Face's tokenizers and
 * candle, which agree with sentence-transformers. */
#include "unit.h"

#include "../../common/base/json_in.h"
#include "../../common/base/thread.h"
#include "../../common/engines/engines.h"
#include "../../common/engines/minilm_math.h"
#include "recordings.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define DIMS       384
#define CROWD      16 /* for each processor */
#define PLACES_MAX 16
#define TIMES      6
#define PATIENCE   120000u

static struct embeddings embedded(struct ctx *cx, const char *const *texts, size_t n)
{
	struct embed_order order = {texts, n};
	struct embeddings  out = {0};

	assert_ok(minilm_embed.embed(cx, &order, &out));
	assert_int_equal(out.n, n);
	return out;
}

static double dot(const float *a, const float *b)
{
	double sum = 0;

	for (size_t i = 0; i < DIMS; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

/* A text of `n` words. */
static const char *words(struct ctx *cx, size_t n)
{
	char *text = arena_alloc(cx->arena, n * 5 + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(text + i * 5, "word ", 5);
	return text;
}

static void gives_the_vectors_of_the_reference(void **state)
{
	static const struct {
		const char *text;
		double      first[4], last;
	} known[] = {
		{"How do I reset my password?", {0.00687, -0.06305, -0.07205, -0.03246}, -0.07624},
		{"A man is playing the guitar.", {0.02358, 0.00066, -0.00624, -0.05645}, -0.02328},
		{"Shares dropped on Wall Street.", {0.05279, -0.05132, 0.05125, 0.09659}, 0.10645},
		{"", {-0.11881, 0.04832, -0.00266, -0.01095}, -0.01576},
		{"Café déjà vu in ÎLE-DE-FRANCE: 12,50 €", {0.04085, 0.01509, 0.07089, 0.00681}, -0.06907},
		{"東京は人口が多い", {0.07259, 0.1002, 0.07677, 0.00049}, -0.00747},
		{"한국어 문장 가방", {0.00129, 0.09187, -0.00707, 0.00656}, -0.00654},
		{NULL, {-0.00806, -0.09564, -0.03865, 0.04963}, 0.01521}, /* 300 words: cut */
	};
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(known); i++) {
		const char       *text = known[i].text ? known[i].text : words(cx, 300);
		struct embeddings e = embedded(cx, &text, 1);

		for (size_t k = 0; k < 4; k++)
			assert_true(fabs((double)e.vectors[0][k] - known[i].first[k]) < 2e-5);
		assert_true(fabs((double)e.vectors[0][DIMS - 1] - known[i].last) < 2e-5);
		assert_true(fabs(dot(e.vectors[0], e.vectors[0]) - 1) < 1e-5);
	}
}

static void finds_the_same_things_alike(void **state)
{
	static const struct {
		const char *a, *b;
		double      similarity;
	} pairs[] = {
		{"How do I reset my password?", "I forgot my login credentials.", 0.6368},
		{"A man is playing the guitar.", "Someone performs music.", 0.5460},
		{"Stocks fell today.", "Shares dropped on Wall Street.", 0.6363},
		{"How do I reset my password?", "The weather is lovely today.", -0.0574},
		{"Café déjà vu in ÎLE-DE-FRANCE: 12,50 €", "東京は人口が多い", 0.1893},
	};
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(pairs); i++) {
		const char *const texts[] = {pairs[i].a, pairs[i].b};
		struct embeddings e = embedded(cx, texts, 2);

		assert_true(fabs(dot(e.vectors[0], e.vectors[1]) - pairs[i].similarity) < 2e-4);
	}
}

static void gives_the_same_whatever_is_embedded_beside(void **state)
{
	struct ctx       *cx = *state;
	const char       *texts[] = {"Dana wants a demo.", words(cx, 90), "Dana wants a demo."};
	struct embeddings alone = embedded(cx, texts, 1), all = embedded(cx, texts, 3);

	assert_memory_equal(alone.vectors[0], all.vectors[0], DIMS * sizeof(float));
	assert_memory_equal(alone.vectors[0], all.vectors[2], DIMS * sizeof(float));
}

/* Of so many numbers of tokens that each remainder of a tile is among them. */
static void gives_the_same_on_any_processor(void **state)
{
	struct ctx       *cx = *state;
	const char       *texts[14] = {"Dana's budget is $40,000; call her on Tuesday."};
	struct embeddings best, slower;

	for (size_t i = 1; i < COUNT(texts); i++)
		texts[i] = words(cx, i + 6);
	best = embedded(cx, texts, COUNT(texts));
	for (enum math_speed speed = MATH_PLAIN; speed < MATH_WIDE; speed++) {
		math_limit_for_test(speed);
		slower = embedded(cx, texts, COUNT(texts));
		math_limit_for_test(MATH_WIDE);
		for (size_t i = 0; i < COUNT(texts); i++)
			for (size_t k = 0; k < DIMS; k++)
				assert_true(fabs((double)(best.vectors[i][k] - slower.vectors[i][k])) < 1e-5);
	}
}

static void stops_when_told(void **state)
{
	struct ctx        *cx = *state;
	const char        *text = "a";
	struct embed_order order = {&text, 1};
	struct embeddings  out;

	cx->cancel = unit_cancelled();
	assert_err(minilm_embed.embed(cx, &order, &out), ERR_CANCELLED);
	cx->cancel = NULL;
	cx->deadline = deadline_in(0);
	assert_err(minilm_embed.embed(cx, &order, &out), ERR_DEADLINE);
}

static void *embed_often(void *data)
{
	struct ctx         cx = {.arena = arena_new(1024), .deadline = deadline_in(60000)};
	const char        *texts[] = {"Dana wants a demo.", words(&cx, 40)};
	struct embed_order order = {texts, 2};
	struct embeddings  out;
	float             *sum = data;

	for (int i = 0; i < 3; i++)
		if (!minilm_embed.embed(&cx, &order, &out))
			sum[i] = out.vectors[0][0] + out.vectors[1][DIMS - 1];
	arena_free(&cx.arena);
	return NULL;
}

static void embeds_from_several_threads(void **state)
{
	pthread_t threads[4];
	float     sums[4][3] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, embed_often, sums[i]), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_true(fabsf(sums[0][0]) > 1e-6f);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_memory_equal(sums[i], sums[0], sizeof(sums[0]));
}

/* Of one address, each with one long text after the other. */
enum { ANN = 1, BOB };

struct crowd {
	const char   *text;
	atomic_uint   come, done;
	struct cancel over;
};

static void *embed_in_crowd(void *data)
{
	struct crowd      *crowd = data;
	struct ctx         cx = new_ctx(PATIENCE);
	struct embed_order order = {&crowd->text, 1};
	struct embeddings  out;

	cx.client = ANN;
	cx.cancel = &crowd->over;
	atomic_fetch_add(&crowd->come, 1);
	while (!minilm_embed.embed(&cx, &order, &out))
		atomic_fetch_add(&crowd->done, 1);
	arena_free(&cx.arena);
	return NULL;
}

static void one_of_another_address_does_not_wait_for_a_crowd(void **state)
{
	struct ctx  *cx = *state;
	struct crowd crowd = {.text = words(cx, 60)};
	unsigned     processors = (unsigned)sysconf(_SC_NPROCESSORS_ONLN), before, after;
	unsigned     n = CROWD * (processors < PLACES_MAX ? processors : PLACES_MAX);
	pthread_t   *threads = NEW_ARRAY(cx->arena, pthread_t, n);

	cancel_init(&crowd.over);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(thread_start(&threads[i], 1 << 20, embed_in_crowd, &crowd), 0);
	while (atomic_load(&crowd.come) < n)
		sched_yield();
	cx->client = BOB;
	cx->deadline = deadline_in(PATIENCE);
	before = atomic_load(&crowd.done);
	for (int i = 0; i < TIMES; i++)
		embedded(cx, &crowd.text, 1);
	after = atomic_load(&crowd.done);
	cancel_fire(&crowd.over, CANCEL_CLIENT_LEFT);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	cancel_end(&crowd.over);
	/* Those that were at work already, and one beside each of its own on every other processor. */
	assert_true(after - before < n * TIMES / 3);
}

static void serves_the_chain_as_its_last_link(void **state)
{
	struct ctx         *cx = *state;
	const char         *text = "a";
	struct embed_order  order = {&text, 1};
	struct embeddings   out;
	struct chain_result result;

	assert_ptr_equal(embedding_next(cx), &minilm_embed);
	assert_ok(embed(cx, &order, &out, &result));
	assert_string_equal(out.model, "all-MiniLM-L6-v2");
	assert_int_equal(out.dims, DIMS);
	assert_string_equal(result.served->name, "local");
	assert_false(result.fell_back);
}

/* What another folder may hold. */
static bool starts_with(struct ctx *cx, const char *model, const char *tokenizer)
{
	const struct cfg_group *group = minilm_embed.p.settings;
	char                    dir[] = "/tmp/minilm_XXXXXX";
	const char *const       names[] = {"model.fp16.safetensors", "tokenizer.json"};
	const char *const       contents[] = {model, tokenizer};
	bool                    is_configured, has_started;

	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < COUNT(names); i++) {
		FILE *file =
			contents[i] ? fopen(arena_printf(cx->arena, "%s/%s", dir, names[i]), "w") : NULL;

		if (file) {
			fwrite(contents[i], 1, strlen(contents[i]), file);
			fclose(file);
		}
	}
	setenv("MINILM_DIR", dir, 1);
	assert_int_equal(cfg_load(&group, 1), 0);
	is_configured = minilm_embed.p.is_configured();
	has_started = is_configured && minilm_embed.p.start();
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(arena_printf(cx->arena, "%s/%s", dir, names[i]));
	rmdir(dir);
	unsetenv("MINILM_DIR");
	assert_int_equal(cfg_load(&group, 1), 0);
	assert_int_equal(is_configured, model && tokenizer);
	return has_started;
}

static void refuses_other_files(void **state)
{
	struct ctx *cx = *state;
	const char *tokenizer = "{\"model\":{\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":2}}}";

	minilm_embed.p.stop();
	assert_false(starts_with(cx, NULL, NULL));
	assert_false(starts_with(cx, "x", NULL));
	assert_false(starts_with(cx, "not a model", "not a tokenizer"));
	assert_false(starts_with(cx, "not a model at all", tokenizer));
	assert_true(minilm_embed.p.start());
}

static int start_engine(void **state)
{
	(void)state;
	json_start();
	unsetenv("OPENAI_API_KEY");
	unsetenv("EMBED_PROVIDERS");
	if (!minilm_embed.p.is_configured())
		print_message("the model is not there: make setup fetches it\n");
	return chain_start(&embedding) == 0 && embedding.order_n == 1 ? 0 : -1;
}

static int stop_engine(void **state)
{
	(void)state;
	chain_stop(&embedding);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(gives_the_vectors_of_the_reference),
		UNIT_TEST(finds_the_same_things_alike),
		UNIT_TEST(gives_the_same_whatever_is_embedded_beside),
		UNIT_TEST(gives_the_same_on_any_processor),
		UNIT_TEST(stops_when_told),
		UNIT_TEST(embeds_from_several_threads),
		UNIT_TEST(one_of_another_address_does_not_wait_for_a_crowd),
		UNIT_TEST(serves_the_chain_as_its_last_link),
		UNIT_TEST(refuses_other_files),
	};

	return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
