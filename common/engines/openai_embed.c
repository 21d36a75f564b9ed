/* openai_embed.c -- text-embedding-3-small of OpenAI.
 *
 * The model is no setting: its name is stored with every vector, and tables,
 * indexes and searches know its size. */
#include "../base/json_out.h"
#include "../base/utf8.h"
#include "engines.h"
#include "openai_account.h"
#include "openai_embed_reply.h"
#include "upstream.h"

#define MODEL "text-embedding-3-small"
#define DIMS  1536

/* The service reads 8 192 tokens of a text and 300 000 of a request and refuses
 * more; a token is at least a byte. An answer of 64 lists of 1 536 numbers is
 * what json_in takes, should a server not know base64. */
#define TEXT_BYTES_MAX    8000u
#define REQUEST_TEXTS_MAX 64u
#define REQUEST_BYTES_MAX 250000u
#define REQUEST_MAX       ((size_t)2 << 20)
#define REPLY_MAX         ((size_t)4 << 20)
#define CONNECT_MS        2000u

static struct settings {
	int64_t timeout_ms;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(settings, timeout_ms, "OPENAI_EMBED_MS", .fallback = "5000", .min = 100,
                .max = 600000, .help = "longest time for one request for embeddings"),
};
static const struct cfg_group embed_settings = {"OpenAI embedding", &settings, keys, COUNT(keys)};

/* Few of the servers people run themselves embed with this model, so an address
 * alone is enough only for who names the engine in EMBED_PROVIDERS. */
static bool is_configured(void)
{
	return openai_has_key() || (openai_has_address() && !str_is_blank(*embedding.wanted));
}

/* What the model reads of a text; it refuses an empty one. */
static struct span cut(const char *text)
{
	return *text ? utf8_prefix(span_of(text), TEXT_BYTES_MAX) : SPAN(" ");
}

/* How many of the texts fit in one request; at least one. */
static size_t fitting(const struct embed_order *order, size_t first)
{
	size_t n = 0, bytes = 0;

	while (first + n < order->n && n < REQUEST_TEXTS_MAX) {
		bytes += cut(order->texts[first + n]).len;
		if (n && bytes > REQUEST_BYTES_MAX)
			break;
		n++;
	}
	return n;
}

static struct err *request_of(struct ctx *cx, const char *const *texts, size_t n, struct span *out)
{
	struct json_out *j = json_new(cx->arena, REQUEST_MAX);

	json_obj(j, NULL);
	json_str(j, "model", MODEL);
	json_str(j, "encoding_format", "base64");
	json_arr(j, "input");
	for (size_t i = 0; i < n; i++)
		json_span(j, NULL, cut(texts[i]));
	json_end(j);
	json_end(j);
	return json_finish(cx, j, out);
}

/* About: the answer is large, and what it says of its cost would be read for that alone. */
static int64_t tokens_of(const char *const *texts, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += cut(texts[i]).len;
	return (int64_t)(bytes / 4 + n);
}

static struct err *embed_some(struct ctx *cx, const char *const *texts, size_t n,
                              const float **vectors)
{
	const struct embed_wanted wanted = {.model = MODEL, .n = n, .dims = DIMS};
	const char               *headers[3] = {"Content-Type: application/json"};
	struct http_call          call = {.headers = headers, .reply_max = REPLY_MAX};
	struct http_reply         reply;
	struct bill               bill;
	struct err               *e;

	if (openai_has_key())
		headers[1] =
			upstream_secret_header(cx, "Authorization",
		                           arena_printf(cx->arena, "Bearer %s", openai_account.key));
	call.url = upstream_url(cx, openai_account.base_url, "/v1", "/embeddings");
	TRY(request_of(cx, texts, n, &call.body));
	call.limits =
		(struct http_limits){.connect_ms = CONNECT_MS, .total_ms = (unsigned)settings.timeout_ms};
	bill = meter_ask(cx, &openai_embed.p, tokens_of(texts, n));
	e = upstream_call(cx, &call, &reply);
	if (e)
		meter_settle_failed(&bill, e);
	TRY(e);
	meter_settle(&bill, bill.amount);
	return openai_embed_reply(cx, reply.body, &wanted, vectors);
}

static struct err *openai_embed_texts(struct ctx *cx, const struct embed_order *order,
                                      struct embeddings *out)
{
	const float **vectors = NEW_ARRAY(cx->arena, const float *, order->n + 1);
	size_t        n;

	for (size_t first = 0; first < order->n; first += n) {
		n = fitting(order, first);
		TRY(embed_some(cx, order->texts + first, n, vectors + first));
	}
	out->vectors = vectors;
	out->n = order->n;
	return NULL;
}

struct embed_engine openai_embed = {
	.p = {.name = "openai",
          .settings = &embed_settings,
          .account = &openai_account_settings,
          .base_url = &openai_account.base_url,
          .unit = METER_TOKENS,
          .daily_max = &openai_account.daily_tokens,
          .is_configured = is_configured},
	.model = MODEL,
	.dims = DIMS,
	.embed = openai_embed_texts,
};
