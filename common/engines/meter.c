/* meter.c -- a table of accounts: what is known of each, and what is to be written.
 *
 * Services have places for good. Callers are many and anybody can be one more, so they have a table
 * of fixed size: in a row that is full the one unused for longest gives way, unless something of it
 * is not written yet; it is learnt anew when it asks again. Who finds no place is counted for the
 * service alone. */
#include "meter.h"

#include "../base/log.h"
#include "../base/metrics.h"
#include "../base/str.h"
#include "../base/wait.h"
#include "provider.h"

#include <assert.h>

#define SERVICES_MAX 8u
#define ROWS         256u /* of callers */
#define ROW_PLACES   8u
#define DAY_MS       INT64_C(86400000)

struct meter_values {
	int64_t requests, tokens, characters, audio_seconds;
};
static struct meter_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(
		meter_values, audio_seconds, "CALLER_DAILY_AUDIO_SECONDS", .fallback = "7200", .min = 0,
		.max = INT32_MAX,
		.help = "audio outside services hear for one address, visitor or token a day; 0: no limit"),
	CFG_KEY_INT(meter_values, characters, "CALLER_DAILY_CHARACTERS", .fallback = "100000", .min = 0,
                .max = INT64_C(1) << 50, .help = "the same for characters spoken; 0: no limit"),
	CFG_KEY_INT(meter_values, requests, "CALLER_DAILY_REQUESTS", .fallback = "10000", .min = 0,
                .max = INT32_MAX, .help = "the same for requests of any kind; 0: no limit"),
	CFG_KEY_INT(meter_values, tokens, "CALLER_DAILY_TOKENS", .fallback = "2000000", .min = 0,
                .max = INT64_C(1) << 50,
                .help = "the same for tokens of models, embedding too; 0: no limit"),
};

const struct cfg_group meter_settings = {"Budgets of callers", &values, keys, COUNT(keys)};

struct account {
	struct payer        who;
	int64_t             day; /* that `known` is of; 0: nothing is known */
	struct meter_counts known, on_way, unsent;
	uint64_t            used_ms;
	int64_t             told_day; /* that its budget is used up */
	bool                is_due, is_on_way;
	struct account     *next_due;
};

static struct {
	struct monitor  m; /* guards all of it */
	struct account  services[SERVICES_MAX], callers[ROWS][ROW_PLACES];
	struct account *due;
	void (*on_due)(void);
} books = {.m = MONITOR};

static int64_t today(void)
{
	return clock_unix_ms() / DAY_MS;
}

/* ---- with the lock held ---- */

static bool is_idle(const struct account *a)
{
	return !a->is_due && !a->is_on_way;
}

static struct account *open_account(struct account *a, const char *who)
{
	*a = (struct account){.day = 0};
	snprintf(a->who.name, sizeof(a->who.name), "%s", who);
	return a;
}

static struct account *find_or_open(struct account *places, size_t n, const char *who)
{
	struct account *oldest = NULL;

	for (size_t i = 0; i < n; i++) {
		struct account *a = &places[i];

		if (str_equal(a->who.name, who))
			return a;
		if (!a->who.name[0] || (is_idle(a) && (!oldest || a->used_ms < oldest->used_ms)))
			oldest = a;
	}
	return oldest ? open_account(oldest, who) : NULL;
}

static size_t row_of(const char *who)
{
	uint32_t mark = 0x811c9dc5u;

	for (; *who; who++)
		mark = (mark ^ (unsigned char)*who) * 0x01000193u;
	return (mark ^ mark >> 16) % ROWS;
}

/* NULL: there is no place for it now. */
static struct account *caller_account(const struct payer *who)
{
	struct account *a = find_or_open(books.callers[row_of(who->name)], ROW_PLACES, who->name);

	if (a)
		a->used_ms = clock_mono_ms();
	return a;
}

static struct account *service_account(const struct provider *p)
{
	struct account *a;
	char            name[PAYER_CHARS + 1];

