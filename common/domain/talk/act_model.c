/* act_model.c -- learning the weights, and asking them.
 *
 * The weights stand feature by feature, those of all acts side by side: what a sentence has not
 * costs nothing. Words are told apart by a hash, of which few share a place. */
#include "act_model.h"

#include "../text/tokens.h"

#include <math.h>

enum {
	FORM_FEATURES = 6, /* always there, a question or none, how long */
	BUCKETS = 1 << 13, /* of words and pairs of them */
	WORDS_MAX = 60,    /* of a sentence; the rest tells nothing new */
	GRAMS_MAX = 2 * WORDS_MAX + 1,
	ROUNDS = 12,
};

#define QUESTION_WEIGHT 0.3f
#define LENGTH_WEIGHT   0.2f
#define RATE            0.1f
#define DECAY           1e-4f
#define USUAL_EXAMPLES  60.0f /* of an act that weighs one */
#define FIRST_SQUARE    1e-2f

/* ---- features ---- */

struct features {
	const float *vector;
	float        form[FORM_FEATURES];
	unsigned     gram[GRAMS_MAX]; /* its bucket */
	float        weight[GRAMS_MAX];
	size_t       grams_n;
};

static size_t gram_row(size_t dims, unsigned bucket)
{
	return dims + FORM_FEATURES + bucket;
}

size_t act_model_floats(size_t dims)
{
	return (dims + FORM_FEATURES + BUCKETS) * ACTS_N + BUCKETS;
}

/* Behind the weights: how much a bucket tells, by how few of the examples have it; 0: none has. */
static const float *tellings_of(const float *weights, size_t dims)
{
	return weights + (dims + FORM_FEATURES + BUCKETS) * ACTS_N;
}

