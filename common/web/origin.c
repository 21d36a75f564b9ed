/* origin.c -- CORS by one exact list for all functions. */
#include "origin.h"

#define ALLOWED_HEADERS \
	"authorization, apikey, content-type, x-client-info, x-request-id, idempotency-key, " \
	"x-region, x-supabase-api-version, x-session-id, x-session-secret, x-turn-id, " \
	"traceparent"
#define API_HEADERS \
	", accept-profile, content-profile, prefer, range, range-unit, x-upsert, cache-control, " \
	"x-metadata, x-retry-count"
#define PREFLIGHT_SECONDS "86400"

struct origin_values {
	const char *allowed;
};
static struct origin_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_LIST(origin_values, allowed, "SCRIBE_ALLOWED_ORIGINS",
                 .help = "origins of sites that may call, e.g. https://example.com"),
};

const struct cfg_group origin_settings = {"Origins", &values, keys, COUNT(keys)};

static bool is_listed(const char *origin)
{
	struct span rest = values.allowed ? span_of(values.allowed) : SPAN(""), item;

	while (cfg_next_item(&rest, &item))
		if (span_equal(item, span_of(origin)))
			return true;
	return false;
}

bool origin_is_listed(const char *url)
{
	struct span rest = values.allowed ? span_of(values.allowed) : SPAN(""), item;

	while (cfg_next_item(&rest, &item))
		if (span_starts(span_of(url), item) && (!url[item.len] || strchr("/?#", url[item.len])))
			return true;
	return false;
}

struct err *origin_check(struct req *rq, bool is_api)
{
	const char *origin = req_header(rq, "Origin");

	req_set_header(rq, "Vary", "Origin");
	if (!origin)
		return NULL;
	if (!is_listed(origin))
		FAIL(req_ctx(rq), ERR_ORIGIN, "origin is not on the list");
	req_set_header(rq, "Access-Control-Allow-Origin", origin);
	req_set_header(rq, "Access-Control-Expose-Headers",
	               is_api ? "Content-Range, X-Supabase-Api-Version, X-Total-Count, Link, "
	                        "X-Request-Id, Retry-After"
	                      : "X-Request-Id, Retry-After");
	return NULL;
}

void origin_preflight(struct req *rq, const char *methods, bool is_api)
{
	req_set_header(rq, "Access-Control-Allow-Methods", methods);
	req_set_header(rq, "Access-Control-Allow-Headers",
	               is_api ? ALLOWED_HEADERS API_HEADERS : ALLOWED_HEADERS);
	req_set_header(rq, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
	reply_bytes(rq, 204, NULL, SPAN(""));
}
