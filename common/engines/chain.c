/* chain.c -- who is asked, in which order, for how long; what a failure means for later calls. */
#include "provider.h"

#include "../base/log.h"
#include "../base/metrics.h"
#include "../call/http_client.h"

#include <ctype.h>

#define RESERVE_PART   4u      /* 1/4 of what is left is kept for the later engines */
#define FAIR_MS        1000u   /* with less time than this a time-out is not the engine's fault */
#define RATE_HOLD_MS   5000u   /* a 429 that does not say how long */
#define HOLD_MAX_MS    60000u  /* what one says is believed for no longer without a look */
#define DENIED_HOLD_MS 300000u /* a wrong key or a used-up quota: for a person to mend */
#define UNAVAILABLE_MS 5000u

/* ---- Start ---- */

/* "STT_PROVIDERS" for "stt". */
static const char *setting_of(const struct chain *c, char out[32])
{
	snprintf(out, 32, "%s_PROVIDERS", c->capability);
	for (char *p = out; *p && *p != '_'; p++)
		*p = (char)toupper((unsigned char)*p);
	return out;
}

/* Whatever an engine of this machine is called, "local" and "builtin" mean it. */
static bool goes_by(const struct provider *p, struct span name)
{
	if (span_equal(name, span_of(p->name)))
		return true;
	if (!p->is_local)
		return false;
	return span_equal(name, SPAN("local")) || span_equal(name, SPAN("builtin"));
}

static struct provider *find_known(const struct chain *c, struct span name)
{
	for (size_t i = 0; i < c->known_n; i++)
		if (goes_by(c->known[i], name))
			return c->known[i];
	return NULL;
}

static bool has_already(const struct chain *c, const struct provider *p)
{
	for (size_t i = 0; i < c->order_n; i++)
		if (c->order[i] == p)
			return true;
	return false;
}

static bool is_configured(const struct provider *p)
{
	return !p->is_configured || p->is_configured();
}

static unsigned mark_of_secrets(unsigned mark, const struct cfg_group *group)
{
	for (size_t i = 0; group && i < group->n; i++) {
		const struct cfg_key *key = &group->keys[i];
		const char           *text;

		if (!(key->flags & CFG_SECRET))
			continue;
		text = *(const char *const *)((const char *)group->values + key->offset);
		for (; text && *text; text++)
			mark = (mark ^ (unsigned char)*text) * 0x01000193u;
	}
	return mark ^ mark >> 16;
}

/* A program that starts has the key as it is now, and a quota may have been raised: it asks once
 * more. One that still drains with the key of before is refused under another mark. */
static void forget_refusals(struct provider *p)
{
	char name[48];

	snprintf(name, sizeof(name), "denied.%s", p->name);
	p->denied_breaker = breaker_named(name);
	p->asks_as = mark_of_secrets(mark_of_secrets(0x811c9dc5u, p->account), p->settings);
	breaker_pardon(p->denied_breaker);
}

/* "llm.reply", or "stt" where there is one operation only. */
static const char *operation_name(const struct chain *c, size_t i, char out[32])
{
	snprintf(out, 32, "%s%s%s", c->capability, c->operations_n ? "." : "",
	         c->operations_n ? c->operations[i] : "");
	return out;
}

/* What each operation is counted as; that none has failed yet is told, too. */
static void prepare_to_count(const struct chain *c, struct provider *p)
{
	char operation[32], name[48];

	p->paid_as = p->is_local ? 0 : metrics_name(NAMES_provider, p->name);
	for (size_t i = 0; i < (c->operations_n ? c->operations_n : 1); i++) {
		snprintf(name, sizeof(name), "%s %s", p->name, operation_name(c, i, operation));
		p->counted_as[i] = metrics_name(NAMES_call, name);
		for (unsigned outcome = 0; outcome < OUTCOMES_N; outcome++)
			metrics_expect(METRIC_calls, AT(p->counted_as[i], outcome));
	}
}

/* "llm.groq.reply", or "stt.groq" where there is one operation only; "account.groq". */
static void give_breakers(const struct chain *c, struct provider *p)
{
	char name[48];

	forget_refusals(p);
	snprintf(name, sizeof(name), "account.%s", p->name);
	p->account_breaker = breaker_named(name);
	snprintf(name, sizeof(name), "%s.%s", c->capability, p->name);
	if (!c->operations_n)
		p->breakers[0] = breaker_named(name);
	for (size_t i = 0; i < c->operations_n; i++) {
		snprintf(name, sizeof(name), "%s.%s.%s", c->capability, p->name, c->operations[i]);
		p->breakers[i] = breaker_named(name);
	}
}