/* FNV-1a. */
static unsigned hashed(unsigned hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

static unsigned bucket_of(const char *before, const char *word)
{
	unsigned hash = hashed(2166136261u, before ? before : "");

	return (hashed(hash * 16777619u, word) >> 7) % BUCKETS;
}

static size_t grams_of(const struct utterance *u, unsigned out[GRAMS_MAX])
{
	size_t      n = 0;
	const char *before = "^";

	for (size_t i = 0; i < u->n && i < WORDS_MAX; i++) {
		out[n++] = bucket_of(NULL, u->words[i].low);
		out[n++] = bucket_of(before, u->words[i].low);
		before = u->words[i].low;
	}
	out[n++] = bucket_of(before, "$");
	return n;
}

static void weigh_grams(const float *tellings, struct features *f)
{
	float squares = 0;

	for (size_t i = 0; i < f->grams_n; i++) {
		f->weight[i] = tellings[f->gram[i]];
		squares += f->weight[i] * f->weight[i];
	}
	for (size_t i = 0; i < f->grams_n && squares > 0; i++)
		f->weight[i] /= sqrtf(squares);
}

static void features_of(const float *tellings, const float *vector, const struct utterance *u,
                        struct act_form form, struct features *out)
{
	*out = (struct features){.vector = vector, .form = {1}};
	out->form[1] = form.is_question ? QUESTION_WEIGHT : -QUESTION_WEIGHT;
	out->form[2 + form.length] = LENGTH_WEIGHT;
	out->grams_n = grams_of(u, out->gram);
	weigh_grams(tellings, out);
}

/* ---- asking ---- */

static void add_row(float *restrict sums, const float *restrict row, float times)
{
	for (size_t k = 0; k < ACTS_N; k++)
		sums[k] += times * row[k];
}

static void softmax(float sums[ACTS_N])
{
	float most = sums[0], all = 0;

	for (size_t k = 1; k < ACTS_N; k++)
		most = sums[k] > most ? sums[k] : most;
	for (size_t k = 0; k < ACTS_N; k++)
		all += sums[k] = expf(sums[k] - most);
	for (size_t k = 0; k < ACTS_N; k++)
		sums[k] /= all;
}

static void ask(const float *weights, size_t dims, const struct features *f, float out[ACTS_N])
{
	memset(out, 0, ACTS_N * sizeof(*out));
	for (size_t i = 0; i < dims; i++)
		add_row(out, weights + i * ACTS_N, f->vector[i]);
	for (size_t i = 0; i < FORM_FEATURES; i++)
		add_row(out, weights + (dims + i) * ACTS_N, f->form[i]);
	for (size_t i = 0; i < f->grams_n; i++)
		add_row(out, weights + gram_row(dims, f->gram[i]) * ACTS_N, f->weight[i]);
	softmax(out);
}

void act_model_ask(const struct act_vectors *known, const float *vector, const struct utterance *u,
                   double out[ACTS_N])
{
	struct features f;
	float           likely[ACTS_N];

	features_of(tellings_of(known->weights, known->dims), vector, u, act_form_said(u), &f);
	ask(known->weights, known->dims, &f, likely);
	for (size_t k = 0; k < ACTS_N; k++)
		out[k] = (double)likely[k];
}

/* ---- learning ---- */

struct lesson {
	float           *weights, *squares; /* of each weight, its gradients so far */
	size_t           dims, n;
	struct features *of; /* each example */
	float            act_weight[ACTS_N];
};

static void learn_row(struct lesson *l, size_t row, const float *restrict errors, float value)
{
	float *restrict w = l->weights + row * ACTS_N, *restrict squares = l->squares + row * ACTS_N;

	for (size_t k = 0; k < ACTS_N; k++) {
		float slope = errors[k] * value + DECAY * w[k];

		squares[k] += slope * slope;
		w[k] -= RATE * slope / sqrtf(squares[k]);
	}
}

static void learn_example(struct lesson *l, const struct features *f, enum act act)
{
	float errors[ACTS_N];

	ask(l->weights, l->dims, f, errors);
	errors[act] -= 1;
	for (size_t k = 0; k < ACTS_N; k++)
		errors[k] *= l->act_weight[act];
	for (size_t i = 0; i < l->dims; i++)
		learn_row(l, i, errors, f->vector[i]);
	for (size_t i = 0; i < FORM_FEATURES; i++)
		if (f->form[i] != 0)
			learn_row(l, l->dims + i, errors, f->form[i]);
	for (size_t i = 0; i < f->grams_n; i++)
		if (f->weight[i] > 0)
			learn_row(l, gram_row(l->dims, f->gram[i]), errors, f->weight[i]);
}

/* In another order each round, the same at each time. */
static void learn_round(struct lesson *l, size_t *order, uint64_t *chance)
{
	const struct act_example *examples = act_examples(&(size_t){0});

	for (size_t i = l->n; i-- > 1;) {
		size_t j, kept = order[i];

		*chance = *chance * 6364136223846793005u + 1442695040888963407u;
		j = (size_t)(*chance >> 33) % (i + 1);
		order[i] = order[j];
		order[j] = kept;
	}
	for (size_t i = 0; i < l->n; i++)
		learn_example(l, &l->of[order[i]], examples[order[i]].act);
}

static void count_tellings(struct ctx *cx, size_t n, float *tellings)
{
	const struct act_example *examples = act_examples(&n);
	unsigned                  grams[GRAMS_MAX];

	memset(tellings, 0, BUCKETS * sizeof(*tellings));
	for (size_t i = 0; i < n; i++) {
		struct utterance u = tokens_split(cx, span_of(examples[i].text));
		size_t           grams_n = grams_of(&u, grams);

		for (size_t k = 0; k < grams_n; k++)
			tellings[grams[k]] += 1;
	}
	for (size_t i = 0; i < BUCKETS; i++)
		tellings[i] = tellings[i] > 0 ? logf(1 + (float)n / tellings[i]) : 0;
}

static void weigh_acts(struct lesson *l)
{
	const struct act_example *examples = act_examples(&(size_t){0});

	for (size_t i = 0; i < l->n; i++)
		l->act_weight[examples[i].act] += 1;
	for (size_t k = 0; k < ACTS_N; k++)
		l->act_weight[k] = l->act_weight[k] > 0 ? sqrtf(USUAL_EXAMPLES / l->act_weight[k]) : 0;
}

void act_model_learn(struct ctx *cx, const struct act_vectors *known, float *weights)
{
	struct lesson             l = {.weights = weights, .dims = known->dims};
	const struct act_example *examples = act_examples(&l.n);
	size_t                    all = act_model_floats(known->dims) - BUCKETS,
		   *order = NEW_ARRAY(cx->arena, size_t, l.n);
	float   *tellings = weights + all;
	uint64_t chance = 1;

	l.of = NEW_ARRAY(cx->arena, struct features, l.n);
	l.squares = NEW_ARRAY(cx->arena, float, all);
	weigh_acts(&l);
	count_tellings(cx, l.n, tellings);
	for (size_t i = 0; i < all; i++) {
		weights[i] = 0;
		l.squares[i] = FIRST_SQUARE;
	}
	for (size_t i = 0; i < l.n; i++) {
		struct utterance u = tokens_split(cx, span_of(examples[i].text));

		order[i] = i;
		features_of(tellings, known->rows + i * known->dims, &u, known->forms[i], &l.of[i]);
	}
	for (size_t round = 0; round < ROUNDS; round++)
		learn_round(&l, order, &chance);
}
