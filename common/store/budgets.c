/* budgets.c -- the chat_budgets table. */
#include "budgets.h"

#include "../db/db.h"
#include "addresses.h"

#include <ctype.h>

struct budget_values {
	int64_t requests, tokens;
};
static struct budget_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(budget_values, requests, "CHAT_BUDGET_REQUESTS", .fallback = "500", .min = 0,
                .max = INT32_MAX, .help = "groq_chat requests of one caller a day; 0: no limit"),
	CFG_KEY_INT(budget_values, tokens, "CHAT_BUDGET_TOKENS", .fallback = "200000", .min = 0,
                .max = INT64_C(1) << 50,
                .help = "groq_chat tokens of one caller a day; 0: no limit"),
};

const struct cfg_group budget_settings = {"Budgets", &values, keys, COUNT(keys)};

struct hash budget_of_address(const char *address)
{
	return address_hash("chat_address", address);
}

struct hash budget_of_session(const char *session_id)
{
	char   lower[CRYPTO_UUID_CHARS];
	size_t n = 0;

	for (; n < sizeof(lower) && session_id[n]; n++)
		lower[n] = (char)tolower((unsigned char)session_id[n]);
	return HASH("chat_session", ((struct span){lower, n}));
}

static struct err *used_up(struct ctx *cx, int64_t seconds)
{
	struct err *e = err_new(cx, ERR_RATE, WHERE, "the day's budget is used up");

	e->retry_after_ms = (unsigned)seconds * 1000;
	return e;
}

struct err *budget_take(struct ctx *cx, struct hash caller, struct budget *out)
{
	struct db_rows rows;

	*out = (struct budget){.caller = caller};
	if (!values.requests && !values.tokens)
		return NULL;
	TRY(db_query(cx, &rows,
	             "with taken as (insert into chat_budgets as b (caller_hash, requests)"
	             "  values ($1::bytea, 1) on conflict (caller_hash, day) do update"
	             "  set requests = b.requests + 1"
	             "  where ($2::bigint = 0 or b.requests < $2::bigint)"
	             "   and ($3::bigint = 0 or b.tokens < $3::bigint)"
	             "  returning b.day)"
	             " select (select day::text from taken), ceil(extract(epoch from"
	             "  date_trunc('day', t) + interval '1 day' - t))::bigint"
	             " from (select now() at time zone 'UTC' as t) clock",
	             ARGS(db_bytes(hash_span(&caller)), db_int(values.requests),
	                  db_int(values.tokens))));
	out->day = row_text(&rows, 0, 0);
	return out->day ? NULL : used_up(cx, row_int(&rows, 0, 1));
}

struct err *budget_charge(struct ctx *cx, const struct budget *b, int64_t tokens)
{
	if (!b->day || tokens <= 0)
		return NULL;
	return db_exec(cx, NULL,
	               "update chat_budgets set tokens = tokens + $3::bigint"
	               " where caller_hash = $1::bytea and day = $2::date",
	               ARGS(db_bytes(hash_span(&b->caller)), db_text(b->day), db_int(tokens)));
}