static void add(struct chain *c, struct provider *p)
{
	if (has_already(c, p) || c->order_n == CHAIN_MAX)
		return;
	if (p->start && !p->start()) {
		c->left_out = p->name;
		return;
	}
	if (!p->is_local)
		give_breakers(c, p);
	prepare_to_count(c, p);
	c->order[c->order_n++] = p;
}

static bool is_wrong(const struct chain *c, struct span name)
{
	struct provider *p = find_known(c, name);
	char             setting[32];

	if (p && is_configured(p))
		return false;
	fprintf(stderr, "%s: '%.*s' %s\n", setting_of(c, setting), (int)name.len, name.ptr,
	        p ? "lacks what it needs (a key, a model file)" : "is not a provider for this");
	return true;
}

static struct span wanted_names(const struct chain *c)
{
	return span_of(c->wanted && *c->wanted ? *c->wanted : "");
}

int chain_check(const struct chain *c)
{
	struct span rest = wanted_names(c), name;
	int         problems = 0;

	while (cfg_next_item(&rest, &name))
		problems += is_wrong(c, name);
	return problems;
}

int chain_start(struct chain *c)
{
	struct span wanted = wanted_names(c), rest = wanted, name;
	int         problems = chain_check(c);
	char        operation[32];

	c->order_n = 0;
	c->left_out = NULL;
	for (size_t i = 0; i < (c->operations_n ? c->operations_n : 1); i++)
		c->counted_as[i] = metrics_name(NAMES_operation, operation_name(c, i, operation));
	while (cfg_next_item(&rest, &name)) {
		struct provider *p = find_known(c, name);

		if (p && is_configured(p))
			add(c, p);
	}
	for (size_t i = 0; span_trim(wanted).len == 0 && i < c->known_n; i++)
		if (is_configured(c->known[i]))
			add(c, c->known[i]);
	return problems;
}

void chain_stop(struct chain *c)
{
	for (size_t i = 0; i < c->order_n; i++)
		if (c->order[i]->stop)
			c->order[i]->stop();
	c->order_n = 0;
}

const char *chain_lacking(const struct chain *c)
{
	for (size_t i = 0; i < c->order_n; i++)
		if (c->order[i]->is_broken && c->order[i]->is_broken())
			return c->order[i]->name;
	return c->left_out;
}

void chain_warm(const struct chain *c)
{
	for (size_t i = 0; i < c->order_n; i++)
		if (c->order[i]->base_url)
			http_warm(*c->order[i]->base_url);
}

/* ---- Run ---- */

static bool account_is_away(const struct provider *p, uint64_t now_ms)
{
	return breaker_is_open(p->account_breaker, now_ms) ||
	       breaker_denies(p->denied_breaker, p->asks_as, now_ms);
}

bool provider_is_away(const struct provider *p, unsigned operation, uint64_t now_ms)
{
	if (!p->account_breaker)
		return false;
	return account_is_away(p, now_ms) || breaker_is_open(p->breakers[operation], now_ms);
}

bool provider_may_be_asked(const struct ctx *cx, const struct provider *p, unsigned operation)
{
	return !provider_is_away(p, operation, clock_mono_ms()) && meter_allows(cx, p);
}

/* The first engine at or behind `at` that would be let through now; order_n when none. */
static size_t next_ready(const struct ctx *cx, const struct chain *c, size_t at)
{
	while (at < c->order_n && !provider_may_be_asked(cx, c->order[at], c->operation))
		at++;
	return at;
}

/* An attempt with others behind it leaves them a part; the last gets what is left. */
static unsigned budget_ms(const struct ctx *cx, const struct provider *p, bool is_last)
{
	unsigned left = deadline_left_ms(cx->deadline);
	unsigned own = p->timeout_ms ? p->timeout_ms : UINT32_MAX;

	if (is_last)
		return left;
	left -= left / RESERVE_PART;
	return left < own ? left : own;
}

/* The caller's own fault, or nobody waits any more: no other engine can help. */
static bool ends_chain(const struct err *e)
{
	return e->kind == ERR_CANCELLED || e->kind == ERR_INPUT || e->kind == ERR_AUDIO;
}