	snprintf(name, sizeof(name), "provider:%s", p->name);
	a = find_or_open(books.services, SERVICES_MAX, name);
	assert(a);
	return a;
}

/* False when it was due already; the first one is told to who keeps the books. */
static bool make_due(struct account *a)
{
	bool is_first = !books.due;

	if (a->is_due)
		return false;
	a->is_due = true;
	a->next_due = books.due;
	books.due = a;
	return is_first;
}

static void add_to(struct meter_counts *to, const struct meter_counts *more)
{
	for (size_t i = 0; i < METER_UNITS; i++)
		to->of[i] += more->of[i];
}

static int64_t spent(const struct account *a, enum meter_unit unit)
{
	int64_t here = a->on_way.of[unit] + a->unsent.of[unit];

	return a->day == today() ? a->known.of[unit] + here : here;
}

/* ---- who may ask ---- */

static const char *unit_name(enum meter_unit unit)
{
	static const char *const names[] = {"requests", "tokens", "characters", "audio_ms"};

	return names[unit];
}

/* Once for each account and day. Of a caller no more is told than what it is. */
static void tell_used_up(const struct ctx *cx, struct account *a, enum meter_unit unit)
{
	const char *name = a->who.name;
	bool        is_service = span_starts(span_of(name), SPAN("provider:"));
	char        kind[PAYER_CHARS + 1];

	if (a->told_day == today())
		return;
	a->told_day = today();
	snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(name, ":"), name);
	LOG(is_service ? LOG_WARN : LOG_INFO, cx, "budget_used_up",
	    F_STR("of", is_service ? name + strlen("provider:") : kind),
	    F_STR("unit", unit_name(unit)));
}

/* What nothing is known of is asked for; and what is used up, for it may be less than that once
 * the requests on their way have ended. */
static bool has_left(const struct ctx *cx, struct account *a, enum meter_unit unit, int64_t max,
                     bool *is_due)
{
	bool has = max == 0 || spent(a, unit) < max;

	if (max && (!has || a->day != today()))
		*is_due |= make_due(a);
	if (!has)
		tell_used_up(cx, a, unit);
	return has;
}

int64_t meter_caller_max(enum meter_unit unit)
{
	switch (unit) {
	case METER_REQUESTS:
		return values.requests;
	case METER_TOKENS:
		return values.tokens;
	case METER_CHARACTERS:
		return values.characters;
	case METER_AUDIO_MS:
		return values.audio_seconds * 1000;
	case METER_UNITS:
		break;
	}
	return 0;
}

static bool callers_are_counted(void)
{
	return values.requests || values.tokens || values.characters || values.audio_seconds;
}

static int64_t service_max(const struct provider *p)
{
	int64_t max = p->daily_max ? *p->daily_max : 0;

	return p->unit == METER_AUDIO_MS ? max * 1000 : max;
}

static bool service_allows(const struct ctx *cx, const struct provider *p, bool *is_due)
{
	return has_left(cx, service_account(p), p->unit, service_max(p), is_due);
}

static bool caller_allows(const struct ctx *cx, const struct payer *who, enum meter_unit unit,
                          bool *is_due)
{
	struct account *a = caller_account(who);

	if (!a)
		return true;
	return has_left(cx, a, METER_REQUESTS, meter_caller_max(METER_REQUESTS), is_due) &&
	       has_left(cx, a, unit, meter_caller_max(unit), is_due);
}

/* Without the lock. */
static void tell_due(bool is_due)
{
	if (is_due && books.on_due)
		books.on_due();
}

bool meter_allows(const struct ctx *cx, const struct provider *p)
{
	bool is_due = false, allows;

	if (p->is_local)
		return true;
	monitor_lock(&books.m);
	allows = service_allows(cx, p, &is_due);
	for (size_t i = 0; callers_are_counted() && cx->payers && i < cx->payers->n; i++)
		allows &= caller_allows(cx, &cx->payers->of[i], p->unit, &is_due);
	monitor_unlock(&books.m);
	tell_due(is_due);
	return allows;
}

/* ---- counting ---- */

