/* openai_embed_reply.c -- reads {"data": [{"index", "embedding"}]} and trusts none of it. */
#include "openai_embed_reply.h"

#include "../base/base64.h"
#include "../base/str.h"
#include "upstream.h"

#include <endian.h>
#include <math.h>

/* Little-endian floats, as the services send them. */
static bool read_base64(struct ctx *cx, const char *text, size_t dims, float *out)
{
	struct span encoded = span_of(text);
	size_t      len = 0;
	char       *bytes;

	if (encoded.len < dims * 4 || encoded.len > BASE64_ENCODED_BYTES(dims * 4))
		return false;
	bytes = arena_alloc_raw(cx->arena, BASE64_DECODED_MAX(encoded.len));
	if (!base64_decode(encoded, bytes, &len) || len != dims * 4)
		return false;
	for (size_t i = 0; i < dims; i++) {
		uint32_t bits;

		memcpy(&bits, bytes + i * 4, 4);
		bits = le32toh(bits);
		memcpy(&out[i], &bits, 4);
	}
	return true;
}

static bool read_list(const struct cJSON *list, size_t dims, float *out)
{
	size_t n = 0;

	for (const struct cJSON *v = json_first(list); v; v = json_next(v)) {
		if (n == dims || json_type(v) != JSON_NUMBER)
			return false;
		out[n++] = (float)json_num_at(v, "", 0);
	}
	return n == dims;
}

/* False when there is no direction in it: zeros, or not numbers. */
static bool make_unit(float *vector, size_t dims)
{
	double square = 0;

	for (size_t i = 0; i < dims; i++)
		square += (double)vector[i] * (double)vector[i];
	if (!isfinite(square) || square < 1e-12)
		return false;
	for (size_t i = 0; i < dims; i++)
		vector[i] = (float)((double)vector[i] / sqrt(square));
	return true;
}

static struct err *read_vector(struct ctx *cx, const struct cJSON *item, size_t dims,
                               const float **out)
{
	const struct cJSON *value = json_at(item, "embedding");
	const char         *text = json_text_at(item, "embedding");
	float              *vector = arena_alloc_raw(cx->arena, dims * sizeof(*vector));

	if (text ? !read_base64(cx, text, dims, vector) : !value || !read_list(value, dims, vector))
		FAIL(cx, ERR_UPSTREAM, "an embedding is not %zu numbers", dims);
	if (!make_unit(vector, dims))
		FAIL(cx, ERR_UPSTREAM, "an embedding has no direction");
	*out = vector;
	return NULL;
}

/* A server may add a date to the name it was asked for, never answer with another. */
static struct err *check_model(struct ctx *cx, const struct cJSON *root, const char *wanted)
{
	const char *model = json_text_at(root, "model");

	if (model && !span_starts(span_of(model), span_of(wanted)))
		FAIL(cx, ERR_UPSTREAM, "the embeddings are another model's than %s", wanted);
	return NULL;
}

struct err *openai_embed_reply(struct ctx *cx, struct span body, const struct embed_wanted *wanted,
                               const float **vectors)
{
	const struct cJSON *root, *data;

	TRY(upstream_json(cx, body, &root));
	TRY(check_model(cx, root, wanted->model));
	data = json_at(root, "data");
	if (!data || json_type(data) != JSON_ARRAY || json_count(data) != wanted->n)
		FAIL(cx, ERR_UPSTREAM, "%zu embeddings for %zu texts", data ? json_count(data) : 0,
		     wanted->n);
	memset(vectors, 0, wanted->n * sizeof(const float *));
	for (const struct cJSON *item = json_first(data); item; item = json_next(item)) {
		double index = json_num_at(item, "index", -1);

		if (!(index >= 0 && index < (double)wanted->n) || vectors[(size_t)index])
			FAIL(cx, ERR_UPSTREAM, "an embedding's index is wrong or there twice");
		TRY(read_vector(cx, item, wanted->dims, &vectors[(size_t)index]));
	}
	return NULL;
}