static void log_failure(const struct ctx *cx, const struct chain *c, const struct provider *p,
                        const struct err *e, uint64_t began_at_ms)
{
	LOG(e->kind == ERR_UPSTREAM_DENIED ? LOG_ERROR : LOG_WARN, cx, "provider_failed",
	    F_STR("capability", c->capability), F_STR("provider", p->name),
	    F_STR("code", err_code(e->kind)), F_STR("detail", e->detail), F_STR("where", e->where),
	    F_INT("ms", clock_mono_ms() - began_at_ms));
}

/* One engine being asked. */
struct
try {
	struct provider    *provider;
	bool                is_last;
	unsigned            budget_ms;
	struct deadline     until;
	uint64_t            began_at_ms;
	struct breaker_pass pass;
};

static unsigned rate_hold_ms(const struct err *e)
{
	if (!e->retry_after_ms)
		return RATE_HOLD_MS;
	return e->retry_after_ms < HOLD_MAX_MS ? e->retry_after_ms : HOLD_MAX_MS;
}

/* What concerns the whole account; after that time all may ask again. */
static void hold_account(struct provider *p, const struct err *e, uint64_t now)
{
	if (e->kind == ERR_RATE)
		breaker_hold(p->account_breaker, now + rate_hold_ms(e));
	else if (e->kind == ERR_UPSTREAM_DENIED)
		breaker_deny(p->denied_breaker, p->asks_as, now + DENIED_HOLD_MS);
}

/* With too little time, or with somebody who would not wait as long as others, it is not. */
static bool is_its_delay(const struct chain *c, const struct try *t, const struct err *e)
{
	return e->kind == ERR_DEADLINE && t->budget_ms >= FAIR_MS && !c->is_impatient;
}

/* What the breaker learns: the classes of outcomes every service shares. */
static void tell_breaker(const struct chain *c, const struct try *t, const struct err *e)
{
	struct breaker *b = t->provider->breakers[c->operation];
	uint64_t        now = clock_mono_ms();

	if (!b)
		return;
	if (e)
		hold_account(t->provider, e, now);
	if (!e)
		breaker_report(b, t->pass, true, now);
	else if (e->is_content)
		breaker_unusable(b, t->pass, c->session, now);
	else if (!e->is_counted && (e->kind == ERR_UPSTREAM || is_its_delay(c, t, e)))
		breaker_report(b, t->pass, false, now);
	else
		breaker_forget(b, t->pass);
}

static enum metric_outcome outcome_of(const struct err *e)
{
	if (!e)
		return OUTCOME_ok;
	if (e->is_content)
		return OUTCOME_unusable;
	switch (e->kind) {
	case ERR_RATE:
		return OUTCOME_rate_limited;
	case ERR_UPSTREAM_DENIED:
		return OUTCOME_denied;
	case ERR_UPSTREAM_REJECTED:
		return OUTCOME_rejected;
	case ERR_DEADLINE:
		return OUTCOME_timeout;
	case ERR_UPSTREAM:
		return OUTCOME_failed;
	case ERR_UNAVAILABLE:
		return OUTCOME_unavailable;
	case ERR_INPUT:
	case ERR_AUDIO:
		return OUTCOME_bad_input;
	case ERR_CANCELLED:
		return OUTCOME_cancelled;
	default:
		return OUTCOME_internal;
	}
}

static void count_call(const struct ctx *cx, const struct chain *c, const struct try *t,
                       enum metric_outcome outcome)
{
	unsigned call = t->provider->counted_as[c->operation];

	metrics_add(METRIC_calls, AT(call, outcome), 1);
	metrics_time_ms(METRIC_call_time, AT(call), clock_mono_ms() - t->began_at_ms);
	if (outcome == OUTCOME_ok && cx->cost.first_ms) /* a refusal comes soon, and says nothing */
		metrics_time_ms(METRIC_first_time, AT(call), cx->cost.first_ms);
}

/* The breaker last: what it lets through as a probe must be asked. */
static bool lets_through(const struct ctx *cx, const struct chain *c, struct provider *p,
                         struct breaker_pass *pass)
{
	uint64_t now = clock_mono_ms();

	if (!p->account_breaker)
		return true;
	return meter_allows(cx, p) && !account_is_away(p, now) &&
	       breaker_allow(p->breakers[c->operation], now, pass);
}