static void count(const struct bill *b, int64_t requests, int64_t amount)
{
	struct meter_counts more = {.of = {[METER_REQUESTS] = requests}};
	struct account     *accounts[PAYERS_MAX + 1];
	size_t              n = 0;
	bool                is_due = false;

	more.of[b->provider->unit] += amount;
	monitor_lock(&books.m);
	accounts[n++] = service_account(b->provider);
	for (size_t i = 0; callers_are_counted() && b->payers && i < b->payers->n; i++)
		accounts[n++] = caller_account(&b->payers->of[i]);
	for (size_t i = 0; i < n; i++) {
		if (!accounts[i])
			continue;
		add_to(&accounts[i]->unsent, &more);
		is_due |= make_due(accounts[i]);
	}
	monitor_unlock(&books.m);
	tell_due(is_due);
}

struct bill meter_ask(struct ctx *cx, const struct provider *p, int64_t amount)
{
	struct bill b = {.payers = cx->payers, .provider = p, .amount = amount};

	count(&b, 1, amount);
	return b;
}

/* Once for each bill: a number that went down would be taken for one that began anew. */
static void tell_metrics(const struct provider *p, int64_t amount)
{
	static const enum metric of_unit[METER_UNITS] = {[METER_TOKENS] = METRIC_tokens,
	                                                 [METER_CHARACTERS] = METRIC_characters,
	                                                 [METER_AUDIO_MS] = METRIC_audio};

	if (p->unit != METER_REQUESTS && amount > 0)
		metrics_add(of_unit[p->unit], AT(p->paid_as), (uint64_t)amount);
}

void meter_settle(struct bill *b, int64_t amount)
{
	if (!b->is_settled)
		tell_metrics(b->provider, amount);
	b->is_settled = true;
	if (amount != b->amount)
		count(b, 0, amount - b->amount);
	b->amount = amount;
}

void meter_settle_failed(struct bill *b, const struct err *e)
{
	bool is_paid = e->kind == ERR_CANCELLED || e->kind == ERR_DEADLINE || e->is_content;

	meter_settle(b, is_paid ? b->amount : 0);
}

/* ---- the books ---- */

void meter_on_due(void (*due)(void))
{
	books.on_due = due;
}

size_t meter_collect(struct meter_line *out)
{
	size_t n = 0;

	monitor_lock(&books.m);
	while (books.due && n < METER_LINES_MAX) {
		struct account *a = books.due;

		books.due = a->next_due;
		a->is_due = false;
		a->is_on_way = true;
		a->on_way = a->unsent;
		a->unsent = (struct meter_counts){{0}};
		out[n++] = (struct meter_line){a->who, a->on_way};
	}
	monitor_unlock(&books.m);
	return n;
}

/* It is there: what is on its way or due keeps its place. */
static struct account *account_named(const char *who)
{
	struct account *row = books.callers[row_of(who)];

	for (size_t i = 0; i < SERVICES_MAX; i++)
		if (str_equal(books.services[i].who.name, who))
			return &books.services[i];
	for (size_t i = 0; i < ROW_PLACES; i++)
		if (str_equal(row[i].who.name, who))
			return &row[i];
	return NULL;
}

bool meter_collected(const struct meter_line *lines, size_t n, bool is_written)
{
	bool is_due;

	monitor_lock(&books.m);
	for (size_t i = 0; i < n; i++) {
		struct account *a = account_named(lines[i].who.name);

		if (!a)
			continue;
		if (!is_written) {
			add_to(&a->unsent, &a->on_way);
			make_due(a);
		}
		a->on_way = (struct meter_counts){{0}};
		a->is_on_way = false;
	}
	is_due = books.due != NULL;
	monitor_unlock(&books.m);
	return is_due;
}

void meter_learn(const char *who, int64_t day, const struct meter_counts *known)
{
	struct account *a;

	monitor_lock(&books.m);
	a = account_named(who);
	if (a) {
		a->day = day;
		a->known = *known;
	}
	monitor_unlock(&books.m);
}