/* The first engine at or behind *at that lets the call through; *at is left at it. */
static bool next_try(struct ctx *cx, const struct chain *c, size_t *at, struct try *out)
{
	for (; *at < c->order_n; (*at)++) {
		struct provider    *p = c->order[*at];
		struct breaker_pass pass = {0};
		bool                is_last = next_ready(cx, c, *at + 1) == c->order_n;
		unsigned            budget = budget_ms(cx, p, is_last);

		if (!lets_through(cx, c, p, &pass))
			continue;
		*out = (struct try){.provider = p,
		                    .is_last = is_last,
		                    .budget_ms = budget,
		                    .until = deadline_sooner(cx->deadline, deadline_in(budget)),
		                    .began_at_ms = clock_mono_ms(),
		                    .pass = pass};
		return true;
	}
	return false;
}

/* Within the time of the try. */
static struct err *call_attempt(struct ctx *cx, const struct try *t, chain_attempt *attempt,
                                void *data)
{
	struct deadline whole = cx->deadline;
	struct err     *e;

	cx->cost.first_ms = 0;
	cx->deadline = deadline_sooner(whole, t->until);
	cx->is_last_attempt = t->is_last;
	e = attempt(t->provider, cx, data);
	cx->is_last_attempt = false;
	cx->deadline = whole;
	return e;
}

static struct err *settle(struct ctx *cx, const struct chain *c, const struct try *t, size_t at,
                          struct err *e, struct chain_result *out)
{
	tell_breaker(c, t, e);
	count_call(cx, c, t, outcome_of(e));
	if (e && !ends_chain(e))
		log_failure(cx, c, t->provider, e, t->began_at_ms);
	if (e && !e->is_late)
		return e;
	if (at > 0)
		metrics_add(METRIC_fallbacks, AT(c->counted_as[c->operation]), 1);
	*out = (struct chain_result){.served = t->provider, .fell_back = at > 0, .late = e};
	return NULL;
}

/* The engines at and behind `at`; `e` is what those before came to. */
static struct err *run_from(struct ctx *cx, const struct chain *c, size_t at, struct err *e,
                            chain_attempt *attempt, void *data, struct chain_result *out)
{
	struct try t;

	for (; !(e && deadline_left_ms(cx->deadline) == 0) && next_try(cx, c, &at, &t); at++) {
		e = settle(cx, c, &t, at, call_attempt(cx, &t, attempt, data), out);
		if (!e || ends_chain(e))
			return e;
	}
	if (e)
		return e;
	e = err_new(cx, ERR_UNAVAILABLE, WHERE, "no provider for %s is ready", c->capability);
	e->retry_after_ms = UNAVAILABLE_MS;
	return e;
}

struct err *chain_run(struct ctx *cx, const struct chain *c, chain_attempt *attempt, void *data,
                      struct chain_result *out)
{
	*out = (struct chain_result){0};
	return run_from(cx, c, 0, NULL, attempt, data, out);
}

/* ---- Run in two steps ---- */

struct chain_begun {
	struct chain chain;
	size_t       at;
	struct try   first;
	struct err  *failed; /* to begin */
	bool         is_under_way;
};

/* Nobody asked what became of it. */
static void abandon(void *data)
{
	struct chain_begun *b = data;

	if (!b->is_under_way)
		return;
	metrics_add(METRIC_calls,
	            AT(b->first.provider->counted_as[b->chain.operation], OUTCOME_cancelled), 1);
	if (b->first.provider->account_breaker)
		breaker_forget(b->first.provider->breakers[b->chain.operation], b->first.pass);
}

struct chain_begun *chain_begin(struct ctx *cx, const struct chain *c, chain_attempt *begin,
                                void *data)
{
	struct chain_begun *b = NEW(cx->arena, struct chain_begun);

	b->chain = *c;
	b->is_under_way = next_try(cx, c, &b->at, &b->first);
	arena_defer(cx->arena, abandon, b);
	if (b->is_under_way)
		b->failed = call_attempt(cx, &b->first, begin, data);
	return b;
}

void chain_hurry(struct chain_begun *b)
{
	b->chain.is_impatient = true;
	if (b->is_under_way)
		b->chain.order_n = b->at + 1;
}

struct err *chain_end(struct ctx *cx, struct chain_begun *b, chain_attempt *attempt, void *data,
                      struct chain_result *out)
{
	struct err *e = b->failed;

	*out = (struct chain_result){0};
	if (b->is_under_way) {
		b->is_under_way = false;
		if (!e)
			e = call_attempt(cx, &b->first, attempt, data);
		e = settle(cx, &b->chain, &b->first, b->at, e, out);
		if (!e || ends_chain(e))
			return e;
	}
	return run_from(cx, &b->chain, b->at + 1, e, attempt, data, out);
}
